/**
 * A customer's id under one appid (`openid`), which tells people apart from each other.
 * It shows itself only masked, whatever prints it (money rule 17).
 */
export class OpenId {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The id itself, for requests and for the member list of the shop. Never log it. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return "[openid]";
  }

  toJSON(): string {
    return this.toString();
  }
}

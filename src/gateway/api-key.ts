/**
 * The merchant's API key of WeChat Pay v2, which signs requests and proves replies.
 * It shows itself only masked, whatever prints it (money rule 17).
 */
export class ApiKey {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The key itself, for the signature alone. Never log it. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return "[api key]";
  }

  toJSON(): string {
    return this.toString();
  }
}

import { createSecretKey, type KeyObject } from "node:crypto";

/**
 * The merchant's API key of WeChat Pay v2, which signs requests and proves replies.
 * It shows itself only masked, whatever prints it (money rule 17).
 */
export class ApiKey {
  readonly #text: string;
  #hmacKey: KeyObject | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  /** The key itself, for the signature alone. Never log it. */
  reveal(): string {
    return this.#text;
  }

  /** The same for HMAC, made once: from a text Node would make it anew for each signature. */
  get hmacKey(): KeyObject {
    this.#hmacKey ??= createSecretKey(this.#text, "utf8");
    return this.#hmacKey;
  }

  toString(): string {
    return "[api key]";
  }

  toJSON(): string {
    return this.toString();
  }
}

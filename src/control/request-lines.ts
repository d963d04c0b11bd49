import { REQUEST_BYTES_MAX } from "./protocol.ts";

/** What a chunk completed: a line without its end, or that one was too long. */
export type RequestLine = { readonly kind: "line"; readonly text: string } | { readonly kind: "too-long" };

const LF = 0x0a;
const CR = 0x0d;

const decoder = new TextDecoder();

/**
 * Cuts a stream of bytes into requests and keeps no more than one of them. Nothing is read after a line that is too long:
 * whoever sends such a thing does not know what they are saying.
 */
export class RequestLines {
  readonly #line = new Uint8Array(REQUEST_BYTES_MAX);
  #length = 0;
  #over = false;

  /** Takes a chunk and returns what it completes, in order. A CR before the LF belongs to the end; empty lines vanish. */
  pass(chunk: Uint8Array): readonly RequestLine[] {
    const lines: RequestLine[] = [];
    for (const byte of chunk) {
      if (this.#over) break;
      if (byte === LF) {
        const text = this.#text();
        if (text !== "") lines.push({ kind: "line", text });
        this.#length = 0;
      } else if (this.#length === REQUEST_BYTES_MAX) {
        this.#over = true;
        lines.push({ kind: "too-long" });
      } else {
        this.#line[this.#length] = byte;
        this.#length += 1;
      }
    }
    return lines;
  }

  /** The line without its CR. Megabytes of empty lines cost nothing but their bytes. */
  #text(): string {
    const end = this.#line[this.#length - 1] === CR ? this.#length - 1 : this.#length;
    return end === 0 ? "" : decoder.decode(this.#line.subarray(0, end));
  }
}

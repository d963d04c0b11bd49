/**
 * Takes known binary frames out of a stream of bytes, wherever they stand and however the wire cuts them. Bytes that may
 * be the beginning of a frame are held back until the next one decides; no frame is longer than what is held.
 */
export class ReplyFilter {
  readonly #replies: readonly Uint8Array[];
  /** The beginning of at least one reply, and of none all of it. */
  #held: readonly number[] = [];

  constructor(replies: readonly Uint8Array[]) {
    this.#replies = replies;
  }

  /** Takes a chunk as it came and returns what of the stream is no reply, as far as that is known. */
  pass(chunk: Uint8Array): Uint8Array {
    if (this.#replies.length === 0) return chunk;
    const out = new Uint8Array(this.#held.length + chunk.length);
    let written = 0;
    for (const byte of chunk) {
      if (this.#held.length === 0 && !this.#replies.some((reply) => reply[0] === byte)) {
        out[written] = byte;
        written += 1;
        continue;
      }
      let held: readonly number[] = [...this.#held, byte];
      // It ends at the latest when nothing is held, for nothing begins every reply.
      while (!this.#replies.some((reply) => begins(reply, held))) {
        out.set(held.slice(0, 1), written);
        written += 1;
        held = held.slice(1);
      }
      this.#held = this.#replies.some((reply) => reply.length === held.length && begins(reply, held))
        ? []
        : held;
    }
    return out.subarray(0, written);
  }
}

function begins(reply: Uint8Array, held: readonly number[]): boolean {
  return held.every((byte, index) => reply[index] === byte);
}

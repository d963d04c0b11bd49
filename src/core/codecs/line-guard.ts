import { after, type Instant } from "../kernel/instant.ts";
import { ReplyFilter } from "./reply-filter.ts";

/** The longest line a scanner may send, in bytes; a payment code with its AIM identifier has 21. */
export const LINE_BYTES_MAX = 128;

/**
 * A line that its sender does not go on with for so long, in milliseconds, ends nowhere: at 9,600 baud a code comes within
 * 25 ms, and a USB scanner pauses between packets for a fraction of this.
 */
export const LINE_PAUSE_MS = 1_000;

const LF = 0x0a;
const CR = 0x0d;

/**
 * What stands between the wire and the line parser: binary replies of the scanner are taken out, CR, LF and CRLF become
 * one LF each, empty lines vanish, and a line of more than `LINE_BYTES_MAX` bytes is thrown away whole, so that no sender
 * can grow a buffer. So is one whose end does not come: a scanner that sends its CR first, and none behind the code, would
 * hand over each customer's code with the next one's. One guard per connection: nothing from before an unplug joins what
 * comes after it.
 */
export class LineGuard {
  readonly #line = new Uint8Array(LINE_BYTES_MAX + 1);
  readonly #filter: ReplyFilter;
  #length = 0;
  #heardAt: Instant | null = null;
  #discardedLines = 0;

  /** `replies` are frames that the device sends on its own account, as its profile names them. */
  constructor(replies: readonly Uint8Array[] = []) {
    this.#filter = new ReplyFilter(replies);
  }

  /** How many over-long lines have been thrown away since the connection began, the running one included. */
  get discardedLines(): number {
    return this.#discardedLines;
  }

  /** Takes a chunk that came at `at` and returns the lines that it completes, each ended by one LF. */
  pass(wire: Uint8Array, at: Instant): Uint8Array {
    if (this.#heardAt !== null && at >= after(this.#heardAt, LINE_PAUSE_MS)) this.#length = 0;
    this.#heardAt = at;
    const chunk = this.#filter.pass(wire);
    const out = new Uint8Array(chunk.length + this.#length + 1);
    let written = 0;
    for (const byte of chunk) {
      if (byte === CR || byte === LF) {
        if (this.#length > 0 && this.#length <= LINE_BYTES_MAX) {
          this.#line[this.#length] = LF;
          out.set(this.#line.subarray(0, this.#length + 1), written);
          written += this.#length + 1;
        }
        this.#length = 0;
      } else if (this.#length < LINE_BYTES_MAX) {
        this.#line[this.#length] = byte;
        this.#length += 1;
      } else if (this.#length === LINE_BYTES_MAX) {
        this.#length += 1;
        this.#discardedLines += 1;
      }
    }
    return out.subarray(0, written);
  }
}

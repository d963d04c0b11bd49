import { after, type Instant } from "../kernel/instant.ts";
import { ReplyFilter } from "./reply-filter.ts";
import { readPaymentCode } from "./scan.ts";

/** The longest line a scanner may send, in bytes; a payment code with its AIM identifier has 21. */
export const LINE_BYTES_MAX = 128;

/**
 * Behind a whole payment code, so much silence in milliseconds ends it: whoever sends a Tab, an ETX or nothing there sends
 * nothing more. At 9,600 baud a character follows the one before it within 1 ms, and no keyboard scanner waits longer than
 * 100 ms between two.
 */
export const CODE_SILENCE_MS = 300;

/**
 * Any other line that its sender does not go on with for so long, in milliseconds, ends nowhere: at 9,600 baud a code comes
 * within 25 ms, and a USB scanner pauses between packets for a fraction of this.
 */
export const LINE_PAUSE_MS = 1_000;

/** Why something that came is no line: longer than any, or given up by its sender before its end. */
export type Discarded = "over-long" | "unfinished";

const LF = 0x0a;
const CR = 0x0d;

/** What stands in the place of no line. */
const nothing = new Uint8Array();

/** With so many digits in a row, what has no end was meant to be a code: people hear that it is none. */
const meantAsCode = /\d{10}/;

/**
 * What stands between the wire and the line parser: binary replies of the scanner are taken out, CR, LF and CRLF become
 * one LF each, empty lines vanish, and a line of more than `LINE_BYTES_MAX` bytes is thrown away whole, so that no sender
 * can grow a buffer. Silence ends a line too: a whole payment code is handed over after a short one, everything else after
 * a longer one, as a line where it was meant to be a code and counted as thrown away where it was not. So no customer's
 * code is joined with the next one's, whatever a scanner sends in front of a code or behind it. One guard per connection:
 * nothing from before an unplug joins what comes after it.
 */
export class LineGuard {
  readonly #line = new Uint8Array(LINE_BYTES_MAX + 1);
  readonly #filter: ReplyFilter;
  #length = 0;
  #endsAt: Instant | null = null;
  #overLong = 0;
  #unfinished = 0;

  /** `replies` are frames that the device sends on its own account, as its profile names them. */
  constructor(replies: readonly Uint8Array[] = []) {
    this.#filter = new ReplyFilter(replies);
  }

  /** How much has been thrown away since the connection began, and why; the line that is running counts once it is too long. */
  get discarded(): Readonly<Record<Discarded, number>> {
    return { "over-long": this.#overLong, unfinished: this.#unfinished };
  }

  /** When silence ends what has come so far, unless more comes before; null where nothing has. */
  get endsAt(): Instant | null {
    return this.#endsAt;
  }

  /** Takes a chunk that came at `at` and returns the lines that are whole with it, each ended by one LF. */
  pass(wire: Uint8Array, at: Instant): Uint8Array {
    const ended = this.rest(at);
    const chunk = this.#filter.pass(wire);
    const out = new Uint8Array(ended.length + chunk.length + this.#length + 1);
    out.set(ended);
    let written = ended.length;
    for (const byte of chunk) {
      if (byte === CR || byte === LF) {
        const line = this.#ended();
        out.set(line, written);
        written += line.length;
      } else if (this.#length < LINE_BYTES_MAX) {
        this.#line[this.#length] = byte;
        this.#length += 1;
      } else if (this.#length === LINE_BYTES_MAX) {
        this.#length += 1;
        this.#overLong += 1;
      }
    }
    this.#endsAt = this.#length === 0 ? null : after(at, this.#silenceMs());
    return out.subarray(0, written);
  }

  /** Nothing has come up to `at`: returns the line that silence has ended by then, if any. */
  rest(at: Instant): Uint8Array {
    if (this.#endsAt === null || at < this.#endsAt) return nothing;
    this.#endsAt = null;
    const text = this.#text();
    const line = this.#ended();
    if (line.length === 0 || meantAsCode.test(text)) return line;
    // Blanks and control characters behind a line are what some scanners add to it.
    if (/[^\p{Cc} ]/u.test(text)) this.#unfinished += 1;
    return nothing;
  }

  /** How much silence ends the line as it stands. */
  #silenceMs(): number {
    return readPaymentCode(this.#text()).ok ? CODE_SILENCE_MS : LINE_PAUSE_MS;
  }

  #text(): string {
    return String.fromCharCode(...this.#line.subarray(0, Math.min(this.#length, LINE_BYTES_MAX)));
  }

  /** The line as it stands, which is over with this; nothing where it is empty or too long. */
  #ended(): Uint8Array {
    const length = this.#length;
    this.#length = 0;
    if (length === 0 || length > LINE_BYTES_MAX) return nothing;
    this.#line[length] = LF;
    return this.#line.slice(0, length + 1);
  }
}

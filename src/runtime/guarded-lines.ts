import type { Discarded, LineGuard } from "../core/codecs/line-guard.ts";
import type { Clock, Timer } from "./ports.ts";

const LF = 0x0a;

/** Hears what comes out of a guard. */
export interface LineListener {
  /** A line has begun, and nothing of it is given out yet. */
  began?(): void;
  /** Whole lines, each ended by one LF. */
  lines(bytes: Uint8Array): void;
  /** Something was thrown away. */
  discarded(why: Discarded): void;
}

/**
 * One connection's bytes, through its guard and with the timer that ends a line by silence. Every link to a scanner, real or
 * simulated, reads through one of these, so that all of them take the same for a line.
 */
export class GuardedLines {
  readonly #clock: Clock;
  readonly #guard: LineGuard;
  readonly #heard: LineListener;
  #told: Record<Discarded, number> = { "over-long": 0, unfinished: 0 };
  #silence: Timer | null = null;
  #ended = false;

  constructor(clock: Clock, guard: LineGuard, heard: LineListener) {
    this.#clock = clock;
    this.#guard = guard;
    this.#heard = heard;
  }

  /** Bytes that came now. */
  take(chunk: Uint8Array): void {
    if (this.#ended) return;
    const wasQuiet = this.#guard.endsAt === null;
    const lines = this.#guard.pass(chunk, this.#clock.now());
    if (wasQuiet && lines.length === 0 && this.#guard.endsAt !== null) this.#heard.began?.();
    this.#hand(lines);
  }

  /** The connection is over: nothing is heard any more. */
  end(): void {
    this.#ended = true;
    this.#silence?.cancel();
    this.#silence = null;
  }

  #hand(lines: Uint8Array): void {
    this.#silence?.cancel();
    const { endsAt } = this.#guard;
    this.#silence =
      endsAt === null ? null : this.#clock.at(endsAt, () => this.#hand(this.#guard.rest(this.#clock.now())));
    if (lines.length > 0) this.#heard.lines(lines);
    const { discarded } = this.#guard;
    for (const why of ["over-long", "unfinished"] as const) {
      // Whoever hears may have ended the connection.
      for (; this.#told[why] < discarded[why] && !this.#ended; this.#told[why] += 1)
        this.#heard.discarded(why);
    }
  }
}

/** The lines of bytes that a guard has let pass, without their ends; latin1, as they came. */
export function textsOf(lines: Uint8Array): readonly string[] {
  const texts: string[] = [];
  let from = 0;
  for (let to = lines.indexOf(LF); to >= 0; to = lines.indexOf(LF, from)) {
    texts.push(String.fromCharCode(...lines.subarray(from, to)));
    from = to + 1;
  }
  return texts;
}

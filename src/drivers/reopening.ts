import { after } from "../core/kernel/instant.ts";
import type { Clock, Timer } from "../runtime/ports.ts";

/** Tries a device that is absent again and again, for ever: each failure in a row doubles the pause, up to the longest. */
export class Reopening {
  readonly #clock: Clock;
  readonly #firstMs: number;
  readonly #lastMs: number;
  #failures = 0;

  constructor(clock: Clock, pauses: { readonly firstMs: number; readonly lastMs: number }) {
    this.#clock = clock;
    this.#firstMs = pauses.firstMs;
    this.#lastMs = pauses.lastMs;
  }

  /** It has failed: calls back after the next pause, and says how long that is. */
  later(open: () => void): { readonly timer: Timer; readonly retryInMs: number } {
    const retryInMs = Math.min(this.#firstMs * 2 ** this.#failures, this.#lastMs);
    // Growth ends at the last pause, so that years without a device stay a finite number.
    if (retryInMs < this.#lastMs) this.#failures += 1;
    return { timer: this.#clock.at(after(this.#clock.now(), retryInMs), open), retryInMs };
  }

  /** It is there, or nobody wants it any more: the next pause is the first one. */
  reset(): void {
    this.#failures = 0;
  }
}

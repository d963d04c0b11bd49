import { after, type Instant } from "../core/kernel/instant.ts";

/** How many redraws may follow each other at once after a rest. */
const BURST = 5;

/** One more is allowed each time so long has passed: at most ten in any second, and five a second for ever. */
const EVERY_MS = 200;

/**
 * How often a display is redrawn. A picture after a rest, and the few that follow it in a payment, go out at once; a stream of
 * pictures is thinned to what eyes can follow.
 */
export class RedrawPace {
  #left = BURST;
  /** When the oldest allowance that was spent comes back. */
  #nextAt: Instant | null = null;

  /** When the next redraw is allowed: now, or later. */
  allowedAt(now: Instant): Instant {
    this.#regain(now);
    return this.#left > 0 || this.#nextAt === null ? now : this.#nextAt;
  }

  /** A redraw begins, at a moment at which it was allowed. */
  spend(now: Instant): void {
    this.#regain(now);
    this.#left -= 1;
    this.#nextAt ??= after(now, EVERY_MS);
  }

  #regain(now: Instant): void {
    while (this.#nextAt !== null && this.#nextAt <= now) {
      this.#left += 1;
      this.#nextAt = this.#left < BURST ? after(this.#nextAt, EVERY_MS) : null;
    }
  }
}

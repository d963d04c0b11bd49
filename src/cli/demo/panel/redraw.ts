import { after, type Instant, later } from "../../../core/kernel/instant.ts";
import type { Clock } from "../../../runtime/ports.ts";

/** Twenty pictures a second are more than an eye needs, and little for a slow line. */
export const FRAME_MS = 50;

/**
 * Draws when something has changed: at most once in `FRAME_MS`, and never while the last picture is still on its way
 * to the terminal. What changes in between is drawn together, so that a slow line shows fewer pictures and no old ones.
 */
export class Redraw {
  readonly #clock: Clock;
  readonly #draw: (done: () => void) => void;
  #wanted = false;
  /** A picture is on its way, or its time is not over. */
  #resting = false;

  constructor(clock: Clock, draw: (done: () => void) => void) {
    this.#clock = clock;
    this.#draw = draw;
  }

  /** Something may look different now. */
  request(): void {
    this.#wanted = true;
    if (!this.#resting) this.#begin();
  }

  #begin(): void {
    this.#wanted = false;
    this.#resting = true;
    const until = after(this.#clock.now(), FRAME_MS);
    this.#draw(() => this.#rest(until));
  }

  #rest(until: Instant): void {
    this.#clock.at(later(until, this.#clock.now()), () => {
      this.#resting = false;
      if (this.#wanted) this.#begin();
    });
  }
}

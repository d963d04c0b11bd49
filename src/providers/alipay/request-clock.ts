import { type Instant, type WallTime, wallTimeOf } from "../../core/kernel/instant.ts";
import type { Clock, HttpsOutcome } from "../../runtime/ports.ts";

/**
 * The time that requests are signed with: ours where it is trusted and the gateway has not refused it, else that of the gateway's last
 * reply and what has passed since (money rule 18). It opens the gateway's door and proves nothing.
 */
export class RequestClock {
  readonly #clock: Clock;
  #refused = false;
  #heard: { readonly wall: number; readonly at: Instant } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds since 1970. */
  now(): WallTime {
    const heard = this.#heard;
    if (heard === null || (this.#clock.trusted() && !this.#refused)) return this.#clock.wall();
    return wallTimeOf(heard.wall + (this.#clock.now() - heard.at));
  }

  /** The gateway says that a request bore the wrong time. */
  refused(): void {
    this.#refused = true;
  }

  /** Notes the time that a reply bears, whatever it says: it came over a connection whose host was proved. */
  hear(outcome: HttpsOutcome): void {
    if (outcome.kind !== "answered") return;
    const { date } = outcome.headers;
    const wall = typeof date === "string" ? Date.parse(date) : Number.NaN;
    if (Number.isFinite(wall)) this.#heard = { wall, at: this.#clock.now() };
  }
}

import { after } from "../core/kernel/instant.ts";
import type { Clock, Timer } from "./ports.ts";

/** What the watchdog asks of the box. */
export interface WatchedBox {
  /** Completed turns of the loop. */
  turns(): number;
  /** Makes the loop turn once, though nothing happened. */
  wake(): void;
  /** Calls back when the journal's thread has answered, be it with an error. */
  ping(done: () => void): void;
}

/** Rounds within the limit: a card that stalls may keep the journal's thread silent for all but one of them. */
const ROUNDS_A_LIMIT = 6;

/**
 * Says that the box lives, and only what it has seen: in every round the loop has turned since the round began and the
 * journal's thread has answered in it. A round that never ends feeds nothing, and no other one begins.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #box: WatchedBox;
  readonly #feed: () => void;
  #timer: Timer | null = null;
  #stopped = false;

  constructor(options: {
    readonly clock: Clock;
    /** How long the box may be silent before it is killed. */
    readonly limitMs: number;
    readonly box: WatchedBox;
    readonly feed: () => void;
  }) {
    this.#clock = options.clock;
    this.#limitMs = options.limitMs;
    this.#box = options.box;
    this.#feed = options.feed;
  }

  /** Begins the first round. */
  start(): void {
    const before = this.#box.turns();
    this.#box.wake();
    this.#box.ping(() => {
      if (this.#stopped) return;
      // A loop that hangs in the middle of a turn takes no event any more, though timers still fire.
      if (this.#box.turns() > before) this.#feed();
      const next = after(this.#clock.now(), Math.ceil(this.#limitMs / ROUNDS_A_LIMIT));
      this.#timer = this.#clock.at(next, () => this.start());
    });
  }

  /** Ends the feeding; whoever watches has been told that the process ends. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }
}

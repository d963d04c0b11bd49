import { existsSync } from "node:fs";
import { type Instant, instantOf, type WallTime, wallTimeOf } from "../../core/kernel/instant.ts";
import type { Clock, Timer } from "../../runtime/ports.ts";

/** A wall clock before this moment is wrong for certain: the program is newer. */
const programMadeAt = Date.UTC(2026, 0, 1);

/** The longest time that `setTimeout` can wait; it fires at once when asked for more. */
const timeoutMaxMs = 2 ** 31 - 1;

/**
 * The clocks of this machine. The monotonic one counts whole milliseconds from the start of the process; the wall clock is trusted once it
 * is later than the program itself and, where systemd-timesyncd keeps it, once that has said it is synchronised.
 */
export class SystemClock implements Clock {
  readonly #timesyncDirectory: string;

  constructor(timesyncDirectory = "/run/systemd/timesync") {
    this.#timesyncDirectory = timesyncDirectory;
  }

  now(): Instant {
    return instantOf(Math.floor(performance.now()));
  }

  wall(): WallTime {
    return wallTimeOf(Date.now());
  }

  trusted(): boolean {
    if (Date.now() < programMadeAt) return false;
    return !existsSync(this.#timesyncDirectory) || existsSync(`${this.#timesyncDirectory}/synchronized`);
  }

  at(moment: Instant, callback: () => void): Timer {
    let timeout: NodeJS.Timeout;
    const wait = (): void => {
      // Node rounds to whole milliseconds and may fire a fraction early, so that the rest is waited for again.
      // Node warns of a wait below zero, on stderr.
      const delay = Math.max(0, Math.ceil(moment - performance.now()));
      timeout = setTimeout(
        () => (moment > performance.now() ? wait() : callback()),
        Math.min(delay, timeoutMaxMs),
      );
    };
    wait();
    return { cancel: () => clearTimeout(timeout) };
  }
}

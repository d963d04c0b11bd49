import type { Instant } from "../../src/core/kernel/instant.ts";
import type { Clock, Log, LogFields, Timer } from "../../src/runtime/ports.ts";
import type { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedClock, type SimulatedTime } from "../../src/simulator/outside/time.ts";

/**
 * A clock that calls back up to `lateMs` after the moment, as a busy machine does. Counts what it was asked
 * for.
 */
export class LateClock implements Clock {
  readonly #clock: SimulatedClock;
  readonly #random: Random;
  readonly #lateMs: number;
  asked = 0;

  constructor(time: SimulatedTime, random: Random, lateMs: number) {
    this.#clock = new SimulatedClock(time, 0);
    this.#random = random;
    this.#lateMs = lateMs;
  }

  now(): Instant {
    return this.#clock.now();
  }

  wall() {
    return this.#clock.wall();
  }

  trusted(): boolean {
    return false;
  }

  at(moment: Instant, callback: () => void): Timer {
    this.asked += 1;
    const late = this.#random.chance(0.5) ? this.#random.between(0, this.#lateMs) : 0;
    const from = Math.max(moment, this.now());
    return this.#clock.at((from + late) as Instant, callback);
  }
}

/** A log that keeps its lines: level, event and fields. */
export function keptLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const writer = (level: string) => (event: string, fields?: LogFields) => {
    lines.push(`${level} ${event} ${JSON.stringify(fields ?? {})}`);
  };
  const log = {
    debug: writer("debug"),
    info: writer("info"),
    warn: writer("warn"),
    error: writer("error"),
  };
  return { log, lines };
}

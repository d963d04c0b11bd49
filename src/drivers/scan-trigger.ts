import type { ScannerTrigger } from "../core/codecs/scanner-profile.ts";
import { after } from "../core/kernel/instant.ts";
import type { Clock, SerialConnection, Timer } from "../runtime/ports.ts";

/**
 * How often a reading is started while one is wanted. The scanner ends each by itself, after 5 s unless its maker or a
 * technician set another time; whether or not a start prolongs a reading, no pause between two is longer than this.
 */
export const START_AGAIN_MS = 2_000;

/**
 * Keeps a scanner reading while a code is wanted and it is there, and at rest otherwise. A wish outlives connections: a
 * scanner that returns starts from what is wanted then. Without commands nothing is ever sent.
 */
export class ScanTrigger {
  readonly #commands: ScannerTrigger | null;
  readonly #clock: Clock;
  #wanted = false;
  #connection: SerialConnection | null = null;
  /** Whether the scanner was told to start since it last ended a reading with a code. */
  #reading = false;
  /** The start after the wake, or the next start. */
  #step: Timer | null = null;

  constructor(commands: ScannerTrigger | null, clock: Clock) {
    this.#commands = commands;
    this.#clock = clock;
  }

  /** Says whether a code is waited for; the same wish twice is one. */
  want(reading: boolean): void {
    if (reading === this.#wanted) return;
    this.#wanted = reading;
    if (reading) this.#read();
    else this.rest();
  }

  /** The scanner is there. */
  attach(connection: SerialConnection): void {
    this.#connection = connection;
    if (this.#wanted) this.#read();
  }

  /** The scanner is gone. */
  detach(): void {
    this.#connection = null;
    this.rest();
  }

  /** A code ended the reading. Another is started later, for the case that this code led nowhere. */
  codeCame(): void {
    if (!this.#reading) return;
    this.#reading = false;
    this.#next(START_AGAIN_MS, () => this.#read());
  }

  /** Ends what is under way; the wish stays. */
  rest(): void {
    this.#step?.cancel();
    this.#step = null;
    const stop = this.#commands?.stop ?? null;
    if (this.#reading && stop !== null) this.#connection?.write(stop);
    this.#reading = false;
  }

  #read(): void {
    const connection = this.#connection;
    if (this.#commands === null || connection === null) return;
    const { wake, start } = this.#commands;
    const begin = (): void => {
      this.#reading = true;
      connection.write(start);
      this.#next(START_AGAIN_MS, () => this.#read());
    };
    if (wake === null) {
      begin();
      return;
    }
    connection.write(wake.bytes);
    this.#next(wake.beforeMs, begin);
  }

  #next(pauseMs: number, step: () => void): void {
    this.#step?.cancel();
    this.#step = this.#clock.at(after(this.#clock.now(), pauseMs), step);
  }
}

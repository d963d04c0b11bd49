import type { Random } from "../outside/random.ts";
import type { SimulatedTime } from "../outside/time.ts";
import type { SimulatedPins } from "./pins.ts";

/** How long after its last pulse a machine takes that it was the last, and how long the goods may take then, in milliseconds. */
const LAST_PULSE_MS = 400;
const FALL_MS = { least: 100, most: 1_500 };

/** How long something that falls darkens the light barrier, in milliseconds. */
const DARK_MS = 40;

/** What a simulated machine is made of. */
export interface VendingMachineParts {
  readonly pins: SimulatedPins;
  readonly time: SimulatedTime;
  readonly random: Random;
  /** The pin of the relay, high means on; and of the light barrier, low means dark. */
  readonly relay: number;
  readonly barrier: number | null;
  /** How likely it gives nothing for a payment, from 0 to 1. */
  readonly jams: number;
  /** Hears the beginning of each pulse. */
  readonly pulsed: () => void;
  /** Hears that goods fell, whether or not a light barrier sees them. */
  readonly fell: () => void;
}

/** A machine that gives goods for pulses of a relay, as a coin mechanism makes them, and sometimes jams. */
export class VendingMachine {
  readonly #parts: VendingMachineParts;
  /** Counts pulses: only what follows the last one falls. */
  #pulses = 0;

  constructor(parts: VendingMachineParts) {
    this.#parts = parts;
    const { pins, relay, barrier } = parts;
    if (barrier !== null) pins.pull(barrier, "up");
    pins.wire(relay, (level) => {
      if (level === 1) this.#pulse();
    });
  }

  #pulse(): void {
    const { time, random, pulsed, jams } = this.#parts;
    this.#pulses += 1;
    const pulse = this.#pulses;
    pulsed();
    time.after(LAST_PULSE_MS + random.between(FALL_MS.least, FALL_MS.most), () => {
      if (pulse === this.#pulses && !random.chance(jams)) this.#drop();
    });
  }

  #drop(): void {
    const { pins, time, barrier, fell } = this.#parts;
    fell();
    if (barrier === null) return;
    pins.drive(barrier, "down");
    time.after(DARK_MS, () => pins.drive(barrier, "free"));
  }
}

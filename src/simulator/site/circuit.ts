import { Defect } from "../../core/kernel/defect.ts";
import type { Level } from "../../runtime/ports.ts";

/** The pins of the header, by BCM number: 0 to this one. */
export const PIN_MAX = 27;

/** What holds a line that nobody drives. */
export type Pull = "up" | "down" | "none";

/** A level of one pin that was not there before. */
export interface PinChange {
  /** Milliseconds since the world began. */
  readonly at: number;
  readonly pin: number;
  readonly level: Level;
}

/** A fault of whoever drives: a line driven high met one that is driven low, or an open-drain line. */
export interface Short {
  /** Milliseconds since the world began. */
  readonly at: number;
  readonly high: number;
  readonly low: number;
}

/** How a chip holds one of its pins: its own weak pull, what it drives, and whether it may only pull low. */
export interface Hold {
  readonly pull: Pull;
  readonly driven: Level | null;
  readonly openDrain: boolean;
}

/** How many changes the record keeps; when it is full, the older half goes. */
const CHANGES_MAX = 65_536;

/** Siemens × 100,000: the pull inside the chip has about 50 kΩ, a resistor on the board 10 kΩ. */
const INSIDE = 2;
const OUTSIDE = 10;

interface Pin {
  hold: Hold;
  resistor: Pull;
  driven: Level | null;
  level: Level;
  readonly contacts: Set<number>;
}

/**
 * The copper between the pins: lines that closed contacts join are one net with one level. Whoever drives decides it, low
 * before high; else the stronger pull, and where the pulls balance it is low, the worst that a reader can meet. A net that nothing
 * holds keeps its charge. The current of a key matrix finds its way through three corners to the fourth here as it does in the world.
 */
export class Circuit {
  readonly #now: () => number;
  readonly #moved: (change: PinChange) => void;
  readonly #pins: readonly Pin[];
  #changes: PinChange[] = [];
  readonly #shorts: Short[] = [];
  /** The shorts that last, by `high-low`, so that each is recorded only when it begins. */
  readonly #lasting = new Map<string, Short>();

  /** `moved` hears each change once the whole net has settled. */
  constructor(now: () => number, moved: (change: PinChange) => void) {
    this.#now = now;
    this.#moved = moved;
    this.#pins = Array.from({ length: PIN_MAX + 1 }, (_, pin) => ({
      hold: atReset(pin),
      resistor: "none",
      driven: null,
      level: atReset(pin).pull === "up" ? 1 : 0,
      contacts: new Set<number>(),
    }));
  }

  /** The changes of all levels in order, the newest `CHANGES_MAX / 2` of them at least. */
  get changes(): readonly PinChange[] {
    return this.#changes;
  }

  get shorts(): readonly Short[] {
    return this.#shorts;
  }

  level(pin: number): Level {
    return this.#pin(pin).level;
  }

  /** Changes how the chip holds some pins, all at the same moment. */
  hold(holds: ReadonlyMap<number, Hold>): void {
    for (const [pin, hold] of holds) this.#pin(pin).hold = hold;
    this.#settle(holds.keys());
  }

  /** Drives one pin without changing how it is held otherwise. */
  drive(pin: number, driven: Level | null): void {
    const one = this.#pin(pin);
    const { pull, openDrain } = one.hold;
    one.hold = { pull, driven, openDrain };
    if (!this.#staysAlone(pin, one)) this.#settle([pin]);
  }

  /** Drives one pin from outside the chip. */
  driveFromOutside(pin: number, driven: Level | null): void {
    this.#pin(pin).driven = driven;
    this.#settle([pin]);
  }

  /** Puts a resistor on a pin. */
  resist(pin: number, pull: Pull): void {
    this.#pin(pin).resistor = pull;
    this.#settle([pin]);
  }

  connect(a: number, b: number): void {
    this.#pin(a).contacts.add(b);
    this.#pin(b).contacts.add(a);
    this.#settle([a]);
  }

  disconnect(a: number, b: number): void {
    this.#pin(a).contacts.delete(b);
    this.#pin(b).contacts.delete(a);
    this.#settle([a, b]);
  }

  #settle(pins: Iterable<number>): void {
    const changes: PinChange[] = [];
    const done = new Set<number>();
    for (const start of pins) {
      if (done.has(start)) continue;
      const net = this.#netOf(start);
      const level = this.#levelOf(net);
      for (const pin of net) {
        // A pin that touches nothing is in no other net.
        if (net.length > 1) done.add(pin);
        if (this.#pin(pin).level === level) continue;
        this.#pin(pin).level = level;
        changes.push({ at: this.#now(), pin, level });
      }
      this.#findShorts(net);
    }
    for (const change of changes) this.#record(change);
    for (const change of changes) this.#moved(change);
  }

  /** Whether a pin touches nothing, stays as it is and shorts nothing: then there is nothing to settle. */
  #staysAlone(number: number, pin: Pin): boolean {
    if (pin.contacts.size > 0 || this.#lasting.size > 0 || this.#isShort(number, number)) return false;
    return this.#levelOf([number]) === pin.level;
  }

  #netOf(start: number): readonly number[] {
    if (this.#pin(start).contacts.size === 0) return [start];
    const net = new Set([start]);
    // A set that grows while it is walked is walked to its end.
    for (const pin of net) for (const neighbour of this.#pin(pin).contacts) net.add(neighbour);
    return [...net];
  }

  #levelOf(net: readonly number[]): Level {
    let pull = 0;
    let pulled = false;
    let high = false;
    let charged: Level = 1;
    for (const number of net) {
      const pin = this.#pin(number);
      if (pin.hold.driven === 0 || pin.driven === 0) return 0;
      if (pin.hold.driven === 1 || pin.driven === 1) high = true;
      pull += INSIDE * signOf(pin.hold.pull) + OUTSIDE * signOf(pin.resistor);
      if (pin.hold.pull !== "none" || pin.resistor !== "none") pulled = true;
      if (pin.level === 0) charged = 0;
    }
    if (high) return 1;
    if (!pulled) return charged;
    return pull > 0 ? 1 : 0;
  }

  #findShorts(net: readonly number[]): void {
    for (const [name, { high, low }] of this.#lasting) {
      const touched = net.includes(high) || net.includes(low);
      const joined = net.includes(high) && net.includes(low);
      if (touched && !(joined && this.#isShort(high, low))) this.#lasting.delete(name);
    }
    for (const high of net) {
      if (!this.#isDrivenHigh(high)) continue;
      for (const low of net) {
        const name = `${high}-${low}`;
        if (this.#lasting.has(name) || !this.#isShort(high, low)) continue;
        const short = { at: this.#now(), high, low };
        this.#lasting.set(name, short);
        this.#shorts.push(short);
      }
    }
  }

  /** Both ends may be one pin that the chip and the outside drive. */
  #isShort(high: number, low: number): boolean {
    const { hold, driven } = this.#pin(low);
    return this.#isDrivenHigh(high) && (hold.driven === 0 || driven === 0 || hold.openDrain);
  }

  #isDrivenHigh(number: number): boolean {
    const { hold, driven } = this.#pin(number);
    return hold.driven === 1 || driven === 1;
  }

  #record(change: PinChange): void {
    if (this.#changes.length >= CHANGES_MAX) this.#changes = this.#changes.slice(CHANGES_MAX / 2);
    this.#changes.push(change);
  }

  #pin(number: number): Pin {
    const pin = this.#pins[number];
    // Not by `invariant`: its sentence would be made for each of millions of calls.
    if (pin === undefined) throw new Defect(`pin ${number} is on the header`);
    return pin;
  }
}

/** A pin that nobody holds: an input with the pull of the reset (BCM2835 ARM Peripherals, §6.2: high up to GPIO8, then low). */
export function atReset(pin: number): Hold {
  return { pull: pin <= 8 ? "up" : "down", driven: null, openDrain: false };
}

function signOf(pull: Pull): number {
  return pull === "none" ? 0 : pull === "up" ? 1 : -1;
}

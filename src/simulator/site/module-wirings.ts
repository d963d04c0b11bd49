/** What a character module hangs on: six pins of the header, or an expander on an I2C bus. */
import type {
  GpioClaimed,
  GpioLevel,
  GpioLine,
  GpioLines,
  GpioLink,
  GpioListener,
  I2cLink,
  Level,
} from "../../runtime/ports.ts";
import type { SimulatedTime } from "../outside/time.ts";
import type { CharacterModule } from "./character-module.ts";

/** RS before E rises, E high, from one E to the next, data before E falls: the longest of 5 V and 3.3 V, in µs (tables of bus timing). */
const RS_SETUP_US = 0.06;
const PULSE_US = 0.45;
const CYCLE_US = 1;
const DATA_SETUP_US = 0.195;

/** The lines of a module as they stand. */
interface Wires {
  readonly rs: 0 | 1;
  readonly e: 0 | 1;
  readonly half: number;
}

/** Watches the lines of a module and tells it what it takes; breaches of the bus timing are its breaches. */
class ModuleWires {
  readonly #module: CharacterModule;
  readonly breaches: string[] = [];
  #now: Wires = { rs: 0, e: 0, half: 0 };
  #rsAtUs = Number.NEGATIVE_INFINITY;
  #halfAtUs = Number.NEGATIVE_INFINITY;
  #roseAtUs = Number.NEGATIVE_INFINITY;

  constructor(module: CharacterModule) {
    this.#module = module;
  }

  /** All lines that move at one moment. */
  set(next: Wires, atUs: number): void {
    const last = this.#now;
    this.#now = next;
    if (next.rs !== last.rs) {
      if (last.e === 1) this.#breach(atUs, "RS moves while E is high");
      this.#rsAtUs = atUs;
    }
    if (next.half !== last.half) this.#halfAtUs = atUs;
    if (next.e === last.e) return;
    if (next.e === 1) {
      if (atUs - this.#rsAtUs < RS_SETUP_US) this.#breach(atUs, "E rises too soon after RS");
      if (atUs - this.#roseAtUs < CYCLE_US) this.#breach(atUs, "E rises too soon after E");
      this.#roseAtUs = atUs;
      return;
    }
    if (atUs - this.#roseAtUs < PULSE_US) this.#breach(atUs, "E is high too short");
    if (atUs - this.#halfAtUs < DATA_SETUP_US) this.#breach(atUs, "E falls too soon after the data");
    this.#module.latch(last.rs, last.half, atUs);
  }

  get now(): Wires {
    return this.#now;
  }

  #breach(atUs: number, what: string): void {
    this.breaches.push(`${atUs.toFixed(1)} µs: ${what}`);
  }
}

/** Which pin is which line of the module. */
export interface ModulePinNumbers {
  readonly rs: number;
  readonly e: number;
  /** D4 to D7. */
  readonly data: readonly number[];
}

/**
 * A module on six pins. Writing to the pins takes no time at all, so that whoever drives them has to wait by `spin`: a real
 * kernel takes longer, and nobody knows how long.
 */
export class PinnedModule implements GpioLink {
  readonly #time: SimulatedTime;
  readonly #numbers: ModulePinNumbers;
  readonly #atomic: boolean;
  readonly #wires: ModuleWires;
  #spunUs = 0;
  #claim: { readonly listener: GpioListener; levels: ReadonlyMap<number, Level> } | null = null;
  #refusal: string | null = null;
  /** Calls of `write`, and levels in them. */
  writes = 0;
  levels = 0;

  constructor(
    module: CharacterModule,
    time: SimulatedTime,
    options: {
      readonly pins: ModulePinNumbers;
      /** Whether the levels of one write move at one moment, as on the character device; else one after the other. */
      readonly atomic: boolean;
    },
  ) {
    this.#time = time;
    this.#numbers = options.pins;
    this.#atomic = options.atomic;
    this.#wires = new ModuleWires(module);
  }

  get breaches(): readonly string[] {
    return this.#wires.breaches;
  }

  /** How long was spun in all, in microseconds. */
  get spunUs(): number {
    return this.#spunUs;
  }

  /** Whether somebody holds the pins. */
  get claimed(): boolean {
    return this.#claim !== null;
  }

  /** Lets microseconds pass in which nothing else happens. */
  readonly spin = (us: number): void => {
    this.#spunUs += us;
  };

  /** Claims are refused from now on, or, with null, no more. */
  refuse(why: string | null): void {
    this.#refusal = why;
  }

  /** A line fails under whoever holds the pins. */
  fail(cause: string): void {
    const claim = this.#claim;
    this.#claim = null;
    if (claim !== null) this.#time.after(0, () => claim.listener.lost(cause));
  }

  claim(lines: readonly GpioLine[], listener: GpioListener, done: (outcome: GpioClaimed) => void): void {
    this.#time.after(1, () => {
      if (this.#refusal !== null) {
        done({ kind: "refused", why: this.#refusal });
        return;
      }
      const claim = {
        listener,
        levels: new Map(lines.map((line) => [line.pin, line.use === "output" ? line.level : 0])),
      };
      this.#claim = claim;
      this.#move(claim.levels);
      const held: GpioLines = {
        read: (pin) => claim.levels.get(pin) ?? 0,
        write: (levels) => {
          if (this.#claim === claim) this.#write(claim, levels);
        },
        watch: () => {},
        release: (freed) => {
          if (this.#claim === claim) this.#claim = null;
          this.#time.after(0, freed);
        },
      };
      done({ kind: "claimed", lines: held });
    });
  }

  #write(claim: { levels: ReadonlyMap<number, Level> }, levels: readonly GpioLevel[]): void {
    this.writes += 1;
    this.levels += levels.length;
    if (this.#atomic) {
      claim.levels = new Map([...claim.levels, ...levels.map(({ pin, level }) => [pin, level] as const)]);
      this.#move(claim.levels);
      return;
    }
    for (const { pin, level } of levels) {
      claim.levels = new Map([...claim.levels, [pin, level]]);
      this.#move(claim.levels);
    }
  }

  #move(levels: ReadonlyMap<number, Level>): void {
    const { rs, e, data } = this.#numbers;
    const half = data.reduce((value, pin, bit) => value | ((levels.get(pin) ?? 0) << bit), 0);
    const wires = { rs: levels.get(rs) ?? 0, e: levels.get(e) ?? 0, half };
    this.#wires.set(wires, this.#time.now * 1_000 + this.#spunUs);
  }
}

/** A byte and its acknowledgement on a bus of 100 kHz, in microseconds. */
const BYTE_US = 90;

/** A module behind a PCF8574: RS, RW, E and the light on its pins 0 to 3, D4 to D7 on 4 to 7. */
export class BackpackModule implements I2cLink {
  readonly #time: SimulatedTime;
  readonly #wires: ModuleWires;
  #fault: string | null = null;
  #busy = false;
  /** Every transfer, in bytes. */
  readonly transfers: number[] = [];
  light: 0 | 1 = 0;
  closes = 0;

  constructor(module: CharacterModule, time: SimulatedTime) {
    this.#time = time;
    this.#wires = new ModuleWires(module);
  }

  get breaches(): readonly string[] {
    return this.#wires.breaches;
  }

  /** The bus takes nothing from now on, or, with null, everything again. */
  fail(fault: string | null): void {
    this.#fault = fault;
  }

  write(bytes: Uint8Array, done: (error: string | null) => void): void {
    if (this.#busy) this.#wires.breaches.push("two transfers at a time");
    this.#busy = true;
    const startUs = this.#time.now * 1_000;
    this.#time.after(Math.ceil(((bytes.length + 1) * BYTE_US) / 1_000), () => {
      this.#busy = false;
      if (this.#fault !== null) {
        done(this.#fault);
        return;
      }
      this.transfers.push(bytes.length);
      for (const [index, byte] of bytes.entries()) this.#take(byte, startUs + (index + 2) * BYTE_US);
      done(null);
    });
  }

  close(done: () => void): void {
    this.closes += 1;
    this.#time.after(0, done);
  }

  #take(byte: number, atUs: number): void {
    const bit = (place: number): 0 | 1 => (((byte >> place) & 1) === 1 ? 1 : 0);
    if (bit(1) === 1) this.#wires.breaches.push(`${atUs} µs: the module is read from`);
    this.light = bit(3);
    this.#wires.set({ rs: bit(0), e: bit(2), half: byte >> 4 }, atUs);
  }
}

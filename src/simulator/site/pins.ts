import { Defect } from "../../core/kernel/defect.ts";
import type {
  GpioClaimed,
  GpioLevel,
  GpioLine,
  GpioLines,
  GpioLink,
  GpioListener,
  Level,
} from "../../runtime/ports.ts";
import type { Random } from "../outside/random.ts";
import type { SimulatedTime } from "../outside/time.ts";
import { atReset, Circuit, type Hold, PIN_MAX, type PinChange, type Pull, type Short } from "./circuit.ts";

/** Claiming takes up to this long, and so does noticing that a line failed. */
const LATENCY_MS_MAX = 20;

/** An edge is told this much later at most. */
const EDGE_LATENCY_MS_MAX = 3;

/** What the kernel interface of these pins can do; the character device can do more than sysfs. */
export interface SimulatedPinsOptions {
  /**
   * Whether it fulfils the wish for a pull-up; it then also switches the pull of open-drain lines off. Without, every line
   * keeps the pull of the reset, and columns need resistors (`pull`). True where it is not given.
   */
  readonly pullUps?: boolean;
  /** Whether one write moves all its lines at once; else they move one after the other. False where it is not given. */
  readonly atomicWrites?: boolean;
  /** How likely an edge is lost, from 0 to 1; 0 where it is not given. */
  readonly edgesLost?: number;
}

/** How often the port was called. */
export interface GpioCalls {
  readonly claim: number;
  readonly read: number;
  readonly write: number;
  readonly watch: number;
  readonly release: number;
}

/**
 * The header of a board with everything that is wired to it. Levels follow from who drives, pulls and touches what, and settle
 * at once; edges are told a little later, several as one. The wish for a debounce is not fulfilled.
 */
export class SimulatedPins implements GpioLink {
  readonly #time: SimulatedTime;
  readonly #random: Random;
  readonly #options: Required<SimulatedPinsOptions>;
  readonly #circuit: Circuit;
  readonly #holders = new Map<number, Claim>();
  readonly #calls: { -readonly [Call in keyof GpioCalls]: number } = {
    claim: 0,
    read: 0,
    write: 0,
    watch: 0,
    release: 0,
  };
  /** Lines that never come back. */
  readonly #dead = new Map<number, string>();
  readonly #wired = new Map<number, (level: Level) => void>();
  /** Counts the processes that used this link; what an earlier one asked for is not answered. */
  #process = 0;

  constructor(time: SimulatedTime, random: Random, options: SimulatedPinsOptions = {}) {
    this.#time = time;
    this.#random = random;
    this.#options = { pullUps: true, atomicWrites: false, edgesLost: 0, ...options };
    this.#circuit = new Circuit(
      () => time.now,
      (change) => {
        this.#holders.get(change.pin)?.moved(change);
        this.#wired.get(change.pin)?.(change.level);
      },
    );
  }

  claim(lines: readonly GpioLine[], listener: GpioListener, done: (outcome: GpioClaimed) => void): void {
    this.#calls.claim += 1;
    const asking = this.#process;
    this.#time.after(this.#random.between(0, LATENCY_MS_MAX), () => {
      if (asking === this.#process) done(this.#take(lines, listener));
    });
  }

  /** Every change of a level, in order; only the newest are kept. */
  get changes(): readonly PinChange[] {
    return this.#circuit.changes;
  }

  /** Every time a driven line met one it must not meet; empty where all is well. */
  get shorts(): readonly Short[] {
    return this.#circuit.shorts;
  }

  get calls(): GpioCalls {
    return { ...this.#calls };
  }

  /** What a voltmeter reads. */
  level(pin: number): Level {
    return this.#circuit.level(pin);
  }

  /** The outside drives a pin as hard as an output does, or stops. */
  drive(pin: number, how: "up" | "down" | "free"): void {
    this.#circuit.driveFromOutside(pin, how === "free" ? null : how === "up" ? 1 : 0);
  }

  /** Wires a machine to a pin: it feels each level at once. */
  wire(pin: number, feel: (level: Level) => void): void {
    this.#wired.set(pin, feel);
  }

  /** Puts a resistor of 10 kΩ on a pin, stronger than any pull inside the chip and weaker than any driver. */
  pull(pin: number, how: Pull): void {
    this.#circuit.resist(pin, how);
  }

  /** Whether a claim has the pin. */
  holds(pin: number): boolean {
    return this.#holders.has(pin);
  }

  /** Closes a contact between two pins. */
  connect(a: number, b: number): void {
    this.#circuit.connect(a, b);
  }

  /** Opens the contact between two pins. */
  disconnect(a: number, b: number): void {
    this.#circuit.disconnect(a, b);
  }

  /** A line fails: its claim is gone at once and hears of it a little later. The pin can be claimed again. */
  fail(pin: number, cause: string): void {
    const claim = this.#holders.get(pin);
    if (claim === undefined) return;
    claim.end();
    const suffering = this.#process;
    this.#time.after(this.#random.between(0, LATENCY_MS_MAX), () => {
      if (suffering === this.#process) claim.lose(cause);
    });
  }

  /** The same for good: no claim gets the pin any more. */
  failForGood(pin: number, cause: string): void {
    this.#dead.set(pin, cause);
    this.fail(pin, cause);
  }

  /** The process of this link has died: its listeners hear nothing more and its lines are inputs again. */
  abandon(): void {
    this.#process += 1;
    for (const claim of new Set(this.#holders.values())) claim.end();
  }

  #take(lines: readonly GpioLine[], listener: GpioListener): GpioClaimed {
    const wanted = new Map<number, GpioLine>();
    for (const line of lines) {
      const { pin } = line;
      if (!Number.isInteger(pin) || pin < 0 || pin > PIN_MAX) {
        return { kind: "refused", why: `pin ${pin} is not on the header: use 0 to ${PIN_MAX}` };
      }
      if (wanted.has(pin)) return { kind: "refused", why: `pin ${pin} is asked for twice` };
      const dead = this.#dead.get(pin);
      if (dead !== undefined) return { kind: "refused", why: `pin ${pin}: ${dead}` };
      if (this.#holders.has(pin)) return { kind: "refused", why: `pin ${pin} is in use: end what holds it` };
      wanted.set(pin, line);
    }
    const claim = new Claim({
      wanted,
      listener,
      time: this.#time,
      random: this.#random,
      options: this.#options,
      circuit: this.#circuit,
      called: (call) => {
        this.#calls[call] += 1;
      },
      freed: () => {
        for (const pin of wanted.keys()) this.#holders.delete(pin);
      },
    });
    claim.begin();
    for (const pin of wanted.keys()) this.#holders.set(pin, claim);
    return { kind: "claimed", lines: claim };
  }
}

interface ClaimParts {
  readonly wanted: ReadonlyMap<number, GpioLine>;
  readonly listener: GpioListener;
  readonly time: SimulatedTime;
  readonly random: Random;
  readonly options: Required<SimulatedPinsOptions>;
  readonly circuit: Circuit;
  readonly called: (call: keyof GpioCalls) => void;
  readonly freed: () => void;
}

class Claim implements GpioLines {
  readonly #parts: ClaimParts;
  /** The levels when the claim ended; null while it lasts. */
  #last: ReadonlyMap<number, Level> | null = null;
  #lost = false;
  #watching = false;
  /** Counts what could be told; an edge that belongs to an earlier count is told no more. */
  #watch = 0;
  #telling = false;

  constructor(parts: ClaimParts) {
    this.#parts = parts;
  }

  begin(): void {
    const { circuit, wanted, options } = this.#parts;
    circuit.hold(new Map([...wanted].map(([pin, line]) => [pin, holdOf(line, options.pullUps)])));
  }

  read(pin: number): Level {
    const { called, circuit, wanted } = this.#parts;
    called("read");
    if (!wanted.has(pin)) throw new Defect(`pin ${pin} is read by who claimed it`);
    return this.#last?.get(pin) ?? circuit.level(pin);
  }

  write(levels: readonly GpioLevel[]): void {
    const { called, circuit, options, wanted } = this.#parts;
    called("write");
    const outputs = levels.map(({ pin, level }) => {
      const line = wanted.get(pin);
      if (line === undefined || line.use === "input") {
        throw new Defect(`pin ${pin} is written by who claimed it to drive`);
      }
      return { line, driven: drivenAt(line, level) };
    });
    if (this.#last !== null) return;
    if (!options.atomicWrites) for (const { line, driven } of outputs) circuit.drive(line.pin, driven);
    else {
      const holds = new Map<number, Hold>();
      for (const { line, driven } of outputs)
        holds.set(line.pin, { ...holdOf(line, options.pullUps), driven });
      circuit.hold(holds);
    }
  }

  watch(watching: boolean): void {
    this.#parts.called("watch");
    if (this.#last === null && watching !== this.#watching) this.#setWatching(watching);
  }

  release(done: () => void): void {
    const { called, time } = this.#parts;
    called("release");
    this.#lost = true;
    this.end();
    time.after(0, done);
  }

  moved({ pin }: PinChange): void {
    const { listener, options, random, time, wanted } = this.#parts;
    if (!this.#watching || this.#telling || wanted.get(pin)?.use !== "input") return;
    if (options.edgesLost > 0 && random.chance(options.edgesLost)) return;
    this.#telling = true;
    const watch = this.#watch;
    time.after(random.between(0, EDGE_LATENCY_MS_MAX), () => {
      if (watch !== this.#watch) return;
      this.#telling = false;
      listener.edge();
    });
  }

  /** The lines are inputs again, silently. */
  end(): void {
    const { circuit, freed, wanted } = this.#parts;
    if (this.#last !== null) return;
    this.#setWatching(false);
    this.#last = new Map([...wanted.keys()].map((pin) => [pin, circuit.level(pin)]));
    freed();
    circuit.hold(new Map([...wanted.keys()].map((pin) => [pin, atReset(pin)])));
  }

  lose(cause: string): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#parts.listener.lost(cause);
  }

  #setWatching(watching: boolean): void {
    this.#watching = watching;
    this.#watch += 1;
    this.#telling = false;
  }
}

function holdOf(line: GpioLine, pullUps: boolean): Hold {
  const own = atReset(line.pin).pull;
  switch (line.use) {
    case "input":
      return { pull: line.pullUp && pullUps ? "up" : own, driven: null, openDrain: false };
    case "output":
      return { pull: own, driven: line.level, openDrain: false };
    case "open-drain":
      return { pull: pullUps ? "none" : own, driven: null, openDrain: true };
  }
}

function drivenAt({ use }: GpioLine, level: Level): Level | null {
  return use === "open-drain" && level === 1 ? null : level;
}

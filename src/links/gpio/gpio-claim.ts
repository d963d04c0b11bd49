/**
 * What every claim of pins keeps, whichever interface of the kernel serves it: nothing is told before the call returned,
 * edges only while watching, the loss of a line once, and silence after it.
 */
import { Defect, invariant } from "../../core/kernel/defect.ts";
import type {
  GpioClaimed,
  GpioLevel,
  GpioLine,
  GpioLines,
  GpioLink,
  GpioListener,
  Level,
} from "../../runtime/ports.ts";

/** The lines of one claim as an interface of the kernel holds them. What throws a system error has lost them. */
export interface HeldLines {
  read(pin: number): Level;
  write(levels: readonly GpioLevel[]): void;
  watch(watching: boolean): void;
  /** Makes all of them inputs and lets go of them, as far as they are still there; throws no system error. */
  release(): void;
}

/** What the lines say of themselves. */
export interface LineEvents {
  /** Inputs moved. */
  moved(): void;
  /** The lines are gone. */
  failed(error: unknown): void;
}

/** The lines, or why there are none. */
export type ClaimedLines =
  | { readonly ok: true; readonly held: HeldLines }
  | { readonly ok: false; readonly why: string };

/** Takes all of the lines or leaves all of them as they were; rejects for nothing that a device could do. */
export type TakeLines = (lines: readonly GpioLine[], events: LineEvents) => Promise<ClaimedLines>;

/** The pins of one chip, each in one claim at a time. */
export class ClaimedPins implements GpioLink {
  readonly #take: TakeLines;
  readonly #pins = new Set<number>();

  constructor(take: TakeLines) {
    this.#take = take;
  }

  claim(lines: readonly GpioLine[], listener: GpioListener, done: (outcome: GpioClaimed) => void): void {
    const pins = lines.map(({ pin }) => pin);
    const why = this.#refusal(pins);
    if (why !== null) {
      setImmediate(() => done({ kind: "refused", why }));
      return;
    }
    for (const pin of pins) this.#pins.add(pin);
    const claim = new Claim(lines, listener, () => {
      for (const pin of pins) this.#pins.delete(pin);
    });
    // What goes wrong in here other than by a device is a defect, and ends the process as any unhandled rejection does.
    void this.#take(lines, claim).then((taken) => {
      // In a turn of its own, so that an exception of the owner's is not one of a promise.
      setImmediate(() => claim.taken(taken, done));
    });
  }

  #refusal(pins: readonly number[]): string | null {
    const held = pins.find((pin) => this.#pins.has(pin));
    if (held !== undefined) {
      return `Pin ${held} is in use by another device of this box; give each device pins of its own.`;
    }
    const twice = pins.find((pin, index) => pins.indexOf(pin) !== index);
    return twice === undefined ? null : `Pin ${twice} is named twice; give each use a pin of its own.`;
  }
}

/** One claim, from the call to the end of its lines. */
class Claim implements GpioLines, LineEvents {
  readonly #listener: GpioListener;
  readonly #free: () => void;
  readonly #uses: ReadonlyMap<number, GpioLine["use"]>;
  readonly #levels = new Map<number, Level>();
  #held: HeldLines | null = null;
  /** Why the lines were gone before their owner heard that it had them. */
  #failedEarly: { readonly error: unknown } | null = null;
  #watching = false;
  #edgeQueued = false;
  /** The owner let go, or knows of the loss: it hears nothing any more. */
  #ended = false;

  constructor(lines: readonly GpioLine[], listener: GpioListener, free: () => void) {
    this.#listener = listener;
    this.#free = free;
    this.#uses = new Map(lines.map(({ pin, use }) => [pin, use]));
    for (const line of lines) this.#levels.set(line.pin, line.use === "output" ? line.level : 1);
  }

  /** The end of the attempt to take the lines. */
  taken(taken: ClaimedLines, done: (outcome: GpioClaimed) => void): void {
    if (!taken.ok) {
      this.#free();
      done({ kind: "refused", why: taken.why });
      return;
    }
    this.#held = taken.held;
    // A line that is read after its loss shows how it stood; so there has to be a level from the start.
    if (this.#failedEarly === null) {
      for (const [pin, use] of this.#uses) if (use === "input") this.read(pin);
    } else {
      this.failed(this.#failedEarly.error);
    }
    done({ kind: "claimed", lines: this });
  }

  read(pin: number): Level {
    const last = this.#levels.get(pin);
    invariant(last !== undefined, "only lines of the claim are read");
    if (this.#held === null) return last;
    try {
      const level = this.#held.read(pin);
      this.#levels.set(pin, level);
      return level;
    } catch (error) {
      this.failed(error);
      return last;
    }
  }

  write(levels: readonly GpioLevel[]): void {
    for (const { pin } of levels) {
      const use = this.#uses.get(pin);
      invariant(use === "output" || use === "open-drain", "only lines of the claim that drive are written");
    }
    // A write of nothing is refused by the kernel, which would be taken for a loss.
    if (this.#held === null || levels.length === 0) return;
    try {
      this.#held.write(levels);
      for (const { pin, level } of levels) this.#levels.set(pin, level);
    } catch (error) {
      this.failed(error);
    }
  }

  watch(watching: boolean): void {
    if (this.#held === null || this.#watching === watching) return;
    this.#watching = watching;
    try {
      this.#held.watch(watching);
    } catch (error) {
      this.failed(error);
    }
  }

  release(done: () => void): void {
    this.#ended = true;
    this.#letGo();
    setImmediate(done);
  }

  moved(): void {
    if (!this.#watching || this.#edgeQueued) return;
    this.#edgeQueued = true;
    // In a turn of its own: edges of several lines become one, and an exception of the owner's is a plain uncaught one
    // that ends the process, instead of one in the middle of a native package or a stream.
    setImmediate(() => {
      this.#edgeQueued = false;
      if (this.#watching) this.#listener.edge();
    });
  }

  failed(error: unknown): void {
    const cause = systemError(error);
    if (this.#held === null) {
      this.#failedEarly ??= { error };
      return;
    }
    this.#letGo();
    setImmediate(() => {
      if (this.#ended) return;
      this.#ended = true;
      this.#listener.lost(cause);
    });
  }

  #letGo(): void {
    this.#watching = false;
    if (this.#held === null) return;
    this.#held.release();
    this.#held = null;
    this.#free();
  }
}

/** What the kernel said; anything else is a fault of this program and is thrown on. */
export function systemError(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.message;
  throw error instanceof Error ? error : new Defect(`thrown: ${String(error)}`);
}

/** Does what may find the device gone, which changes nothing at the end of a claim. */
export function evenIfGone(step: () => void): void {
  try {
    step();
  } catch (error) {
    systemError(error);
  }
}

/**
 * The kernel's own record of every change of a pin, in order: a logic analyser. It sees what the program did to the pins,
 * not what was done to them from outside.
 */
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Level } from "../../src/runtime/ports.ts";
import { headerBase } from "./header.ts";

const TRACING = "/sys/kernel/tracing";

/** A pin was driven to a level, or let go of, that is made an input. */
export interface PinEvent {
  /** BCM number. */
  readonly pin: number;
  readonly level: Level | "released";
  /** Seconds of the monotonic clock. */
  readonly at: number;
}

/** Everything since the last `clearTrace`. */
export function readTrace(): readonly PinEvent[] {
  return new TraceReader(headerBase()).read(readFileSync(join(TRACING, "trace"), "utf8"));
}

/** Forgets everything so far. */
export function clearTrace(): void {
  writeFileSync(join(TRACING, "trace"), "");
}

/** Brings the events since the last call, from a record of its own; for what has to answer to pins at once. */
export class TraceFollower {
  static #made = 0;
  readonly #folder: string;
  readonly #fd: number;
  readonly #reader: TraceReader;
  readonly #buffer = Buffer.alloc(65_536);
  #rest = "";

  constructor() {
    TraceFollower.#made += 1;
    this.#reader = new TraceReader(headerBase());
    this.#folder = join(TRACING, "instances", `follower-${process.pid}-${TraceFollower.#made}`);
    mkdirSync(this.#folder);
    writeFileSync(join(this.#folder, "trace_clock"), "mono");
    writeFileSync(join(this.#folder, "events/gpio/enable"), "1");
    this.#fd = openSync(join(this.#folder, "trace_pipe"), constants.O_RDONLY | constants.O_NONBLOCK);
  }

  next(): readonly PinEvent[] {
    for (;;) {
      const length = this.#take();
      if (length === 0) break;
      this.#rest += this.#buffer.toString("latin1", 0, length);
    }
    const end = this.#rest.lastIndexOf("\n") + 1;
    const events = this.#reader.read(this.#rest.slice(0, end));
    this.#rest = this.#rest.slice(end);
    return events;
  }

  close(): void {
    closeSync(this.#fd);
    rmdirSync(this.#folder);
  }

  #take(): number {
    try {
      return readSync(this.#fd, this.#buffer);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EAGAIN") return 0;
      throw error;
    }
  }
}

/**
 * How long the kernel may take from announcing the level of an open-drain line to letting go of it. It is one call, but the
 * guest is a process that a busy machine puts aside for tens of milliseconds, at any point.
 */
const LETTING_GO_S = 0.1;

/** Makes events of the lines of a trace. */
class TraceReader {
  readonly #base: number;

  constructor(base: number) {
    this.#base = base;
  }

  read(text: string): readonly PinEvent[] {
    const entries = [...text.matchAll(ENTRY)].map(([, at, name, number, what, value]) => ({
      pin: Number(number) - this.#base,
      at: Number(at),
      what: `${name} ${what} ${value}`,
    }));
    return entries.flatMap((entry, index): readonly PinEvent[] => {
      const { pin, at, what } = entry;
      const before = entries[index - 1]?.pin === pin ? entries[index - 1] : undefined;
      const next = entries[index + 1]?.pin === pin ? entries[index + 1] : undefined;
      switch (what) {
        case "value set 1":
          // Before an open-drain line is let go of, in the same call, the kernel says that it is set to 1; it never is.
          return next?.what === "direction in 0" && next.at - at < LETTING_GO_S
            ? []
            : [{ pin, at, level: 1 }];
        case "value set 0":
          return [{ pin, at, level: 0 }];
        case "direction in 0":
          return [{ pin, at, level: "released" }];
        case "direction out 0":
          // An open-drain line may come to pull low without a word of its level.
          return before?.what.startsWith("value set") === true ? [] : [{ pin, at, level: 0 }];
        default:
          return [];
      }
    });
  }
}

/** Time, event, line, what happened, and the level or the kernel's error. */
const ENTRY = /\s(\d+\.\d+): gpio_(value|direction): (\d+)\s+(\w+) \(?(-?\d+)/g;

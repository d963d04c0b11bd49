/**
 * A key matrix without diodes on the header: closed keys join rows and columns, current finds its way through three corners
 * to the fourth, and contacts chatter. It answers to the rows as they really are in the kernel, by pulling the columns.
 *
 * Copper answers in nanoseconds, and a driver may look right after it has pulled a row low, so the matrix has to move within
 * the call that moves a row: `around` gives a link that does so.
 */
import type { GpioLink, Level } from "../../src/runtime/ports.ts";
import { pull } from "./header.ts";
import { TraceFollower } from "./trace.ts";

/** Where the keypad is wired to, by BCM number. */
export interface MatrixWiring {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

/** How a contact closes and opens: how often it chatters, and how far apart, in milliseconds. */
export interface Bounce {
  readonly times: number;
  readonly everyMs: number;
}

const CLEAN: Bounce = { times: 0, everyMs: 0 };

/** Keys are named by row and column, counted from 0. */
export class KeyMatrix {
  readonly #wiring: MatrixWiring;
  readonly #trace = new TraceFollower();
  /** What the kernel does to the rows; a row that is missing is let go of. */
  readonly #driven = new Map<number, Level>();
  readonly #pulls = new Map<number, Level>();
  readonly #closed = new Set<string>();
  readonly #stuck = new Set<string>();
  readonly #shorts: (readonly [high: number, low: number])[] = [];
  #drivenHigh = 0;

  constructor(wiring: MatrixWiring) {
    this.#wiring = wiring;
    this.settle();
  }

  /** Rows that were driven high, whether or not that did harm; always 0 where all is well. */
  get drivenHigh(): number {
    return this.#drivenHigh;
  }

  /** Pairs of rows of which keys joined a high one to a low one. */
  get shorts(): readonly (readonly [high: number, low: number])[] {
    return this.#shorts;
  }

  /** A link whose every look and move finds the columns as the rows make them. */
  around(link: GpioLink): GpioLink {
    return {
      claim: (lines, listener, done) =>
        link.claim(lines, listener, (outcome) => {
          this.settle();
          if (outcome.kind === "refused") {
            done(outcome);
            return;
          }
          const claimed = outcome.lines;
          const then = (step: () => void): void => {
            step();
            this.settle();
          };
          done({
            kind: "claimed",
            lines: {
              read: (pin) => claimed.read(pin),
              write: (levels) => then(() => claimed.write(levels)),
              watch: (watching) => claimed.watch(watching),
              release: (free) => then(() => claimed.release(free)),
            },
          });
        }),
    };
  }

  /** Puts a finger on a key; resolves when the contact has come to rest. */
  async press(row: number, column: number, bounce: Bounce = CLEAN): Promise<void> {
    await this.#move(row, column, true, bounce);
  }

  /** Takes the finger off. A stuck key does not notice. */
  async release(row: number, column: number, bounce: Bounce = CLEAN): Promise<void> {
    await this.#move(row, column, false, bounce);
  }

  /** The key is down until it is freed, whoever presses or releases it. */
  stick(row: number, column: number): void {
    this.#stuck.add(nameOf(row, column));
    this.settle();
  }

  free(row: number, column: number): void {
    this.#stuck.delete(nameOf(row, column));
    this.settle();
  }

  /** Unplugs the keypad. */
  close(): void {
    this.#trace.close();
  }

  async #move(row: number, column: number, down: boolean, { times, everyMs }: Bounce): Promise<void> {
    for (let left = 2 * times; left >= 0; left -= 1) {
      if ((left % 2 === 0) === down) this.#closed.add(nameOf(row, column));
      else this.#closed.delete(nameOf(row, column));
      this.settle();
      if (left > 0) await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }

  /** Lets the columns follow the rows as they are now. */
  settle(): void {
    for (const { pin, level } of this.#trace.next()) {
      if (!this.#wiring.rows.includes(pin)) continue;
      if (level === 1) this.#drivenHigh += 1;
      if (level === "released") this.#driven.delete(pin);
      else this.#driven.set(pin, level);
      this.#conduct();
    }
    this.#conduct();
    // Columns have resistors to 3.3 V.
    for (const pin of this.#wiring.columns) {
      const level = this.#netOf(pin).some((other) => this.#driven.get(other) === 0) ? 0 : 1;
      if (this.#pulls.get(pin) === level) continue;
      this.#pulls.set(pin, level);
      pull(pin, level === 1 ? "up" : "down");
    }
  }

  #conduct(): void {
    for (const [high, level] of this.#driven) {
      if (level === 0) continue;
      const low = this.#netOf(high).find((other) => this.#driven.get(other) === 0);
      if (low !== undefined) this.#shorts.push([high, low]);
    }
  }

  /** All pins that closed keys join to this one, itself included. */
  #netOf(start: number): readonly number[] {
    const { rows, columns } = this.#wiring;
    const net = new Set([start]);
    // A set that grows while it is walked is walked to its end.
    for (const pin of net) {
      for (const [row, rowPin] of rows.entries()) {
        for (const [column, columnPin] of columns.entries()) {
          if (!this.#isDown(row, column)) continue;
          if (pin === rowPin) net.add(columnPin);
          if (pin === columnPin) net.add(rowPin);
        }
      }
    }
    return [...net];
  }

  #isDown(row: number, column: number): boolean {
    const name = nameOf(row, column);
    return this.#closed.has(name) || this.#stuck.has(name);
  }
}

function nameOf(row: number, column: number): string {
  return `${row},${column}`;
}

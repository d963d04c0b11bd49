import type { GpioLine, GpioLines, Level } from "../runtime/ports.ts";

/** The pins of a key matrix, by BCM number. */
export interface MatrixPins {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

/**
 * How often a column is read before it is believed to stay low. Pull-ups of 50 kΩ raise a cable of 1 nF in 50 µs, and the fastest
 * interface takes 0.6 µs for one read; where the columns are up already, one read of each says so.
 */
const SETTLE_READS_MAX = 100;

/** How the lines of a key matrix are claimed: rows may only pull low, for two keys in one column join two rows. */
export function matrixLines({ rows, columns }: MatrixPins): readonly GpioLine[] {
  return [
    ...rows.map((pin): GpioLine => ({ use: "open-drain", pin })),
    ...columns.map((pin): GpioLine => ({ use: "input", pin, pullUp: true, debounceMs: 0 })),
  ];
}

/** The claimed lines of a key matrix: rows pull low, and a column reads low where a closed key joins it to such a row. */
export class MatrixLines {
  readonly #lines: GpioLines;
  readonly #pins: MatrixPins;

  constructor(lines: GpioLines, pins: MatrixPins) {
    this.#lines = lines;
    // Arrays of a frozen configuration are read by the engine's slow path, and these are read a thousand times a second.
    this.#pins = { rows: [...pins.rows], columns: [...pins.columns] };
  }

  /** The pins of the columns that read low now. */
  lowColumns(): readonly number[] {
    const low: number[] = [];
    for (const pin of this.#pins.columns) if (this.#lines.read(pin) === 0) low.push(pin);
    return low;
  }

  /** The pins of the columns that stay low, however long one waits; of interest while no row pulls. */
  unpulledColumns(): readonly number[] {
    this.#waitForPullUps();
    return this.lowColumns();
  }

  /** Pulls all rows low and watches: from now on any key that goes down is told as an edge. */
  arm(): void {
    this.#rows(0);
    this.#lines.watch(true);
  }

  /** Lets go of all rows and watches no more: the moves of the rows move the columns too. */
  disarm(): void {
    this.#lines.watch(false);
    this.#rows(1);
  }

  /** Looks at one row after the other, the others let go; gives the closed positions, row × columns + column. */
  scan(): readonly number[] {
    const { rows, columns } = this.#pins;
    const closed: number[] = [];
    let first = 0;
    for (const row of rows) {
      this.#waitForPullUps();
      this.#lines.write([{ pin: row, level: 0 }]);
      // Going low takes a contact of 1 kΩ some 5 µs at most, the time of these reads; what they say is not used.
      this.lowColumns();
      const low = this.lowColumns();
      this.#lines.write([{ pin: row, level: 1 }]);
      for (const column of low) closed.push(first + columns.indexOf(column));
      first += columns.length;
    }
    return closed;
  }

  /** Lets go of all rows and gives all lines back. */
  release(done: () => void): void {
    this.disarm();
    this.#lines.release(done);
  }

  #rows(level: Level): void {
    this.#lines.write(this.#pins.rows.map((pin) => ({ pin, level })));
  }

  /** Letting go of a row leaves its columns to the pull-ups alone, which are slow; reading is the only clock this quick. */
  #waitForPullUps(): void {
    let left = SETTLE_READS_MAX;
    for (const pin of this.#pins.columns) {
      while (this.#lines.read(pin) === 0 && left > 0) left -= 1;
    }
  }
}

/**
 * What an HD44780 module made of the changes of its pins: it takes RS and D4 to D7 at each falling edge of E, as the data
 * sheet has it (HD44780U, figures 25 and 24, tables 1, 4 and 6), and knows nothing of the program that drives it.
 */
import type { Level } from "../../src/runtime/ports.ts";
import type { PinEvent } from "./trace.ts";

/** Where the module is wired to, by BCM number; its RW lies on ground. */
export interface Hd44780Wiring {
  readonly rs: number;
  readonly e: number;
  /** D4 to D7. */
  readonly data: readonly number[];
}

/** An instruction or a datum that the module has taken. */
export interface Hd44780Byte {
  readonly rs: Level;
  readonly value: number;
  /** Seconds, at the last edge of E that it took. */
  readonly at: number;
}

/** Milliseconds that the module works on an instruction, at its usual clock; one that comes earlier is lost on it. */
const CLEAR_MS = 1.52;
const OTHERS_MS = 0.037;

/** How long a cell memory's line is. */
const LINE_CELLS = 40;

const SECOND_LINE = 0x40;

/** A module, and all it was told. */
export class Hd44780 {
  readonly #wiring: Hd44780Wiring;
  readonly #levels = new Map<number, Level>();
  readonly #bytes: Hd44780Byte[] = [];
  readonly #early: Hd44780Byte[] = [];
  readonly #cells = new Uint8Array(0x80).fill(0x20);
  readonly #glyphs = new Uint8Array(64);
  #width: 4 | 8 = 8;
  #upper: number | null = null;
  #twoLines = false;
  #shown = false;
  #cursor = false;
  #step: 1 | -1 = 1;
  #memory: "cells" | "glyphs" = "cells";
  #address = 0;
  #busyUntil = Number.NEGATIVE_INFINITY;

  constructor(wiring: Hd44780Wiring) {
    this.#wiring = wiring;
  }

  /** Whether the start has come to its end: four lines, two rows, the display on. */
  get ready(): boolean {
    return this.#width === 4 && this.#twoLines && this.#shown;
  }

  get cursorShown(): boolean {
    return this.#cursor;
  }

  /** Everything it took, in order; while it listens on eight lines, the lower four of which are not wired, as if they were 0. */
  get bytes(): readonly Hd44780Byte[] {
    return this.#bytes;
  }

  /** What came while it still worked on what came before. */
  get early(): readonly Hd44780Byte[] {
    return this.#early;
  }

  /** Takes the events of a trace; those of other pins do not matter. */
  follow(events: readonly PinEvent[]): this {
    for (const { pin, level, at } of events) {
      const before = this.#levels.get(pin);
      // The module's own pull-ups: what is let go of is high.
      this.#levels.set(pin, level === "released" ? 1 : level);
      if (pin === this.#wiring.e && before === 1 && level === 0) this.#strobe(at);
    }
    return this;
  }

  /** The codes that stand in a row, counted from 0; rows 2 and 3 of a module with four go on where rows 0 and 1 end. */
  codes(row: number, columns: number): readonly number[] {
    const start = (row % 2) * SECOND_LINE + Math.floor(row / 2) * columns;
    return [...this.#cells.slice(start, start + columns)];
  }

  /** What people see of a row with the usual character generator (A00); own glyphs as the digits ⓪ to ⑦. */
  text(row: number, columns: number): string {
    return this.codes(row, columns)
      .map((code) => (this.#shown ? pictureOf(code) : " "))
      .join("");
  }

  /** The eight rows of dots of an own glyph, five bits each. */
  glyph(code: number): readonly number[] {
    return [...this.#glyphs.slice(8 * code, 8 * code + 8)];
  }

  #strobe(at: number): void {
    const level = (pin: number | undefined): Level => (pin === undefined ? 0 : (this.#levels.get(pin) ?? 0));
    const nibble = this.#wiring.data.reduce((sum, pin, bit) => sum + level(pin) * 2 ** bit, 0);
    const rs = level(this.#wiring.rs);
    if (this.#width === 8) {
      this.#take({ rs, value: 16 * nibble, at });
    } else if (this.#upper === null) {
      this.#upper = nibble;
    } else {
      const value = 16 * this.#upper + nibble;
      this.#upper = null;
      this.#take({ rs, value, at });
    }
  }

  #take(byte: Hd44780Byte): void {
    this.#bytes.push(byte);
    if (byte.at < this.#busyUntil) this.#early.push(byte);
    const clears = byte.rs === 0 && byte.value > 0 && byte.value < 4;
    this.#busyUntil = byte.at + (clears ? CLEAR_MS : OTHERS_MS) / 1_000;
    if (byte.rs === 1) this.#store(byte.value);
    else this.#instruct(byte.value);
  }

  #store(value: number): void {
    if (this.#memory === "cells") this.#cells[this.#address] = value;
    else this.#glyphs[this.#address] = value % 32;
    this.#address = this.#moved(this.#step);
  }

  /** The next address; at its end, a line of the cells goes over into the other one. */
  #moved(step: 1 | -1): number {
    if (this.#memory === "glyphs") return (this.#address + step + 64) % 64;
    const [line, cell] = [this.#address < SECOND_LINE ? 0 : 1, this.#address % SECOND_LINE];
    const next = (line * LINE_CELLS + cell + step + 2 * LINE_CELLS) % (2 * LINE_CELLS);
    if (!this.#twoLines) return next;
    return next < LINE_CELLS ? next : SECOND_LINE + next - LINE_CELLS;
  }

  /** The highest bit that is set says which instruction it is. */
  #instruct(value: number): void {
    const bit = (number: number): boolean => (value & (1 << number)) !== 0;
    if (bit(7)) {
      this.#memory = "cells";
      this.#address = value % 128;
    } else if (bit(6)) {
      this.#memory = "glyphs";
      this.#address = value % 64;
    } else if (bit(5)) {
      this.#width = bit(4) ? 8 : 4;
      this.#twoLines = bit(3);
      this.#upper = null;
    } else if (bit(4)) {
      if (bit(3)) throw new Error("the observer does not follow a shifted display");
      this.#address = this.#moved(bit(2) ? 1 : -1);
    } else if (bit(3)) {
      this.#shown = bit(2);
      this.#cursor = bit(1);
    } else if (bit(2)) {
      this.#step = bit(1) ? 1 : -1;
    } else if (bit(1) || bit(0)) {
      if (!bit(1)) {
        this.#cells.fill(0x20);
        this.#step = 1;
      }
      this.#memory = "cells";
      this.#address = 0;
    }
  }
}

/** The character generator A00 where it differs from ASCII, and the codes of own glyphs, which stand there twice. */
function pictureOf(code: number): string {
  if (code < 16) return "⓪①②③④⑤⑥⑦".charAt(code % 8);
  if (code === 0x5c) return "¥";
  if (code === 0x7e) return "→";
  if (code === 0x7f) return "←";
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : "□";
}

/**
 * An HD44780 as a device: it believes what comes over its lines, keeps its two memories, and writes down every breach of the
 * data sheet (HD44780U). Time is in microseconds since its supply came.
 */
import { glyphs } from "../../core/codecs/character-rom.ts";
import type { DisplaySize } from "../../core/codecs/display-frame.ts";
import { cellAddress } from "../../core/codecs/hd44780.ts";

/** Which of its two character generators a module was made with: Japanese or European (table 4). */
export type CharacterRom = "A00" | "A02";

/** How long it is busy, at its usual speed of 270 kHz: an instruction, a datum, clearing (table 6). */
const INSTRUCTION_US = 37;
const DATUM_US = 41;
const CLEAR_US = 1_520;

/** How a module was made. */
export interface ModuleMake {
  /** A00 where it is not given. */
  readonly rom?: CharacterRom;
  /** Speed of its oscillator, usually 270; the slowest that is sold, 190, where it is not given. */
  readonly oscillatorKhz?: number;
}

/** The reset inside takes so long after the supply has come (at 4.5 V). */
const POWER_ON_US = 15_000;

/** Between the first function sets of the start, in order (figure 24). */
const START_WAITS_US = [4_100, 100];

/** Cells of the memory that both lines share. */
const LINE_CELLS = 40;
const SECOND_LINE = 0x40;

const SPACE = 0x20;

/** The blank that a module draws for codes without a picture here. */
const UNKNOWN = "\u25a1";

/** A character display module, seen from its lines. */
export class CharacterModule {
  readonly #size: DisplaySize;
  readonly #rom: CharacterRom;
  readonly #slowness: number;
  readonly #breaches: string[] = [];
  readonly #cells = new Map<number, number>();
  readonly #generator = new Uint8Array(64);
  /** How many lines bring a value: eight until it is told otherwise; only the upper four are wired. */
  #width: 4 | 8 = 8;
  #upper: { readonly rs: 0 | 1; readonly value: number } | null = null;
  #busyUntilUs = POWER_ON_US;
  /** Function sets over eight lines since the supply came, as the first start has three of; null once it is over. */
  #starts: number | null = 0;
  #functionSet = false;
  #twoLines = false;
  #shown = false;
  #countsUp = false;
  #target: "cells" | "generator" = "cells";
  #address = 0;

  constructor(size: DisplaySize, { rom = "A00", oscillatorKhz = 190 }: ModuleMake = {}) {
    this.#size = size;
    this.#rom = rom;
    this.#slowness = 270 / oscillatorKhz;
    // What stands in the memories when the supply comes is chance.
    this.#generator.fill(0x15);
  }

  /** Everything that a real module might not have forgiven, in order. */
  get breaches(): readonly string[] {
    return this.#breaches;
  }

  /** What people see; blank while the display is off. */
  rows(): readonly string[] {
    const { columns, rows } = this.#size;
    return Array.from({ length: rows }, (_, row) => {
      const codes = Array.from({ length: columns }, (__, column) => {
        const address = cellAddress(row, column, this.#size);
        return this.#shown ? (this.#cells.get(address) ?? SPACE) : SPACE;
      });
      return codes.map((code) => this.#picture(code)).join("");
    });
  }

  /** The codes in the memory of the cells, row by row. */
  codes(): readonly (readonly number[])[] {
    const { columns, rows } = this.#size;
    return Array.from({ length: rows }, (_, row) =>
      Array.from(
        { length: columns },
        (__, column) => this.#cells.get(cellAddress(row, column, this.#size)) ?? SPACE,
      ),
    );
  }

  /** Loses the beat of its four lines, as after a spark: what comes next is taken for the other half of a byte. */
  slip(): void {
    this.#upper = this.#upper === null ? { rs: 0, value: 0 } : null;
  }

  /** E falls: the module takes what stands on RS and on D4 to D7. */
  latch(rs: 0 | 1, half: number, atUs: number): void {
    if (this.#width === 8) {
      this.#take(rs, half << 4, atUs);
      return;
    }
    const upper = this.#upper;
    if (upper === null) {
      this.#whileBusy(atUs);
      this.#upper = { rs, value: half };
      return;
    }
    this.#upper = null;
    if (upper.rs !== rs) this.#breach(atUs, "RS moves between the halves of a byte");
    this.#take(rs, (upper.value << 4) | half, atUs);
  }

  #take(rs: 0 | 1, value: number, atUs: number): void {
    this.#whileBusy(atUs);
    this.#busyUntilUs = atUs + (rs === 1 ? DATUM_US : INSTRUCTION_US) * this.#slowness;
    if (rs === 1) this.#write(value, atUs);
    else this.#obey(value, atUs);
  }

  #whileBusy(atUs: number): void {
    if (atUs < this.#busyUntilUs)
      this.#breach(atUs, `spoken to ${(this.#busyUntilUs - atUs).toFixed(1)} µs early`);
  }

  /** Instructions are told apart by their highest bit (table 6). */
  #obey(value: number, atUs: number): void {
    if (value >= 0x80) this.#goTo("cells", value & 0x7f, atUs);
    else if (value >= 0x40) this.#goTo("generator", value & 0x3f, atUs);
    else if (value >= 0x20) this.#setFunction(value, atUs);
    else if (value >= 0x10) this.#shift(value, atUs);
    else if (value >= 0x08) this.#control(value, atUs);
    else if (value >= 0x04) this.#countsUp = (value & 0b11) === 0b10;
    else if (value >= 0x02) this.#breach(atUs, "the cursor is sent home");
    else if (value === 0x01) this.#clear(atUs);
    else this.#breach(atUs, "an instruction of zeros");
  }

  #setFunction(value: number, atUs: number): void {
    const width = (value & 0x10) === 0 ? 4 : 8;
    if (width === 8) {
      const wait = START_WAITS_US[this.#starts ?? START_WAITS_US.length];
      if (this.#starts !== null) this.#starts += 1;
      this.#functionSet = false;
      if (wait !== undefined) this.#busyUntilUs = atUs + wait;
    } else if (this.#width === 8) {
      if (this.#starts !== null && this.#starts < 3)
        this.#breach(atUs, `started ${this.#starts} times, not 3`);
      this.#starts = null;
    } else {
      this.#functionSet = true;
      this.#twoLines = (value & 0x08) !== 0;
      if ((value & 0x04) !== 0) this.#breach(atUs, "the tall font is asked for");
    }
    this.#width = width;
  }

  #shift(value: number, atUs: number): void {
    if ((value & 0x08) !== 0) this.#breach(atUs, "the picture is shifted");
    else this.#address = (this.#address + ((value & 0x04) === 0 ? 0x7f : 1)) % 0x80;
  }

  #control(value: number, atUs: number): void {
    this.#started(atUs);
    this.#shown = (value & 0x04) !== 0;
    if ((value & 0x03) !== 0) this.#breach(atUs, "the cursor is seen");
  }

  #clear(atUs: number): void {
    this.#started(atUs);
    this.#busyUntilUs = atUs + CLEAR_US * this.#slowness;
    this.#cells.clear();
    this.#target = "cells";
    this.#address = 0;
    this.#countsUp = true;
  }

  #goTo(target: "cells" | "generator", address: number, atUs: number): void {
    this.#started(atUs);
    this.#target = target;
    this.#address = address;
  }

  #write(value: number, atUs: number): void {
    this.#started(atUs);
    if (!this.#countsUp) this.#breach(atUs, "written while the address does not count up");
    if (this.#target === "generator") {
      this.#generator[this.#address] = value;
      this.#address = (this.#address + 1) % this.#generator.length;
      return;
    }
    if (!this.#isSeen(this.#address))
      this.#breach(atUs, `written to 0x${this.#address.toString(16)}, which is no cell`);
    if (value === 0) this.#breach(atUs, "code 0 is written");
    this.#cells.set(this.#address, value);
    const next = this.#address + 1;
    if (next === LINE_CELLS) this.#address = SECOND_LINE;
    else this.#address = next === SECOND_LINE + LINE_CELLS ? 0 : next;
  }

  #started(atUs: number): void {
    if (this.#width === 8 || !this.#functionSet || !this.#twoLines)
      this.#breach(atUs, "spoken to before it is started");
  }

  #isSeen(address: number): boolean {
    const { columns, rows } = this.#size;
    return Array.from({ length: rows }, (_, row) => cellAddress(row, 0, this.#size)).some(
      (first) => address >= first && address < first + columns,
    );
  }

  #picture(code: number): string {
    if (code < 0x10) return this.#drawn(code % 8);
    if (code === 0x5c) return this.#rom === "A00" ? "\u00a5" : "\\";
    if (code === 0x7e) return this.#rom === "A00" ? "\u2192" : "~";
    if (code === 0xa5 && this.#rom === "A02") return "\u00a5";
    return code >= 0x20 && code < 0x7e ? String.fromCharCode(code) : UNKNOWN;
  }

  /** What the generator's RAM draws in a place, told by its dots alone. */
  #drawn(place: number): string {
    const dots = this.#generator.subarray(place * 8, place * 8 + 8);
    return (
      glyphs.find((glyph) => glyph.dots.every((row, index) => row === dots[index]))?.character ?? UNKNOWN
    );
  }

  #breach(atUs: number, what: string): void {
    this.#breaches.push(`${atUs.toFixed(1)} µs: ${what}`);
  }
}

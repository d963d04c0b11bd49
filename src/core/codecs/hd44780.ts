/**
 * What an HD44780 is told, on four data lines and without reading its busy flag. Waits are longer than the data sheet's:
 * its times hold for an oscillator of 270 kHz, and it may run at 190 (HD44780U data sheet, tables 6 and "Clock
 * Characteristics"). Sources are named by their place in that sheet.
 */
import { invariant } from "../kernel/defect.ts";
import { characterCodes, glyphs } from "./character-rom.ts";
import type { DisplaySize } from "./display-frame.ts";

/** One transfer to the module. */
export interface Transfer {
  /** 0 is an instruction, 1 is data for the RAM that the last address was set in. */
  readonly rs: 0 | 1;
  /** A half goes over the lines once, a byte in two halves, the upper one first. */
  readonly width: "half" | "byte";
  readonly value: number;
  /** How long the module is busy after it, in microseconds. */
  readonly waitUs: number;
}

/** Time after the supply has come that the module takes for itself; 40 ms at 2.7 V, 15 ms at 4.5 V (figure 24). */
export const POWER_ON_WAIT_US = 40_000;

/** Every instruction but two, and every write: 37 µs and 4 µs for the address counter at 270 kHz. */
export const EXECUTION_US = 60;

/** Clearing: 1.52 ms at 270 kHz. */
const CLEAR_US = 3_000;

const CLEAR = 0x01;
/** Entry mode: the address counts up, the picture does not move. */
const ENTRY_MODE = 0x06;
const DISPLAY_OFF = 0x08;
/** Display on; cursor and blinking off. */
const DISPLAY_ON = 0x0c;
/** Function set: four data lines, two lines of text, 5×8 dots; modules of four rows fold two lines. */
const FUNCTION_SET = 0x28;
const CGRAM = 0x40;
const DDRAM = 0x80;

/**
 * Brings a module from any state, also from the middle of a byte, to four data lines, an empty display and our glyphs
 * (figure 24). `POWER_ON_WAIT_US` goes before it.
 */
export function startTransfers(): readonly Transfer[] {
  return [
    half(0x3, 5_000),
    half(0x3, 200),
    half(0x3, 200),
    half(0x2, EXECUTION_US),
    instruction(FUNCTION_SET),
    instruction(DISPLAY_OFF),
    instruction(CLEAR, CLEAR_US),
    instruction(ENTRY_MODE),
    instruction(DISPLAY_ON),
    ...glyphTransfers(),
  ];
}

/** Draws the signs that are not built in. A write of cells has to follow: only that leads away from the generator's RAM. */
export function glyphTransfers(): readonly Transfer[] {
  return glyphs.flatMap(({ place, dots }) => [instruction(CGRAM | (place << 3)), ...dots.map(datum)]);
}

/** Writes characters of `DISPLAY_ALPHABET` into neighbouring cells of one row, which must all be there. */
export function cellTransfers(
  { row, column, text }: { readonly row: number; readonly column: number; readonly text: string },
  size: DisplaySize,
): readonly Transfer[] {
  const codes = characterCodes(text);
  invariant(row >= 0 && row < size.rows, "a run is in a row of the display");
  invariant(column >= 0 && column + codes.length <= size.columns, "a run ends within its row");
  return [instruction(DDRAM | cellAddress(row, column, size)), ...codes.map(datum)];
}

/**
 * Where a cell is in the module's memory. Rows 0 and 1 begin the two lines of the controller, rows 2 and 3 go on where
 * those ended: 0x00, 0x40, 0x14, 0x54 where a row has 20 cells.
 */
export function cellAddress(row: number, column: number, { columns }: DisplaySize): number {
  return (row % 2) * 0x40 + (row >= 2 ? columns : 0) + column;
}

function half(value: number, waitUs: number): Transfer {
  return { rs: 0, width: "half", value, waitUs };
}

function instruction(value: number, waitUs: number = EXECUTION_US): Transfer {
  return { rs: 0, width: "byte", value, waitUs };
}

function datum(value: number): Transfer {
  return { rs: 1, width: "byte", value, waitUs: EXECUTION_US };
}

/** What Linux' own driver of character displays takes on /dev/lcd: text and escape sequences (drivers/auxdisplay/charlcd.c). */
import { characterCodes, glyphs } from "./character-rom.ts";

/** Begins every sequence that the driver has beyond those of a terminal. */
const ESCAPE = "\u001b[L";

/** Starts the module anew, puts cursor and blinking out, turns the light on where there is one, and draws our glyphs. */
export function charlcdStart(): Uint8Array {
  const drawn = glyphs.map(({ place, dots }) => `${ESCAPE}G${place}${dots.map(hex).join("")};`);
  return bytesOf(`${ESCAPE}I${ESCAPE}c${ESCAPE}b${ESCAPE}+${drawn.join("")}`);
}

/** Writes characters of `DISPLAY_ALPHABET` into cells. */
export function charlcdCells(
  runs: readonly { readonly row: number; readonly column: number; readonly text: string }[],
): Uint8Array {
  const parts = runs.map(({ row, column, text }) => {
    const codes = String.fromCharCode(...characterCodes(text));
    return `${ESCAPE}x${column}y${row};${codes}`;
  });
  return bytesOf(parts.join(""));
}

function hex(value: number): string {
  return value.toString(16).padStart(2, "0");
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

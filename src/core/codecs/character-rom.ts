/**
 * Which code makes an HD44780 show which character. Codes 0x20 to 0x7D but 0x5C mean the same in both character generators,
 * A00 (Japanese) and A02 (European): HD44780U data sheet, table 4. The yen sign does not: it is 0x5C in A00 and 0xA5 in A02,
 * and a module that was taken for the other one would show a backslash or a dot in front of an amount. So all three signs
 * beyond ASCII are drawn in the character generator's RAM, and nobody has to know which module it is.
 */
import { invariant } from "../kernel/defect.ts";
import { DISPLAY_ALPHABET } from "./display-frame.ts";

/** A sign that is drawn, not built in. */
export interface Glyph {
  readonly character: string;
  /** Which of the eight places in the generator's RAM it takes; the same number is its code. */
  readonly place: number;
  /** Eight rows from top to bottom, five dots each, the left one is bit 4. The last row is the cursor's and stays empty. */
  readonly dots: readonly number[];
}

/**
 * The signs, in places 1 to 3: code 0 would end a text where C is spoken, and the codes 8 to 15, which show the same
 * places, are control characters to the kernel's character-display driver.
 */
export const glyphs: readonly [Glyph, ...Glyph[]] = [
  { character: "\u00a5", place: 1, dots: [0x11, 0x0a, 0x1f, 0x04, 0x1f, 0x04, 0x04, 0x00] },
  { character: "\u5143", place: 2, dots: [0x0e, 0x00, 0x1f, 0x0a, 0x0a, 0x0b, 0x13, 0x00] },
  { character: "\u2713", place: 3, dots: [0x00, 0x01, 0x03, 0x16, 0x1c, 0x08, 0x00, 0x00] },
];

const places: ReadonlyMap<string, number> = new Map(glyphs.map(({ character, place }) => [character, place]));

/** The codes of a text, one for each character; the text is of `DISPLAY_ALPHABET`. */
export function characterCodes(text: string): readonly number[] {
  return Array.from(text, (character) => {
    invariant(DISPLAY_ALPHABET.has(character), "a display is given characters of its alphabet");
    return places.get(character) ?? character.charCodeAt(0);
  });
}

import { cursorTo, eraseScreen, synchronizedOutput } from "ansi-escapes";
import type { Line, Picture, Span, Tone } from "./picture.ts";

/** What a terminal can show. */
export interface Abilities {
  readonly colours: boolean;
  /** Where false, lines and symbols are drawn with ASCII. */
  readonly unicode: boolean;
}

/** Select Graphic Rendition (ECMA-48, 8.3.117): with colours, and without. */
const renditions: Readonly<Record<Tone, readonly [colour: string, plain: string]>> = {
  plain: ["", ""],
  quiet: ["2", "2"],
  strong: ["1", "1"],
  wire: ["36", ""],
  good: ["1;32", "1"],
  warn: ["1;33", "1"],
  bad: ["1;31", "1"],
  display: ["30;102", "7"],
  turned: ["7", "7"],
};

/** Every character beyond ASCII that a panel draws, and what stands for it where there is only ASCII. */
const substitutes: Readonly<Record<string, string>> = {
  "─": "-",
  "│": "|",
  "┌": "+",
  "┐": "+",
  "└": "+",
  "┘": "+",
  "╭": "+",
  "╮": "+",
  "╰": "+",
  "╯": "+",
  "●": "*",
  "○": "o",
  "▸": ">",
  "→": ">",
  "←": "<",
  "↳": "`",
  "✓": "+",
  "✗": "x",
  "·": "-",
  "…": ".",
  "♪": "~",
  "×": "x",
  "¥": "Y",
  // A code drawn so cannot be scanned; its address stands beneath it.
  "█": "#",
  "▀": "^",
  "▄": "_",
};

/** Cells of one row that look different now. */
interface Change {
  readonly row: number;
  readonly column: number;
  readonly spans: Line;
}

/** Writes pictures onto a terminal: of each only what differs from the one before. */
export class Painter {
  readonly #abilities: Abilities;
  #shown: readonly (readonly Span[])[] | null = null;

  constructor(abilities: Abilities) {
    this.#abilities = abilities;
  }

  /** What is to be written so that the terminal shows this picture; empty where it does already. */
  paint(picture: Picture): string {
    const cells = picture.map((line) => this.#cellsOf(line));
    const before = this.#shown;
    this.#shown = cells;
    const changes = cells.flatMap((row, index) => changeOf(index, before?.[index] ?? [], row));
    const text = changes.map((change) => this.#write(change)).join("");
    if (before === null) return synchronizedOutput(`${eraseScreen}${text}`);
    return text === "" ? "" : synchronizedOutput(text);
  }

  /** Forgets what is on the terminal: the next picture is written as a whole, after everything is erased. */
  forget(): void {
    this.#shown = null;
  }

  #cellsOf(line: Line): readonly Span[] {
    return line.flatMap(({ text, tone }) =>
      text.split("").map((character) => ({ text: this.#drawable(character), tone })),
    );
  }

  /** Nothing that came over a wire can move the cursor or take two cells. */
  #drawable(character: string): string {
    if (/^[ -~]$/.test(character)) return character;
    const substitute = substitutes[character];
    if (substitute === undefined) return "?";
    return this.#abilities.unicode ? character : substitute;
  }

  #write({ row, column, spans }: Change): string {
    let text = cursorTo(column, row);
    let rendition = "";
    for (const { text: character, tone } of spans) {
      const wanted = renditions[tone][this.#abilities.colours ? 0 : 1];
      if (wanted !== rendition) text += `\u001b[0${wanted === "" ? "" : `;${wanted}`}m`;
      rendition = wanted;
      text += character;
    }
    return rendition === "" ? text : `${text}\u001b[0m`;
  }
}

/** From the first cell of a row that differs to the last one; pictures of one size have rows of one length. */
function changeOf(row: number, before: readonly Span[], after: readonly Span[]): readonly Change[] {
  const differs = (cell: Span, column: number): boolean => {
    const old = before[column];
    return old === undefined || old.text !== cell.text || old.tone !== cell.tone;
  };
  const first = after.findIndex(differs);
  if (first === -1) return [];
  const last = after.findLastIndex(differs);
  return [{ row, column: first, spans: after.slice(first, last + 1) }];
}

/** What stands on a terminal, before anything is written: lines of text, of which each part has a tone. */

/** How a text is meant; the painter knows how that looks. No meaning is carried by a tone alone. */
export type Tone =
  | "plain"
  | "quiet"
  | "strong"
  | "wire"
  | "good"
  | "warn"
  | "bad"
  /** Dark characters on a bright ground. */
  | "display"
  /** Bright and dark exchanged. */
  | "turned";

/** A text in one tone. Every character takes one cell: what does not, the painter replaces. */
export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

/** One line of a picture. */
export type Line = readonly Span[];

/** All lines of a terminal, from its first row. */
export type Picture = readonly Line[];

/** The width and height of a terminal or of a part of it, in cells. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** A part of a line. */
export function span(text: string, tone: Tone = "plain"): Span {
  return { text, tone };
}

/** How many cells a line takes. */
export function widthOf(line: Line): number {
  return line.reduce((width, { text }) => width + text.length, 0);
}

/** The line at exactly this width: filled up with blanks, or cut with an ellipsis. */
export function fit(line: Line, columns: number): Line {
  const width = widthOf(line);
  if (width === columns) return line;
  if (width < columns) return [...line, span(" ".repeat(columns - width))];
  if (columns <= 0) return [];
  const kept: Span[] = [];
  let left = columns - 1;
  for (const { text, tone } of line) {
    kept.push({ text: text.slice(0, left), tone });
    left -= Math.min(left, text.length);
  }
  return [...kept, span("…", "quiet")].filter(({ text }) => text !== "");
}

/** The lines at exactly this size: blank lines are added below, or the last ones left out. */
export function fill(lines: readonly Line[], { columns, rows }: Size): Picture {
  return Array.from({ length: rows }, (_, row) => fit(lines[row] ?? [], columns));
}

/** One part of a line at the left and one at the right; where there is no room for both, the right one goes. */
export function apart(left: Line, right: Line, columns: number): Line {
  const gap = columns - widthOf(left) - widthOf(right);
  return gap < 1 ? fit(left, columns) : [...left, span(" ".repeat(gap)), ...right];
}

/** Two blocks next to each other; the left one takes `columns` and the gap. */
export function beside(left: readonly Line[], columns: number, gap: number, right: readonly Line[]): Picture {
  const blank = span(" ".repeat(gap));
  const rows = Math.max(left.length, right.length);
  return Array.from({ length: rows }, (_, row) => [
    ...fit(left[row] ?? [], columns),
    blank,
    ...(right[row] ?? []),
  ]);
}

/** A text broken between words into lines of at most `columns`; a word that is longer is cut. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (joined.length <= columns) {
      line = joined;
      continue;
    }
    if (line !== "") lines.push(line);
    line = word.length <= columns ? word : `${word.slice(0, Math.max(0, columns - 1))}…`;
  }
  return [...lines, line];
}

/** A heading with a rule up to the right edge. */
export function heading(title: string, columns: number): Line {
  return [span(title, "strong"), span(` ${"─".repeat(Math.max(0, columns - title.length - 1))}`, "quiet")];
}

/** The picture without its tones; blanks at the ends of lines are left out. */
export function textOf(picture: Picture): string {
  return picture
    .map(
      (line) =>
        `${line
          .map(({ text }) => text)
          .join("")
          .trimEnd()}\n`,
    )
    .join("");
}

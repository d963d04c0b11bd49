/** A code that the customer scans, drawn with half blocks: two rows of the code in one line of the terminal. */
import { renderUnicodeCompact } from "uqr";
import { fill, heading, type Line, type Picture, type Size, span, wrap } from "./picture.ts";

/** The code with what is to be done about it; where it does not fit, its address stands in its place. */
export function codeLines(codeUrl: string, seconds: number, size: Size): Picture {
  const { columns, rows } = size;
  const head = heading("SCAN WITH WECHAT", columns);
  const drawn = renderUnicodeCompact(codeUrl, { border: 2 }).split("\n");
  const fits = drawn.length <= rows - 1 && (drawn[0]?.length ?? 0) <= columns;
  const address = wrap(codeUrl, columns).map((text): Line => [span(text, "quiet")]);
  const tooSmall: Line = [span("A taller terminal has room for the code.", "warn")];
  const left: Line = [span(`${seconds} s left; the look-alike's customer scans by the scenario.`, "quiet")];
  const code = fits ? drawn.map((text): Line => [span(text)]) : [tooSmall, ...address];
  return fill([head, ...code, left, ...address], size);
}

import { formatYuan } from "../kernel/fen.ts";
import type { Screen } from "../payment/screen.ts";
import { type Language, texts } from "../payment/texts.ts";

/** A character display: 16×2 or 20×4 in practice; at least 16 columns and 2 rows. */
export interface GlassSize {
  readonly columns: number;
  readonly rows: number;
}

/**
 * Draws a screen as the rows of a character display, each exactly `columns` cells. The yen sign is U+00A5; a driver maps it
 * to its character ROM. What does not fit loses its left part, never the amount.
 */
export function drawGlass(screen: Screen, language: Language, size: GlassSize): readonly string[] {
  const lines = texts[screen.text][language].map((line) => drawLine(line, screen, size.columns));
  return Array.from({ length: size.rows }, (_, row) => lines[row] ?? " ".repeat(size.columns));
}

function drawLine(line: string, screen: Screen, columns: number): string {
  const [left = "", right = ""] = line.split("|").map((part) => fillIn(part, screen));
  const room = columns - right.length;
  return `${left.slice(0, room).padEnd(room)}${right}`.slice(-columns);
}

function fillIn(part: string, { amountFen, typed, seconds, ref }: Screen): string {
  const yuan = typed ?? (amountFen === null ? "" : formatYuan(amountFen));
  return part
    .replace("{amount}", yuan === "" ? "" : `\u00a5${yuan}`)
    .replace("{yuan}", yuan)
    .replace("{seconds}", seconds === null ? "" : String(seconds))
    .replace("#{ref}", ref === null ? "" : `#${ref}`)
    .replace("{ref}", ref ?? "");
}

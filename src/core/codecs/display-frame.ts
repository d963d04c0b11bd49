import { formatYuan } from "../kernel/fen.ts";
import type { FreeLine } from "../payment/rotation.ts";
import type { Screen } from "../payment/screen.ts";
import { type Language, texts, walletNames } from "../payment/texts.ts";

/** A character display: 16×2 or 20×4 in practice; at least 16 columns and 2 rows. */
export interface DisplaySize {
  readonly columns: number;
  readonly rows: number;
}

const ASCII_FIRST = 0x20;
const ASCII_LAST = 0x7e;

/**
 * Every character that may stand on a display: the part of ASCII that all character generators of the HD44780 agree on, which
 * leaves out `\` and `~`, and three signs that a driver draws itself: ¥ (U+00A5), 元 (U+5143) and ✓ (U+2713).
 */
export const DISPLAY_ALPHABET: ReadonlySet<string> = new Set([
  ...Array.from({ length: ASCII_LAST - ASCII_FIRST + 1 }, (_, index) =>
    String.fromCharCode(ASCII_FIRST + index),
  ).filter((character) => character !== "\\" && character !== "~"),
  "\u00a5",
  "\u5143",
  "\u2713",
]);

/** What stands in front of a reference that the text itself does not show: an order's number, or the code of an outage. */
const refLabels: Readonly<Record<"order" | "outage", Readonly<Record<Language, string>>>> = {
  order: { en: "Ref", zh: "Danhao" },
  outage: { en: "Code", zh: "Daima" },
};

/**
 * Draws a screen as the rows of a character display, each exactly `columns` cells of `DISPLAY_ALPHABET`; what is not in the
 * alphabet becomes `?`. What does not fit loses its left part, never the amount. A display of more than two rows shows the
 * reference in its third row where the text has no place for it.
 */
export function drawFrame(screen: Screen, language: Language, size: DisplaySize): readonly string[] {
  const text = texts[screen.text][language];
  const free = freeLine(screen, language, size.columns);
  const lines = text.map((line, row) =>
    free?.row === row ? placed(free.words, size.columns) : drawLine(line, screen, language, size.columns),
  );
  const third = text.some((line) => line.includes("{ref}")) ? "" : refLine(screen, language);
  const rows = [...lines, drawLine(third, screen, language, size.columns)];
  return Array.from({ length: size.rows }, (_, row) => rows[row] ?? " ".repeat(size.columns));
}

/** What stands in place of a line of the text, and of which one; never on the amount. */
function freeLine({ text, line }: Screen, language: Language, columns: number): PlacedLine | null {
  if (line === null) return null;
  if ("wallets" in line) {
    const names = line.wallets.map((wallet) => walletNames[wallet][language]);
    const words = [" / ", "/"].map((between) => names.join(between)).find(({ length }) => length <= columns);
    return words === undefined || words === "" ? null : { row: 1, words: [words, ""] };
  }
  // A line of an advert or of a menu stands where nothing is at stake.
  const row = texts[text][language].findIndex((own) => !own.replace("{wallet}", "").includes("{"));
  return { row, words: line };
}

interface PlacedLine {
  readonly row: number;
  readonly words: FreeLine;
}

function drawLine(line: string, screen: Screen, language: Language, columns: number): string {
  const named = line.replace("{wallet}", walletNames[screen.wallet ?? "any"][language]);
  const [left = "", right = ""] = named.split("|").map((part) => fillIn(part, screen));
  return placed([left, right], columns);
}

function placed(line: FreeLine, columns: number): string {
  const [left, right] = [printable(line[0]), printable(line[1])];
  const room = columns - right.length;
  return `${left.slice(0, room).padEnd(room)}${right}`.slice(-columns);
}

function refLine({ ref, text }: Screen, language: Language): string {
  return ref === null ? "" : `${refLabels[text === "offline" ? "outage" : "order"][language]} {ref}`;
}

function fillIn(part: string, { amountFen, typed, seconds, ref }: Screen): string {
  const yuan = typed ?? (amountFen === null ? "" : formatYuan(amountFen));
  return part
    .replace("{amount}", yuan === "" ? "" : `\u00a5${yuan}`)
    .replace("{yuan}", yuan)
    .replace("{seconds}", seconds === null ? "" : String(seconds))
    .replace("#{ref}", () => (ref === null ? "" : `#${ref}`))
    .replace("{ref}", () => ref ?? "");
}

/** A character beyond U+FFFF is one sign for people, and becomes one `?`. */
function printable(text: string): string {
  return Array.from(text, (character) => (DISPLAY_ALPHABET.has(character) ? character : "?")).join("");
}

import { FEN_MAX, formatYuan } from "../kernel/fen.ts";

/** What the keys of a keypad mean; `double-zero` and `point` do not stand on every keypad. */
export type Key =
  | { readonly name: "digit"; readonly digit: number }
  | { readonly name: "double-zero" | "point" | "backspace" | "clear" | "cancel" | "confirm" };

/**
 * An amount while it is typed. `implied`: digits move in from the right and the last two are cents, as card terminals do.
 * `explicit`: the point is a key, as Chinese scan boxes have it; at most two digits follow it.
 */
export type AmountEntry =
  | { readonly habit: "implied"; readonly fen: number }
  | { readonly habit: "explicit"; readonly text: string };

/** An entry in which nothing is typed yet. */
export function emptyEntry(habit: "implied" | "explicit"): AmountEntry {
  return habit === "implied" ? { habit, fen: 0 } : { habit, text: "" };
}

/** The amount typed so far, in fen; 0 where it is none. */
export function enteredFen(entry: AmountEntry): number {
  if (entry.habit === "implied") return entry.fen;
  const [yuan = "", cents = ""] = entry.text.split(".");
  return Number(yuan) * 100 + Number(cents.padEnd(2, "0"));
}

/** What stands on the display while it is typed: the amount, or what was typed with a cursor behind it. */
export function enteredText(entry: AmountEntry): string {
  return entry.habit === "implied" ? formatYuan(entry.fen) : `${entry.text}_`;
}

/** The entry after one key. A key that would make an impossible amount leaves the entry as it is. */
export function typeKey(entry: AmountEntry, key: Key): AmountEntry {
  switch (key.name) {
    case "digit":
      return typeDigits(entry, String(key.digit));
    case "double-zero":
      return typeDigits(entry, "00");
    case "point":
      return typePoint(entry);
    case "backspace":
      return entry.habit === "implied"
        ? { ...entry, fen: Math.floor(entry.fen / 10) }
        : { ...entry, text: entry.text.slice(0, -1) };
    case "clear":
      return emptyEntry(entry.habit);
    case "cancel":
    case "confirm":
      return entry;
  }
}

function typeDigits(entry: AmountEntry, digits: string): AmountEntry {
  if (entry.habit === "implied") {
    const fen = Number(`${entry.fen}${digits}`);
    return fen > FEN_MAX ? entry : { ...entry, fen };
  }
  const text = `${entry.text}${digits}`.replace(/^0+(?=\d)/, "");
  const typed: AmountEntry = { ...entry, text };
  return /^\d+(\.\d{0,2})?$/.test(text) && enteredFen(typed) <= FEN_MAX ? typed : entry;
}

function typePoint(entry: AmountEntry): AmountEntry {
  if (entry.habit === "implied" || entry.text.includes(".")) return entry;
  return { ...entry, text: `${entry.text === "" ? "0" : entry.text}.` };
}

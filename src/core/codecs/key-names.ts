import { accept, type Result, refuse } from "../kernel/result.ts";
import type { Key } from "../payment/amount-entry.ts";

const named: ReadonlyMap<string, Key | null> = new Map<string, Key | null>([
  [".", { name: "point" }],
  [":", { name: "double-zero" }],
  ["<", { name: "backspace" }],
  ["C", { name: "clear" }],
  ["X", { name: "cancel" }],
  ["=", { name: "confirm" }],
  [" ", null],
]);

/** Reads one character of the configuration's `keypad.keys`; null is a place of the matrix without a key. */
export function readKeyName(character: string): Result<Key | null, "not-a-key"> {
  if (/^[0-9]$/.test(character)) return accept({ name: "digit", digit: Number(character) });
  const key = named.get(character);
  return key === undefined ? refuse("not-a-key") : accept(key);
}

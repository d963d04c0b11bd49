import { invariant } from "./defect.ts";
import { accept, type Result, refuse } from "./result.ts";

declare const fen: unique symbol;

/** An amount of money: a whole number of fen (1/100 CNY), from 1 to `FEN_MAX`. */
export type Fen = number & { readonly [fen]: true };

/** The hard limit of one payment, 99,999.99 CNY; the configured maximum lies at or below it. */
export const FEN_MAX = 9_999_999;

/** Reads a whole number of fen. */
export function fenOf(value: number): Result<Fen, "not-a-whole-number" | "zero" | "too-large"> {
  if (!Number.isSafeInteger(value) || value < 0) return refuse("not-a-whole-number");
  if (value === 0) return refuse("zero");
  if (value > FEN_MAX) return refuse("too-large");
  return accept(value as Fen);
}

/** Reads an amount in yuan as people write it: `12`, `12.5` or `12.50`; at most two decimals, no sign, no separators. */
export function parseYuan(text: string): Result<Fen, "not-an-amount" | "zero" | "too-large"> {
  const match = /^(\d{1,7})(?:\.(\d{1,2}))?$/.exec(text);
  if (match === null) return refuse("not-an-amount");
  const [, yuan = "", cents = ""] = match;
  const value = fenOf(Number(yuan) * 100 + Number(cents.padEnd(2, "0")));
  if (value.ok) return value;
  invariant(value.reason !== "not-a-whole-number", "digits make a whole number of fen");
  return refuse(value.reason);
}

/** Writes an amount in yuan with two decimals: 1250 fen is `12.50`. Zero is allowed: an entry begins at `0.00`. */
export function formatYuan(amount: number): string {
  invariant(Number.isSafeInteger(amount) && amount >= 0, "an amount to show is a whole number of fen");
  return `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, "0")}`;
}

import type { StoreRefused } from "../../runtime/ports.ts";
import { UnreadableColumn } from "./sqlite-rows.ts";

/** A refusal on its way out of the checks of an opening. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly why: StoreRefused["why"];

  constructor(why: StoreRefused["why"], detail: string) {
    super(detail);
    this.why = why;
  }
}

/** Primary result codes of SQLite, see its page "Result and Error Codes". */
const SQLITE_BUSY = 5;
const SQLITE_NOMEM = 7;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** Whether SQLite gave up because somebody else holds the database. */
export function isBusy(error: unknown): boolean {
  return primaryCode(error) === SQLITE_BUSY;
}

/** Whether SQLite may read the same at another time: somebody was in the way, or memory was short. */
export function isPassing(error: unknown): boolean {
  return isBusy(error) || primaryCode(error) === SQLITE_NOMEM;
}

/** Whether SQLite, or a check of ours, found bytes that cannot be right. */
function isDamage(error: unknown): boolean {
  const code = primaryCode(error);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB || error instanceof UnreadableColumn;
}

/** Says what an error of an opening means. */
export function refusalOf(error: unknown): StoreRefused {
  if (error instanceof Refusal) return { kind: "refused", why: error.why, detail: error.message };
  return { kind: "refused", why: isDamage(error) ? "damaged" : "unreadable", detail: detailOf(error) };
}

/** An error in one line. */
export function detailOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** SQLite's primary result code: the low byte of what node:sqlite calls `errcode`. */
export function primaryCode(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error)) return null;
  return typeof error.errcode === "number" ? error.errcode & 0xff : null;
}

import { ChainVerifier, damageWords } from "../../journal/chain.ts";
import { genesis } from "../../journal/row.ts";
import type { SqliteReader } from "../../links/sqlite/sqlite-reader.ts";
import { TAIL_ROWS } from "../../runtime/ports.ts";

/** What the end of a journal says. */
export interface JournalTail {
  readonly journal: string;
  /** How many rows were read, and the number of the last. */
  readonly read: number;
  readonly last: number;
  readonly openOrders: number;
  /** The first row that does not fit, or null. */
  readonly damage: { readonly row: number; readonly what: string } | null;
}

/** Checks as many rows at the end as a start of the box does. Throws where SQLite finds the file damaged. */
export function readTail(reader: SqliteReader): JournalTail {
  const { journal, lastRow: last } = reader;
  const rows = reader.rowsAfter(Math.max(0, last - TAIL_ROWS), TAIL_ROWS);
  const walk = new ChainVerifier(journal, (rows[0]?.n ?? 1) === 1 ? genesis(journal) : null);
  const facts = { journal, read: rows.length, last, openOrders: reader.openNumbers().length };
  for (const row of rows) {
    const step = walk.step(row);
    if (!step.ok) return { ...facts, damage: { row: row.n, what: damageWords[step.reason] } };
  }
  return { ...facts, damage: null };
}

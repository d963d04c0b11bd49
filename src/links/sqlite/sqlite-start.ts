/** What a start reads out of the database, a row at a time: thousands of rows, of which little has to stay in memory. */
import type { DatabaseSync } from "node:sqlite";
import {
  CODES_REMEMBERED,
  type StartRows,
  type StoredRow,
  type StoreIdentity,
  TAIL_ROWS,
} from "../../runtime/ports.ts";
import { Refusal } from "./sqlite-refusal.ts";
import { bytesOf, integerOf, rowOf, rowsOf, textOf } from "./sqlite-rows.ts";

/** The newest rows, in order. They leave no gap, or the walk along them finds it. */
const TAIL = "WHERE n > (SELECT coalesce(max(n), 0) FROM rows) - ? ORDER BY n";

const CHARGED = "WHERE kind IN ('charging', 'quarantine') ORDER BY n DESC LIMIT ?";

/** Id, salt and cursors. */
export function identityOf(database: DatabaseSync): StoreIdentity {
  const meta = database.prepare("SELECT journal, salt FROM meta").get();
  const cursors = database.prepare("SELECT name, seq FROM cursors").all();
  return {
    journal: textOf(meta, "journal"),
    salt: bytesOf(meta, "salt"),
    cursors: Object.fromEntries(cursors.map((cursor) => [textOf(cursor, "name"), integerOf(cursor, "seq")])),
  };
}

/** The rows that the start relies on; those of which there are many are read when somebody asks for the next one. */
export function startRows(database: DatabaseSync): StartRows {
  return {
    journal: identityOf(database).journal,
    first: rowOf(database, "ORDER BY n LIMIT 1"),
    segment: rowOf(database, "WHERE kind = 'segment' ORDER BY n DESC LIMIT 1"),
    lastMoney: rowOf(database, "WHERE seq > 0 ORDER BY seq DESC LIMIT 1"),
    tail: rowsOf(database, TAIL, TAIL_ROWS),
    open: openRows(database),
    charged: rowsOf(database, CHARGED, CODES_REMEMBERED),
  };
}

/** The orders that are listed as open and of which the tail has no money row, by the rows themselves. */
const UNPROVED = `SELECT subject FROM open_subjects WHERE subject NOT IN (SELECT subject FROM rows NOT INDEXED
  WHERE n > (SELECT coalesce(max(n), 0) FROM rows) - ? AND seq IS NOT NULL AND subject IS NOT NULL)`;

/**
 * Also finds a row whose column was changed and whose text was not: its hash then tells. Reads all rows from the first of the
 * oldest open order on: those before cannot be of any, and an order whose first row is not found has no intent, which is damage.
 */
const BY_TEXT = `NOT INDEXED WHERE n >= ? AND EXISTS (SELECT 1 FROM open_subjects AS o WHERE o.subject = rows.subject
  OR instr(rows.body, '"outTradeNo":"' || o.subject || '"') > 0) ORDER BY n`;

const BY_INDEX = "WHERE subject IN (SELECT subject FROM open_subjects) ORDER BY n";

/** The first row of the orders that are listed as open. */
const FIRST_OPEN = "SELECT min(n) AS n FROM rows WHERE subject IN (SELECT subject FROM open_subjects)";

/**
 * All rows of the orders that are listed as open. Nothing has held the index or the list against the rows: where the tail does
 * not prove how an order stands, the rows since its first are searched, and a name without rows is damage.
 */
function* openRows(database: DatabaseSync): Generator<StoredRow, void, undefined> {
  const listed = database.prepare("SELECT subject FROM open_subjects").all();
  const missing = new Set(listed.map((record) => textOf(record, "subject")));
  if (missing.size === 0) return;
  const isProved = database.prepare(UNPROVED).get(TAIL_ROWS) === undefined;
  const rows = isProved ? rowsOf(database, BY_INDEX) : rowsOf(database, BY_TEXT, firstOpen(database) ?? 0);
  for (const row of rows) {
    if (row.subject !== null) missing.delete(row.subject);
    yield row;
  }
  if (missing.size > 0)
    throw new Refusal("damaged", "the list of open orders names an order that has no rows");
}

/** The first row of the orders that are listed as open, null where none is. */
export function firstOpen(database: DatabaseSync): number | null {
  const first = database.prepare(FIRST_OPEN).get();
  return first === undefined || first.n === null ? null : integerOf(first, "n");
}

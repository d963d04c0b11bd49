/**
 * The reading side of the journal's database, for people and their tools: it never writes, and works while
 * the daemon does. Every method is one short read, so that no reader keeps the write-ahead log from being
 * emptied.
 */
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { accept, type Result, refuse } from "../../core/kernel/result.ts";
import type { StoredRow } from "../../runtime/ports.ts";
import { condemnation, goneSentence, hiddenSentence, lookForJournal } from "./journal-folder.ts";
import { detailOf } from "./sqlite-refusal.ts";
import { integerOf, type SqlRecord, storedRowOf, textOf } from "./sqlite-rows.ts";
import { APPLICATION_ID, JOURNAL_FILE, ROW_COLUMNS, SCHEMA_VERSION } from "./sqlite-schema.ts";

/** How long a read waits for a writer that is just closing, in milliseconds. */
const BUSY_MS = 2_000;

/** So many rows are read at a time. */
const SLICE_ROWS = 200;

/** What people call an order by is looked for among so many of the newest rows, some 50,000 payments, in slices of some. */
const SEARCH_ROWS = 200_000;
const SEARCH_SLICE_ROWS = 20_000;

/** Opens the journal in `directory` for reading, or says in a sentence why that is not possible. */
export function openReader(directory: string): Result<SqliteReader, string> {
  const path = join(directory, JOURNAL_FILE);
  const seen = lookForJournal(directory);
  if (seen === "hidden") return refuse(`${hiddenSentence(directory)}.`);
  if (seen === "gone") return refuse(`${goneSentence(directory)}.`);
  if (seen === "none") return refuse(`There is no journal in ${directory}.`);
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS });
    const refused = refusalOf(database, path);
    if (refused !== null) database.close();
    return refused === null ? accept(new SqliteReader(database, condemnation(directory))) : refuse(refused);
  } catch (error) {
    database?.close();
    return refuse(`${path} cannot be read: ${detailOf(error)}.`);
  }
}

/** Why a database is no journal that this program reads, or null. */
function refusalOf(database: DatabaseSync, path: string): string | null {
  const number = (pragma: string): number => integerOf(database.prepare(`PRAGMA ${pragma}`).get(), pragma);
  const version = number("user_version");
  if (number("application_id") !== APPLICATION_ID) return `${path} is not a journal of scanbox.`;
  return version > SCHEMA_VERSION
    ? `${path} was written by a newer scanbox (version ${version}, known: ${SCHEMA_VERSION}).`
    : null;
}

/** Reads of an open journal. All throw where SQLite finds the file damaged. */
export class SqliteReader implements Disposable {
  /** What a box has found damaged while it ran, null where nothing was found. */
  readonly condemned: string | null;
  readonly #database: DatabaseSync;
  /** Made once: what each slice would make again waits for a collection of its own. */
  #after: StatementSync | null = null;

  constructor(database: DatabaseSync, condemned: string | null) {
    this.#database = database;
    this.condemned = condemned;
  }

  /** The random id of the journal. */
  get journal(): string {
    return textOf(this.#database.prepare("SELECT journal FROM meta").get(), "journal");
  }

  /** The number of the newest row, 0 where there is none. */
  get lastRow(): number {
    return integerOf(this.#database.prepare("SELECT coalesce(max(n), 0) AS last FROM rows").get(), "last");
  }

  /** Up to `limit` rows after row `n`, in order. */
  rowsAfter(n: number, limit: number): readonly StoredRow[] {
    this.#after ??= this.#database.prepare(`SELECT ${ROW_COLUMNS} FROM rows WHERE n > ? ORDER BY n LIMIT ?`);
    return this.#after.all(n, limit).map(storedRowOf);
  }

  /** All rows of one order, in order. */
  rowsOf(outTradeNo: string): readonly StoredRow[] {
    return this.#rows("WHERE subject = ? ORDER BY n", outTradeNo);
  }

  /** The newest money row of each of the `limit` orders that moved last, newest first; read in slices. */
  *newestOrders(limit: number): Generator<StoredRow> {
    let [left, before] = [limit, Number.MAX_SAFE_INTEGER];
    const statement = this.#database.prepare(
      `SELECT ${ROW_COLUMNS}, subject IS NOT NULL AND NOT EXISTS (SELECT 1 FROM rows AS later
         WHERE later.subject = rows.subject AND later.n > rows.n AND later.seq IS NOT NULL) AS newest
       FROM rows WHERE seq IS NOT NULL AND seq < ? ORDER BY seq DESC LIMIT ?`,
    );
    for (;;) {
      const records = statement.all(before, SLICE_ROWS);
      for (const record of records) {
        before = integerOf(record, "seq");
        if (record.newest !== 1) continue;
        yield storedRowOf(record);
        left -= 1;
        if (left === 0) return;
      }
      if (records.length < SLICE_ROWS) return;
    }
  }

  /** The newest money row of each open order, newest first. CROSS: the few open ones are gone through, and not the rows of all. */
  openOrders(): readonly StoredRow[] {
    return this.#rows(
      `WHERE n IN (SELECT max(r.n) FROM open_subjects AS o CROSS JOIN rows AS r ON r.subject = o.subject
         WHERE r.seq IS NOT NULL GROUP BY o.subject) ORDER BY n DESC`,
    );
  }

  /** The orders that are listed as open. */
  openNumbers(): readonly string[] {
    const records = this.#database.prepare("SELECT subject FROM open_subjects ORDER BY 1").all();
    return records.map((record) => textOf(record, "subject"));
  }

  /** The orders that are listed as open, and of which no money row is there: somebody took it out. */
  goneOrders(): readonly string[] {
    const records = this.#all(
      `SELECT subject FROM open_subjects AS o WHERE NOT EXISTS
         (SELECT 1 FROM rows AS r WHERE r.subject = o.subject AND r.seq IS NOT NULL) ORDER BY 1`,
    );
    return records.map((record) => textOf(record, "subject"));
  }

  /**
   * Order numbers that the first of `names` that is known names, oldest first: the number itself, its short form on the screen, or the
   * till's own id. The last two are looked for among the newest rows first, and in all rows where none of those has any of them.
   */
  find(...names: readonly string[]): readonly string[] {
    const number = names.find(
      (name) => this.#all("SELECT 1 FROM rows WHERE subject = ? LIMIT 1", name).length > 0,
    );
    if (number !== undefined) return [number];
    const found = names.map((name): { readonly name: string; readonly orders: string[] } => ({
      name,
      orders: [],
    }));
    const statement = this.#database.prepare(
      `SELECT DISTINCT subject FROM rows WHERE n > ?1 AND n <= ?2 AND kind = 'charging' AND instr(body, ?3) > 0
         AND json_valid(body) AND ?3 IN (body ->> '$.tx.shortRef', body ->> '$.tx.ref') ORDER BY n DESC`,
    );
    const last = this.lastRow;
    const isFound = (): boolean => found.some(({ orders }) => orders.length > 0);
    for (let to = last; to > 0 && (!isFound() || last - to < SEARCH_ROWS); to -= SEARCH_SLICE_ROWS)
      for (const { name, orders } of found)
        orders.push(
          ...statement.all(to - SEARCH_SLICE_ROWS, to, name).map((record) => textOf(record, "subject")),
        );
    return found.find(({ orders }) => orders.length > 0)?.orders.reverse() ?? [];
  }

  /** Runs `reads` on one state of the journal, whatever the daemon appends meanwhile. Keep it short. */
  atOneMoment<Value>(reads: () => Value): Value {
    this.#database.exec("BEGIN");
    try {
      return reads();
    } finally {
      this.#database.exec("COMMIT");
    }
  }

  /** What SQLite itself finds wrong with the file, or null. Reads all of it. */
  pageDamage(): string | null {
    const found = textOf(this.#database.prepare("PRAGMA integrity_check(1)").get(), "integrity_check");
    return found === "ok" ? null : found;
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #rows(where: string, ...values: readonly SQLInputValue[]): readonly StoredRow[] {
    return this.#all(`SELECT ${ROW_COLUMNS} FROM rows ${where}`, ...values).map(storedRowOf);
  }

  #all(sql: string, ...values: readonly SQLInputValue[]): readonly SqlRecord[] {
    return this.#database.prepare(sql).all(...values);
  }
}

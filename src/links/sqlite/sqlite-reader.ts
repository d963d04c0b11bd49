/**
 * The reading side of the journal's database, for people and their tools: it never writes, and works while
 * the daemon does. Every method is one short read, so that no reader keeps the write-ahead log from being
 * emptied.
 */
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { accept, type Result, refuse } from "../../core/kernel/result.ts";
import type { StoredRow } from "../../runtime/ports.ts";
import { condemnation, goneSentence, hiddenSentence, lookForJournal } from "./journal-folder.ts";
import { detailOf } from "./sqlite-refusal.ts";
import { integerOf, type SqlRecord, storedRowOf, textOf } from "./sqlite-rows.ts";
import { APPLICATION_ID, JOURNAL_FILE, ROW_COLUMNS, SCHEMA_VERSION } from "./sqlite-schema.ts";

/** How long a read waits for a writer that is just closing, in milliseconds. */
const BUSY_MS = 2_000;

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
    return this.#rows("WHERE n > ? ORDER BY n LIMIT ?", n, limit);
  }

  /** All rows of one order, in order. */
  rowsOf(outTradeNo: string): readonly StoredRow[] {
    return this.#rows("WHERE subject = ? ORDER BY n", outTradeNo);
  }

  /** The newest money row of each of the `limit` orders that moved last, newest first. */
  newestOrders(limit: number): readonly StoredRow[] {
    const newest = new Map<string, StoredRow>();
    const statement = this.#database.prepare(
      `SELECT ${ROW_COLUMNS} FROM rows WHERE seq IS NOT NULL ORDER BY seq DESC`,
    );
    for (const record of statement.iterate()) {
      const row = storedRowOf(record);
      if (row.subject !== null && !newest.has(row.subject)) newest.set(row.subject, row);
      if (newest.size >= limit) break;
    }
    return [...newest.values()];
  }

  /** The newest money row of each open order, newest first. */
  openOrders(): readonly StoredRow[] {
    return this.#rows(
      `WHERE n IN (SELECT max(r.n) FROM open_subjects AS o JOIN rows AS r ON r.subject = o.subject
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
   * Order numbers that `text` names: the number itself, its short form on the screen, or the till's own id.
   */
  find(text: string): readonly string[] {
    const found = this.#all(
      `SELECT DISTINCT subject FROM rows
       WHERE subject = ?1 OR (kind = 'charging' AND json_valid(body)
         AND ?1 IN (body ->> '$.tx.shortRef', body ->> '$.tx.ref')) ORDER BY n`,
      text,
    );
    return found.map((record) => textOf(record, "subject"));
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

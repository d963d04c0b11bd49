/** Reads of a journal's database whatever can be read, row by row where its pages are torn. Changes nothing. */
import { copyFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { StoredRow } from "../../runtime/ports.ts";
import { detailOf } from "./sqlite-refusal.ts";
import { bytesOf, integerOf, storedRowOf, textOf } from "./sqlite-rows.ts";
import { createSchema, JOURNAL_FILE, ROW_COLUMNS } from "./sqlite-schema.ts";

/**
 * Makes a copy in the folder `left` of what a journal that has gone has left: its write-ahead log, beside a database in which
 * nothing stands yet. Every journal begins with the same pages, so that the log finds its place; beside an empty
 * file SQLite would delete it. Pages that only the lost file held stay missing, the journal's id and salt among them.
 */
export function copyLog(directory: string, left: string): void {
  const log = join(directory, `${JOURNAL_FILE}-wal`);
  const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return;
  const path = join(left, JOURNAL_FILE);
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; ${createSchema} COMMIT`);
  database.close();
  copyFileSync(log, `${path}-wal`);
}

/** What was readable beside the rows. */
export interface Readable {
  readonly journal: string | null;
  readonly salt: Uint8Array | null;
  /** The list of open orders, null where it cannot be read. */
  readonly listed: readonly string[] | null;
  /** The newest money event that the index of events knows, null where it cannot be read. */
  readonly indexedSeq: number | null;
  /** Numbers of rows that should be there and cannot be read, as ranges with both ends. */
  readonly unreadable: readonly (readonly [from: number, to: number])[];
  /** Why nothing at all could be read, else null. */
  readonly failure: string | null;
}

const CHUNK_ROWS = 500;

/** No box makes so many rows in its life: a number beyond them is damage itself. */
const ROWS_MAX = 10_000_000;

/** Where nobody knows how many rows there were, so many missing ones in a row are the end. */
const MISSING_MAX = 10_000;

/** What a first look finds of a journal, before its rows are read: each null where it cannot be read. */
export interface Named {
  readonly journal: string | null;
  /** How far each follower has confirmed. */
  readonly cursors: ReadonlyMap<string, number> | null;
}

/** Reads who the journal is, and how far it has been reported. */
export function readName(directory: string): Named {
  const nobody: Named = { journal: null, cursors: null };
  try {
    const database = new DatabaseSync(join(directory, JOURNAL_FILE), { readOnly: true, timeout: 2_000 });
    try {
      return {
        journal: attempt(() => textOf(database.prepare("SELECT journal FROM meta").get(), "journal")),
        cursors: attempt(() => {
          const cursors = database.prepare("SELECT name, seq FROM cursors").all();
          return new Map(cursors.map((cursor) => [textOf(cursor, "name"), integerOf(cursor, "seq")]));
        }),
      };
    } finally {
      database.close();
    }
  } catch {
    return nobody;
  }
}

/** Hands every row that can be read to `take`, in order. */
export function readWhatCan(directory: string, take: (row: StoredRow) => void): Readable {
  const nothing = { journal: null, salt: null, listed: null, indexedSeq: null, unreadable: [] };
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(join(directory, JOURNAL_FILE), { readOnly: true, timeout: 2_000 });
    database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get();
  } catch (error) {
    return { ...nothing, failure: detailOf(error) };
  }
  try {
    const meta = (): ReturnType<ReturnType<DatabaseSync["prepare"]>["get"]> =>
      database.prepare("SELECT journal, salt FROM meta").get();
    return {
      journal: attempt(() => textOf(meta(), "journal")),
      salt: attempt(() => bytesOf(meta(), "salt")),
      listed: attempt(() =>
        database
          .prepare("SELECT subject FROM open_subjects")
          .all()
          .map((record) => textOf(record, "subject")),
      ),
      indexedSeq: attempt(() =>
        integerOf(
          database
            .prepare("SELECT max(seq) AS n FROM rows INDEXED BY rows_by_seq WHERE seq IS NOT NULL")
            .get(),
          "n",
        ),
      ),
      unreadable: new RowReader(database, take).readAll(),
      failure: null,
    };
  } catch (error) {
    return { ...nothing, failure: detailOf(error) };
  } finally {
    database.close();
  }
}

class RowReader {
  readonly #database: DatabaseSync;
  readonly #take: (row: StoredRow) => void;
  readonly #unreadable: [from: number, to: number][] = [];

  constructor(database: DatabaseSync, take: (row: StoredRow) => void) {
    this.#database = database;
    this.#take = take;
  }

  readAll(): readonly (readonly [number, number])[] {
    const first = Math.max(1, attempt(() => this.#number("SELECT min(n) AS n FROM rows")) ?? 1);
    // The index knows rows that have vanished from the end of the table.
    const found = [
      attempt(() => this.#number("SELECT max(n) AS n FROM rows")),
      attempt(() => this.#lastByIndex()),
    ].filter((n) => n !== null);
    const newest = found.length === 0 ? null : Math.max(...found);
    const last = newest === null || newest - first > ROWS_MAX ? null : newest;
    let missing = 0;
    for (let n = first; last === null ? missing < MISSING_MAX : n <= last; n += CHUNK_ROWS) {
      const read = this.#chunk(n, last) ?? this.#oneByOne(n, last);
      missing = read === 0 ? missing + CHUNK_ROWS : 0;
    }
    // Behind the last row nothing is missing.
    if (last === null) this.#unreadable.pop();
    return this.#unreadable;
  }

  /** All rows of a chunk at once, or none of them; null where some are missing or cannot be read. */
  #chunk(from: number, last: number | null): number | null {
    const rows = attempt(() =>
      this.#database
        .prepare(`SELECT ${ROW_COLUMNS} FROM rows WHERE n >= ? AND n < ? ORDER BY n`)
        .all(from, from + CHUNK_ROWS)
        .map(storedRowOf),
    );
    if (rows?.length === 0) {
      this.#miss(from, Math.min(from + CHUNK_ROWS - 1, last ?? Number.POSITIVE_INFINITY));
      return 0;
    }
    if (rows === null || rows.length < CHUNK_ROWS) return null;
    for (const row of rows) this.#take(row);
    return rows.length;
  }

  #oneByOne(from: number, last: number | null): number {
    const statement = this.#database.prepare(`SELECT ${ROW_COLUMNS} FROM rows WHERE n = ?`);
    let read = 0;
    for (let n = from; n < from + CHUNK_ROWS && n <= (last ?? n); n += 1) {
      const row = attempt(() => {
        const record = statement.get(n);
        return record === undefined ? null : storedRowOf(record);
      });
      if (row === null) {
        this.#miss(n, n);
        continue;
      }
      read += 1;
      this.#take(row);
    }
    return read;
  }

  #miss(from: number, to: number): void {
    const range = this.#unreadable.at(-1);
    if (range !== undefined && range[1] === from - 1) range[1] = to;
    else this.#unreadable.push([from, to]);
  }

  #lastByIndex(): number {
    return this.#number("SELECT max(n) AS n FROM rows INDEXED BY rows_by_subject WHERE subject IS NOT NULL");
  }

  #number(sql: string): number {
    return integerOf(this.#database.prepare(sql).get(), "n");
  }
}

function attempt<Value>(read: () => Value): Value | null {
  try {
    return read();
  } catch {
    return null;
  }
}

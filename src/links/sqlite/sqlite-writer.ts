/**
 * The writing side of the journal's database, synchronous: it lives in the worker thread. WAL with
 * `synchronous=FULL` makes one flush of an append and lost nothing in power cuts; NORMAL lost acknowledged
 * commits in half of them, so only cursors are written that way. The next append's flush makes them durable
 * too.
 */
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type {
  StartRows,
  StoredRow,
  StoreLearned,
  StoreOpened,
  StoreRotated,
  StoreSlice,
  StoreSurvey,
  StoreSurveyOptions,
} from "../../runtime/ports.ts";
import { DiskReserve } from "./disk-reserve.ts";
import { giveFile } from "./folder-owner.ts";
import { condemn, condemnation, goneSentence, lookForJournal, makeFolders } from "./journal-folder.ts";
import { detailOf, isBusy, primaryCode, Refusal, refusalOf } from "./sqlite-refusal.ts";
import { integerOf, rowOf, rowsOf, storedRowOf, textOf } from "./sqlite-rows.ts";
import {
  APPLICATION_ID,
  createSchema,
  JOURNAL_FILE,
  LOCK_FILE,
  NEW_FILE,
  QUARANTINE_FILE,
  ROW_COLUMNS,
  SCHEMA_VERSION,
} from "./sqlite-schema.ts";
import { SliceReader } from "./sqlite-slice.ts";
import { firstOpen, identityOf, startRows } from "./sqlite-start.ts";

/** How long SQLite waits for a reader that stands in the way, in milliseconds. */
const BUSY_MS = 2_000;

/**
 * Pages of the write-ahead log after which a commit moves them into the database itself, however busy the box
 * is.
 */
const WAL_PAGES_MAX = 4_000;

/** How a commit is written that is durable when it returns; it waits for whoever stands in the way, which tidying up does not. */
const FLUSHED = `PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${WAL_PAGES_MAX};
  PRAGMA busy_timeout = ${BUSY_MS}`;

/**
 * The same for one that the next flush makes durable. It moves no pages: SQLite flushes the log before it does, and says
 * nothing where that fails, so that the disk's only word of what it has lost would go unheard.
 */
const UNFLUSHED = "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0";

/** Bytes of the write-ahead log from which an idle moment is used to do the same. */
const WAL_IDLE_BYTES = 1 << 20;

const SQLITE_FULL = 13;

interface Statements {
  readonly insert: StatementSync;
  readonly follow: StatementSync;
  readonly cursor: StatementSync;
  readonly slices: SliceReader;
}

/** Why a transaction is not durable. Where the disk was full it was rolled back for certain, and may be tried once more. */
interface Failed {
  readonly error: string;
  readonly full: boolean;
}

/** The only connection that appends to a journal. */
export class SqliteWriter {
  readonly #directory: string;
  readonly #salt: Uint8Array;
  readonly #reserve: DiskReserve;
  #lock: DatabaseSync | null = null;
  #database: DatabaseSync | null = null;
  #statements: Statements | null = null;
  /** Set once the disk has failed outside an append; appends are refused from then on. */
  #failure: string | null = null;

  /** `salt` is for a journal that is made anew and takes over the codes of another; chance where it is left out. */
  constructor(directory: string, salt: Uint8Array = randomBytes(32)) {
    this.#directory = directory;
    this.#salt = salt;
    this.#reserve = new DiskReserve(directory);
  }

  /** Takes the writer's lock, makes or checks the database and hands over the rows that the start needs. */
  open(): StoreOpened {
    const opened = this.learn((rows) => ({
      ...rows,
      tail: [...rows.tail],
      open: [...rows.open],
      charged: [...rows.charged],
    }));
    if (opened.kind === "refused") return opened;
    const { learned, ...identity } = opened;
    return { ...identity, ...learned, kind: "opened" };
  }

  /** The same, and has `read` conclude from the rows, of which no more than one need be in memory. */
  learn<Learned>(read: (rows: StartRows) => Learned): StoreLearned<Learned> {
    const outcome = this.#open(read);
    // The last life has taken its log and index away; on a full disk the reserve is the room to make them anew.
    const tight = outcome.kind === "refused" && outcome.why === "unreadable" && this.#reserve.spendIfFull();
    return tight ? this.#open(read) : outcome;
  }

  #open<Learned>(read: (rows: StartRows) => Learned): StoreLearned<Learned> {
    try {
      if (existsSync(join(this.#directory, QUARANTINE_FILE)))
        throw new Refusal("damaged", "a damaged journal is half moved aside: go on with journal quarantine");
      const found = condemnation(this.#directory);
      if (found !== null) throw new Refusal("damaged", found);
      makeFolders(this.#directory, 0o700);
      const seen = lookForJournal(this.#directory);
      if (seen === "gone") throw new Refusal("damaged", goneSentence(this.#directory));
      const journal = statSync(join(this.#directory, JOURNAL_FILE), { throwIfNoEntry: false });
      if (journal?.isFile() === false)
        throw new Refusal("unreadable", `${join(this.#directory, JOURNAL_FILE)} is not a file`);
      // Before the lock: what the power leaves of a first start must not look like the rest of a journal.
      if (seen === "none") this.#makeFile(NEW_FILE);
      this.#makeFile(LOCK_FILE);
      this.#lock = takeLock(this.#directory);
      if (!existsSync(join(this.#directory, JOURNAL_FILE))) this.#begin();
      rmSync(join(this.#directory, NEW_FILE), { force: true });
      const database = this.#connect();
      this.#database = database;
      checkIdentity(database);
      const journalMode = textOf(database.prepare("PRAGMA journal_mode = WAL").get(), "journal_mode");
      if (journalMode !== "wal")
        throw new Refusal("unreadable", "this file system cannot hold a write-ahead log");
      database.exec(`${FLUSHED}; PRAGMA cache_size = -512; PRAGMA trusted_schema = OFF`);
      this.#statements = {
        insert: database.prepare(`INSERT INTO rows (${ROW_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`),
        follow: database.prepare(`SELECT ${ROW_COLUMNS} FROM rows WHERE seq > ? ORDER BY seq LIMIT ?`),
        cursor: database.prepare("INSERT OR REPLACE INTO cursors (name, seq) VALUES (?, ?)"),
        slices: new SliceReader(database),
      };
      return { kind: "learned", ...identityOf(database), learned: read(startRows(database)) };
    } catch (error) {
      this.close();
      return refusalOf(error);
    }
  }

  /**
   * One transaction, flushed before it returns; null, or why it is not durable. A charge is recorded only where the reserve
   * stands, so that its end and its reversal have room; other rows may use the reserve up.
   */
  append(rows: readonly StoredRow[]): string | null {
    const charges = rows.some(({ kind }) => kind === "charging");
    if (charges && this.#database !== null && !this.#reserve.hold())
      return "the disk is full: the last of its room is kept for open orders";
    const work = (statements: Statements): void => insert(statements, rows);
    const failed = this.#try(work);
    if (failed?.full === true && !charges && this.#reserve.spend()) return this.#try(work)?.error ?? null;
    return failed?.error ?? null;
  }

  /**
   * The same for a row that begins a segment, and for the end of every row before `first`. It takes megabytes of the log and
   * nobody waits for it: the reserve is not touched, and a full disk is no end.
   */
  rotate(segment: StoredRow, first: number): StoreRotated {
    const failed = this.#try((statements, database) => {
      insert(statements, [segment]);
      database.prepare("DELETE FROM rows WHERE n < ?").run(first);
    });
    if (failed === null) return { kind: "rotated" };
    return failed.full ? { kind: "no-room" } : { kind: "failed", error: failed.error };
  }

  /** Whether the reserve stands, or can be made: else no charge is recorded. */
  room(): boolean {
    return this.#database === null || this.#reserve.hold();
  }

  /** What a rotation has to know; null where it cannot be read. */
  survey(wish: StoreSurveyOptions): StoreSurvey | null {
    try {
      return this.#database === null ? null : surveyOf(this.#database, wish);
    } catch {
      return null;
    }
  }

  /** One transaction, flushed before it returns; null, or why it is not durable. */
  #try(work: (statements: Statements, database: DatabaseSync) => void): Failed | null {
    const database = this.#database;
    const statements = this.#statements;
    if (database === null || statements === null) return { error: "the journal is not open", full: false };
    if (this.#failure !== null) return { error: this.#failure, full: false };
    try {
      database.exec(`${FLUSHED}; BEGIN IMMEDIATE`);
      work(statements, database);
      database.exec("COMMIT");
      return null;
    } catch (error) {
      this.#rollBack(database);
      const full = primaryCode(error) === SQLITE_FULL && this.#failure === null;
      return { error: detailOf(error), full };
    }
  }

  /** Money rows after `afterSeq`; null where they cannot be read. */
  follow(afterSeq: number, limit: number): readonly StoredRow[] | null {
    try {
      return this.#statements?.follow.all(afterSeq, limit).map(storedRowOf) ?? null;
    } catch {
      return null;
    }
  }

  /** All rows of an order; null where they cannot be read. */
  order(outTradeNo: string): readonly StoredRow[] | null {
    try {
      const database = this.#database;
      return database === null ? null : [...rowsOf(database, "WHERE subject = ? ORDER BY n", outTradeNo)];
    } catch {
      return null;
    }
  }

  /** The next rows of all there are. */
  read(after: number, limit: number): StoreSlice {
    return this.#statements?.slices.read(after, limit) ?? { kind: "busy" };
  }

  /** Makes durable that the journal is damaged; null, or why that failed. */
  condemn(sentence: string): string | null {
    try {
      condemn(this.#directory, sentence);
      return null;
    } catch (error) {
      return detailOf(error);
    }
  }

  /**
   * Written without a flush. A failure is no news: the follower repeats itself, and the next append meets the
   * same disk.
   */
  moveCursor(name: string, seq: number): void {
    try {
      this.#database?.exec(UNFLUSHED);
      this.#statements?.cursor.run(name, seq);
    } catch {}
  }

  /** Uses an idle moment to make the reserve and to empty a long write-ahead log, so that no payment has to. */
  idle(): void {
    try {
      if (this.#database !== null) this.#reserve.hold();
      const wal = statSync(join(this.#directory, `${JOURNAL_FILE}-wal`), { throwIfNoEntry: false });
      if (wal === undefined || wal.size < WAL_IDLE_BYTES) return;
      // With a reader in the way the next idle moment does as well.
      this.#database?.exec("PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)");
    } catch (error) {
      // A reader in the way or a full disk leaves the log as good as it was. Anything else may have lost
      // pages.
      if (!isBusy(error) && primaryCode(error) !== SQLITE_FULL) this.#failure = detailOf(error);
    }
  }

  /** Empties the write-ahead log and frees the lock. */
  close(): void {
    this.#statements = null;
    for (const database of [this.#database, this.#lock]) {
      try {
        database?.close();
      } catch {}
    }
    this.#database = null;
    this.#lock = null;
  }

  /**
   * Readable by the box's own user alone; SQLite gives its companion files the same mode and owner. A file that exists
   * is not opened here, because closing it again would drop this process's locks on it (fcntl(2)).
   */
  #makeFile(name: string): void {
    const path = join(this.#directory, name);
    if (existsSync(path)) return;
    try {
      syncAndClose(openSync(path, "wx", 0o600), (file) => giveFile(file, this.#directory));
    } catch (error) {
      if (!existsSync(path)) throw error;
    }
    this.#syncFolder();
  }

  /** A file exists for certain when its directory has been flushed too. */
  #syncFolder(): void {
    for (const directory of [this.#directory, dirname(this.#directory)])
      syncAndClose(openSync(directory, "r"));
  }

  /** Makes the journal beside its place and moves it there whole; what a start that was cut short has left goes. */
  #begin(): void {
    const path = join(this.#directory, NEW_FILE);
    rmSync(`${path}-journal`, { force: true });
    syncAndClose(openSync(path, "w", 0o600), (file) => giveFile(file, this.#directory));
    const database = new DatabaseSync(path, { timeout: BUSY_MS });
    try {
      database.exec("PRAGMA synchronous = FULL");
      create(database, this.#salt);
    } finally {
      database.close();
    }
    renameSync(path, join(this.#directory, JOURNAL_FILE));
    this.#syncFolder();
  }

  #connect(): DatabaseSync {
    return new DatabaseSync(join(this.#directory, JOURNAL_FILE), { timeout: BUSY_MS });
  }

  #rollBack(database: DatabaseSync): void {
    try {
      if (database.isTransaction) database.exec("ROLLBACK");
    } catch (error) {
      this.#failure = detailOf(error);
    }
  }
}

/** Takes the writer's lock of the journal in `directory`; closing what is returned frees it. Throws a `Refusal`. */
export function takeLock(directory: string): DatabaseSync {
  const lock = new DatabaseSync(join(directory, LOCK_FILE), { timeout: 0 });
  try {
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE");
    return lock;
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw new Refusal("locked", `another scanbox is writing the journal in ${directory}`);
  }
}

function insert(statements: Statements, rows: readonly StoredRow[]): void {
  for (const { n, seq, kind, subject, final, body, hash } of rows)
    statements.insert.run(n, seq, kind, subject, final ? 1 : 0, body, hash);
}

function syncAndClose(file: number, before: (file: number) => void = () => undefined): void {
  try {
    before(file);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function versionOf(database: DatabaseSync): number {
  return integerOf(database.prepare("PRAGMA user_version").get(), "user_version");
}

/** Refuses what this program did not make and what a newer one has made, before anything is written. */
function checkIdentity(database: DatabaseSync): void {
  const version = versionOf(database);
  const tables = integerOf(database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get(), "tables");
  const application = integerOf(database.prepare("PRAGMA application_id").get(), "application_id");
  if (version === 0 && tables === 0)
    throw new Refusal("damaged", `${JOURNAL_FILE} is a database without a journal: what it held is gone`);
  if (application !== APPLICATION_ID)
    throw new Refusal("unreadable", `${JOURNAL_FILE} is a database, but not a journal of scanbox`);
  if (version > SCHEMA_VERSION)
    throw new Refusal(
      "newer-version",
      `The journal was written by a newer scanbox: its version is ${version}, and this program reads up to ` +
        `${SCHEMA_VERSION}. Install that scanbox again.`,
    );
}

function create(database: DatabaseSync, salt: Uint8Array): void {
  database.exec(`BEGIN IMMEDIATE; ${createSchema}`);
  database
    .prepare("INSERT INTO meta (one, journal, salt) VALUES (1, ?, ?)")
    .run(randomBytes(8).toString("hex"), salt);
  database.exec("COMMIT");
}

function surveyOf(database: DatabaseSync, { segments, charges }: StoreSurveyOptions): StoreSurvey {
  const charge = database.prepare(
    "SELECT n FROM rows WHERE kind = 'charging' ORDER BY n DESC LIMIT 1 OFFSET ?",
  );
  const firstCharge = charge.get(charges - 1);
  return {
    first: rowOf(database, "ORDER BY n LIMIT 1"),
    segments: [...rowsOf(database, "WHERE kind = 'segment' ORDER BY n LIMIT ?", segments)],
    firstOpen: firstOpen(database),
    firstCharge: firstCharge === undefined ? null : integerOf(firstCharge, "n"),
  };
}

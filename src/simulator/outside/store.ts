import { invariant } from "../../core/kernel/defect.ts";
import {
  CODES_REMEMBERED,
  type StoredRow,
  type StoreLink,
  type StoreOpened,
  type StoreRotated,
  type StoreSlice,
  type StoreSurvey,
  type StoreSurveyOptions,
  TAIL_ROWS,
} from "../../runtime/ports.ts";
import type { Random } from "./random.ts";
import type { SimulatedTime } from "./time.ts";

/**
 * What is wrong with the disk. `refusing` is an I/O error: what was being written may still turn up after the
 * next start; `full` and `read-only` certainly wrote nothing. A `full` disk takes a few rows of open orders all the same;
 * a `tight` one takes every row, and has no room to drop any.
 */
export type DiskFault = "none" | "refusing" | "full" | "tight" | "read-only";

/** What becomes durable whole or not at all. */
interface Transaction {
  readonly rows: readonly StoredRow[];
  /** Rows below this one are dropped. */
  readonly first: number;
}

/** How many rows of open orders a full disk still takes: the real one holds back some megabytes for them. */
const RESERVE_ROWS = 64;

/** How long one flush takes, in milliseconds: both bounds included. */
export interface FlushTime {
  readonly least: number;
  readonly most: number;
}

const errors: Readonly<Record<Exclude<DiskFault, "none">, string>> = {
  refusing: "disk I/O error",
  full: "database or disk is full",
  tight: "database or disk is full",
  "read-only": "attempt to write a readonly database",
};

/**
 * The card of a simulated box: it outlives the processes that write on it. `link` gives the store of one
 * process; the power of all of them fails with `crash`.
 */
export class SimulatedDisk {
  readonly time: SimulatedTime;
  readonly random: Random;
  /** The id of the journal; another one where people have put it aside. */
  journal: string;
  readonly salt: Uint8Array;
  fault: DiskFault = "none";
  /** What was wrong when a process last read here to start: the process hears of it a moment later. */
  faultAtOpen: DiskFault = "none";
  flush: FlushTime = { least: 1, most: 8 };
  /** Whether a newer program has written here. */
  newer = false;
  /** Whether the journal's file is missing, while others beside it tell that there was one. */
  gone = false;
  /** Whether SQLite's own check of the pages would fail. */
  torn = false;
  /** A row on a page that has gone bad where no start reads: who reads it later finds it damaged. */
  rotten: number | null = null;
  /** What a box has made durable about the damage that it found. */
  condemned: string | null = null;
  #rows: StoredRow[] = [];
  /** The first row that has not been dropped. */
  #first = 1;
  #reserve = RESERVE_ROWS;
  #cursors: ReadonlyMap<string, number> = new Map();
  /** Cursor moves since the last flush. */
  #moved = new Map<string, number>();
  /** Transactions that failed in a way that leaves open whether they reached the disk. */
  #doubtful: Transaction[] = [];
  #writer: SimulatedStore | null = null;
  readonly #links = new Set<SimulatedStore>();

  constructor(time: SimulatedTime, random: Random) {
    this.time = time;
    this.random = random;
    this.journal = Buffer.from(random.bytes(8)).toString("hex");
    this.salt = random.bytes(32);
  }

  /** Everything that ever became durable, for those who remember what a rotation has dropped. */
  get rows(): readonly StoredRow[] {
    return this.#rows;
  }

  /** What is durable now. */
  get kept(): readonly StoredRow[] {
    return this.#first === 1 ? this.#rows : this.#rows.slice(this.#first - 1);
  }

  /** What followers find: cursors move at once for the process that moves them. */
  get cursors(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#cursors, ...this.#moved]);
  }

  /** A store for one process; only one at a time opens. */
  link(): SimulatedStore {
    const store = new SimulatedStore(this);
    this.#links.add(store);
    return store;
  }

  /**
   * The power fails: the process that writes here (and any other) is gone and calls back nobody. Of its
   * transactions under way the first ones may have become durable unacknowledged, each whole or not at all;
   * unflushed cursor moves may be lost.
   */
  crash(): void {
    const underWay = [...this.#links].flatMap((store) => store.die());
    this.#links.clear();
    this.#writer = null;
    this.#settleDoubts(this.fault === "none" || this.fault === "refusing" ? underWay : []);
    const kept = [...this.#moved].filter(() => this.random.chance(0.5));
    this.#cursors = new Map([...this.#cursors, ...kept]);
    this.#moved = new Map();
  }

  /** Changes a durable row behind everybody's back, as failing memory cells do. */
  damage(n: number, change: (row: StoredRow) => StoredRow): void {
    this.#rows = this.#rows.map((row) => (row.n === n ? change(row) : row));
  }

  /** Every row before `n` is gone, and nothing says so. */
  lose(n: number): void {
    this.#first = n;
  }

  /** People have put the journal aside, and another one begins in its place. */
  replace(journal: string, rows: readonly StoredRow[], cursors: Readonly<Record<string, number>>): void {
    this.journal = journal;
    this.#rows = [...rows];
    this.#first = 1;
    this.#cursors = new Map(Object.entries(cursors));
    this.#moved = new Map();
    this.gone = false;
    this.torn = false;
    this.rotten = null;
    this.condemned = null;
  }

  /** Called by a store alone. False where another has the disk. */
  take(store: SimulatedStore): boolean {
    this.#writer ??= store;
    return this.#writer === store;
  }

  /** Called by a store alone, at its orderly end. */
  release(store: SimulatedStore): void {
    this.#links.delete(store);
    if (this.#writer !== store) return;
    this.#writer = null;
    this.#settleDoubts([]);
    this.#sync();
  }

  /** Called by a store alone, when its flush has ended: null, or the error. */
  commit(transaction: Transaction): string | null {
    if (this.fault !== "none" && !this.#hasRoom(transaction)) {
      if (this.fault === "refusing") this.#doubtful.push(transaction);
      return errors[this.fault];
    }
    if (!this.#continues(transaction)) return "journal rows leave no gap";
    if (!this.#mayDrop(transaction)) return "journal rows are never deleted";
    this.#keep(transaction);
    this.#sync();
    if (this.fault === "none") this.#reserve = RESERVE_ROWS;
    return null;
  }

  #hasRoom({ rows, first }: Transaction): boolean {
    if (this.fault === "tight") return first <= this.#first;
    if (this.fault !== "full" || rows.length > this.#reserve) return false;
    if (rows.some(({ kind }) => kind === "charging" || kind === "segment")) return false;
    this.#reserve -= rows.length;
    return true;
  }

  /** Called by a store alone. */
  moveCursor(name: string, seq: number): void {
    this.#moved.set(name, seq);
  }

  #sync(): void {
    if (this.#moved.size === 0) return;
    this.#cursors = new Map([...this.#cursors, ...this.#moved]);
    this.#moved = new Map();
  }

  /** Decides what a start finds of the writes whose end nobody saw. */
  #settleDoubts(underWay: readonly Transaction[]): void {
    for (const transaction of [...this.#doubtful, ...underWay]) {
      if (!this.#continues(transaction) || !this.#mayDrop(transaction) || !this.random.chance(0.5)) break;
      this.#keep(transaction);
    }
    this.#doubtful = [];
  }

  #keep({ rows, first }: Transaction): void {
    this.#rows.push(...rows);
    this.#first = Math.max(this.#first, first);
  }

  /** As the triggers of the real one say it: never a row of an open order, nor one that the segment does not name. */
  #mayDrop({ rows, first }: Transaction): boolean {
    if (first <= this.#first) return true;
    const [segment] = rows;
    if (segment?.kind !== "segment" || firstNamedBy(segment) < first) return false;
    const open = openIn(this.kept);
    return this.kept.every((row) => row.n >= first || row.subject === null || !open.has(row.subject));
  }

  #continues({ rows }: Transaction): boolean {
    let n = this.#rows.at(-1)?.n ?? 0;
    let seq = this.#rows.findLast((row) => row.seq !== null)?.seq ?? 0;
    return rows.every((row) => {
      n += 1;
      if (row.seq !== null) seq += 1;
      return row.n === n && (row.seq === null || row.seq === seq);
    });
  }
}

/**
 * The twin of the SQLite store: one worker that does one thing after the other, each taking simulated time.
 */
export class SimulatedStore implements StoreLink {
  readonly #disk: SimulatedDisk;
  #state: "new" | "open" | "closed" | "dead" = "new";
  /** When the worker has finished what it was given so far. */
  #freeAt = 0;
  #underWay: Transaction[] = [];

  constructor(disk: SimulatedDisk) {
    this.#disk = disk;
  }

  open(done: (outcome: StoreOpened) => void): void {
    invariant(this.#state === "new", "a store is opened once");
    this.#state = "open";
    const { random } = this.#disk;
    this.#work(random.between(5, 30), () => {
      const outcome = this.#read();
      this.#work(0, () => done(outcome));
    });
  }

  append(rows: readonly StoredRow[], done: (error: string | null) => void): void {
    this.#transact({ rows, first: 1 }, done);
  }

  rotate(segment: StoredRow, first: number, done: (outcome: StoreRotated) => void): void {
    this.#transact({ rows: [segment], first }, (error) => {
      if (error === null) done({ kind: "rotated" });
      else done(error === errors.full ? { kind: "no-room" } : { kind: "failed", error });
    });
  }

  #transact(transaction: Transaction, done: (error: string | null) => void): void {
    const { random, flush } = this.#disk;
    this.#underWay.push(transaction);
    let error: string | null = null;
    this.#work(random.between(flush.least, flush.most), () => {
      this.#underWay.shift();
      error = this.#disk.commit(transaction);
    });
    // Durable but not yet known to be: a crash between these two moments is the interesting one.
    this.#work(random.between(0, 1), () => done(error));
  }

  follow(afterSeq: number, limit: number, done: (rows: readonly StoredRow[] | null) => void): void {
    this.#work(this.#disk.random.between(0, 1), () => {
      const money = this.#disk.kept.filter((row) => row.seq !== null && row.seq > afterSeq);
      done(money.slice(0, limit));
    });
  }

  order(outTradeNo: string, done: (rows: readonly StoredRow[] | null) => void): void {
    this.#work(this.#disk.random.between(0, 1), () => {
      done(this.#disk.kept.filter((row) => row.subject === outTradeNo));
    });
  }

  moveCursor(name: string, seq: number): void {
    this.#work(0, () => this.#disk.moveCursor(name, seq));
  }

  room(done: (room: boolean) => void): void {
    this.#work(0, () => done(this.#disk.fault !== "full"));
  }

  read(after: number, limit: number, done: (slice: StoreSlice) => void): void {
    this.#work(0, () => {
      const { kept, rotten } = this.#disk;
      const rows = kept.filter(({ n }) => n > after).slice(0, limit);
      if (rows.some(({ n }) => n === rotten)) {
        done({ kind: "damaged", detail: `row ${rotten}: a page cannot be right` });
        return;
      }
      done({ kind: "rows", rows, open: rows.length < limit ? [...openIn(kept)] : null });
    });
  }

  condemn(sentence: string, done: (error: string | null) => void): void {
    this.#work(0, () => {
      const { fault } = this.#disk;
      if (fault === "none" || fault === "tight") this.#disk.condemned ??= sentence;
      done(fault === "none" || fault === "tight" ? null : errors[fault]);
    });
  }

  survey({ segments, charges }: StoreSurveyOptions, done: (survey: StoreSurvey | null) => void): void {
    this.#work(this.#disk.random.between(0, 1), () => {
      const { kept } = this.#disk;
      const open = openIn(kept);
      done({
        first: kept[0] ?? null,
        segments: kept.filter(({ kind }) => kind === "segment").slice(0, segments),
        firstOpen: kept.find(({ subject }) => subject !== null && open.has(subject))?.n ?? null,
        firstCharge: kept.filter(({ kind }) => kind === "charging").at(-charges)?.n ?? null,
      });
    });
  }

  close(done: () => void): void {
    this.#work(1, () => {
      this.#disk.release(this);
      this.#state = "closed";
      done();
    });
  }

  /** Called by the disk alone: the process has ended. Returns what it was writing, oldest first. */
  die(): readonly Transaction[] {
    this.#state = "dead";
    return this.#underWay;
  }

  #read(): StoreOpened {
    const { kept: rows, newer, gone, torn, condemned, fault, journal, salt, cursors } = this.#disk;
    this.#disk.faultAtOpen = fault;
    if (!this.#disk.take(this)) return refused("locked", "another process has the disk");
    const outcome = ((): StoreOpened => {
      if (fault === "refusing" || fault === "read-only") return refused("unreadable", errors[fault]);
      if (newer) return refused("newer-version", "The journal was written by a newer scanbox.");
      if (gone) return refused("damaged", "journal.db is missing: there was a journal");
      if (condemned !== null) return refused("damaged", condemned);
      if (torn) return refused("damaged", "a page cannot be right");
      const open = openIn(rows);
      return {
        kind: "opened",
        journal,
        salt,
        tail: rows.slice(-TAIL_ROWS),
        lastMoney: rows.findLast((row) => row.seq !== null && row.seq > 0) ?? null,
        open: rows.filter((row) => row.subject !== null && open.has(row.subject)),
        first: rows[0] ?? null,
        segment: rows.findLast(({ kind }) => kind === "segment") ?? null,
        charged: rows
          .filter(({ kind }) => kind === "charging" || kind === "quarantine")
          .slice(-CODES_REMEMBERED)
          .reverse(),
        cursors,
      };
    })();
    if (outcome.kind === "refused") this.#disk.release(this);
    return outcome;
  }

  /** Does `job` after everything given before and `takesMs` of work. */
  #work(takesMs: number, job: () => void): void {
    const { time } = this.#disk;
    this.#freeAt = Math.max(this.#freeAt, time.now) + takesMs;
    time.after(this.#freeAt - time.now, () => {
      if (this.#state === "open") job();
    });
  }
}

function firstNamedBy({ body }: StoredRow): number {
  const { first } = JSON.parse(body) as { first?: { n?: number } };
  return first?.n ?? 0;
}

/** The orders of which these rows have no end. */
export function openIn(rows: readonly StoredRow[]): ReadonlySet<string> {
  const open = new Set<string>();
  for (const { seq, subject, final } of rows) {
    if (seq === null || subject === null) continue;
    if (final) open.delete(subject);
    else open.add(subject);
  }
  return open;
}

function refused(why: Extract<StoreOpened, { kind: "refused" }>["why"], detail: string): StoreOpened {
  return { kind: "refused", why, detail };
}

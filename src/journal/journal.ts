/**
 * The journal: the one writer of what has happened (money rule 16). Entries become rows of a hash chain; an
 * entry is durable before its callback says so, and after the first append that failed nothing is written any
 * more, because a later success of the same disk would not be believed (an fsync that failed once may have
 * thrown pages away).
 */
import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { invariant } from "../core/kernel/defect.ts";
import { after, type Instant, type WallTime } from "../core/kernel/instant.ts";
import type { Result } from "../core/kernel/result.ts";
import { rfc3339 } from "../core/kernel/rfc3339.ts";
import type { RotationOutcome } from "../core/payment/command.ts";
import type { Entry, OpenOrder, RecentOrder, TxData } from "../core/payment/order.ts";
import type {
  Clock,
  Log,
  StoredRow,
  StoreIdentity,
  StoreLearned,
  StoreLink,
  StoreOpened,
  StoreRefused,
  Timer,
} from "../runtime/ports.ts";
import { damageWords } from "./chain.ts";
import { isMoneyEntry } from "./entry.ts";
import type { MoneyEvent } from "./event.ts";
import type { Beginning, JournalEntry } from "./own-entry.ts";
import { Proof } from "./proof.ts";
import { type Recovered, recover, type Segment } from "./recovered.ts";
import {
  asksForMore,
  newFirst,
  type RotationFacts,
  type RotationRules,
  SEGMENTS_DROPPED_MAX,
  standardRotation,
} from "./rotation.ts";
import { type Head, type ReadRow, readRow, unsentEvent, writeRow } from "./row.ts";

/** A note that nothing took along is written alone after this time. */
export const NOTE_IDLE_MS = 5_000;

/** So many rows are proved at a time. */
const PROOF_ROWS = 200;

/** The reporter's name among the followers of the journal. */
export const MQTT_CURSOR = "mqtt";

/** More entries than this never wait: the callers have one order in front and four behind. */
const WAITING_MAX = 1_024;

/** What a store with a thread of its own says, in which `recover` has read the rows of the start. */
export type StartLearned = StoreLearned<Result<Recovered, string>>;

/** Keeps the rows of a journal. */
export type JournalStore = StoreLink<StoreOpened | StartLearned>;

/** What a journal works with. */
export interface JournalParts {
  readonly store: JournalStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Who has to confirm events before they may be dropped, by the names of their cursors; nobody where left out. */
  readonly followers?: readonly string[];
  readonly rotation?: Partial<RotationRules>;
  /** Hears once that nothing more can be written, whatever it was that failed; left out where nobody wants to know. */
  readonly broken?: () => void;
  /** Hears once that rows of the journal are damaged, however old; left out where nobody wants to know. */
  readonly damaged?: () => void;
}

/** How the journal stands, for people. */
export interface JournalStatus {
  readonly journal: string;
  /** Number of the newest durable row. */
  readonly n: number;
  /** Number of the newest durable money event. */
  readonly seq: number;
  /** How many rows there are: old ones have been dropped. */
  readonly rows: number;
  /** When the newest row was written, null before the first of this run. */
  readonly writtenAt: WallTime | null;
  /** An append failed: nothing more is written by this process. */
  readonly broken: boolean;
  /** How many rows this run has proved, and whether it came to the end. */
  readonly proved: number;
  readonly proofDone: boolean;
  /** What is damaged, null where nothing was found. */
  readonly damage: string | null;
}

/** What a start learns from the journal, or why there is no start. */
export type JournalOpened =
  | {
      readonly kind: "opened";
      /** The random id of the journal. */
      readonly journal: string;
      /** The key of `fingerprint`. */
      readonly salt: Uint8Array;
      /** Orders whose newest money entry is not final, in the order of their intents. */
      readonly open: readonly OpenOrder[];
      /** Declined orders that were not looked at once more, in the order of their ends. */
      readonly unchecked: readonly OpenOrder[];
      /** `codeHash` of the newest charges, newest last: no such code is charged again. */
      readonly codeHashes: readonly string[];
      /** The newest order of each sale that a till asked for, by the till's own id. */
      readonly refs: ReadonlyMap<string, string>;
      /** The orders that began last, newest first. */
      readonly recent: readonly RecentOrder[];
      /** How far each follower has confirmed, by its name. */
      readonly cursors: Readonly<Record<string, number>>;
      /** Events up to this number have been dropped; a follower that begins begins behind them. */
      readonly droppedSeq: number;
      readonly head: Head;
    }
  | StoreRefused;

/** An entry that waits for its flush. */
interface Waiting {
  readonly entry: Entry;
  readonly at: string;
  /** Null for a note, which nobody waits for. */
  readonly done: ((ok: boolean) => void) | null;
}

/** What is made with a journal and never changes. */
interface Identity {
  readonly journal: string;
  readonly salt: Uint8Array;
}

type Phase = "new" | "opening" | "open" | "broken" | "closed";

/** The rules of the journal over a store that only keeps rows. One instance for one run of the process. */
export class Journal {
  readonly #store: JournalStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #followers: readonly string[];
  readonly #rotation: RotationRules;
  readonly #listeners: ((seq: number) => void)[] = [];
  readonly #broken: () => void;
  readonly #damaged: () => void;
  readonly #cursors = new Map<string, number>();
  #phase: Phase = "new";
  #identity: Identity | null = null;
  /** The salt, made ready at the first code: from its bytes an HMAC takes six times as long. */
  #codeKey: KeyObject | null = null;
  #head: Head | null = null;
  #boot: string | null = null;
  #waiting: Waiting[] = [];
  #notesDue = false;
  #noteTimer: Timer | null = null;
  #flushing = false;
  #segment: Segment | null = null;
  #first: Beginning | null = null;
  /** When this process began, or the segment if that was later. */
  #segmentSince: Instant | null = null;
  #writtenAt: WallTime | null = null;
  /** Those who wait for a rotation. */
  #rotating: ((outcome: RotationOutcome) => void)[] = [];
  #closing: (() => void) | null = null;
  #proof: Proof | null = null;
  #damage: string | null = null;

  constructor(parts: JournalParts) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#followers = parts.followers ?? [];
    this.#rotation = { ...standardRotation, ...parts.rotation };
    this.#broken = parts.broken ?? (() => undefined);
    this.#damaged = parts.damaged ?? (() => undefined);
  }

  /**
   * Opens the store and checks the end of the chain and every row that the start relies on. To be called
   * once, first.
   */
  open(done: (outcome: JournalOpened) => void): void {
    invariant(this.#phase === "new", "a journal is opened once");
    this.#phase = "opening";
    this.#store.open((outcome) => {
      if (outcome.kind === "refused") this.#store.close(() => this.#refuse(outcome, done));
      else this.#begin(outcome, outcome.kind === "learned" ? outcome.learned : recover(outcome), done);
    });
  }

  /**
   * Makes `entry` durable; `done` gets false where that failed or must not be tried any more. Entries keep
   * the order of the calls; those that wait for the same flush share it.
   */
  append(entry: Entry, done: (ok: boolean) => void): void {
    this.#mustHaveOpened();
    if (this.#phase !== "open" || this.#closing !== null) {
      this.#clock.at(this.#clock.now(), () => done(false));
      return;
    }
    this.#wait(entry, done);
    this.#flush();
  }

  /**
   * Writes `entry` with the next append, in the same transaction and before it, or alone after
   * `NOTE_IDLE_MS`. A crash may lose it; it proves what was shown and moves no money.
   */
  note(entry: Entry): void {
    this.#mustHaveOpened();
    invariant(!isMoneyEntry(entry), "somebody waits for every money entry");
    if (this.#phase !== "open" || this.#closing !== null) return;
    this.#wait(entry, null);
    this.#noteTimer ??= this.#clock.at(after(this.#clock.now(), NOTE_IDLE_MS), () => {
      this.#noteTimer = null;
      this.#notesDue = true;
      this.#flush();
    });
  }

  /**
   * Up to `limit` money events after `afterSeq`, in order, those before the first damaged one; null where none can be read.
   */
  follow(afterSeq: number, limit: number, done: (events: readonly MoneyEvent[] | null) => void): void {
    const { journal } = this.#mustHaveOpened();
    this.#store.follow(afterSeq, limit, (rows) => {
      done(rows === null ? null : this.#eventsOf(rows, journal, afterSeq));
    });
  }

  /** The newest money record of an order, null where there is none or it cannot be read. */
  newestOf(outTradeNo: string, done: (tx: TxData | null) => void): void {
    const { journal } = this.#mustHaveOpened();
    this.#store.order(outTradeNo, (rows) => {
      const row = rows?.findLast(({ seq }) => seq !== null);
      const read = row === undefined ? null : readRow(row, journal);
      if (row !== undefined && read?.ok === false) this.#condemn(`row ${row.n}: ${damageWords[read.reason]}`);
      done(read?.ok === true ? (read.value.event?.tx ?? null) : null);
    });
  }

  /**
   * Remembers that the follower `name` has confirmed everything up to `seq`. Losing it costs a repetition.
   */
  moveCursor(name: string, seq: number): void {
    this.#mustHaveOpened();
    if (this.#phase !== "open") return;
    this.#cursors.set(name, seq);
    this.#store.moveCursor(name, seq);
  }

  /** Whether the segment is long or old enough for a new one to begin. */
  isRotationDue(): boolean {
    const { segmentRows, segmentMs } = this.#rotation;
    const head = this.#head;
    if (this.#phase !== "open" || head === null || this.#segmentSince === null) return false;
    const rows = head.n - (this.#segment?.n ?? 0);
    if (rows === 0) return false;
    if (rows >= segmentRows || this.#clock.now() >= after(this.#segmentSince, segmentMs)) return true;
    // A box that is switched off every night never runs for a day. Until its clock is believed it waits: the new row could
    // not show later how old the segment is.
    const begun = this.#segment?.entry.at;
    const past = begun === undefined ? 0 : Math.abs(this.#clock.wall() - Date.parse(begun));
    return this.#clock.trusted() && past >= segmentMs;
  }

  /**
   * Begins a new segment and drops old ones, as far as they may go: at least `retentionMs` old by a clock that was believed
   * throughout, confirmed by every follower, without an open order, and not needed for the memory of used codes. Entries
   * that wait go first; those that come meanwhile wait for it.
   */
  rotate(done: (outcome: RotationOutcome) => void): void {
    this.#mustHaveOpened();
    if (this.#phase !== "open" || this.#closing !== null) {
      const why = this.#phase === "broken" ? "the journal can no longer be written" : "the journal is closed";
      this.#clock.at(this.#clock.now(), () => done({ kind: "refused", why }));
      return;
    }
    this.#rotating.push(done);
    // An entry in this turn of the loop goes first.
    this.#clock.at(this.#clock.now(), () => this.#flush());
  }

  /** Whether a charge could be recorded now; what has failed for another reason tells by itself. */
  room(done: (room: boolean) => void): void {
    this.#mustHaveOpened();
    if (this.#phase === "open" && this.#closing === null) this.#store.room(done);
  }

  /**
   * Proves the next slice of the whole journal, which the start has not read; says whether there is more to prove. Damage is
   * made durable, logged, and told to who asked for it.
   */
  prove(done: (more: boolean) => void): void {
    const { journal } = this.#mustHaveOpened();
    const [first, head] = [this.#first, this.#head];
    invariant(first !== null && head !== null, "an open journal has a beginning and a head");
    this.#proof ??= new Proof(journal, first);
    const proof = this.#proof;
    if (this.#phase !== "open" || this.#closing !== null || proof.done || this.#damage !== null) {
      this.#clock.at(this.#clock.now(), () => done(false));
      return;
    }
    this.#store.read(proof.last, PROOF_ROWS, (slice) => {
      const damage = proof.take(slice, this.#first ?? first, head.n);
      if (damage !== null) this.#condemn(damage);
      else if (proof.done) this.#log.info("journal.proved", { journal, rows: proof.rows });
      done(damage === null && !proof.done);
    });
  }

  /** How the journal stands, null before it was opened. */
  status(): JournalStatus | null {
    const { journal } = this.#identity ?? {};
    if (journal === undefined || this.#head === null) return null;
    const { n, seq } = this.#head;
    const rows = n + 1 - (this.#first?.n ?? 1);
    const proof = {
      proved: this.#proof?.rows ?? 0,
      proofDone: this.#proof?.done === true,
      damage: this.#damage,
    };
    const broken = this.#phase === "broken";
    return { journal, n, seq, rows, writtenAt: this.#writtenAt, broken, ...proof };
  }

  /** The number of the newest durable money event, 0 where there is none. */
  head(): number {
    return this.#head?.seq ?? 0;
  }

  /** Tells `listener` the newest `seq` whenever money events have become durable. */
  onAppended(listener: (seq: number) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * What is kept of a payment code: HMAC-SHA256 under the journal's salt, 32 hex characters. The salt never
   * leaves the box, so the 18 digits cannot be found by trying them all on a report.
   */
  fingerprint(digits: string): string {
    this.#codeKey ??= createSecretKey(this.#mustHaveOpened().salt);
    return createHmac("sha256", this.#codeKey).update(digits).digest("hex").slice(0, 32);
  }

  /** Writes what waits, notes too, and frees the store. Later appends answer false. */
  close(done: () => void): void {
    invariant(this.#closing === null, "a journal is closed once");
    this.#closing = done;
    this.#notesDue = true;
    if (this.#phase === "new" || this.#phase === "closed") {
      this.#phase = "closed";
      this.#clock.at(this.#clock.now(), done);
    } else {
      this.#flush();
    }
  }

  /** What is damaged stays so: later starts are refused, and whoever charges hears of it now. */
  #condemn(damage: string): void {
    if (this.#damage !== null) return;
    this.#damage = damage;
    this.#log.error("journal.damaged", { damage });
    this.#store.condemn(damage, (error) => {
      if (error !== null) this.#log.error("journal.uncondemned", { error });
    });
    this.#damaged();
  }

  #refuse(
    outcome: Extract<JournalOpened, { kind: "refused" }>,
    done: (outcome: JournalOpened) => void,
  ): void {
    this.#phase = "closed";
    done(outcome);
    this.#closing?.();
  }

  #begin(
    { journal, salt, cursors }: StoreIdentity,
    recovered: Result<Recovered, string>,
    done: (outcome: JournalOpened) => void,
  ): void {
    if (!recovered.ok) {
      const refused = { kind: "refused", why: "damaged", detail: recovered.reason } as const;
      this.#store.close(() => this.#refuse(refused, done));
      return;
    }
    const { head, open, unchecked, codeHashes, refs, recent, segment, first, droppedSeq }: Recovered =
      recovered.value;
    this.#phase = "open";
    this.#segment = segment;
    this.#first = first;
    this.#segmentSince = this.#clock.now();
    for (const [name, seq] of Object.entries(cursors)) this.#cursors.set(name, seq);
    this.#identity = { journal, salt };
    this.#head = head;
    this.#log.info("journal.opened", { journal, rows: head.n, seq: head.seq, open: open.length });
    const known = { open, unchecked, codeHashes, refs, recent };
    done({ kind: "opened", journal, salt, ...known, cursors, droppedSeq, head });
    this.#flush();
  }

  #wait(entry: Entry, done: Waiting["done"]): void {
    invariant(this.#waiting.length < WAITING_MAX, "entries do not pile up before the journal");
    this.#waiting.push({ entry, at: rfc3339(this.#clock.wall()), done });
  }

  /** Hands everything that waits to the store in one transaction, unless one is under way. */
  #flush(): void {
    if (this.#flushing || this.#phase === "opening") return;
    const due = this.#notesDue || this.#waiting.some((waiting) => waiting.done !== null);
    if (this.#phase === "open" && due && this.#waiting.length > 0) this.#write(this.#takeWaiting());
    else if (this.#phase === "open" && this.#rotating.length > 0) this.#survey();
    else if (this.#closing !== null && this.#phase !== "closed") {
      this.#phase = "closed";
      this.#store.close(this.#closing);
    }
  }

  #takeWaiting(): readonly Waiting[] {
    const batch = this.#waiting;
    this.#waiting = [];
    this.#notesDue = false;
    this.#cancelNoteTimer();
    return batch;
  }

  #write(batch: readonly Waiting[]): void {
    const { journal } = this.#mustHaveOpened();
    const before = this.#head;
    invariant(before !== null, "an open journal has a head");
    let head = before;
    const rows: StoredRow[] = [];
    for (const { entry, at } of batch) {
      if (entry.kind === "boot") this.#boot = entry.boot;
      const written = writeRow(entry, head, { journal, at, boot: this.#boot });
      rows.push(written.row);
      head = written.head;
    }
    this.#flushing = true;
    this.#store.append(rows, (error) => {
      this.#flushing = false;
      if (error !== null) {
        this.#break(batch, error);
        return;
      }
      this.#head = head;
      this.#writtenAt = this.#clock.wall();
      for (const { done } of batch) done?.(true);
      if (head.seq > before.seq) for (const listener of this.#listeners) listener(head.seq);
      this.#flush();
    });
  }

  #break(batch: readonly Waiting[], error: string): void {
    this.#phase = "broken";
    this.#log.error("journal.broken", { error });
    const given = [...batch, ...this.#takeWaiting()];
    for (const { done } of given) done?.(false);
    this.#rotated({ kind: "refused", why: error });
    this.#broken();
    this.#flush();
  }

  /** The first of the segments may be the beginning itself. */
  #survey(segments: number = SEGMENTS_DROPPED_MAX + 1): void {
    const { journal } = this.#mustHaveOpened();
    this.#flushing = true;
    const { codesKept } = this.#rotation;
    this.#store.survey({ segments, charges: codesKept }, (survey) => {
      if (survey !== null && asksForMore(survey, segments, journal)) {
        this.#survey(2 * segments);
        return;
      }
      const first = survey === null ? null : newFirst(survey, this.#rotationFacts(), this.#rotation);
      if (survey !== null && (first !== null || this.#hasNews())) {
        this.#beginSegment(first);
        return;
      }
      this.#flushing = false;
      const unread = { kind: "refused", why: "the journal could not be read" } as const;
      this.#rotated(survey === null ? unread : { kind: "nothing" });
      this.#flush();
    });
  }

  /** Whether anything was written since the segment began. */
  #hasNews(): boolean {
    return (this.#head?.n ?? 0) > (this.#segment?.n ?? 0);
  }

  #rotationFacts(): RotationFacts {
    const { journal } = this.#mustHaveOpened();
    const positions = this.#followers.map((name) => this.#cursors.get(name) ?? 0);
    const confirmed = Math.min(this.#head?.seq ?? 0, ...positions);
    return { journal, wall: this.#clock.wall(), clockTrusted: this.#clock.trusted(), confirmed };
  }

  #beginSegment(newBeginning: Beginning | null): void {
    const { journal } = this.#mustHaveOpened();
    const [head, before] = [this.#head, this.#first];
    invariant(head !== null && before !== null, "an open journal has a beginning and a head");
    const first = newBeginning ?? before;
    const wall = this.#clock.wall();
    const at = rfc3339(wall);
    const entry: JournalEntry & { readonly kind: "segment" } = {
      kind: "segment",
      at,
      clockTrusted: this.#clock.trusted(),
      first,
      events: { seq: head.seq, hash: head.eventHash },
    };
    const written = writeRow(entry, head, { journal, at, boot: this.#boot });
    this.#store.rotate(written.row, first.n, (outcome) => {
      if (outcome.kind === "no-room" && newBeginning !== null && this.#hasNews()) {
        // The segment is small: dropping waits for the next one, and not for the next minute.
        this.#beginSegment(null);
        return;
      }
      this.#flushing = false;
      if (outcome.kind === "failed") {
        this.#break([], outcome.error);
        return;
      }
      if (outcome.kind === "no-room") {
        this.#rotated({ kind: "refused", why: "the disk has no room for a rotation" });
        this.#flush();
        return;
      }
      this.#head = written.head;
      this.#segment = { n: written.row.n, entry };
      this.#first = first;
      this.#segmentSince = this.#clock.now();
      this.#writtenAt = wall;
      const dropped = first.n - before.n;
      this.#log.info("journal.rotated", { journal, row: written.row.n, seq: head.seq, dropped });
      this.#rotated({ kind: "rotated", row: written.row.n, dropped });
      this.#flush();
    });
  }

  #rotated(outcome: RotationOutcome): void {
    const waiting = this.#rotating;
    this.#rotating = [];
    for (const done of waiting) done(outcome);
  }

  #eventsOf(rows: readonly StoredRow[], journal: string, afterSeq: number): readonly MoneyEvent[] | null {
    const events: MoneyEvent[] = [];
    for (const row of rows) {
      const read = readRow(row, journal);
      const event = read.ok ? eventOf(read.value, row) : null;
      if (event === null || event.seq !== afterSeq + events.length + 1) {
        const damage = read.ok ? damageWords["event-gap"] : damageWords[read.reason];
        this.#condemn(`row ${row.n}: ${damage}`);
        return events.length > 0 ? events : null;
      }
      events.push(event);
    }
    return events;
  }

  #mustHaveOpened(): Identity {
    const identity = this.#identity;
    invariant(identity !== null, "a journal is opened before it is used");
    return identity;
  }

  #cancelNoteTimer(): void {
    this.#noteTimer?.cancel();
    this.#noteTimer = null;
  }
}

/** What a row has to report: its own event, or one of an earlier journal. */
function eventOf({ entry, event }: ReadRow, { seq }: StoredRow): MoneyEvent | null {
  return entry.kind === "unsent" && seq !== null ? unsentEvent(entry, seq) : event;
}

/**
 * What can be saved of a damaged journal. Each row is believed by its own hash alone; what belongs to open orders, the
 * codes that were charged and the events that nobody has confirmed go on in a new journal, and everything else is told.
 */
import { type Evidence, type Intent, isDeclinedByCode, type TxData } from "../core/payment/order.ts";
import { CODES_REMEMBERED, type StoredRow } from "../runtime/ports.ts";
import { damageWords } from "./chain.ts";
import type { MoneyEvent } from "./event.ts";
import { LostRows } from "./lost-rows.ts";
import type { QuarantineEntry, SaleOrder, UnsentEntry } from "./own-entry.ts";
import { chargedCodes, genesis, type Head, readRow, salesOf, writeRow, writeUnsentRow } from "./row.ts";

/** A row that was read and is not believed. */
export interface DamagedRow {
  readonly n: number;
  readonly what: string;
  /** The order that it may have been about. */
  readonly outTradeNo: string | null;
}

/** An order that goes on in the new journal. */
export interface CarriedOrder {
  readonly outTradeNo: string;
  readonly shortRef: string;
  readonly state: string;
  readonly amountFen: number;
  /** Whether its last row may be among those that are lost: it is asked about from now on, and never reversed. */
  readonly doubtful: boolean;
}

/** What was readable beside the rows, each null where it was not. */
export interface Beside {
  /** The list of open orders. */
  readonly listed: readonly string[] | null;
  /** Numbers of rows that should be there and cannot be read, as ranges with both ends. */
  readonly unreadable: readonly (readonly [from: number, to: number])[];
  /** The newest money event by their index, or by what a follower has confirmed if that is more; null where the index cannot be read. */
  readonly newestSeq: number | null;
}

/** What came of it. */
export interface Salvaged {
  readonly rows: number;
  readonly damaged: readonly DamagedRow[];
  readonly carried: readonly CarriedOrder[];
  /** Orders that were listed as open and whose intent cannot be read: people have to look them up at WeChat Pay. */
  readonly lost: readonly string[];
  /** Orders that were declined by a code and not looked at once more: they go on, too. */
  readonly unchecked: readonly string[];
  /** Events that nobody has confirmed, which are reported first; `unnamed` are lost with the id of their journal. */
  readonly unsent: number;
  readonly unnamed: number;
  readonly codes: readonly string[];
  readonly refs: readonly SaleOrder[];
  readonly newest: { readonly n: number; readonly hash: string } | null;
}

/** More damaged rows than these are counted only by the gaps between the others. */
const DAMAGED_MAX = 10_000;

/** So many orders that have ended are remembered with their intents: one may be opened again by a contradiction. */
const ENDED_MAX = 4_096;

/** The id of a journal that cannot be read: only the hashes of events depend on it. */
const NO_JOURNAL = "";

interface Kept {
  readonly intent: Intent;
  readonly charging: TxData;
  readonly last: TxData;
  /** The boots that wrote the two. */
  readonly boots: readonly [charging: string, last: string];
  readonly evidence: Evidence | null;
  /** An earlier quarantine had lost what may have been its last row. */
  readonly doubted: boolean;
}

/** Takes readable rows one after the other, in their order. */
export class Salvage {
  readonly #journal: string | null;
  readonly #confirmed: number | null;
  readonly #reported: boolean;
  readonly #open = new Map<string, Kept>();
  readonly #ended = new Map<string, Kept>();
  readonly #damaged: DamagedRow[] = [];
  readonly #checked = new Set<string>();
  readonly #refs = new Map<string, string>();
  readonly #lost = new LostRows();
  #doubtful: ReadonlySet<string> = new Set();
  #codes: string[] = [];
  #rows = 0;
  /** Unconfirmed events of this journal, and of those before it. */
  #own = 0;
  #older = 0;
  /** Whether two events that follow each other disagree about the id of their journal, which then is not the one that was read. */
  #misnamed = false;
  #event: MoneyEvent | null = null;
  #newest: Salvaged["newest"] = null;

  /**
   * `journal` is the id of the damaged one, and `confirmed` the newest event that the reporter has seen confirmed; each null where it
   * cannot be read. `reported` says whether anybody is told of events at all.
   */
  constructor(journal: string | null = null, confirmed: number | null = null, reported = false) {
    this.#journal = journal;
    this.#confirmed = confirmed;
    this.#reported = reported;
  }

  /** The next row. */
  take(row: StoredRow): void {
    this.#rows += 1;
    const read = readRow(row, this.#journal ?? NO_JOURNAL);
    if (!read.ok) {
      this.#lost.damaged(row);
      if (this.#damaged.length < DAMAGED_MAX)
        this.#damaged.push({ n: row.n, what: damageWords[read.reason], outTradeNo: row.subject });
      return;
    }
    this.#newest = { n: row.n, hash: row.hash };
    const codes = chargedCodes(row, NO_JOURNAL);
    if ((row.kind === "charging" || row.kind === "quarantine") && codes.ok) this.#remember(codes.value);
    for (const [ref, outTradeNo] of this.#salesOf(row)) {
      this.#refs.delete(ref);
      this.#refs.set(ref, outTradeNo);
      const [oldest] = this.#refs.keys();
      if (this.#refs.size > CODES_REMEMBERED && oldest !== undefined) this.#refs.delete(oldest);
    }
    const { entry, event } = read.value;
    if (entry.kind === "checked") this.#checked.add(entry.outTradeNo);
    if (entry.kind === "evidence") this.#keepEvidence(entry.outTradeNo, entry.evidence);
    this.#count(row, event);
    if (event === null) return;
    const { tx, boot } = event;
    const { outTradeNo } = tx;
    this.#lost.read(row.n, event.seq, outTradeNo, [...this.#open.keys()]);
    const before = this.#open.get(outTradeNo) ?? this.#ended.get(outTradeNo);
    const kept: Kept | undefined =
      entry.kind === "charging"
        ? {
            intent: entry.intent,
            charging: tx,
            last: tx,
            boots: [boot, boot],
            evidence: null,
            doubted: entry.doubted === true,
          }
        : before && { ...before, last: tx, boots: [before.boots[0], boot] };
    if (kept === undefined) return;
    this.#open.delete(outTradeNo);
    this.#ended.delete(outTradeNo);
    (tx.final ? this.#ended : this.#open).set(outTradeNo, kept);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > ENDED_MAX && oldest !== undefined) {
      this.#ended.delete(oldest);
      this.#checked.delete(oldest);
    }
  }

  /** Judges what was read, with what stood beside the rows. */
  result({ listed, unreadable, newestSeq }: Beside): Salvaged {
    const names = new Set(listed ?? []);
    // A decline that is listed as open, or that a lost row follows, was contradicted in that row.
    for (const [outTradeNo, kept] of this.#ended)
      if ((names.has(outTradeNo) || this.#lost.isFollowed(outTradeNo)) && isDeclinedByCode(kept.last)) {
        this.#ended.delete(outTradeNo);
        this.#open.set(outTradeNo, { ...kept, last: kept.charging, doubted: true });
      }
    const lastMayBeLost = this.#lost.atTheEnd(unreadable, newestSeq);
    const doubted = [...this.#open].filter(
      ([outTradeNo, kept]) =>
        // What is being reversed goes on: it can never become paid, and asking twice gives nothing back twice.
        kept.last.state !== "reversing" &&
        (kept.doubted || listed === null || !names.has(outTradeNo) || lastMayBeLost(outTradeNo)),
    );
    this.#doubtful = new Set(doubted.map(([outTradeNo]) => outTradeNo));
    const carried = [...this.#open.values()].map(({ last }): CarriedOrder => {
      const { outTradeNo, shortRef, state, amountFen } = last;
      return { outTradeNo, shortRef, state, amountFen, doubtful: this.#doubtful.has(outTradeNo) };
    });
    const lost = [...names].filter((outTradeNo) => !this.#open.has(outTradeNo));
    const codes = this.#codes.slice(-CODES_REMEMBERED);
    const refs = [...this.#refs].slice(-CODES_REMEMBERED);
    const unchecked = this.#unchecked().map(({ last }) => last.outTradeNo);
    const sent = { unsent: this.#unsent(), unnamed: this.#older + this.#own - this.#unsent() };
    const read = { rows: this.#rows, damaged: this.#damaged, newest: this.#newest };
    return { ...read, carried, lost, unchecked, ...sent, codes, refs };
  }

  /** What this row has to report and nobody has confirmed, null for any other: for a second reading, after `result`. */
  unsentOf(row: StoredRow): UnsentEntry | null {
    if (!this.#isUnsent(row)) return null;
    const read = readRow(row, this.#journal ?? NO_JOURNAL);
    if (!read.ok) return null;
    const { entry, event } = read.value;
    if (entry.kind === "unsent") {
      const { journal, seq, at, boot, prev, tx } = entry;
      return { kind: "unsent", journal, seq, at, boot, prev, tx };
    }
    if (event === null || this.#journal === null || this.#misnamed) return null;
    const { seq, at, boot, prevHash: prev, tx } = event;
    return { kind: "unsent", journal: this.#journal, seq, at, boot, prev, tx };
  }

  /** The rows of the orders that go on, each as it stood: a doubtful one with its intent alone. After `result`. */
  orderRows(journal: string, at: string, head: Head): readonly StoredRow[] {
    const rows: StoredRow[] = [];
    let end = head;
    const write = (entry: Parameters<typeof writeRow>[0], boot: string): void => {
      const written = writeRow(entry, end, { journal, at, boot });
      rows.push(written.row);
      end = written.head;
    };
    for (const { intent, charging, last, boots, evidence } of [
      ...this.#unchecked(),
      ...this.#open.values(),
    ]) {
      const doubtful = this.#doubtful.has(intent.outTradeNo);
      const doubt = doubtful ? { doubted: true as const } : {};
      write({ kind: "charging", tx: charging, intent, ...doubt }, boots[0]);
      if (last !== charging && !doubtful) write({ kind: "money", tx: last }, boots[1]);
      const { outTradeNo } = intent;
      if (evidence !== null) write({ kind: "evidence", outTradeNo, at, evidence }, boots[1]);
    }
    return rows;
  }

  /** The rows with which the new journal begins: where it comes from, then each open order as it stood. */
  rowsFor(journal: string, first: QuarantineEntry, old: Iterable<StoredRow> = []): readonly StoredRow[] {
    const next = new NextJournal(journal, first, this.#unsent());
    const unsent = [...old].flatMap((row) => {
      const entry = this.unsentOf(row);
      return entry === null ? [] : [next.unsent(entry)];
    });
    return [next.first, ...unsent, ...this.orderRows(journal, first.at, next.head)];
  }

  #keepEvidence(outTradeNo: string, evidence: Evidence): void {
    const kept = this.#open.get(outTradeNo);
    if (kept !== undefined) this.#open.set(outTradeNo, { ...kept, evidence });
  }

  /** Counts what nobody has confirmed, and holds events that follow each other against the id of their journal. */
  #count(row: StoredRow, event: MoneyEvent | null): void {
    const last = this.#event;
    if (event !== null) {
      this.#event = event;
      if (last !== null && last.seq === event.seq - 1 && last.hash !== event.prevHash) this.#misnamed = true;
    }
    if (!this.#isUnsent(row)) return;
    if (row.kind === "unsent") this.#older += 1;
    else this.#own += 1;
  }

  /** How many events go along: those of a journal whose id is lost have lost their identity with it. */
  #unsent(): number {
    return this.#older + (this.#journal === null || this.#misnamed ? 0 : this.#own);
  }

  #isUnsent({ seq }: StoredRow): boolean {
    return this.#reported && seq !== null && (this.#confirmed === null || seq > this.#confirmed);
  }

  #unchecked(): readonly Kept[] {
    const ended = [...this.#ended.values()];
    return ended.filter(({ last }) => isDeclinedByCode(last) && !this.#checked.has(last.outTradeNo));
  }

  #salesOf(row: StoredRow): readonly SaleOrder[] {
    return row.kind === "charging" || row.kind === "quarantine" ? salesOf(row, NO_JOURNAL) : [];
  }

  #remember(codes: readonly string[]): void {
    this.#codes.push(...codes);
    if (this.#codes.length > 2 * CODES_REMEMBERED) this.#codes = this.#codes.slice(-CODES_REMEMBERED);
  }
}

/** The beginning of a journal that takes over: its first row, then the events that come before its own. */
export class NextJournal {
  readonly first: StoredRow;
  /** What the next row continues. */
  head: Head;
  #place: number;

  constructor(journal: string, first: QuarantineEntry, unsent: number) {
    const written = writeRow(first, genesis(journal), { journal, at: first.at, boot: null });
    this.first = written.row;
    this.head = written.head;
    this.#place = -unsent;
  }

  /** The row of the next unconfirmed event; the last of them is number 0. */
  unsent(entry: UnsentEntry): StoredRow {
    this.#place += 1;
    const written = writeUnsentRow(entry, this.#place, this.head);
    this.head = written.head;
    return written.row;
  }
}

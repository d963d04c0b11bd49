/**
 * What can be saved of a damaged journal. Each row is believed by its own hash alone; what belongs to open orders, and the
 * codes that were charged, goes on in a new journal, and everything else is told.
 */
import { type Intent, isDeclinedByCode, type TxData } from "../core/payment/order.ts";
import { CODES_REMEMBERED, type StoredRow } from "../runtime/ports.ts";
import { damageWords } from "./chain.ts";
import type { JournalEntry, QuarantineEntry, SaleOrder } from "./own-entry.ts";
import { chargedCodes, genesis, type Head, readRow, salesOf, writeRow } from "./row.ts";

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
  /** Whether the list of open orders did not name it: its end may stand in a row that cannot be read. */
  readonly doubtful: boolean;
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
  readonly codes: readonly string[];
  readonly refs: readonly SaleOrder[];
  readonly newest: { readonly n: number; readonly hash: string } | null;
}

/** More damaged rows than these are counted only by the gaps between the others. */
const DAMAGED_MAX = 10_000;

/** So many orders that have ended are remembered with their intents: one may be opened again by a contradiction. */
const ENDED_MAX = 4_096;

/** Rows are read without their journal's id, which may be lost: only the hashes of events depend on it. */
const ANY_JOURNAL = "";

interface Kept {
  readonly intent: Intent;
  readonly charging: TxData;
  readonly last: TxData;
  /** The boots that wrote the two. */
  readonly boots: readonly [charging: string, last: string];
}

/** Takes readable rows one after the other, in their order. */
export class Salvage {
  readonly #open = new Map<string, Kept>();
  readonly #ended = new Map<string, Kept>();
  readonly #damaged: DamagedRow[] = [];
  readonly #checked = new Set<string>();
  readonly #refs = new Map<string, string>();
  #codes: string[] = [];
  #rows = 0;
  #newest: Salvaged["newest"] = null;

  /** The next row. */
  take(row: StoredRow): void {
    this.#rows += 1;
    const read = readRow(row, ANY_JOURNAL);
    if (!read.ok) {
      if (this.#damaged.length < DAMAGED_MAX)
        this.#damaged.push({ n: row.n, what: damageWords[read.reason], outTradeNo: row.outTradeNo });
      return;
    }
    this.#newest = { n: row.n, hash: row.hash };
    const codes = chargedCodes(row, ANY_JOURNAL);
    if ((row.kind === "charging" || row.kind === "quarantine") && codes.ok) this.#remember(codes.value);
    for (const [ref, outTradeNo] of this.#salesOf(row)) {
      this.#refs.delete(ref);
      this.#refs.set(ref, outTradeNo);
    }
    const { entry, event } = read.value;
    if (entry.kind === "checked") this.#checked.add(entry.outTradeNo);
    if (event === null) return;
    const { tx, boot } = event;
    const before = this.#open.get(tx.outTradeNo) ?? this.#ended.get(tx.outTradeNo);
    const kept: Kept | undefined =
      entry.kind === "charging"
        ? { intent: entry.intent, charging: tx, last: tx, boots: [boot, boot] }
        : before && { ...before, last: tx, boots: [before.boots[0], boot] };
    if (kept === undefined) return;
    this.#open.delete(tx.outTradeNo);
    this.#ended.delete(tx.outTradeNo);
    (tx.final ? this.#ended : this.#open).set(tx.outTradeNo, kept);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > ENDED_MAX && oldest !== undefined) this.#ended.delete(oldest);
  }

  /** `listed` is the list of open orders, null where it cannot be read. */
  result(listed: readonly string[] | null): Salvaged {
    const names = new Set(listed ?? []);
    const carried = [...this.#open.values()].map(({ last }): CarriedOrder => {
      const { outTradeNo, shortRef, state, amountFen } = last;
      return { outTradeNo, shortRef, state, amountFen, doubtful: listed !== null && !names.has(outTradeNo) };
    });
    const lost = [...names].filter((outTradeNo) => !this.#open.has(outTradeNo));
    const codes = this.#codes.slice(-CODES_REMEMBERED);
    const refs = [...this.#refs].slice(-CODES_REMEMBERED);
    const unchecked = this.#unchecked().map(({ last }) => last.outTradeNo);
    const read = { rows: this.#rows, damaged: this.#damaged, newest: this.#newest };
    return { ...read, carried, lost, unchecked, codes, refs };
  }

  /** The rows with which the new journal begins: where it comes from, then each open order as it stood. */
  rowsFor(journal: string, first: QuarantineEntry): readonly StoredRow[] {
    const rows: StoredRow[] = [];
    let head: Head = genesis(journal);
    const write = (entry: JournalEntry, boot: string | null): void => {
      const written = writeRow(entry, head, { journal, at: first.at, boot });
      rows.push(written.row);
      head = written.head;
    };
    write(first, null);
    for (const { intent, charging, last, boots } of [...this.#unchecked(), ...this.#open.values()]) {
      write({ kind: "charging", tx: charging, intent }, boots[0]);
      if (last !== charging) write({ kind: "money", tx: last }, boots[1]);
    }
    return rows;
  }

  #unchecked(): readonly Kept[] {
    const ended = [...this.#ended.values()];
    return ended.filter(({ last }) => isDeclinedByCode(last) && !this.#checked.has(last.outTradeNo));
  }

  #salesOf(row: StoredRow): readonly SaleOrder[] {
    return row.kind === "charging" || row.kind === "quarantine" ? salesOf(row, ANY_JOURNAL) : [];
  }

  #remember(codes: readonly string[]): void {
    this.#codes.push(...codes);
    if (this.#codes.length > 2 * CODES_REMEMBERED) this.#codes = this.#codes.slice(-CODES_REMEMBERED);
  }
}

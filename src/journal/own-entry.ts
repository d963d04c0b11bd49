/** Entries that the journal writes about itself; the core knows nothing of them. */
import type { Entry, TxData } from "../core/payment/order.ts";

/** Where a run of rows begins: the row's number, and the hash of the row before it, which is chained to. */
export interface Beginning {
  readonly n: number;
  readonly before: string;
}

/** The newest money event before a segment; `seq` 0 and `hash` null where there was none. */
export interface LastEvent {
  readonly seq: number;
  readonly hash: string | null;
}

/**
 * A segment begins with this row. Rows are dropped by whole segments, so a journal that has lost its beginning starts with
 * such a row, and the newest one says where that is: nobody else can take rows away without being noticed.
 */
export interface SegmentEntry {
  readonly kind: "segment";
  /** RFC 3339 in UTC. */
  readonly at: string;
  /** Whether `at` was known to be right: nothing is dropped by a clock that nobody believes. */
  readonly clockTrusted: boolean;
  /** The first row that the journal keeps from here on. */
  readonly first: Beginning;
  readonly events: LastEvent;
}

/** The first row of a journal that took over from a damaged one. */
export interface QuarantineEntry {
  readonly kind: "quarantine";
  readonly at: string;
  /** The folder beside the journal into which the damaged one was moved. */
  readonly folder: string;
  /** The damaged journal and the newest row that could be read of it; null where not even that is known. */
  readonly from: { readonly journal: string; readonly n: number; readonly hash: string } | null;
  /** Hashes of the codes that were charged, newest last: they stay refused. */
  readonly codes: readonly string[];
  /** The newest order of each of the till's sales, newest last: none is charged again. */
  readonly refs: readonly SaleOrder[];
}

/**
 * A money event of a journal that was put aside, which nobody had confirmed: it is reported before this journal's own, in the
 * bytes and under the identity that it always had. Its row has a number before the first event, at most 0, in the
 * order of reporting.
 */
export interface UnsentEntry {
  readonly kind: "unsent";
  /** The journal and the number by which the event is known. */
  readonly journal: string;
  readonly seq: number;
  readonly at: string;
  readonly boot: string;
  /** The hash of the event before it. */
  readonly prev: string | null;
  readonly tx: TxData;
}

/** A till's sale (`saleKey`), and the number of its newest order. */
export type SaleOrder = readonly [sale: string, outTradeNo: string];

/** Whatever a row can hold. */
export type JournalEntry = Entry | SegmentEntry | QuarantineEntry | UnsentEntry;

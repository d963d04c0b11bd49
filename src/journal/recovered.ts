/**
 * What the start reads out of the journal. Every row that anything is concluded from is checked first, and
 * what the store concluded itself (which orders are open, which event is the newest) is held against the rows
 * at the end.
 */
import { accept, type Result, refuse } from "../core/kernel/result.ts";
import {
  type Intent,
  isDeclinedByCode,
  type OpenOrder,
  type RecentOrder,
  type TxData,
} from "../core/payment/order.ts";
import { RECENT_MAX } from "../core/payment/recent.ts";
import { type StartRows, type StoredRow, TAIL_ROWS } from "../runtime/ports.ts";
import { ChainVerifier, damageWords } from "./chain.ts";
import type { Beginning, SegmentEntry } from "./own-entry.ts";
import { chargedCodes, genesis, type Head, type ReadRow, readRow, salesOf } from "./row.ts";

/** Where the journal ends, what it left open and which codes it has charged, newest last. */
export interface Recovered {
  readonly head: Head;
  readonly open: readonly OpenOrder[];
  /** Declined orders of the newest rows that were not looked at once more. */
  readonly unchecked: readonly OpenOrder[];
  readonly codeHashes: readonly string[];
  /** The newest order of each sale that a till asked for, by the till's own id, newest last. */
  readonly refs: ReadonlyMap<string, string>;
  /** The orders that began last, newest first, each with what its newest row says. */
  readonly recent: readonly RecentOrder[];
  /** The newest segment, null where the journal has only its first. */
  readonly segment: Segment | null;
  /** Where the journal begins now. */
  readonly first: Beginning;
  /** The newest money event that has been dropped, 0 where all are there. */
  readonly droppedSeq: number;
}

/** A `segment` row. */
export interface Segment {
  readonly n: number;
  readonly entry: SegmentEntry;
}

/**
 * What a start finds, or a sentence that says what is damaged. No row is kept: thousands are read, and what stays of them is
 * the hash of a code or the number of an order.
 */
export function recover(opened: StartRows): Result<Recovered, string> {
  const { journal } = opened;
  const beginning = beginningOf(opened);
  if (!beginning.ok) return beginning;
  const { first, segment, droppedSeq } = beginning.value;
  const tail = readTail(opened.tail, journal, first);
  if (!tail.ok) return tail;
  const { walk, newest, declines } = tail.value;

  const head = headOf(opened, walk);
  if (!head.ok) return head;

  const orders = openOrders(opened.open, journal);
  if (!orders.ok) return orders;
  const open = new Map(orders.value.map((order) => [order.intent.outTradeNo, order]));
  for (const [outTradeNo, { n, final }] of newest) {
    if (final ? open.has(outTradeNo) : open.get(outTradeNo)?.n !== n)
      return refuse(`order ${outTradeNo}: the list of open orders does not agree with its newest row`);
  }

  const used = usedOf(opened.charged, journal);
  if (!used.ok) return used;
  const unchecked = declines.unchecked();
  const found = orders.value.map(({ n: _n, ...order }) => order);
  // The newest row of an order stands in the place of its first.
  const recent = [...newest.values()]
    .slice(-RECENT_MAX)
    .reverse()
    .map(({ tx: { outTradeNo, shortRef, amountFen, state } }) => ({
      outTradeNo,
      shortRef,
      amountFen,
      state,
    }));
  const known = { ...used.value, recent };
  return accept({ head: head.value, open: found, unchecked, ...known, segment, first, droppedSeq });
}

/** What the newest rows say. */
interface Tail {
  readonly walk: ChainVerifier;
  /** The newest money row of each order, in the order of their first ones. */
  readonly newest: ReadonlyMap<string, NewestRow>;
  readonly declines: Declines;
}

/** Walks along the newest rows: from the journal's beginning where they are all, else from the middle. */
function readTail(rows: Iterable<StoredRow>, journal: string, first: Beginning): Result<Tail, string> {
  const newest = new Map<string, NewestRow>();
  const declines = new Declines();
  let walk: ChainVerifier | null = null;
  let begin = first.n;
  let count = 0;
  for (const row of rows) {
    if (count === 0) begin = row.n;
    walk ??= new ChainVerifier(journal, begin === 1 && first.n === 1 ? genesis(journal) : null);
    const read = walk.step(row);
    if (!read.ok) return refuse(`row ${row.n}: ${damageWords[read.reason]}`);
    declines.read(read.value);
    const { event } = read.value;
    if (event !== null) newest.set(event.tx.outTradeNo, { n: row.n, final: event.tx.final, tx: event.tx });
    count += 1;
  }
  if (count < TAIL_ROWS && begin !== first.n) return refuse(`row ${first.n}: ${damageWords.gap}`);
  walk ??= new ChainVerifier(journal, first.n === 1 ? genesis(journal) : null);
  return accept({ walk, newest, declines });
}

/** The used codes and the sales of the newest charges, which come newest first. */
function usedOf(
  charged: Iterable<StoredRow>,
  journal: string,
): Result<Pick<Recovered, "codeHashes" | "refs">, string> {
  const codes: string[] = [];
  const sales = new Map<string, string>();
  for (const row of charged) {
    const found = chargedCodes(row, journal);
    if (!found.ok) return refuse(`row ${row.n}: ${damageWords[found.reason]}`);
    codes.push(...found.value.toReversed());
    for (const [ref, outTradeNo] of salesOf(row, journal).toReversed())
      if (!sales.has(ref)) sales.set(ref, outTradeNo);
  }
  return accept({ codeHashes: codes.reverse(), refs: new Map([...sales].reverse()) });
}

/**
 * Follows declines through the newest rows. A decline so old that its intent is not among them was looked at long ago, or
 * the box was off for as long as thousands of payments take.
 */
class Declines {
  readonly #intents = new Map<string, Intent>();
  readonly #unchecked = new Map<string, OpenOrder>();

  read({ entry }: ReadRow): void {
    if (entry.kind === "charging") this.#intents.set(entry.tx.outTradeNo, entry.intent);
    else if (entry.kind === "checked") this.#unchecked.delete(entry.outTradeNo);
    else if (entry.kind === "money") this.#money(entry.tx);
  }

  unchecked(): readonly OpenOrder[] {
    return [...this.#unchecked.values()];
  }

  #money(last: TxData): void {
    const intent = this.#intents.get(last.outTradeNo);
    if (intent !== undefined && isDeclinedByCode(last))
      this.#unchecked.set(last.outTradeNo, { intent, last });
    // A decline that was contradicted is being reversed, and open by itself.
    else this.#unchecked.delete(last.outTradeNo);
  }
}

/** Where the journal begins: at its first row ever, or where its newest segment says that rows were dropped. */
function beginningOf(opened: StartRows): Result<Pick<Recovered, "segment" | "first" | "droppedSeq">, string> {
  const { journal, first, segment } = opened;
  const start: Beginning = { n: 1, before: genesis(journal).hash };
  const newest = segment === null ? null : segmentOf(segment, journal);
  if (newest !== null && !newest.ok) return newest;
  const claimed = newest?.value.entry.first ?? start;
  const result = { segment: newest?.value ?? null, first: claimed };
  if (claimed.n === 1 && claimed.before === start.before && (first?.n ?? 1) === 1)
    return accept({ ...result, droppedSeq: 0 });
  const oldest = first === null ? null : segmentOf(first, journal);
  if (oldest === null || !oldest.ok || oldest.value.n !== claimed.n || oldest.value.before !== claimed.before)
    return refuse(`row ${first?.n ?? 0}: the journal does not begin where its newest segment says`);
  return accept({ ...result, droppedSeq: oldest.value.entry.events.seq });
}

function segmentOf(row: StoredRow, journal: string): Result<Segment & { readonly before: string }, string> {
  const read = readRow(row, journal);
  if (!read.ok) return refuse(`row ${row.n}: ${damageWords[read.reason]}`);
  const { entry, before } = read.value;
  return entry.kind === "segment"
    ? accept({ n: row.n, before, entry })
    : refuse(`row ${row.n}: it is not the beginning of a segment`);
}

function headOf(opened: StartRows, walk: ChainVerifier): Result<Head, string> {
  const { journal, lastMoney } = opened;
  const start = genesis(journal);
  const row = walk.row ?? start;
  if (lastMoney === null) {
    return walk.event === null || walk.event.seq === 0
      ? accept({ ...start, n: row.n, hash: row.hash })
      : refuse("the newest money event is missing");
  }
  const read = readRow(lastMoney, journal);
  if (!read.ok) return refuse(`row ${lastMoney.n}: ${damageWords[read.reason]}`);
  const { event } = read.value;
  if (event === null || (walk.event !== null && walk.event.seq !== event.seq))
    return refuse(`row ${lastMoney.n}: it is not the newest money event`);
  return accept({ n: row.n, hash: row.hash, seq: event.seq, eventHash: event.hash });
}

/** The newest money row of an order. */
interface NewestRow {
  readonly n: number;
  readonly final: boolean;
  readonly tx: TxData;
}

/** An open order with the number of its newest row. */
type OpenRow = OpenOrder & Pick<NewestRow, "n">;

/** Orders in the order of their intents. */
function openOrders(rows: Iterable<StoredRow>, journal: string): Result<readonly OpenRow[], string> {
  const orders = new Map<string, OpenRow>();
  for (const row of rows) {
    const read = readRow(row, journal);
    if (!read.ok) return refuse(`row ${row.n}: ${damageWords[read.reason]}`);
    const { entry } = read.value;
    if (entry.kind === "charging") {
      const { outTradeNo } = entry.tx;
      if (orders.has(outTradeNo) || !isOf(entry.intent, entry.tx))
        return refuse(`row ${row.n}: the intent of order ${outTradeNo} does not stand alone`);
      const doubted = entry.doubted === true ? { doubted: true as const } : {};
      orders.set(outTradeNo, { n: row.n, intent: entry.intent, last: entry.tx, ...doubted });
    } else if (entry.kind === "money") {
      const order = orders.get(entry.tx.outTradeNo);
      if (order === undefined || !isOf(order.intent, entry.tx))
        return refuse(`row ${row.n}: order ${entry.tx.outTradeNo} has no intent that fits`);
      orders.set(entry.tx.outTradeNo, { ...order, n: row.n, last: entry.tx });
    } else if (entry.kind === "evidence") {
      const order = orders.get(entry.outTradeNo);
      if (order === undefined) return refuse(`row ${row.n}: order ${entry.outTradeNo} has no intent`);
      orders.set(entry.outTradeNo, { ...order, evidence: entry.evidence });
    }
  }
  for (const { intent, last } of orders.values()) {
    if (last.final) return refuse(`order ${intent.outTradeNo}: it is listed as open but has ended`);
  }
  return accept([...orders.values()]);
}

function isOf(intent: Intent, tx: TxData): boolean {
  return intent.outTradeNo === tx.outTradeNo && intent.amountFen === tx.amountFen;
}

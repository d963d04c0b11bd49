/**
 * What the start reads out of the journal. Every row that anything is concluded from is checked first, and
 * what the store concluded itself (which orders are open, which event is the newest) is held against the rows
 * at the end.
 */
import { accept, type Result, refuse } from "../core/kernel/result.ts";
import type { Intent, OpenOrder, TxData } from "../core/payment/order.ts";
import { type StoredRow, type StoreOpened, TAIL_ROWS } from "../runtime/ports.ts";
import { ChainWalk, damageWords } from "./chain.ts";
import { chargedCode, genesis, type Head, readRow } from "./row.ts";

/** Where the journal ends, what it left open and which codes it has charged, newest last. */
export interface Recovered {
  readonly head: Head;
  readonly open: readonly OpenOrder[];
  readonly codeHashes: readonly string[];
}

/** What a start finds, or a sentence that says what is damaged. */
export function recover(opened: Extract<StoreOpened, { kind: "opened" }>): Result<Recovered, string> {
  const { journal, tail } = opened;
  const walk = new ChainWalk(journal, tail.length < TAIL_ROWS ? genesis(journal) : null);
  const finals = new Map<string, boolean>();
  for (const row of tail) {
    const read = walk.step(row);
    if (!read.ok) return refuse(`row ${row.n}: ${damageWords[read.reason]}`);
    if (read.value.event !== null) finals.set(read.value.event.tx.outTradeNo, read.value.event.tx.final);
  }

  const head = headOf(opened, walk);
  if (!head.ok) return head;

  const orders = openOrders(journal, opened.open);
  if (!orders.ok) return orders;
  const open = new Set(orders.value.map((order) => order.intent.outTradeNo));
  for (const [outTradeNo, final] of finals) {
    if (final === open.has(outTradeNo))
      return refuse(`order ${outTradeNo}: the list of open orders does not agree with its newest row`);
  }

  const codeHashes: string[] = [];
  for (const row of opened.charged) {
    const code = chargedCode(row);
    if (!code.ok) return refuse(`row ${row.n}: ${damageWords[code.reason]}`);
    if (code.value !== null) codeHashes.push(code.value);
  }
  return accept({ head: head.value, open: orders.value, codeHashes });
}

function headOf(opened: Extract<StoreOpened, { kind: "opened" }>, walk: ChainWalk): Result<Head, string> {
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

/** Orders in the order of their intents. */
function openOrders(journal: string, rows: readonly StoredRow[]): Result<readonly OpenOrder[], string> {
  const orders = new Map<string, OpenOrder>();
  for (const row of rows) {
    const read = readRow(row, journal);
    if (!read.ok) return refuse(`row ${row.n}: ${damageWords[read.reason]}`);
    const { entry } = read.value;
    if (entry.kind === "charging") {
      const { outTradeNo } = entry.tx;
      if (orders.has(outTradeNo) || !isOf(entry.intent, entry.tx))
        return refuse(`row ${row.n}: the intent of order ${outTradeNo} does not stand alone`);
      orders.set(outTradeNo, { intent: entry.intent, last: entry.tx });
    } else if (entry.kind === "money") {
      const order = orders.get(entry.tx.outTradeNo);
      if (order === undefined || !isOf(order.intent, entry.tx))
        return refuse(`row ${row.n}: order ${entry.tx.outTradeNo} has no intent that fits`);
      orders.set(entry.tx.outTradeNo, { intent: order.intent, last: entry.tx });
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

/** Holds the bill of a day against the orders of a box (WeChat Pay v2, downloadbill of kind ALL). */
import type { TxData } from "../../core/payment/order.ts";
import { beijingTime } from "../beijing-time.ts";
import type { BillException, ExceptionKind, NotCompared, Reconciliation, Whose } from "../bill.ts";
import type { Bill, BillRow } from "./bill.ts";

/** The days of a bill's rows, each once; a bill of one day has one. */
export function datesOf(rows: readonly BillRow[]): readonly string[] {
  return [...new Set(rows.map(({ at }) => at.slice(0, 10)))];
}

/**
 * Compares. `orders` are all orders of the journal in their newest state. Payments within ten minutes of midnight that this
 * bill lacks are not missed: they may stand in its neighbour.
 */
export function reconcile(
  { rows, notAdded, tellsRefunds }: Pick<Bill, "rows" | "notAdded" | "tellsRefunds">,
  orders: Iterable<TxData>,
  { box, boxTag, date }: Whose,
): Reconciliation {
  const billed = new Set(rows.map(({ outTradeNo }) => outTradeNo));
  const journal = new Map<string, TxData>();
  const paid: TxData[] = [];
  // Of a million orders only those stay in memory that the bill names or the day has.
  for (const tx of orders) {
    if (billed.has(tx.outTradeNo)) journal.set(tx.outTradeNo, tx);
    if (tx.state === "paid" && isOf(date, tx.finalAt, 0)) paid.push(tx);
  }
  const ours = rows.filter(
    ({ outTradeNo, deviceInfo }) =>
      deviceInfo === box || outTradeNo.startsWith(`${boxTag}_`) || journal.has(outTradeNo),
  );
  const bill = Map.groupBy(ours, ({ outTradeNo }) => outTradeNo);
  const merchants = new Set(rows.map(({ merchantId }) => merchantId));
  const absent = paid.filter(({ outTradeNo }) => !bill.has(outTradeNo));
  const elsewhere = absent.filter(({ merchantId }) => rows.length > 0 && !merchants.has(merchantId));
  const here = absent.filter((tx) => !elsewhere.includes(tx));
  const missing = here.filter(({ finalAt }) => isOf(date, finalAt, NEAR_MIDNIGHT_MS));
  const exceptions = [
    ...[...bill].flatMap(([outTradeNo, of]) => exceptionOf(outTradeNo, of, journal.get(outTradeNo)) ?? []),
    ...missing.map((tx) => exception("missing", tx.outTradeNo, [], tx)),
  ];
  const notCompared: readonly NotCompared[] = [
    ...(tellsRefunds ? [] : [{ why: "refunds", about: null } as const]),
    ...notAdded.map((about) => ({ why: "sum", about }) as const),
    ...elsewhere.map(({ outTradeNo }) => ({ why: "merchant", about: outTradeNo }) as const),
    ...here
      .filter((tx) => !missing.includes(tx))
      .map(({ outTradeNo }) => ({ why: "midnight", about: outTradeNo }) as const),
    ...ours
      .filter(({ tradeState }) => !tradeStates.includes(tradeState))
      .map(({ outTradeNo }) => ({ why: "state", about: outTradeNo }) as const),
  ];
  return { date, inBill: bill.size, inJournal: paid.length, exceptions, notCompared };
}

/** What rows of a bill say of an order; a payment, a refund by the merchant, a reversal by the box. */
const tradeStates: readonly string[] = ["SUCCESS", "REFUND", "REVOKED"];

function exceptionOf(
  outTradeNo: string,
  rows: readonly BillRow[],
  tx: TxData | undefined,
): BillException | null {
  const kind = kindOf(rows, tx);
  return kind === null ? null : exception(kind, outTradeNo, rows, tx);
}

function kindOf(rows: readonly BillRow[], tx: TxData | undefined): ExceptionKind | null {
  if (tx === undefined) return "unknown";
  if (!tx.final) return "open";
  const payments = rows.filter(({ tradeState }) => tradeState === "SUCCESS");
  // A revocation comes from the box; what the merchant refunds later leaves a payment a payment.
  const revoked = rows.some(({ tradeState }) => tradeState === "REVOKED");
  const [first] = payments;
  // Two payments of one order are not what the journal has.
  if (first !== undefined && payments.reduce((sum, row) => sum + amountOf(row), 0) !== tx.amountFen)
    return "amount";
  if (tx.state === "paid") return revoked ? "taken-back" : null;
  return first !== undefined && !isReturned(rows, tx.amountFen) ? "charged" : null;
}

function amountOf({ orderFen, settledFen }: BillRow): number {
  return orderFen ?? settledFen;
}

/** Whether everything went back: a reversal is of the whole, refunds are added up, and one that failed gives nothing back. */
function isReturned(rows: readonly BillRow[], amountFen: number): boolean {
  const done = rows.filter(({ refundState }) => refundState === null || refundState === "SUCCESS");
  if (done.some(({ tradeState }) => tradeState === "REVOKED")) return true;
  const refunds = done.filter(({ tradeState }) => tradeState === "REFUND");
  const fen = refunds.reduce((sum, row) => sum + (row.askedBackFen ?? row.refundFen ?? 0), 0);
  return fen >= amountFen;
}

function exception(
  kind: ExceptionKind,
  outTradeNo: string,
  rows: readonly BillRow[],
  tx: TxData | undefined,
): BillException {
  const bill = rows.map((row) => `${row.tradeState} ${amountOf(row)}`);
  const transactionId = rows[0]?.transactionId ?? tx?.transactionId ?? null;
  const journal = tx === undefined ? null : { state: tx.state, amountFen: tx.amountFen, charged: tx.charged };
  return { kind, outTradeNo, transactionId, bill, journal };
}

const NEAR_MIDNIGHT_MS = 10 * 60_000;

/** Whether a moment (RFC 3339) lies in a day of Beijing, and so far from its ends. */
function isOf(date: string, at: string | null, marginMs: number): boolean {
  if (at === null) return false;
  const day = date.replaceAll("-", "");
  const moment = Date.parse(at);
  return [moment - marginMs, moment + marginMs].every((end) => beijingTime(end).startsWith(day));
}

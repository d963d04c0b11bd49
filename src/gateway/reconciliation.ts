/** Holds the bill of a day against the orders of a box (WeChat Pay v2, downloadbill of kind ALL). */
import type { TxData } from "../core/payment/order.ts";
import { beijingTime } from "./beijing-time.ts";
import type { BillRow } from "./bill.ts";

/**
 * What does not agree. `unknown`: the bill has an order of this box that the journal lacks. `missing`: the journal has a
 * payment of that day that the bill lacks. `amount`: they name different amounts. `charged`: the bill has a payment that has
 * not gone back, and the journal says otherwise. `taken-back`: the other way round. `open`: the journal does not know yet.
 */
export type ExceptionKind = "unknown" | "missing" | "amount" | "charged" | "taken-back" | "open";

/** One order on which bill and journal do not agree. */
export interface BillException {
  readonly kind: ExceptionKind;
  readonly outTradeNo: string;
  readonly transactionId: string | null;
  /** What the bill says, `SUCCESS 1250` for each row; empty where it has none. */
  readonly bill: readonly string[];
  /** What the journal says, null where it has nothing. */
  readonly journal: Pick<TxData, "state" | "amountFen" | "charged"> | null;
}

/** What came of it. */
export interface Reconciliation {
  /** `yyyy-MM-dd` in Beijing. */
  readonly date: string;
  /** Orders of this box in the bill. */
  readonly inBill: number;
  /** Payments of the journal that ended on that day. */
  readonly inJournal: number;
  readonly exceptions: readonly BillException[];
}

/** The day of a bill, by its first row; null where it has none. */
export function dateOf(rows: readonly BillRow[]): string | null {
  return rows[0]?.at.slice(0, 10) ?? null;
}

/**
 * Compares. `orders` are all orders of the journal in their newest state, and `box` is the `device_info` by which the bill
 * names this box. Payments within ten minutes of midnight may stand in the next day's bill and are not missed.
 */
export function reconcile(
  rows: readonly BillRow[],
  orders: readonly TxData[],
  { box, date }: { readonly box: string; readonly date: string },
): Reconciliation {
  const journal = new Map(orders.map((tx) => [tx.outTradeNo, tx]));
  const ours = rows.filter(({ outTradeNo, deviceInfo }) => deviceInfo === box || journal.has(outTradeNo));
  const bill = Map.groupBy(ours, ({ outTradeNo }) => outTradeNo);
  const paid = orders.filter(({ state, finalAt }) => state === "paid" && isOf(date, finalAt));
  const exceptions = [
    ...[...bill].flatMap(([outTradeNo, of]) => exceptionOf(outTradeNo, of, journal.get(outTradeNo)) ?? []),
    ...paid.flatMap((tx) => (bill.has(tx.outTradeNo) ? [] : [exception("missing", tx.outTradeNo, [], tx)])),
  ];
  return { date, inBill: bill.size, inJournal: paid.length, exceptions };
}

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
  const payment = rows.find(({ tradeState }) => tradeState === "SUCCESS");
  // A revocation comes from the box; what the merchant refunds later leaves a payment a payment.
  const revoked = rows.some(({ tradeState }) => tradeState === "REVOKED");
  const returned = revoked || rows.some(({ tradeState }) => tradeState === "REFUND");
  const { orderFen = null } = payment ?? {};
  if (orderFen !== null && orderFen !== tx.amountFen) return "amount";
  if (tx.state === "paid") return revoked ? "taken-back" : null;
  return payment !== undefined && !returned ? "charged" : null;
}

function exception(
  kind: ExceptionKind,
  outTradeNo: string,
  rows: readonly BillRow[],
  tx: TxData | undefined,
): BillException {
  const bill = rows.map(({ tradeState, orderFen }) => [tradeState, orderFen].join(" ").trim());
  const transactionId = rows[0]?.transactionId ?? tx?.transactionId ?? null;
  const journal = tx === undefined ? null : { state: tx.state, amountFen: tx.amountFen, charged: tx.charged };
  return { kind, outTradeNo, transactionId, bill, journal };
}

const NEAR_MIDNIGHT_MS = 10 * 60_000;

/** Whether a moment (RFC 3339) lies in a day of Beijing, and not near its ends. */
function isOf(date: string, at: string | null): boolean {
  if (at === null) return false;
  const day = date.replaceAll("-", "");
  const moment = Date.parse(at);
  const ends = [moment - NEAR_MIDNIGHT_MS, moment + NEAR_MIDNIGHT_MS];
  return ends.every((end) => beijingTime(end).startsWith(day));
}

/** Holds the bill of a day against the orders of a box (WeChat Pay v2, downloadbill of kind ALL). */
import type { TxData } from "../../core/payment/order.ts";
import { beijingTime } from "./beijing-time.ts";
import type { Bill, BillRow } from "./bill.ts";

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

/**
 * What could not be compared, and therefore agrees with nobody. `refunds`: the bill does not tell what went back. `sum`: a
 * column or a sum has no other one to be held against. `merchant`: the journal has payments of that day to another merchant,
 * whose bill this is not. `midnight`: a payment that this bill lacks may stand in that of the next day or the day before.
 * `state`: a row says of an order what this program does not know.
 */
export type NotComparedWhy = "refunds" | "sum" | "merchant" | "midnight" | "state";

/** One thing that was not compared: the order, or the name of the column, where there is one. */
export interface NotCompared {
  readonly why: NotComparedWhy;
  readonly about: string | null;
}

/** What came of it. They agree where both lists are empty. */
export interface Reconciliation {
  /** `yyyy-MM-dd` in Beijing. */
  readonly date: string;
  /** Orders of this box in the bill. */
  readonly inBill: number;
  /** Payments of the journal that ended on that day. */
  readonly inJournal: number;
  readonly exceptions: readonly BillException[];
  readonly notCompared: readonly NotCompared[];
}

/** The days of a bill's rows, each once; a bill of one day has one. */
export function datesOf(rows: readonly BillRow[]): readonly string[] {
  return [...new Set(rows.map(({ at }) => at.slice(0, 10)))];
}

/** Which box, and which day. */
export interface Whose {
  /** The `device_info` by which the bill names this box. */
  readonly box: string;
  /** How its order numbers begin: a bill may leave the device out. */
  readonly boxTag: string;
  /** `yyyy-MM-dd` in Beijing. */
  readonly date: string;
}

/**
 * Compares. `orders` are all orders of the journal in their newest state. Payments within ten minutes of midnight that this
 * bill lacks are not missed: they may stand in its neighbour.
 */
export function reconcile(
  { rows, notAdded, tellsRefunds }: Pick<Bill, "rows" | "notAdded" | "tellsRefunds">,
  orders: readonly TxData[],
  { box, boxTag, date }: Whose,
): Reconciliation {
  const journal = new Map(orders.map((tx) => [tx.outTradeNo, tx]));
  const ours = rows.filter(
    ({ outTradeNo, deviceInfo }) =>
      deviceInfo === box || outTradeNo.startsWith(`${boxTag}_`) || journal.has(outTradeNo),
  );
  const bill = Map.groupBy(ours, ({ outTradeNo }) => outTradeNo);
  const paid = orders.filter(({ state, finalAt }) => state === "paid" && isOf(date, finalAt, 0));
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

/**
 * The bill of a day as a table (WeChat Pay v2, downloadbill): UTF-8 with a byte-order mark; a header; rows whose cells each
 * begin with a back-tick; a header of sums and the sums. It is not signed: it may raise an alarm, and proves no payment.
 *
 *     交易时间,公众账号ID,…,商户订单号,…       the columns differ by kind and year, so that they are found by name
 *     `2026-03-15 09:30:14,`wx12…,…,`BX0123…
 *     总交易单数,应结订单总金额,…
 *     `1,`12.80,…
 */
import { accept, type Result, refuse } from "../../core/kernel/result.ts";
import { columnOf, sumOf } from "./bill-columns.ts";

/** A day's bill. */
export interface Bill {
  readonly columns: readonly string[];
  readonly rows: readonly BillRow[];
  /** The sums by their names, as they were written. */
  readonly sums: ReadonlyMap<string, string>;
  /** Sums of which the bill has no column, and columns of money of which it has no sum: nothing was added up for them. */
  readonly notAdded: readonly string[];
  /** Whether it tells what went back: a bill of successful payments alone (kind SUCCESS) does not. */
  readonly tellsRefunds: boolean;
}

/** One payment or refund. What a row does not say, or a bill of its kind has no column for, is null. */
export interface BillRow {
  /** `yyyy-MM-dd HH:mm:ss` in Beijing. */
  readonly at: string;
  readonly merchantId: string;
  /** The sub-merchant's id in a provider's bill, else null. */
  readonly subMerchantId: string | null;
  readonly deviceInfo: string | null;
  readonly transactionId: string;
  readonly outTradeNo: string;
  readonly tradeType: string;
  /** SUCCESS, REFUND or REVOKED. */
  readonly tradeState: string;
  /** The order's whole amount; the ordinary bill of 24 columns has `settledFen` alone. */
  readonly orderFen: number | null;
  /** What the merchant gets of it: the order's amount without coupons that nobody pays for. */
  readonly settledFen: number;
  readonly refundFen: number | null;
  /** What was asked back, where the bill tells it: `refundFen` is without such coupons. */
  readonly askedBackFen: number | null;
  readonly outRefundNo: string | null;
  readonly refundId: string | null;
  readonly refundState: string | null;
  /** Every cell by the name of its column. The customer's id is among them: never log it. */
  readonly cells: ReadonlyMap<string, string>;
}

/**
 * Why a table was refused. `unknown-column`: nobody knows what it would say. `refunds-alone`: a bill of kind REFUND has no
 * payments. `count` and `sums` are those it gives of itself, which show where a part is missing.
 */
export type BillRefusal =
  | "not-utf8"
  | "malformed"
  | "missing-column"
  | "unknown-column"
  | "refunds-alone"
  | "count"
  | "sums";

/** Reads a whole bill; its size is the caller's to bound. */
export function parseBill(body: Uint8Array): Result<Bill, BillRefusal> {
  const text = decodeUtf8(body);
  if (text === null) return refuse("not-utf8");
  const lines = text.split(/\r?\n/);
  while (lines.at(-1) === "") lines.pop();
  const names = headerOf(lines[0], columnOf);
  const sumNames = headerOf(lines.at(-2), sumOf);
  const sums = cellsOf(lines.at(-1), sumNames);
  // The shortest bill is two headers and the sums of nothing.
  if (lines.length < 3 || names === null || sumNames === null || sums === null) return refuse("malformed");
  const { columns, known } = names;
  if (columns.some((name) => refundTimes.includes(name))) return refuse("refunds-alone");
  if (!needed.every((name) => columns.includes(name))) return refuse("missing-column");
  if (!known || !sumNames.known) return refuse("unknown-column");
  const rows: BillRow[] = [];
  for (const line of lines.slice(1, -2)) {
    const cells = cellsOf(line, names);
    const row = cells === null ? null : rowOf(cells);
    if (row === null) return refuse("malformed");
    rows.push(row);
  }
  if (sums.get("总交易单数") !== String(rows.length)) return refuse("count");
  const both = additions.filter(([sum, name]) => columns.includes(name) && sumNames.columns.includes(sum));
  if (!both.every(([sum, name]) => addsUp(rows, name, sums.get(sum)))) return refuse("sums");
  const notAdded = additions.flatMap(([sum, name]) => {
    if (columns.includes(name) === sumNames.columns.includes(sum)) return [];
    return [columns.includes(name) ? name : sum];
  });
  const tellsRefunds = columns.includes(column.refundFen);
  return accept({ columns, rows, sums, notAdded, tellsRefunds });
}

const column = {
  at: "交易时间",
  merchantId: "商户号",
  subMerchantId: "特约商户号",
  deviceInfo: "设备号",
  transactionId: "微信订单号",
  outTradeNo: "商户订单号",
  tradeType: "交易类型",
  tradeState: "交易状态",
  settledFen: "应结订单金额",
  orderFen: "订单金额",
  refundFen: "退款金额",
  askedBackFen: "申请退款金额",
  outRefundNo: "商户退款单号",
  refundId: "微信退款单号",
  refundState: "退款状态",
} as const;

const needed = [
  column.at,
  column.merchantId,
  column.deviceInfo,
  column.transactionId,
  column.outTradeNo,
  column.tradeType,
  column.tradeState,
  column.settledFen,
];

/** Cells of these are never empty. */
const filled = needed.filter((name) => name !== column.deviceInfo);

/** Columns of a bill of refunds alone. */
const refundTimes: readonly string[] = ["退款申请时间", "退款成功时间"];

/** Which sum is that of which column. */
const additions: readonly (readonly [sum: string, column: string])[] = [
  ["应结订单总金额", column.settledFen],
  ["退款总金额", column.refundFen],
  ["充值券退款总金额", "充值券退款金额"],
  ["订单总金额", column.orderFen],
  ["申请退款总金额", column.askedBackFen],
];

const utf8 = new TextDecoder("utf-8", { fatal: true });

function decodeUtf8(body: Uint8Array): string | null {
  try {
    return utf8.decode(body);
  } catch {
    return null;
  }
}

/** A header: its names as this program calls them, and whether all of them are known. */
interface Header {
  readonly columns: readonly string[];
  readonly known: boolean;
}

/** The names of columns: none twice, none of them a cell. */
function headerOf(line: string | undefined, nameOf: (written: string) => string | null): Header | null {
  if (line === undefined || line === "" || line.includes("`")) return null;
  const written = line.split(",").map((name) => name.replace(/\s/g, ""));
  const columns = written.map((name) => nameOf(name) ?? name);
  if (new Set(columns).size !== columns.length || columns.includes("")) return null;
  return { columns, known: written.every((name) => nameOf(name) !== null) };
}

/** A comma alone may stand in a cell, such as the name of what was bought; a comma and a back-tick end it. */
function cellsOf(line: string | undefined, header: Header | null): ReadonlyMap<string, string> | null {
  if (line === undefined || header === null || !line.startsWith("`")) return null;
  const cells = line.slice(1).split(",`");
  if (cells.length !== header.columns.length) return null;
  return new Map(header.columns.map((name, index) => [name, cells[index] ?? ""]));
}

const moneyColumns = [column.settledFen, column.orderFen, column.refundFen, column.askedBackFen];

function rowOf(cells: ReadonlyMap<string, string>): BillRow | null {
  /** A number that does not exist is written as 0 in a bill. */
  const optional = (name: string): string | null => {
    const value = cells.get(name) ?? "";
    return value === "" || value === "0" ? null : value;
  };
  const required = (name: string): string => cells.get(name) ?? "";
  const money = new Map<string, number>();
  for (const name of moneyColumns) {
    const text = cells.get(name);
    const fen = text === undefined ? null : fenOfYuan(text);
    if (text !== undefined && fen === null) return null;
    if (fen !== null) money.set(name, fen);
  }
  const settledFen = money.get(column.settledFen);
  if (settledFen === undefined) return null;
  if (filled.some((name) => required(name) === "")) return null;
  if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(required(column.at))) return null;
  return {
    at: required(column.at),
    merchantId: required(column.merchantId),
    subMerchantId: optional(column.subMerchantId),
    deviceInfo: optional(column.deviceInfo),
    transactionId: required(column.transactionId),
    outTradeNo: required(column.outTradeNo),
    tradeType: required(column.tradeType),
    tradeState: required(column.tradeState),
    orderFen: money.get(column.orderFen) ?? null,
    settledFen,
    refundFen: money.get(column.refundFen) ?? null,
    askedBackFen: money.get(column.askedBackFen) ?? null,
    outRefundNo: optional(column.outRefundNo),
    refundId: optional(column.refundId),
    refundState: optional(column.refundState),
    cells,
  };
}

function addsUp(rows: readonly BillRow[], name: string, sum: string | undefined): boolean {
  let total = 0;
  for (const { cells } of rows) {
    const fen = fenOfYuan(cells.get(name) ?? "");
    if (fen === null) return false;
    total += fen;
  }
  return fenOfYuan(sum ?? "") === total;
}

/** Whole fen of an amount in yuan. Zero is one, and a bill leaves zeros away: it writes `0`, `0.0` and `0.00`. */
function fenOfYuan(text: string): number | null {
  const match = /^(\d{1,12})(?:\.(\d{1,2}))?$/.exec(text);
  if (match === null) return null;
  const [, yuan = "", cents = ""] = match;
  return Number(yuan) * 100 + Number(cents.padEnd(2, "0"));
}

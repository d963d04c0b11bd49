/**
 * The bill of a day as a table (WeChat Pay v2, downloadbill): UTF-8 with a byte-order mark; a header; rows whose cells each
 * begin with a back-tick; a header of sums and the sums. It is not signed: it may raise an alarm, and proves no payment.
 *
 *     交易时间,公众账号ID,…,商户订单号,…       the columns differ by kind and year, so that they are found by name
 *     `2026-03-15 09:30:14,`wx12…,…,`BX0123…
 *     总交易单数,应结订单总金额,…
 *     `1,`12.80,…
 */
import { accept, type Result, refuse } from "../core/kernel/result.ts";

/** A day's bill. */
export interface Bill {
  readonly columns: readonly string[];
  readonly rows: readonly BillRow[];
  /** The sums by their names, as they were written. */
  readonly sums: ReadonlyMap<string, string>;
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
  readonly orderFen: number | null;
  readonly refundFen: number | null;
  readonly outRefundNo: string | null;
  readonly refundId: string | null;
  readonly refundState: string | null;
  /** Every cell by the name of its column. The customer's id is among them: never log it. */
  readonly cells: ReadonlyMap<string, string>;
}

/** Why a table was refused: `count` and `sums` are those it gives of itself, which show where a part is missing. */
export type BillRefusal = "not-utf8" | "malformed" | "missing-column" | "count" | "sums";

/** Reads a whole bill; its size is the caller's to bound. */
export function parseBill(body: Uint8Array): Result<Bill, BillRefusal> {
  const text = decodeUtf8(body);
  if (text === null) return refuse("not-utf8");
  const lines = text.split(/\r?\n/);
  while (lines.at(-1) === "") lines.pop();
  const names = headerOf(lines[0]);
  const sumNames = headerOf(lines.at(-2));
  const sums = cellsOf(lines.at(-1), sumNames);
  // The shortest bill is two headers and the sums of nothing.
  if (lines.length < 3 || names === null || sumNames === null || sums === null) return refuse("malformed");
  if (!needed.every((name) => names.includes(name))) return refuse("missing-column");
  const rows: BillRow[] = [];
  for (const line of lines.slice(1, -2)) {
    const cells = cellsOf(line, names);
    const row = cells === null ? null : rowOf(cells);
    if (row === null) return refuse("malformed");
    rows.push(row);
  }
  if (sums.get("总交易单数") !== String(rows.length)) return refuse("count");
  if (!additions.every(([sum, column]) => addsUp(rows, column, sums.get(sum)))) return refuse("sums");
  return accept({ columns: names, rows, sums });
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
  orderFen: "订单金额",
  refundFen: "退款金额",
  outRefundNo: "商户退款单号",
  refundId: "微信退款单号",
  refundState: "退款状态",
} as const;

const needed = [
  column.at,
  column.merchantId,
  column.transactionId,
  column.outTradeNo,
  column.tradeType,
  column.tradeState,
];

/** Which sum is that of which column, where a bill has both. */
const additions: readonly (readonly [sum: string, column: string])[] = [
  ["应结订单总金额", "应结订单金额"],
  ["退款总金额", column.refundFen],
  ["订单总金额", column.orderFen],
  ["申请退款总金额", "申请退款金额"],
];

const utf8 = new TextDecoder("utf-8", { fatal: true });

function decodeUtf8(body: Uint8Array): string | null {
  try {
    return utf8.decode(body);
  } catch {
    return null;
  }
}

/** The names of columns: none twice, none of them a cell. */
function headerOf(line: string | undefined): readonly string[] | null {
  if (line === undefined || line === "" || line.includes("`")) return null;
  const names = line.split(",").map((name) => name.trim());
  return new Set(names).size === names.length && !names.includes("") ? names : null;
}

/** A comma alone may stand in a cell, such as the name of what was bought; a comma and a back-tick end it. */
function cellsOf(
  line: string | undefined,
  names: readonly string[] | null,
): ReadonlyMap<string, string> | null {
  if (line === undefined || names === null || !line.startsWith("`")) return null;
  const cells = line.slice(1).split(",`");
  if (cells.length !== names.length) return null;
  return new Map(names.map((name, index) => [name, cells[index] ?? ""]));
}

function rowOf(cells: ReadonlyMap<string, string>): BillRow | null {
  /** A number that does not exist is written as 0 in a bill. */
  const optional = (name: string): string | null => {
    const value = cells.get(name) ?? "";
    return value === "" || value === "0" ? null : value;
  };
  const required = (name: string): string => cells.get(name) ?? "";
  const money = [column.orderFen, column.refundFen].map((name) => cells.get(name));
  if (money.some((text) => text !== undefined && fenOfYuan(text) === null)) return null;
  const [orderFen = null, refundFen = null] = money.map((text) =>
    text === undefined ? null : fenOfYuan(text),
  );
  if (needed.some((name) => required(name) === "")) return null;
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
    orderFen,
    refundFen,
    outRefundNo: optional(column.outRefundNo),
    refundId: optional(column.refundId),
    refundState: optional(column.refundState),
    cells,
  };
}

function addsUp(rows: readonly BillRow[], name: string, sum: string | undefined): boolean {
  if (sum === undefined || rows[0]?.cells.has(name) === false) return true;
  let total = 0;
  for (const { cells } of rows) {
    const fen = fenOfYuan(cells.get(name) ?? "");
    if (fen === null) return false;
    total += fen;
  }
  return fenOfYuan(sum) === total;
}

/** Whole fen of an amount in yuan with two decimals; zero is one. */
function fenOfYuan(text: string): number | null {
  return /^\d{1,12}\.\d\d$/.test(text) ? Number(text.replace(".", "")) : null;
}

/** `scanbox journal reconcile`: holds a bill of WeChat Pay against the journal. */
import { readFileSync, statSync } from "node:fs";
import { formatYuan } from "../core/kernel/fen.ts";
import type { TxData } from "../core/payment/order.ts";
import { type BillRefusal, parseBill } from "../gateway/bill.ts";
import { type BillException, dateOf, type ExceptionKind, reconcile } from "../gateway/reconciliation.ts";
import { damageWords } from "../journal/chain.ts";
import { readRow } from "../journal/row.ts";
import { openReader } from "../links/sqlite-reader.ts";
import { configPath, loadConfig } from "./config.ts";
import { exitStatus } from "./exit-status.ts";
import { type CommandIo, UsageError } from "./usage.ts";

/** A bill of a hundred thousand payments has some 40 MB. */
const BILL_BYTES_MAX = 128 << 20;

const refusals: Readonly<Record<BillRefusal, string>> = {
  "not-utf8": "it is not UTF-8 text",
  malformed: "it is no table as WeChat Pay writes it",
  "missing-column": "a column that every bill has is missing",
  count: "it does not have as many rows as it says: a part is missing",
  sums: "its rows do not make its own sums: a part is missing or changed",
};

const words: Readonly<Record<ExceptionKind, string>> = {
  unknown: "the bill has it and the journal does not: another box with this id, or a journal that was lost",
  missing: "the journal says that it was paid, and the bill does not have it",
  amount: "bill and journal name different amounts",
  charged:
    "the customer was charged and has not got it back, and the journal says otherwise; look at the next day's bill",
  "taken-back": "it was taken back, and the journal says that it was paid",
  open: "the journal does not know its end yet: look again later",
};

/** Status 0 where both agree, 1 where they do not, 2 where the bill cannot be read. */
export function reconcileJournal(
  wish: {
    readonly bill: string;
    readonly date: string | null;
    readonly config: string | undefined;
    readonly json: boolean;
  },
  io: Pick<CommandIo, "stdout" | "stderr">,
): number {
  const checked = loadConfig(configPath(wish.config));
  if (!checked.ok) {
    for (const problem of checked.problems) io.stderr.write(`${problem}\n`);
    return exitStatus.usage;
  }
  const { box, journal } = checked.config;
  const bill = parseBill(billBytes(wish.bill));
  if (!bill.ok) throw new UsageError(`${wish.bill} is no bill: ${refusals[bill.reason]}.`);
  const { rows } = bill.value;
  const date = wish.date ?? dateOf(rows);
  if (date === null) throw new UsageError("The bill is empty: say its day with --date yyyy-MM-dd.");
  const orders = ordersOf(journal.directory, io);
  if (orders === null) return exitStatus.no;
  const { inBill, inJournal, exceptions } = reconcile(rows, orders, { box: box.id, date });
  for (const one of exceptions) io.stdout.write(`${wish.json ? JSON.stringify(one) : lineOf(one)}\n`);
  const end = exceptions.length === 0 ? "they agree" : `${exceptions.length} exceptions`;
  io.stderr.write(
    `${date}: ${inBill} orders of ${box.id} in the bill, ${inJournal} payments in the journal: ${end}.\n`,
  );
  return exceptions.length === 0 ? exitStatus.done : exitStatus.no;
}

function billBytes(path: string): Uint8Array {
  try {
    if (statSync(path).size > BILL_BYTES_MAX) throw new Error("it is too large for a bill");
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(
      `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

/** Every order in its newest state; null, with a sentence on the way, where a row cannot be believed. */
function ordersOf(directory: string, io: Pick<CommandIo, "stderr">): readonly TxData[] | null {
  const opened = openReader(directory);
  if (!opened.ok) {
    io.stderr.write(`${opened.reason}\n`);
    return null;
  }
  using reader = opened.value;
  const { journal } = reader;
  const orders: TxData[] = [];
  for (const row of reader.newestOrders(Number.MAX_SAFE_INTEGER)) {
    const read = readRow(row, journal);
    if (!read.ok) {
      io.stderr.write(`row ${row.n}: ${damageWords[read.reason]}; see scanbox journal verify\n`);
      return null;
    }
    if (read.value.event !== null) orders.push(read.value.event.tx);
  }
  return orders;
}

function lineOf({ kind, outTradeNo, transactionId, bill, journal }: BillException): string {
  const known = journal === null ? "nothing" : `${journal.state} ${formatYuan(journal.amountFen)}`;
  const transaction = transactionId === null ? "" : ` (${transactionId})`;
  return `${kind}: order ${outTradeNo}${transaction}: bill ${bill.join(", ") || "nothing"}, journal ${known}; ${words[kind]}.`;
}

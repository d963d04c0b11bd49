/** `scanbox journal reconcile`: holds a provider's bill of one day against the journal. */
import { readFileSync, statSync } from "node:fs";
import { boxTag } from "../../config/box-tag.ts";
import type { DeviceConfig } from "../../config/device-config.ts";
import { formatYuan } from "../../core/kernel/fen.ts";
import type { TxData } from "../../core/payment/order.ts";
import { damageWords } from "../../journal/chain.ts";
import { readRow } from "../../journal/row.ts";
import { openReader, type SqliteReader } from "../../links/sqlite/sqlite-reader.ts";
import type {
  BillException,
  BillReader,
  ExceptionKind,
  NotCompared,
  NotComparedWhy,
  ReadBill,
} from "../../providers/bill.ts";
import { kindOf } from "../../providers/registry.ts";
import type { ProviderConfig } from "../../providers/settings.ts";
import { loadLeniently } from "../config.ts";
import { configPath } from "../config-file.ts";
import { counted } from "../counted.ts";
import { exitStatus } from "../exit-status.ts";
import { type CommandIo, UsageError } from "../usage.ts";

/** A bill of a hundred thousand payments has some 40 MB. */
const BILL_BYTES_MAX = 128 << 20;

const words: Readonly<Record<ExceptionKind, string>> = {
  unknown: "the bill has it and the journal does not: another box with this id, or a journal that was lost",
  missing: "the journal says that it was paid, and the bill does not have it",
  amount: "bill and journal name different amounts",
  charged:
    "the customer was charged and has not got it back, and the journal says otherwise; look at the next day's bill",
  "taken-back": "it was taken back, and the journal says that it was paid",
  open: "the journal does not know its end yet: look again later",
};

const skipped: Readonly<Record<NotComparedWhy, string>> = {
  refunds: "the bill does not tell what went back",
  sum: "the bill has the column without its sum, or the sum without its column",
  merchant: "it was paid to another merchant than the bill's: reconcile that merchant's bill, too",
  midnight: "paid within ten minutes of midnight: it may stand in the bill beside this one",
  state: "the bill says of it what this version does not know",
};

/** Status 0 where both agree, 1 where they do not, 2 where the bill cannot be read, 3 where not all could be compared. */
export function reconcileJournal(
  wish: {
    readonly bill: string;
    readonly date: string | null;
    readonly config: string | undefined;
    readonly json: boolean;
  },
  io: Pick<CommandIo, "stdout" | "stderr">,
): number {
  const checked = loadLeniently(configPath(wish.config));
  if (!checked.ok) {
    for (const problem of checked.problems) io.stderr.write(`${problem}\n`);
    return exitStatus.usage;
  }
  const { box, journal } = checked.config;
  const own = readBill(wish.bill, checked.config);
  const { bill, entries } = own;
  const date = dateOf(wish, own);
  const whose = { box: box.id, boxTag: boxTag(box.id), date };
  // What went through an account of another kind stands in no bill of this one. Nobody knows of what kind one was that is gone.
  const others = checked.config.providers.filter((entry) => !entries.includes(entry)).map(({ id }) => id);
  const isOurs = ({ provider }: TxData): boolean => !others.includes(provider);
  const compared = withOrders(journal.directory, io, isOurs, (orders) => bill.against(orders, whose));
  if (compared === null) return exitStatus.no;
  const { inBill, inJournal, exceptions, notCompared } = compared;
  for (const one of exceptions) io.stdout.write(`${wish.json ? JSON.stringify(one) : lineOf(one)}\n`);
  for (const one of notCompared)
    io.stdout.write(
      `${wish.json ? JSON.stringify({ kind: "not-compared", ...one }) : skippedLine(one, own.reader)}\n`,
    );
  const ends = [
    ...(exceptions.length > 0 ? [counted(exceptions.length, "exception")] : []),
    ...(notCompared.length > 0 ? [`not compared, for ${counted(notCompared.length, "reason")}`] : []),
  ];
  const [inTheBill, inTheJournal] = [counted(inBill, "order"), counted(inJournal, "payment")];
  io.stderr.write(
    `${date}: ${inTheBill} of ${box.id} in the bill, ${inTheJournal} in the journal: ${ends.join("; ") || "they agree"}.\n`,
  );
  if (exceptions.length > 0) return exitStatus.no;
  return notCompared.length > 0 ? exitStatus.unknown : exitStatus.done;
}

/** A bill, with the accounts of whose kind it is. */
interface OwnBill {
  readonly bill: ReadBill;
  readonly reader: BillReader<ProviderConfig>;
  readonly entries: readonly ProviderConfig[];
}

/** Reads a bill as the first kind of account can that the box has. */
function readBill(path: string, { providers }: DeviceConfig): OwnBill {
  const bytes = billBytes(path);
  const reasons: string[] = [];
  for (const [kind, entries] of Map.groupBy(providers, (entry) => kindOf(entry))) {
    const { bills } = kind;
    const read = bills?.read(bytes) ?? { ok: false, reason: `bills of ${kind.name} are not read yet` };
    if (read.ok && bills !== null) return { bill: read.value, reader: bills, entries };
    if (!read.ok) reasons.push(read.reason);
  }
  throw new UsageError(`${path} is no bill: ${reasons.join("; ")}.`);
}

/** The day to compare; refuses a bill that is not of one day, of another than the one asked for, or of nobody known here. */
function dateOf(
  wish: { readonly bill: string; readonly date: string | null },
  { bill, reader, entries }: OwnBill,
): string {
  const [first = null, second] = bill.dates;
  if (second !== undefined)
    throw new UsageError(`${wish.bill} has payments of several days: it is no day's bill.`);
  if (wish.date !== null && first !== null && wish.date !== first)
    throw new UsageError(`${wish.bill} is the bill of ${first}, not of ${wish.date}.`);
  const known = entries.map((entry) => reader.accountOf(entry));
  const foreign = bill.accounts.find((account) => !known.includes(account));
  if (foreign !== undefined)
    throw new UsageError(`${wish.bill} is the bill of account ${foreign}, which is none of this box.`);
  const date = wish.date ?? first;
  if (date === null) throw new UsageError("The bill is empty: say its day with --date yyyy-MM-dd.");
  return date;
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

/** What `compare` makes of every order in its newest state; null, with a sentence on the way, where a row cannot be believed. */
function withOrders<Value>(
  directory: string,
  io: Pick<CommandIo, "stderr">,
  isOurs: (tx: TxData) => boolean,
  compare: (orders: Iterable<TxData>) => Value,
): Value | null {
  const opened = openReader(directory);
  if (!opened.ok) {
    io.stderr.write(`${opened.reason}\n`);
    return null;
  }
  using reader = opened.value;
  try {
    return compare(ordersOf(reader, isOurs));
  } catch (error) {
    if (!(error instanceof UnbelievedRow)) throw error;
    io.stderr.write(`${error.message}; see scanbox journal verify\n`);
    return null;
  }
}

/** Ends a comparison: what the journal says of an order cannot be believed. */
class UnbelievedRow extends Error {
  override readonly name = "UnbelievedRow";
}

/** One at a time: a journal may have a million. */
function* ordersOf(reader: SqliteReader, isOurs: (tx: TxData) => boolean): Generator<TxData> {
  const { journal } = reader;
  for (const row of reader.newestOrders(Number.MAX_SAFE_INTEGER)) {
    const read = readRow(row, journal);
    if (!read.ok) throw new UnbelievedRow(`row ${row.n}: ${damageWords[read.reason]}`);
    const tx = read.value.event?.tx;
    if (tx !== undefined && isOurs(tx)) yield tx;
  }
}

function lineOf({ kind, outTradeNo, transactionId, bill, journal }: BillException): string {
  const known = journal === null ? "nothing" : `${journal.state} ${formatYuan(journal.amountFen)}`;
  const transaction = transactionId === null ? "" : ` (${transactionId})`;
  return `${kind}: order ${outTradeNo}${transaction}: bill ${bill.join(", ") || "nothing"}, journal ${known}; ${words[kind]}.`;
}

function skippedLine({ why, about }: NotCompared, { whole }: BillReader<ProviderConfig>): string {
  const remedy = why === "refunds" ? `: ${whole}` : "";
  return `not compared${about === null ? "" : `: ${about}`}: ${skipped[why]}${remedy}.`;
}

/**
 * `scanbox journal`: the journal for people and their tools. `list`, `show` and `verify` only read, and work while the
 * daemon runs.
 */
import { setFlagsFromString } from "node:v8";
import { unreachable } from "../../core/kernel/defect.ts";
import { formatYuan } from "../../core/kernel/fen.ts";
import type { Evidence, TxData } from "../../core/payment/order.ts";
import { damageWords } from "../../journal/chain.ts";
import type { JournalEntry } from "../../journal/own-entry.ts";
import { type ReadRow, readRow } from "../../journal/row.ts";
import { openReader, type SqliteReader } from "../../links/sqlite/sqlite-reader.ts";
import type { StoredRow } from "../../runtime/ports.ts";
import { loadLeniently } from "../config.ts";
import { configPath } from "../config-file.ts";
import { counted } from "../counted.ts";
import { configOption, type Description } from "../description.ts";
import { exitStatus } from "../exit-status.ts";
import { type CommandIo, readOptions, UsageError, unknownName } from "../usage.ts";
import { Verification } from "./verification.ts";

/**
 * Finds `journal.directory` of the configuration at this path, or of the usual one; or says in sentences why
 * not.
 */
export type ResolveDirectory = (configFile: string | undefined) => DirectoryFound;

/** Where the journal is, or why nobody knows. */
export type DirectoryFound =
  | { readonly ok: true; readonly directory: string }
  | { readonly ok: false; readonly problems: readonly string[] };

/** `scanbox journal`, as its help has it. */
export const description = {
  usage: [
    "scanbox journal list [--open] [--date DAY] [--limit N] [--json]",
    "scanbox journal show ORDER [--json]",
    "scanbox journal verify [--json]",
    "scanbox journal reconcile --bill FILE [--date DAY] [--json]",
    "scanbox journal rotate [--json]",
    "scanbox journal quarantine [--json]",
  ],
  about: ["The first four only read, and may be used while scanbox runs."],
  actions: {
    list: {
      about:
        "the orders that moved last, newest first, each with its newest state, in this machine's own time",
    },
    show: {
      value: "ORDER",
      about:
        "everything recorded about one order, by its number, by the short form that the screen showed (#0042, 0042 or 42), or by the till's own id",
    },
    verify: { about: "read the whole journal and check that nothing was changed, lost or put in" },
    reconcile: {
      about:
        "compare a bill of WeChat Pay (kind ALL, the text that downloadbill or the merchant platform gives) with the orders of this box, and list what does not agree and what could not be compared",
    },
    rotate: {
      about:
        "begin a new segment and drop old ones that are confirmed and past journal.retentionDays; the running box does it by itself each day and is asked to, where one runs",
    },
    quarantine: { about: "move a damaged journal aside as it is, and begin a new one with its open orders" },
  },
  options: {
    open: { type: "boolean", about: "only orders that have not ended yet" },
    limit: { type: "string", takes: "a whole number from 1", about: "at most N orders (20)" },
    bill: { type: "string", takes: "a file", about: "the bill of one day" },
    date: {
      type: "string",
      value: "DAY",
      about:
        "which day, as yyyy-MM-dd: list, every order that began on it, in this machine's own time; reconcile, in Beijing, otherwise that of the bill's rows",
    },
    json: { type: "boolean", about: "one JSON object a line" },
    config: {
      ...configOption,
      about:
        "the configuration that says where the journal is; otherwise ./device.config.json, then /etc/scanbox/device.config.json",
    },
    directory: { type: "string", takes: "a folder", about: "the journal's directory itself, for reading" },
  },
  exit: {
    0: "done",
    1: "the answer is no (no such order, damaged, bill and journal differ, nothing was done)",
    2: "wrong usage or configuration",
    3: "put aside, but something of it could not be read; a bill of which not all could be compared",
  },
} as const satisfies Description;

const readings = ["list", "show", "verify"] as const;

interface Wish {
  readonly action: (typeof readings)[number];
  readonly order: string;
  readonly limit: number;
  /** The day on which orders began, null for any. */
  readonly date: string | null;
  readonly open: boolean;
  readonly json: boolean;
}

type Output = Pick<CommandIo, "stdout" | "stderr">;

/** `scanbox journal`: status 1 where there is no such order or the journal is damaged or missing. */
export async function journalCommand(
  args: readonly string[],
  io: Output,
  resolveDirectory: ResolveDirectory = configuredDirectory,
): Promise<number> {
  const { values, positionals } = readOptions(args, description.options, 2);
  const [word] = positionals;
  // Rows come and go by the million: left to itself, the heap grows by some hundred MiB rather than collect them.
  setFlagsFromString("--optimize-for-size");
  if (word === "rotate" || word === "quarantine") {
    refuseReading(values, positionals);
    const wanted = { config: values.config, json: values.json === true };
    if (word === "rotate") return (await import("./rotate.ts")).rotateJournal(wanted, io);
    return (await import("./quarantine.ts")).quarantineJournal(wanted, io);
  }
  if (word === "reconcile") {
    const wanted = readReconciliation(values, positionals);
    return (await import("./reconcile.ts")).reconcileJournal(wanted, io);
  }
  if (values.bill !== undefined) throw new UsageError('--bill belongs to "journal reconcile".');
  const wish = readWish(values, positionals);
  const found: DirectoryFound =
    values.directory === undefined
      ? resolveDirectory(values.config)
      : { ok: true, directory: values.directory };
  if (!found.ok) {
    for (const problem of found.problems) complain(io, problem);
    return exitStatus.usage;
  }
  const opened = openReader(found.directory);
  if (!opened.ok) {
    complain(io, opened.reason);
    return exitStatus.no;
  }
  using reader = opened.value;
  try {
    return run(reader, wish, io);
  } catch (error) {
    complain(io, `The journal in ${found.directory} cannot be read: ${String(error)}`);
    return exitStatus.no;
  }
}

function run(reader: SqliteReader, wish: Wish, io: Output): number {
  switch (wish.action) {
    case "list":
      return list(reader, wish, io);
    case "show":
      return show(reader, wish, io);
    case "verify":
      return verify(reader, wish, io);
    default:
      return unreachable(wish.action);
  }
}

function configuredDirectory(configFile: string | undefined): DirectoryFound {
  const checked = loadLeniently(configPath(configFile));
  return checked.ok ? { ok: true, directory: checked.config.journal.directory } : checked;
}

type Values = ReturnType<typeof readOptions<typeof description.options>>["values"];

function refuseReading(values: Values, [word, more]: readonly string[]): void {
  if (more !== undefined) throw new UsageError(`"${more}" is one word too many.`);
  if (
    values.open === true ||
    values.limit !== undefined ||
    values.directory !== undefined ||
    values.bill !== undefined ||
    values.date !== undefined
  )
    throw new UsageError(`"journal ${word}" takes --config and --json alone.`);
}

function readReconciliation({ bill, date, config, json, ...others }: Values, [, more]: readonly string[]) {
  if (more !== undefined) throw new UsageError(`"${more}" is one word too many.`);
  if (others.open === true || others.limit !== undefined || others.directory !== undefined)
    throw new UsageError('"journal reconcile" takes --bill, --date, --config and --json alone.');
  if (bill === undefined) throw new UsageError("--bill is missing: the file with the bill.");
  if (date !== undefined) refuseNoDay(date);
  return { bill, date: date ?? null, config, json: json === true };
}

function refuseNoDay(date: string): void {
  if (!/^\d{4}-\d\d-\d\d$/.test(date)) throw new UsageError("--date is a day such as 2026-03-15.");
}

function readWish(values: Values, positionals: readonly string[]): Wish {
  const [word, order = ""] = positionals;
  if (word === undefined)
    throw new UsageError(
      "Say what to do with the journal: list, show, verify, reconcile, rotate or quarantine.",
    );
  const action = readings.find((name) => name === word);
  if (action === undefined)
    throw new UsageError(unknownName("journal command", word, Object.keys(description.actions)));
  if (action === "show" && order === "") throw new UsageError("Say which order to show.");
  if (action !== "show" && order !== "") throw new UsageError(`"${order}" is one word too many.`);
  if (action !== "list" && (values.open === true || values.limit !== undefined || values.date !== undefined))
    throw new UsageError('--open, --limit and --date belong to "journal list".');
  const date = values.date ?? null;
  if (date !== null) refuseNoDay(date);
  const limit = values.limit ?? (date === null ? "20" : "999999999");
  if (!/^[1-9]\d{0,8}$/.test(limit)) throw new UsageError("--limit takes a whole number from 1.");
  return {
    action,
    order,
    limit: Number(limit),
    date,
    open: values.open === true,
    json: values.json === true,
  };
}

function print(io: Output, line: string): void {
  io.stdout.write(`${line}\n`);
}

function complain(io: Output, line: string): void {
  io.stderr.write(`${line}\n`);
}

function list(reader: SqliteReader, wish: Wish, io: Output): number {
  // Of which day an order is stands in the row itself.
  const most = wish.date === null ? wish.limit : Number.MAX_SAFE_INTEGER;
  const rows = wish.open ? reader.openOrders().slice(0, most) : reader.newestOrders(most);
  let shown = 0;
  const gone = wish.open ? reader.goneOrders() : [];
  for (const number of gone) complain(io, `order ${number} is open, and no row of it is there`);
  const { journal } = reader;
  let status: number = gone.length === 0 ? exitStatus.done : exitStatus.no;
  for (const row of rows) {
    const read = readRow(row, journal);
    if (!read.ok) {
      status = exitStatus.no;
      complain(io, `row ${row.n}: ${damageWords[read.reason]}`);
    } else if (read.value.event !== null && shown < wish.limit) {
      const { seq, at, tx } = read.value.event;
      if (wish.date !== null && !localTime(tx.intentAt).startsWith(wish.date)) continue;
      shown += 1;
      print(io, wish.json ? JSON.stringify({ seq, at, ...tx }) : orderLine(at, tx));
    }
  }
  if (shown === 0 && status === exitStatus.done && !wish.json)
    print(io, wish.open ? "No order is open." : "There are no orders.");
  return status;
}

function orderLine(at: string, tx: TxData): string {
  const amount = formatYuan(tx.amountFen).padStart(10);
  const ref = tx.ref === null ? "" : `  ${tx.ref}`;
  return `${localTime(at)}  #${tx.shortRef}  ${tx.state.padEnd(9)}${amount}  ${tx.outTradeNo}${ref}${notes(tx)}`;
}

/** A moment (RFC 3339) as the clock on this machine's wall has it: `2026-03-15 17:30:12`. */
function localTime(at: string): string {
  const moment = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = [moment.getFullYear(), two(moment.getMonth() + 1), two(moment.getDate())].join("-");
  return `${day} ${[moment.getHours(), moment.getMinutes(), moment.getSeconds()].map(two).join(":")}`;
}

function notes(tx: TxData): string {
  const reason = tx.reason === null ? "" : `  ${tx.reason}`;
  const charged = tx.charged === "unknown" ? "  charged?" : "";
  return `${reason}${charged}${tx.late ? "  late" : ""}${tx.clockTrusted ? "" : "  clock?"}`;
}

function show(reader: SqliteReader, wish: Wish, io: Output): number {
  const orders = ordersNamed(reader, wish.order);
  const [order] = orders;
  if (order === undefined) {
    complain(io, `The journal has no order ${wish.order}.`);
    return exitStatus.no;
  }
  if (orders.length > 1) {
    complain(io, `${wish.order} names several orders, say which: ${orders.join(" ")}`);
    return exitStatus.no;
  }
  const { journal } = reader;
  let status: number = exitStatus.done;
  for (const row of reader.rowsOf(order)) {
    const read = readRow(row, journal);
    if (read.ok) {
      print(io, wish.json ? rowJson(row, read.value) : rowLine(read.value));
    } else {
      status = exitStatus.no;
      complain(io, `row ${row.n}: ${damageWords[read.reason]}`);
    }
  }
  return status;
}

/** Orders by whatever people call them; the screen shows four digits behind a `#`, of which they leave the zeros away. */
function ordersNamed(reader: SqliteReader, text: string): readonly string[] {
  const name = text.replace(/^#/, "");
  return /^\d{1,3}$/.test(name) ? reader.find(name, name.padStart(4, "0")) : reader.find(name);
}

function rowJson(row: StoredRow, read: ReadRow): string {
  const { n, seq, hash } = row;
  return JSON.stringify({ n, seq, hash, ...read.entry });
}

function rowLine(read: ReadRow): string {
  if (read.event !== null) return orderLine(read.event.at, read.event.tx);
  return explanation(read.entry);
}

function explanation(entry: JournalEntry): string {
  switch (entry.kind) {
    case "boot":
      return `${localTime(entry.at)}  boot ${entry.boot} of scanbox ${entry.version}`;
    case "shown":
      return `${localTime(entry.at)}  shown: ${entry.text.replaceAll("\n", " / ")}`;
    case "checked":
      return `${localTime(entry.at)}  looked at once more: no money had moved`;
    case "evidence":
      return `${entry.at}  ${evidenceLine(entry.evidence)}`;
    case "segment":
      return `${localTime(entry.at)}  a new segment; the journal begins at row ${entry.first.n}`;
    case "quarantine":
      return `${localTime(entry.at)}  taken over from the journal in ${entry.folder}`;
    case "unsent":
      return `${localTime(entry.at)}  not confirmed yet: event ${entry.seq} of journal ${entry.journal}, ${entry.tx.state}`;
    case "charging":
    case "money":
      return orderLine(entry.tx.intentAt, entry.tx);
    default:
      return entry;
  }
}

function evidenceLine({ chargedHost, paid, absences, runMs }: Evidence): string {
  const host = chargedHost === null ? "an unknown host was charged" : `${chargedHost} was charged`;
  const minutes = (runMs / 60_000).toFixed(1);
  return `${host}; ${paid ? "money had moved" : `absent ${absences} times in a row, over ${minutes} min`}`;
}

function verify(reader: SqliteReader, wish: Wish, io: Output): number {
  const verdict = new Verification(reader, (line) => complain(io, line)).verdict();
  const { damage, first, rows, events, open, segments } = verdict;
  if (wish.json) {
    print(io, JSON.stringify({ ok: damage === null, ...verdict }));
  } else if (damage === null) {
    const dropped = first > 1 ? `, begins at row ${first}` : "";
    const parts = segments > 1 ? ` in ${segments} segments` : "";
    const [allRows, allEvents] = [counted(rows, "row"), counted(events, "money event")];
    print(
      io,
      `The journal is whole${dropped}: ${allRows}${parts}, ${allEvents}, ${counted(open, "open order")}.`,
    );
  } else {
    const where =
      damage.row === null ? "The journal is damaged" : `The journal is damaged at row ${damage.row}`;
    const before = `${counted(rows, "row")} before it ${rows === 1 ? "is" : "are"} in order`;
    print(io, `${where}: ${damage.what}. ${before}.`);
  }
  return damage === null ? exitStatus.done : exitStatus.no;
}

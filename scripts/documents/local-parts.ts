/** What programs on the box's own machine read: a till's sale, the problems of the control socket, the lines of the journal. */
import * as z from "zod";
import type { Report } from "../../src/cli/journal/quarantine.ts";
import type { Verdict } from "../../src/cli/journal/verification.ts";
import { commands } from "../../src/commands/table.ts";
import type { ControlProblem } from "../../src/control/protocol.ts";
import type { RotationOutcome } from "../../src/core/payment/command.ts";
import type { SaleState } from "../../src/core/payment/till-sale.ts";
import type { JournalEntry } from "../../src/journal/own-entry.ts";
import type { BillException, NotCompared } from "../../src/providers/bill.ts";
import { code, table } from "./markdown.ts";

/** A sentence for each key; a new key without one does not compile. */
type Told<Key extends PropertyKey> = Readonly<Record<Key, string>>;

const sale: Readonly<Record<keyof SaleState, readonly [form: string, meaning: string]>> = {
  ref: ["text", "The till's own id of the sale."],
  amountFen: ["whole number", "The amount in fen."],
  state: [
    "text",
    "`armed` while it waits for a code, `withdrawn` or `lapsed` without one, else that of its newest money record.",
  ],
  final: ["true, false", "Whether the box is done with the sale; false while it may wait for another code."],
  charged: [
    "text",
    "`yes`: the customer has paid. `no`: has not paid, or has the money back. `unknown`: not proved yet, and never a failure.",
  ],
  late: ["true, false", "Found paid only after a restart of the box: who paid may not stand there any more."],
  reason: ["text or null", "Why it is in this state, as in an event."],
  outTradeNo: ["text or null", "The order number of the newest scan, null before the first."],
  shortRef: ["text or null", "Its last four digits, as the screen shows them."],
  transactionId: ["text or null", "WeChat Pay's number, where money was seen to move."],
  repeated: ["true, false", "Whether `pay` found this sale there already, and began nothing."],
};

/** The members of a sale, as `scanbox pay` prints them and the control socket answers them. */
export function saleMembers(): string {
  return table(
    ["member", "form", "meaning"],
    Object.entries(sale).map(([name, [form, meaning]]) => [code(name), form, meaning]),
  );
}

const problems: Told<ControlProblem> = {
  malformed: "The line is no request.",
  version: "It is a request of another version of the protocol.",
  "unknown-command": "There is no such command; the message names those that there are.",
  "not-allowed": "The command takes a role that who asks at this socket does not have.",
  arguments: "The command does not take these arguments.",
  "too-long": "The request is too long.",
  "too-many-programs": "Eight programs are inside: the request was not looked at. Ask again.",
  "too-many-requests":
    "64 requests of this program wait for their answers: this one was not looked at. Wait for the answers.",
  busy: "Another payment is at the box, or another caller's amount waits there: ask again. Nothing is armed for this `ref`.",
  refused: "A `journal rotate` was not done; the message says why.",
  "no-sale": "The box knows of no sale with this `ref`.",
  unread: "The journal cannot be read now, or not yet: what became of the sale is not known. Ask again.",
  "not-offered": '`amount.source` is not `"till"`.',
  "not-ready": "The box takes no payments now. Nothing is armed for this `ref`.",
  "ref-used": "There was a sale of this `ref` before, and it is no new one: `sale` tells what became of it.",
  "amount-too-large": "It is above `amount.maximum`.",
  "amount-uneven": "It is no whole number of the machine's pulses.",
  "other-amount":
    "This `ref` stands for another amount, which may be paid: `sale` tells. A new sale needs a new `ref`.",
};

/** Every command, with its role and its arguments. */
export function commandRows(): string {
  return table(
    ["command", "role", "does", "arguments", "answers"],
    [...commands].map(([name, { role, about, args, answers }]) => [
      code(name),
      role,
      about,
      Object.entries(args.shape)
        .map(([key, schema]) => `${code(key)}: ${argument(schema)}`)
        .join(" "),
      answers,
    ]),
  );
}

/** What an argument is, in its own words. */
function argument(schema: z.core.$ZodType): string {
  const { description, default: usual } = z.toJSONSchema(schema, { io: "input" });
  return `${description}${usual === undefined ? "" : ` ${code(JSON.stringify(usual))} where left out.`}`;
}

/** Every word that can stand in `problem`. */
export function controlProblems(): string {
  return table(
    ["`problem`", "means"],
    Object.entries(problems).map(([name, meaning]) => [code(name), meaning]),
  );
}

const listed: Told<"seq" | "at"> = {
  seq: "Number of the order's newest money event. Behind `at` follow the members of the event's `data`.",
  at: "When it was written, RFC 3339 in UTC.",
};

const row: Told<"n" | "seq" | "hash" | "before" | "kind"> = {
  n: "Number of the row.",
  seq: "Number of its money event, null where it is none.",
  hash: "Hash of the row.",
  before: "Hash of the row before it.",
  kind: "What the row is; it says which of the members below follow.",
};

/** The kinds of rows that tell of one order: the others are not shown. */
type OrderKind = Exclude<JournalEntry["kind"], "boot" | "segment" | "quarantine" | "unsent">;

type EntryMembers = {
  readonly [Kind in OrderKind]: Told<
    Exclude<keyof Extract<JournalEntry, { kind: Kind }>, "kind"> | (Kind extends MoneyKind ? Written : never)
  >;
};

type MoneyKind = "charging" | "money";

/** What a row of a money event has beside its entry. */
type Written = "at" | "boot" | "prev";

const written: Told<Written> = {
  at: "When it was written.",
  boot: "The run of the box that wrote it.",
  prev: "Hash of the event before it, null for the first.",
};

const at = "When, RFC 3339 in UTC.";

const entries: EntryMembers = {
  charging: {
    ...written,
    tx: "The event's `data`.",
    intent: "The order as it is about to be charged.",
    doubted: "`true` where a quarantine has lost a row that may have been its last, else absent.",
  },
  money: { ...written, tx: "The event's `data`." },
  shown: { outTradeNo: "The order.", text: "What the customer saw, line by line.", at },
  evidence: {
    outTradeNo: "An order that is being reversed.",
    evidence: "The host that was charged, whether money was seen to move, absences in a row and their span.",
    at,
  },
  checked: { outTradeNo: "A declined order that was looked at once more: no money had moved.", at },
};

const verdict: Told<keyof Verdict | "ok"> = {
  ok: "Whether the journal is whole.",
  first: "The first row that it still has.",
  rows: "Rows that are in order.",
  events: "Money events among them.",
  segments: "Segments.",
  open: "Open orders.",
  head: "Hash of the newest row, null in an empty journal.",
  damage: "`{row, what}`, `row` null where the file as a whole is damaged; null where nothing is.",
};

const difference: Told<keyof BillException> = {
  kind: "`unknown`, `missing`, `amount`, `charged`, `taken-back` or `open`; `not-compared` has `why` and `about` instead.",
  outTradeNo: "The order.",
  transactionId: "WeChat Pay's number, or null.",
  bill: "What the bill says, such as `SUCCESS 1250` for each row; empty where it has none.",
  journal: "`{state, amountFen, charged}`, null where the journal has nothing.",
};

const skipped: Told<keyof NotCompared> = {
  why: "What was not compared: `refunds`, `sum`, `merchant`, `midnight` or `state`.",
  about: "The order or the column, or null.",
};

type RotatedKey = keyof Extract<RotationOutcome, { kind: "rotated" }>;

const rotation: Told<RotatedKey> = {
  kind: "`rotated`, or `nothing` without the other two members.",
  row: "The row that begins the new segment.",
  dropped: "How many rows of old ones are gone.",
};

const report: Told<keyof Report> = {
  at,
  folder: "Where the damaged journal was moved, beside the new one.",
  damage: "What was wrong, as a sentence.",
  journal: "Id of the damaged journal, or null.",
  rows: "Rows that could be read.",
  damaged: "`{n, what, outTradeNo}` for each row that is not believed.",
  carried: "`{outTradeNo, shortRef, state, amountFen, doubtful}` for each open order that goes on.",
  lost: "Numbers of open orders that cannot be read: look them up in the merchant platform.",
  unchecked: "Numbers of declined orders that are looked at once more.",
  unsent:
    "How many events that nobody has confirmed are reported first, with the journal and the number that they always had.",
  unnamed: "How many of them are lost to the report, because the id of their journal cannot be read.",
  unreadable: "Pairs of the first and the last row of each gap.",
  listRead: "Whether the list of open orders could be read.",
  codes: "How many used codes stay refused.",
  sales: "How many sales of the till are known to have an order.",
};

/** The members of each line that `scanbox journal … --json` prints. */
export function journalMembers(): string {
  const rows = [
    ...membersOf("list", listed),
    ...membersOf("show", row),
    ...Object.entries(entries).flatMap(([kind, members]) => membersOf(`show, kind \`${kind}\``, members)),
    ...membersOf("verify", verdict),
    ...membersOf("reconcile", difference),
    ...membersOf("reconcile, kind `not-compared`", skipped),
    ...membersOf("rotate", rotation),
    ...membersOf("quarantine", report),
  ];
  return table(["`journal`", "member", "meaning"], rows);
}

function membersOf(line: string, members: Readonly<Record<string, string>>): readonly string[][] {
  return Object.entries(members).map(([name, meaning]) => [line, code(name), meaning]);
}

import type { FileHolder } from "../../links/machine/proc-files.ts";
import { condemnation, hiddenSentence, lookForJournal } from "../../links/sqlite/journal-folder.ts";
import { openReader } from "../../links/sqlite/sqlite-reader.ts";
import { type JournalTail, readTail } from "../journal/tail.ts";
import { type Finding, fault, note, ok, warning } from "./finding.ts";
import type { Area, Subject } from "./subject.ts";

/** The journal itself, read beside a box that may be writing it. */
export const journalArea: Area = {
  name: "journal",
  about: "the journal: whole at its end, open orders, who writes it",
  network: false,
  configured: true,
  examine: (subject) => judgeJournal(journalFacts(subject)),
};

/** What there is of a journal. */
export interface JournalFacts {
  /** What was read, a sentence about why nothing could be or may be, or null where there is none yet. */
  readonly tail: JournalTail | string | { readonly hidden: string } | null;
  readonly box: FileHolder | null;
}

const DAMAGED =
  '"scanbox journal verify" says where; "scanbox journal quarantine" puts it aside as it is and begins a new one with its ' +
  "open orders. Then compare with the merchant platform.";

/** Judges a journal; null where none is known. */
export function judgeJournal(facts: JournalFacts | null): readonly Finding[] {
  if (facts === null) return [note("journal.tail", "No journal is known: its configuration cannot be read.")];
  return [...content(facts), writer(facts)];
}

function content({ tail, box }: JournalFacts): readonly Finding[] {
  if (tail === null) return [note("journal.tail", "There is no journal yet; the box begins one.")];
  if (typeof tail === "string") return [fault("journal.tail", tail, DAMAGED)];
  if ("hidden" in tail)
    return [fault("journal.tail", tail.hidden, "Run doctor as root or as the user of the box.")];
  const { journal, read, last, openOrders, damage } = tail;
  const data = { journal, read, last, openOrders };
  if (damage !== null) {
    const found = `The journal is damaged at row ${damage.row}: ${damage.what}.`;
    return [fault("journal.tail", found, DAMAGED, { ...data, row: damage.row })];
  }
  return [ok("journal.tail", `The last ${read} of ${last} rows are whole.`, data), orders(openOrders, box)];
}

function orders(open: number, box: FileHolder | null): Finding {
  const data = { openOrders: open };
  if (open === 0) return ok("journal.open-orders", "No order is open.", data);
  const found = `${open} ${open === 1 ? "order is" : "orders are"} open.`;
  if (box !== null) return note("journal.open-orders", `${found} The running box sees to it.`, null, data);
  const remedy = "Start the box: it asks about them, and reverses what stays unclear.";
  return warning("journal.open-orders", found, remedy, data);
}

function writer({ box }: JournalFacts): Finding {
  if (box === null) return note("journal.writer", "No box runs on this journal.");
  const { pid, program } = box;
  return ok("journal.writer", `A box runs on it: ${program} (process ${pid}).`, { pid, program });
}

function journalFacts({ sections, runningBox }: Subject): JournalFacts | null {
  const directory = sections.journal?.directory;
  if (directory === undefined) return null;
  const seen = lookForJournal(directory);
  if (seen === "none") return { tail: null, box: runningBox };
  if (seen === "hidden") return { tail: { hidden: `${hiddenSentence(directory)}.` }, box: runningBox };
  const condemned = condemnation(directory);
  if (condemned !== null)
    return { tail: `A box has found the journal damaged: ${condemned}.`, box: runningBox };
  const opened = openReader(directory);
  if (!opened.ok) return { tail: opened.reason, box: runningBox };
  using reader = opened.value;
  try {
    return { tail: reader.atOneMoment(() => readTail(reader)), box: runningBox };
  } catch (error) {
    return { tail: `The journal cannot be read: ${String(error)}.`, box: runningBox };
  }
}

/**
 * One row of the journal, both ways. The body is one JSON object: `before`, the hash of the row before it,
 * and the members of the entry. A money entry also has `at` and `boot`, when and by which boot it was
 * written, and `prev`, the hash of the event before it. The row's own hash is taken over all its columns.
 * Each row can therefore be checked alone, however old it is, and its neighbours prove that nothing was taken
 * out or put in between.
 */
import { hash } from "node:crypto";
import { invariant } from "../core/kernel/defect.ts";
import { accept, type Result, refuse } from "../core/kernel/result.ts";
import { saleKey } from "../core/payment/selling.ts";
import type { StoredRow } from "../runtime/ports.ts";
import { isMoneyEntry, readEntry } from "./entry.ts";
import { eventHash, type MoneyEvent } from "./event.ts";
import type { JournalEntry, SaleOrder, UnsentEntry } from "./own-entry.ts";

/** Where a journal ends: what the next row continues. */
export interface Head {
  /** Number of the newest row, 0 in an empty journal. */
  readonly n: number;
  readonly hash: string;
  /** Number of the newest money event, 0 before the first. */
  readonly seq: number;
  /** Null before the first money event. */
  readonly eventHash: string | null;
}

/** The head of an empty journal; its first row is chained to the journal's id. */
export function genesis(journal: string): Head {
  return { n: 0, hash: hash("sha256", `scanbox journal ${journal}`), seq: 0, eventHash: null };
}

/**
 * Into which journal a row is written, when (RFC 3339 in UTC) and by which boot (null before the first `boot`
 * entry).
 */
export interface Stamp {
  readonly journal: string;
  readonly at: string;
  readonly boot: string | null;
}

/** Makes the row of `journal` that continues `head`, and the head after it. */
export function writeRow(
  entry: JournalEntry,
  head: Head,
  { journal, at, boot }: Stamp,
): { readonly row: StoredRow; readonly head: Head } {
  const n = head.n + 1;
  if (!isMoneyEntry(entry)) {
    const row = sealed({
      n,
      seq: null,
      ...columnsOf(entry),
      body: JSON.stringify({ before: head.hash, ...entry }),
    });
    return { row, head: { ...head, n, hash: row.hash } };
  }
  invariant(boot !== null, "a boot entry comes before the money entries of its boot");
  const seq = head.seq + 1;
  const prev = head.eventHash;
  const body = JSON.stringify({ before: head.hash, at, boot, prev, ...entry });
  const row = sealed({ n, seq, ...columnsOf(entry), body });
  const event = eventHash({ journal, seq, boot, prevHash: prev, tx: entry.tx });
  return { row, head: { n, hash: row.hash, seq, eventHash: event } };
}

/** Makes the row of an event that an earlier journal has left unconfirmed; `place` counts up to 0, and is no event of `journal`. */
export function writeUnsentRow(
  entry: UnsentEntry,
  place: number,
  head: Head,
): { readonly row: StoredRow; readonly head: Head } {
  const n = head.n + 1;
  const body = JSON.stringify({ before: head.hash, ...entry });
  const row = sealed({ n, seq: place, ...columnsOf(entry), body });
  return { row, head: { ...head, n, hash: row.hash } };
}

/** The event that such a row carries, as its own journal knew it; `place` is where it stands in the order of this one. */
export function unsentEvent({ journal, seq, at, boot, prev, tx }: UnsentEntry, place: number): MoneyEvent {
  const hash = eventHash({ journal, seq, boot, prevHash: prev, tx });
  return { journal, seq: place, boot, at, prevHash: prev, hash, tx, known: { journal, seq } };
}

/** What a row that passed its checks says. */
export interface ReadRow {
  readonly n: number;
  readonly hash: string;
  /** The hash of the row before it. */
  readonly before: string;
  /** The entry as it was read: the whole body, whose further members are named above. */
  readonly entry: JournalEntry;
  /** The event that a money entry becomes, else null. */
  readonly event: MoneyEvent | null;
}

/** What can be wrong with a single row. */
export type RowDamage = "wrong-hash" | "not-an-entry" | "columns-differ";

/** Checks a row of `journal` by itself and reads it. */
export function readRow(row: StoredRow, journal: string): Result<ReadRow, RowDamage> {
  if (rowHash(row) !== row.hash) return refuse("wrong-hash");
  const body = fieldsOf(row.body);
  const entry = body === null ? null : readEntry(body);
  const before = body?.before;
  if (body === null || entry === null || typeof before !== "string") return refuse("not-an-entry");
  const columns = columnsOf(entry);
  if (columns.kind !== row.kind || columns.subject !== row.subject || columns.final !== row.final)
    return refuse("columns-differ");
  const { n, seq } = row;
  if (!isMoneyEntry(entry)) {
    const fits = entry.kind === "unsent" ? seq !== null && seq <= 0 : seq === null;
    return fits ? accept({ n, hash: row.hash, before, entry, event: null }) : refuse("columns-differ");
  }
  const { at, boot, prev } = body;
  if (typeof at !== "string" || typeof boot !== "string") return refuse("not-an-entry");
  if (typeof prev !== "string" && prev !== null) return refuse("not-an-entry");
  if (seq === null) return refuse("columns-differ");
  const link = { journal, seq, boot, prevHash: prev, tx: entry.tx };
  const event = { ...link, at, hash: eventHash(link) };
  return accept({ n, hash: row.hash, before, entry, event });
}

/**
 * The hashes of the codes that a `charging` or `quarantine` row of any age says were charged; none where the customer
 * scanned ours. A start reads thousands of these, so a `charging` row is checked but its text not parsed: inside a JSON
 * text a quote is escaped, so only the member itself can match.
 */
export function chargedCodes(row: StoredRow, journal: string): Result<readonly string[], RowDamage> {
  if (row.kind === "quarantine") {
    const read = readRow(row, journal);
    if (!read.ok) return read;
    return accept(read.value.entry.kind === "quarantine" ? read.value.entry.codes : []);
  }
  if (rowHash(row) !== row.hash) return refuse("wrong-hash");
  const found = /"codeHash":(?:"([^"\\]+)"|null)/.exec(row.body);
  if (found === null) return refuse("not-an-entry");
  return accept(found[1] === undefined ? [] : [copied(found[1])]);
}

/** The till's sales of which a checked `charging` or `quarantine` row tells; the text of the former is not parsed either. */
export function salesOf(row: StoredRow, journal: string): readonly SaleOrder[] {
  if (row.kind === "quarantine") {
    const read = readRow(row, journal);
    return read.ok && read.value.entry.kind === "quarantine" ? read.value.entry.refs : [];
  }
  const [, ref] = /"ref":"([^"\\]+)"/.exec(row.body) ?? [];
  const [, caller] = /"caller":"([^"\\]+)"/.exec(row.body) ?? [];
  if (ref === undefined || caller === undefined || row.subject === null) return [];
  return [[copied(saleKey({ caller, ref })), row.subject]];
}

/** The same text in memory of its own: V8 keeps a part of a text as a view that holds on to all of it, here a whole row. */
function copied(part: string): string {
  return ` ${part}`.slice(1);
}

function columnsOf(entry: JournalEntry): Pick<StoredRow, "kind" | "subject" | "final"> {
  if (isMoneyEntry(entry)) return { kind: entry.kind, subject: entry.tx.outTradeNo, final: entry.tx.final };
  return { kind: entry.kind, subject: "outTradeNo" in entry ? entry.outTradeNo : null, final: false };
}

function sealed(row: Omit<StoredRow, "hash">): StoredRow {
  return { ...row, hash: rowHash(row) };
}

/** A body is JSON without raw line ends, so LF keeps the columns apart. */
function rowHash(row: Omit<StoredRow, "hash">): string {
  const { n, seq, kind, subject, final, body } = row;
  return hash("sha256", `${n}\n${seq ?? ""}\n${kind}\n${subject ?? ""}\n${final ? 1 : 0}\n${body}`);
}

function fieldsOf(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : null;
  } catch {
    return null;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

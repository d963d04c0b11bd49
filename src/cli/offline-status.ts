import type { OfflineOrder, OfflineStatus } from "../commands/status.ts";
import { damageWords } from "../journal/chain.ts";
import { readRow } from "../journal/row.ts";
import { liesInMemory } from "../links/machine/mounts.ts";
import {
  condemnation,
  goneSentence,
  halfMoved,
  hiddenSentence,
  lookForJournal,
} from "../links/sqlite/journal-folder.ts";
import { openReader, type SqliteReader } from "../links/sqlite/sqlite-reader.ts";
import { detailOf } from "../links/sqlite/sqlite-refusal.ts";
import { journalBytes } from "./journal/bytes.ts";
import { readTail } from "./journal/tail.ts";

/** Reads what the journal in `directory` says without its box. */
export function offlineStatusFrom(directory: string, problem: string | null): Omit<OfflineStatus, "config"> {
  const seen = lookForJournal(directory);
  const hidden = seen === "hidden";
  const file = {
    path: directory,
    bytes: hidden ? null : journalBytes(directory),
    inMemory: liesInMemory(directory),
  };
  const unread = (why: string): Omit<OfflineStatus, "config"> => {
    return { running: false, problem, journal: { ...file, rows: null, problem: why }, orders: null };
  };
  if (hidden) return unread(`${hiddenSentence(directory)}.`);
  if (halfMoved(directory) !== null)
    return unread('A damaged journal is half moved aside; go on with "scanbox journal quarantine".');
  if (seen === "gone") return unread(`${goneSentence(directory)}.`);
  if (file.bytes === null)
    return { running: false, problem, journal: { ...file, rows: null, problem: null }, orders: [] };
  const opened = openReader(directory);
  if (!opened.ok) return unread(opened.reason);
  using reader = opened.value;
  try {
    return reader.atOneMoment(() => {
      const { last, damage } = readTail(reader);
      const wrong = damage === null ? condemnation(directory) : `row ${damage.row}: ${damage.what}`;
      const rows = last + 1 - (reader.rowsAfter(0, 1)[0]?.n ?? 1);
      const orders = openOrders(reader);
      return {
        running: false,
        problem,
        journal: { ...file, rows, problem: wrong },
        orders: wrong !== null && orders.length === 0 ? null : orders,
      };
    });
  } catch (error) {
    return unread(`The journal cannot be read: ${detailOf(error)}.`);
  }
}

/** Every order on the list, newest first; last those of which no row is there. */
function openOrders(reader: SqliteReader): readonly OfflineOrder[] {
  const { journal } = reader;
  return [
    ...reader.openOrders().map((row): OfflineOrder => {
      const read = readRow(row, journal);
      if (!read.ok) return unreadable(row.subject ?? "", `row ${row.n}: ${damageWords[read.reason]}`);
      const { event } = read.value;
      if (event === null) return unreadable(row.subject ?? "", `row ${row.n}: it is no money event`);
      const { outTradeNo, shortRef, state, amountFen } = event.tx;
      return { outTradeNo, shortRef, state, amountFen, at: event.at, problem: null };
    }),
    ...reader.goneOrders().map((number) => unreadable(number, "no row of it is there")),
  ];
}

function unreadable(outTradeNo: string, problem: string): OfflineOrder {
  return { outTradeNo, shortRef: null, state: null, amountFen: null, at: null, problem };
}

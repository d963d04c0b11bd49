/** `scanbox journal quarantine`: a damaged journal is put aside, and its open orders go on in a new one. */
import { invariant } from "../../core/kernel/defect.ts";
import { formatYuan } from "../../core/kernel/fen.ts";
import { MQTT_CURSOR } from "../../journal/journal.ts";
import type { QuarantineEntry } from "../../journal/own-entry.ts";
import { recover } from "../../journal/recovered.ts";
import { NextJournal, Salvage, type Salvaged } from "../../journal/salvage.ts";
import {
  DAMAGED_PREFIX,
  finishMove,
  halfMoved,
  hiddenSentence,
  lookForJournal,
  makeLeft,
  makeNext,
  moveAside,
  REPORT_FILE,
} from "../../links/sqlite/journal-folder.ts";
import { openReader } from "../../links/sqlite/sqlite-reader.ts";
import { copyLog, type Readable, readName, readWhatCan } from "../../links/sqlite/sqlite-salvage.ts";
import { SqliteWriter, takeLock } from "../../links/sqlite/sqlite-writer.ts";
import type { StoredRow } from "../../runtime/ports.ts";
import { loadConfig } from "../config.ts";
import { configPath } from "../config-file.ts";
import { exitStatus } from "../exit-status.ts";
import type { CommandIo } from "../usage.ts";
import { Verification } from "./verification.ts";

type Output = Pick<CommandIo, "stdout" | "stderr">;

/** What the report in the folder of the damaged journal says; `--json` prints it too. */
export interface Report extends Omit<Salvaged, "codes" | "refs" | "newest"> {
  readonly at: string;
  readonly folder: string;
  readonly damage: string;
  readonly journal: string | null;
  /** Rows that cannot be read at all, as ranges with both ends. */
  readonly unreadable: Readable["unreadable"];
  /** Whether even the list of open orders could be read. */
  readonly listRead: boolean;
  /** How many used codes stay refused. */
  readonly codes: number;
  /** How many sales of the till are known to have an order. */
  readonly sales: number;
}

/** Status 1 where nothing was done, 3 where something that matters could not be read. */
export async function quarantineJournal(
  { config, json }: { readonly config: string | undefined; readonly json: boolean },
  io: Output,
): Promise<number> {
  const checked = loadConfig(configPath(config));
  if (!checked.ok) {
    for (const problem of checked.problems) io.stderr.write(`${problem}\n`);
    return exitStatus.usage;
  }
  const { directory } = checked.config.journal;
  try {
    return quarantine(directory, checked.config.mqtt !== null, json, io);
  } catch (error) {
    return no(io, error instanceof Error ? error.message : String(error));
  }
}

function quarantine(directory: string, reports: boolean, json: boolean, io: Output): number {
  const seen = lookForJournal(directory);
  if (seen === "hidden") return no(io, hiddenSentence(directory));
  const half = halfMoved(directory);
  if (half !== null) {
    using _lock = locked(directory);
    finishMove(directory);
    io.stdout.write(`What an earlier run began is done; see ${half}/${REPORT_FILE}.\n`);
    return exitStatus.unknown;
  }
  if (seen === "none") return no(io, `There is no journal in ${directory}`);
  const damage = damageOf(directory);
  if (damage.kind !== "damaged") return no(io, damage.sentence);
  using _lock = locked(directory);
  const report = putAside(directory, reports, damage.sentence);
  if (json) io.stdout.write(`${JSON.stringify(report)}\n`);
  else tell(report, directory, io);
  return isWhole(report) ? exitStatus.done : exitStatus.unknown;
}

function no(io: Output, sentence: string): number {
  io.stderr.write(`${sentence}; nothing was done.\n`);
  return exitStatus.no;
}

function locked(directory: string): Disposable {
  const lock = takeLock(directory);
  return { [Symbol.dispose]: () => lock.close() };
}

/** What a start would say, then what a reading of everything says. */
function damageOf(directory: string): { readonly kind: "damaged" | "not"; readonly sentence: string } {
  const writer = new SqliteWriter(directory);
  const opened = writer.open();
  writer.close();
  if (opened.kind === "refused") {
    return { kind: opened.why === "damaged" ? "damaged" : "not", sentence: opened.detail };
  }
  const recovered = recover(opened);
  if (!recovered.ok) return { kind: "damaged", sentence: recovered.reason };
  const reader = openReader(directory);
  if (!reader.ok) return { kind: "not", sentence: reader.reason };
  using reading = reader.value;
  try {
    const { damage } = new Verification(reading, () => undefined).verdict();
    if (damage === null) return { kind: "not", sentence: "The journal is whole" };
    return {
      kind: "damaged",
      sentence: damage.row === null ? damage.what : `row ${damage.row}: ${damage.what}`,
    };
  } catch (error) {
    return { kind: "damaged", sentence: error instanceof Error ? error.message : String(error) };
  }
}

function putAside(directory: string, reports: boolean, damage: string): Report {
  const at = new Date().toISOString();
  const folder = `${DAMAGED_PREFIX}${at.replaceAll(":", "-").replace(/\.\d+Z$/, "Z")}`;
  const next = makeNext(directory);
  const source = lookForJournal(directory) === "gone" ? makeLeft(next) : directory;
  if (source !== directory) copyLog(directory, source);
  const { journal: named, cursors } = readName(source);
  const confirmed = cursors === null ? null : (cursors.get(MQTT_CURSOR) ?? 0);
  const salvage = new Salvage(named, confirmed, reports || cursors?.has(MQTT_CURSOR) === true);
  const readable = readWhatCan(source, (row) => salvage.take(row));
  const { listed, unreadable, journal, salt } = readable;
  // What a follower has confirmed says that there were as many, and not that there were no more.
  const newestSeq = readable.indexedSeq === null ? null : Math.max(readable.indexedSeq, confirmed ?? 0);
  const { codes, refs, newest, ...salvaged } = salvage.result({ listed, unreadable, newestSeq });
  // Hashes of codes mean something under their salt alone.
  const kept = salt === null ? [] : codes;
  const from = journal === null || newest === null ? null : { journal, ...newest };
  const first: QuarantineEntry = { kind: "quarantine", at, folder, from, codes: kept, refs };
  makeJournal({ next, source, salt, salvage, first, unsent: salvaged.unsent });
  const report: Report = {
    at,
    folder,
    damage,
    journal,
    ...salvaged,
    unreadable,
    listRead: listed !== null,
    codes: kept.length,
    sales: refs.length,
  };
  moveAside(directory, folder, `${JSON.stringify(report, null, 2)}\n`);
  return report;
}

/** So many rows are written at once: unconfirmed events may be those of weeks. */
const BATCH_ROWS = 500;

function makeJournal(parts: {
  readonly next: string;
  readonly source: string;
  readonly salt: Uint8Array | null;
  readonly salvage: Salvage;
  readonly first: QuarantineEntry;
  readonly unsent: number;
}): void {
  const { next, source, salt, salvage, first, unsent } = parts;
  const writer = salt === null ? new SqliteWriter(next) : new SqliteWriter(next, salt);
  const opened = writer.open();
  invariant(opened.kind === "opened", "a new journal opens");
  const beginning = new NextJournal(opened.journal, first, unsent);
  let rows: StoredRow[] = [beginning.first];
  const write = (): void => {
    const error = writer.append(rows);
    rows = [];
    if (error !== null) throw new Error(`The new journal cannot be written: ${error}`);
  };
  // Durable with the rows behind it: the reporter begins with the oldest of them.
  if (unsent > 0) {
    writer.moveCursor(MQTT_CURSOR, -unsent);
    readWhatCan(source, (row) => {
      const entry = salvage.unsentOf(row);
      if (entry !== null) rows.push(beginning.unsent(entry));
      if (rows.length >= BATCH_ROWS) write();
    });
  }
  rows.push(...salvage.orderRows(opened.journal, first.at, beginning.head));
  write();
  writer.close();
}

/** Whether nothing that money hangs on is missing: the rest is history, and stands in the damaged file. */
function isWhole({ lost, unreadable, damaged, listRead, journal, unnamed }: Report): boolean {
  return (
    journal !== null &&
    unnamed === 0 &&
    lost.length === 0 &&
    listRead &&
    unreadable.length === 0 &&
    damaged.length === 0
  );
}

function tell(report: Report, directory: string, io: Output): void {
  const { carried, lost, damaged, unreadable, folder, codes } = report;
  io.stdout.write(
    `The damaged journal is in ${directory}/${folder}, with ${REPORT_FILE} beside it.\n` +
      `A new one has begun with ${carried.length} open orders and ${codes} used codes.\n`,
  );
  if (report.unchecked.length > 0)
    io.stdout.write(`  ${report.unchecked.length} declined orders are looked at once more.\n`);
  for (const { outTradeNo, shortRef, amountFen, state, doubtful } of carried) {
    const doubt = doubtful
      ? ", whose end may stand in a row that cannot be read: it is only asked about"
      : "";
    io.stdout.write(`  #${shortRef} ${formatYuan(amountFen)} ${state}, order ${outTradeNo}${doubt}\n`);
  }
  if (report.unsent > 0)
    io.stdout.write(
      `  ${report.unsent} events that nobody has confirmed are reported first, as what they were.\n`,
    );
  if (report.unnamed > 0)
    io.stderr.write(
      `${report.unnamed} events that nobody has confirmed are lost to the report: the id of their journal cannot be read.\n`,
    );
  for (const outTradeNo of lost)
    io.stderr.write(
      `Order ${outTradeNo} was open and cannot be read: look it up in the merchant platform.\n`,
    );
  if (!report.listRead)
    io.stderr.write(
      "The list of open orders cannot be read: compare the box's day with the merchant platform.\n",
    );
  for (const [from, to] of unreadable)
    io.stderr.write(
      from === to ? `Row ${from} cannot be read.\n` : `Rows ${from} to ${to} cannot be read.\n`,
    );
  for (const { n, what, outTradeNo } of damaged)
    io.stderr.write(`Row ${n}${outTradeNo === null ? "" : ` of order ${outTradeNo}`}: ${what}.\n`);
}

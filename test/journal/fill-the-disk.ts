/** A process that fills the small disk it is given and says as JSON what the journal on it still took. */
import { closeSync, existsSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { argv, stdout } from "node:process";
import type { JournalEntry } from "../../src/journal/own-entry.ts";
import { genesis, type Head, writeRow } from "../../src/journal/row.ts";
import { SqliteWriter } from "../../src/links/sqlite/sqlite-writer.ts";
import type { StoredRow } from "../../src/runtime/ports.ts";
import { boot, charging, money, shown } from "./entries.ts";

const directory = argv[2] ?? "";
const reserve = join(directory, "journal.reserve");
let writer = new SqliteWriter(directory);
const opened = writer.open();
if (opened.kind !== "opened") throw new Error(opened.detail);
const { journal } = opened;
let head: Head = genesis(journal);

/** Appends one entry; the head moves only where it became durable. */
function append(entry: JournalEntry): string | null {
  const { row, head: next } = writeRow(entry, head, { journal, at: "2026-03-15T09:30:12.000Z", boot: "b" });
  const error = writer.append([row] satisfies readonly StoredRow[]);
  if (error === null) head = next;
  return error;
}

/** Takes all of the room that is left; ends with the function that gives it back. */
function fill(): () => void {
  const ballast = openSync(join(directory, "ballast"), "w");
  try {
    for (;;) writeSync(ballast, new Uint8Array(4_096));
  } catch {
    // Full.
  }
  return () => {
    closeSync(ballast);
    rmSync(join(directory, "ballast"));
  };
}

append(boot);
const charged = append(charging(1)) === null;
const reserved = existsSync(reserve);

const empty = fill();
// What is left of the last page of the log takes a few more.
let refused: string | null = null;
for (let index = 2; refused === null && index < 100; index += 1) refused = append(charging(index));
const reversing = append(money(1, "reversing"));
let ended = 0;
while (ended < 80 && append(shown(1, "x".repeat(500))) === null) ended += 1;
const spent = !existsSync(reserve);
const stillRefused = append(charging(101));
empty();
const chargedAgain = append(charging(102));
writer.close();
const reservedAgain = existsSync(reserve);
fill();
writer = new SqliteWriter(directory);
const reopened = writer.open().kind;
const reversingAgain = append(money(102, "reversing"));
const refusedAgain = append(charging(103));
writer.close();
stdout.write(
  JSON.stringify({
    charged,
    reserved,
    refused,
    reversing,
    ended,
    spent,
    stillRefused,
    chargedAgain,
    reservedAgain,
    reopened,
    reversingAgain,
    refusedAgain,
  }),
);

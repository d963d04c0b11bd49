/**
 * A process that appends to the journal in the directory it is given, two at a time, and says each
 * acknowledged order on stdout, until it is killed.
 */
import { writeSync } from "node:fs";
import { argv, stdout } from "node:process";
import { Journal } from "../../src/journal/journal.ts";
import { SqliteStore } from "../../src/links/sqlite-store.ts";
import { boot, charging, numberOf } from "./entries.ts";
import { RealClock, silent } from "./real.ts";

const directory = argv[2] ?? "";
const store = new SqliteStore({
  directory,
  onDeath: (cause) => {
    throw new Error(cause);
  },
});
const journal = new Journal({ store, clock: new RealClock(), log: silent });
journal.open((outcome) => {
  if (outcome.kind !== "opened") throw new Error(outcome.detail);
  journal.note(boot);
  appendOn(outcome.head.n + 1);
  appendOn(outcome.head.n + 1_000_001);
});

function appendOn(index: number): void {
  journal.append(charging(index), (ok) => {
    if (!ok) throw new Error("the journal broke");
    writeSync(stdout.fd, `${numberOf(index)}\n`);
    appendOn(index + 1);
  });
}

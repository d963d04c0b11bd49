/**
 * A process that appends to the journal in the directory it is given, two at a time, and says each acknowledged order on
 * stdout, until it is killed. With the word "rotating" it first ends orders that it says nothing of, begins a segment after
 * every few appends, and drops what is older than the last of them; the order that it says stays open from then on.
 */
import { writeSync } from "node:fs";
import { argv, stdout } from "node:process";
import { Journal, type StartLearned } from "../../src/journal/journal.ts";
import { SqliteStore } from "../../src/links/sqlite/sqlite-store.ts";
import { boot, charging, money, numberOf } from "./entries.ts";
import { RealClock, silent } from "./real.ts";

const [, , directory = "", how = "appending"] = argv;
const store = new SqliteStore<StartLearned>({
  directory,
  onDeath: (cause) => {
    throw new Error(cause);
  },
});
const rotation = { retentionMs: 0, codesKept: 1 };
const journal = new Journal({ store, clock: new RealClock(), log: silent, rotation });
/** Payments that come and go before the first order that stays open, so that a rotation has something to drop. */
const SHORT = 40;

journal.open((outcome) => {
  if (outcome.kind !== "opened") throw new Error(outcome.detail);
  journal.note(boot);
  const { n } = outcome.head;
  if (how === "rotating") comeAndGo(n + 2_000_001, SHORT, () => appendOn(n + 1));
  else {
    appendOn(n + 1);
    appendOn(n + 1_000_001);
  }
});

function comeAndGo(index: number, left: number, done: () => void): void {
  if (left === 0) {
    done();
    return;
  }
  journal.append(charging(index), () => undefined);
  journal.append(money(index, "paid"), () => journal.rotate(() => comeAndGo(index + 1, left - 1, done)));
}

function appendOn(index: number): void {
  if (how === "rotating") journal.rotate(() => undefined);
  journal.append(charging(index), (ok) => {
    if (!ok) throw new Error("the journal broke");
    writeSync(stdout.fd, `${numberOf(index)}\n`);
    appendOn(index + 1);
  });
}

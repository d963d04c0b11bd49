/** What a journal says of itself in each of its states, and what it does not do in them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Defect } from "../../src/core/kernel/defect.ts";
import { Journal, NOTE_IDLE_MS } from "../../src/journal/journal.ts";
import type { LogFields } from "../../src/runtime/ports.ts";
import { SimulatedClock } from "../../src/simulator/outside/time.ts";
import { JournalBox } from "./box.ts";
import { boot, charging, intentOf, money, numberOf, shown } from "./entries.ts";

const wallAtStart = Date.UTC(2026, 2, 15);

/** A journal of which everything that it logs and tells is kept; its clock says when it was made. */
function bench(box = new JournalBox()) {
  const lines: (readonly [level: string, event: string, fields: LogFields | undefined])[] = [];
  const level = (name: string) => (event: string, fields?: LogFields) =>
    void lines.push([name, event, fields]);
  let broken = 0;
  const journal = new Journal({
    store: box.disk.link(),
    clock: new SimulatedClock(box.time, wallAtStart + box.time.now, true),
    log: { debug: level("debug"), info: level("info"), warn: level("warn"), error: level("error") },
    broken: () => {
      broken += 1;
    },
  });
  return { box, journal, lines, broken: () => broken };
}

function opened(box?: JournalBox) {
  const made = bench(box);
  made.journal.open(() => undefined);
  made.box.pass(1_000);
  return made;
}

test("a journal has no status before it is open, and then tells where it ends and when it was written", () => {
  const { box, journal } = bench();
  assert.deepEqual([journal.status(), journal.head(), journal.isRotationDue()], [null, 0, false]);
  journal.open(() => undefined);
  assert.equal(journal.status(), null, "not while it is being opened");
  box.pass(1_000);
  const own = { journal: box.disk.journal, broken: false, proved: 0, proofDone: false, damage: null };
  assert.deepEqual(journal.status(), { ...own, n: 0, seq: 0, rows: 0, writtenAt: null });
  journal.note(boot);
  box.append(journal, charging(1));
  const { writtenAt, ...rest } = journal.status() ?? { writtenAt: null };
  assert.deepEqual(rest, { ...own, n: 2, seq: 1, rows: 2 });
  assert.ok(writtenAt !== null && writtenAt > wallAtStart + 1_000 && writtenAt < wallAtStart + 2_000);
  box.disk.fault = "refusing";
  box.append(journal, money(1, "paid"));
  assert.deepEqual(journal.status(), { ...own, n: 2, seq: 1, rows: 2, writtenAt, broken: true });
});

test("opening is logged with the journal's id, its rows, events and open orders", () => {
  const first = opened();
  first.journal.note(boot);
  for (const entry of [charging(1), money(1, "paid"), charging(2)]) first.box.append(first.journal, entry);
  first.box.close(first.journal);
  const { lines, box } = opened(first.box);
  assert.deepEqual(lines, [
    ["info", "journal.opened", { journal: box.disk.journal, rows: 4, seq: 3, open: 1 }],
  ]);
});

test("what fails is logged and told, once for all that comes after it", () => {
  for (const fails of ["append", "note", "rotation"] as const) {
    const { box, journal, lines, broken } = opened();
    journal.note(boot);
    box.append(journal, charging(1));
    lines.length = 0;
    box.disk.fault = "read-only";
    if (fails === "append") box.append(journal, charging(2));
    else if (fails === "note") journal.note(shown(1, "PAID"));
    else assert.equal(box.rotate(journal).kind, "refused");
    box.pass(NOTE_IDLE_MS + 100);
    const error = "attempt to write a readonly database";
    assert.deepEqual(lines, [["error", "journal.broken", { error }]], fails);
    assert.equal(broken(), 1, fails);
    assert.equal(box.append(journal, charging(3)), false);
    assert.deepEqual(box.rotate(journal), { kind: "refused", why: "the journal can no longer be written" });
    assert.equal(journal.isRotationDue(), false);
    assert.deepEqual([lines.length, broken()], [1, 1]);
    box.close(journal);
  }
});

test("who waits for a rotation hears the reason where the journal broke before it", () => {
  const { box, journal } = opened();
  journal.note(boot);
  box.append(journal, charging(1));
  box.disk.fault = "refusing";
  const told: string[] = [];
  journal.append(money(1, "paid"), (ok) => told.push(`paid ${ok}`));
  journal.append(charging(2), (ok) => told.push(`waiting ${ok}`));
  journal.rotate((outcome) => told.push(outcome.kind === "refused" ? outcome.why : outcome.kind));
  box.pass(1_000);
  assert.deepEqual(told, ["paid false", "waiting false", "disk I/O error"]);
});

test("room is told of while a charge could be recorded, and of a journal that is closed or broken nothing", () => {
  const { box, journal } = opened();
  const told: boolean[] = [];
  const ask = (): void => {
    journal.room((room) => told.push(room));
    box.pass(1_000);
  };
  ask();
  box.disk.fault = "full";
  ask();
  assert.deepEqual(told.splice(0), [true, false]);
  box.disk.fault = "refusing";
  journal.note(boot);
  box.append(journal, charging(1));
  ask();
  const other = opened();
  other.journal.close(() => undefined);
  other.journal.room((room) => told.push(room));
  other.box.pass(1_000);
  assert.deepEqual(told, []);
});

test("a journal that was closed records and begins nothing, and says so after the call", () => {
  const { box, journal } = opened();
  journal.note(boot);
  box.append(journal, charging(1));
  const rows = box.disk.rows.length;
  const told: unknown[] = [];
  journal.close(() => told.push("closed"));
  journal.append(charging(2), (ok) => told.push(ok));
  journal.rotate((outcome) => told.push(outcome));
  journal.note(shown(1, "PAID"));
  assert.deepEqual(told, []);
  box.pass(NOTE_IDLE_MS * 2);
  assert.deepEqual(told, [false, { kind: "refused", why: "the journal is closed" }, "closed"]);
  assert.equal(box.disk.rows.length, rows);
  assert.throws(() => journal.close(() => undefined), Defect);
});

test("a journal that was never opened is closed at once, and one that is being opened when that is done", () => {
  const never = bench();
  never.box.close(never.journal);
  assert.throws(() => never.journal.open(() => undefined), Defect);

  const { box, journal } = bench();
  const told: string[] = [];
  journal.open(({ kind }) => told.push(kind));
  journal.close(() => told.push("closed"));
  box.pass(1_000);
  assert.deepEqual(told, ["opened", "closed"]);

  const refused = bench();
  refused.box.disk.newer = true;
  const heard: string[] = [];
  refused.journal.open(({ kind }) => heard.push(kind));
  refused.journal.close(() => heard.push("closed"));
  refused.box.pass(1_000);
  assert.deepEqual(heard, ["refused", "closed"]);
});

test("what needs an open journal is a defect before", () => {
  const { journal } = bench();
  for (const use of [
    () => journal.append(charging(1), () => undefined),
    () => journal.note(shown(1, "PAID")),
    () => journal.follow(0, 1, () => undefined),
    () => journal.newestOf(numberOf(1), () => undefined),
    () => journal.moveCursor("mqtt", 1),
    () => journal.rotate(() => undefined),
    () => journal.room(() => undefined),
    () => journal.fingerprint("134"),
  ])
    assert.throws(use, Defect);
  journal.open(() => undefined);
  assert.throws(() => journal.open(() => undefined), Defect, "it is opened once");
});

test("entries do not pile up without end before a disk that does not answer", () => {
  const { box, journal } = opened();
  box.disk.flush = { least: 1_000_000, most: 1_000_000 };
  journal.note(boot);
  journal.append(charging(0), () => undefined);
  for (let index = 1; index <= 1_024; index += 1) journal.append(shown(index, "PAID"), () => undefined);
  assert.throws(() => journal.append(shown(0, "PAID"), () => undefined), Defect);
});

test("an entry is stamped with the moment at which it was handed in, not that of its flush", () => {
  const { box, journal } = opened();
  box.disk.flush = { least: 500, most: 500 };
  journal.note(boot);
  journal.append(charging(1), () => undefined);
  box.pass(100);
  journal.append(money(1, "paid"), () => undefined);
  box.pass(2_000);
  const [charged, paid] = box.follow(journal, 0) ?? [];
  assert.deepEqual(
    [charged?.at, paid?.at],
    [new Date(wallAtStart + 1_000).toISOString(), new Date(wallAtStart + 1_100).toISOString()],
  );
  assert.equal(charged?.boot, intentOf(1).boot);
});

test("a note waits for its time once: notes that come meanwhile go with it, later ones wait anew", () => {
  const { box, journal } = opened();
  journal.note(shown(1, "WAIT"));
  box.pass(NOTE_IDLE_MS - 1_000);
  journal.note(shown(2, "WAIT"));
  box.pass(1_100);
  assert.equal(box.disk.rows.length, 2);
  journal.note(shown(3, "WAIT"));
  box.pass(NOTE_IDLE_MS - 100);
  assert.equal(box.disk.rows.length, 2);
  box.pass(200);
  assert.equal(box.disk.rows.length, 3);
});

test("listeners are told of events alone, and the end of the chain is what was written last", () => {
  const { box, journal } = opened();
  const told: number[] = [];
  journal.onAppended((seq) => told.push(seq));
  journal.note(boot);
  box.append(journal, shown(1, "WAIT"));
  assert.deepEqual([told, journal.head()], [[], 0]);
  box.append(journal, charging(1));
  assert.deepEqual([told, journal.head()], [[1], 1]);
});

import assert from "node:assert/strict";
import test from "node:test";
import { judgeJournal } from "../../../src/cli/doctor/journal.ts";
import type { JournalTail } from "../../../src/cli/journal/tail.ts";
import { levelsOf, the } from "./sound.ts";

const tail: JournalTail = { journal: "4c1f", read: 2_000, last: 5_310, openOrders: 0, damage: null };
const box = { pid: 812, program: "node scanbox.mjs" };

test("a whole journal without open orders is in order, and the box that writes it is named", () => {
  assert.deepEqual(levelsOf(judgeJournal({ tail, box })), [
    "journal.tail ok",
    "journal.open-orders ok",
    "journal.writer ok",
  ]);
  assert.match(the("journal.writer", judgeJournal({ tail, box })).found, /process 812/);
  assert.equal(the("journal.writer", judgeJournal({ tail, box: null })).level, "note");
});

test("open orders are a note while a box sees to them, and a warning where none does", () => {
  for (const openOrders of [1, 3]) {
    const open = { ...tail, openOrders };
    assert.equal(the("journal.open-orders", judgeJournal({ tail: open, box })).level, "note");
    assert.equal(the("journal.open-orders", judgeJournal({ tail: open, box: null })).level, "warning");
  }
});

test("damage is a fault that names the row, and so is a journal that cannot be read", () => {
  const damaged = { ...tail, damage: { row: 5_012, what: "its hash does not match what it says" } };
  const finding = the("journal.tail", judgeJournal({ tail: damaged, box: null }));
  assert.equal(finding.level, "fault");
  assert.match(finding.found, /row 5012/);
  assert.match(finding.remedy ?? "", /"scanbox journal verify".*"scanbox journal quarantine"/);
  assert.deepEqual(levelsOf(judgeJournal({ tail: "It is none.", box: null })), [
    "journal.tail fault",
    "journal.writer note",
  ]);
});

test("a journal that is not there yet, or that nobody knows, is a note", () => {
  assert.equal(the("journal.tail", judgeJournal({ tail: null, box: null })).level, "note");
  assert.deepEqual(levelsOf(judgeJournal(null)), ["journal.tail note"]);
});

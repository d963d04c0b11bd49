/** One row by itself: what it holds, and each way in which it can be damaged though its hash is right. */
import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import { Defect } from "../../src/core/kernel/defect.ts";
import { eventHash } from "../../src/journal/event.ts";
import type { JournalEntry, UnsentEntry } from "../../src/journal/own-entry.ts";
import {
  chargedCodes,
  genesis,
  readRow,
  salesOf,
  unsentEvent,
  writeRow,
  writeUnsentRow,
} from "../../src/journal/row.ts";
import type { StoredRow } from "../../src/runtime/ports.ts";
import { boot, charging, intentOf, money, numberOf, shown, txOf } from "./entries.ts";

const journal = "0123456789abcdef";
const at = "2026-03-15T09:30:12.000Z";
const start = genesis(journal);
const stamp = { journal, at, boot: "b" };
const quarantine: JournalEntry = {
  ...{ kind: "quarantine", at, folder: "damaged", from: null, codes: ["one", "two"] },
  refs: [["till 1", numberOf(1)]],
};
const unsent: UnsentEntry = {
  ...{ kind: "unsent", journal: "old", seq: 7, at, boot: "o", prev: null },
  tx: txOf(3, "paid"),
};

const rowOf = (entry: JournalEntry): StoredRow => writeRow(entry, start, stamp).row;

/** The same row with other columns, and the hash that belongs to them. */
function sealed(row: StoredRow, change: Partial<StoredRow>): StoredRow {
  const { n, seq, kind, subject, final, body } = { ...row, ...change };
  const text = `${n}\n${seq ?? ""}\n${kind}\n${subject ?? ""}\n${final ? 1 : 0}\n${body}`;
  return { n, seq, kind, subject, final, body, hash: hash("sha256", text) };
}

/** The same row with other members in its body. */
function withBody(row: StoredRow, change: Readonly<Record<string, unknown>>): StoredRow {
  return sealed(row, { body: JSON.stringify({ ...JSON.parse(row.body), ...change }) });
}

function damageOf(row: StoredRow): string | null {
  const read = readRow(row, journal);
  return read.ok ? null : read.reason;
}

test("a row continues its head, and is the next one's", () => {
  assert.deepEqual(start, {
    ...{ n: 0, seq: 0, eventHash: null },
    hash: hash("sha256", `scanbox journal ${journal}`),
  });
  const first = writeRow(boot, start, { ...stamp, boot: null });
  assert.deepEqual(first.head, { ...start, n: 1, hash: first.row.hash });
  const second = writeRow(charging(1), first.head, stamp);
  const event = { journal, seq: 1, boot: "b", prevHash: null, tx: txOf(1, "charging") };
  assert.deepEqual(second.head, { n: 2, seq: 1, hash: second.row.hash, eventHash: eventHash(event) });
  assert.deepEqual(sealed(second.row, {}), second.row, "the hash is over all columns");
  const read = readRow(second.row, journal);
  assert.ok(read.ok);
  assert.deepEqual([read.value.n, read.value.hash, read.value.before], [2, second.row.hash, first.row.hash]);
  assert.deepEqual(read.value.event, { ...event, at, hash: eventHash(event) });
  const third = writeRow(money(1, "paid"), second.head, stamp);
  const last = readRow(third.row, journal);
  assert.equal(last.ok && last.value.event?.prevHash, eventHash(event));
  assert.throws(() => writeRow(charging(1), start, { ...stamp, boot: null }), Defect);
});

test("columns say what the text says", () => {
  const columns = ({ kind, seq, subject, final }: StoredRow) => [kind, seq, subject, final];
  assert.deepEqual(columns(rowOf(boot)), ["boot", null, null, false]);
  assert.deepEqual(columns(rowOf(shown(2, "PAID"))), ["shown", null, numberOf(2), false]);
  assert.deepEqual(columns(rowOf(charging(2))), ["charging", 1, numberOf(2), false]);
  assert.deepEqual(columns(rowOf(money(2, "paid"))), ["money", 1, numberOf(2), true]);
  for (const row of [rowOf(charging(1)), rowOf(money(1, "paid")), rowOf(shown(1, "PAID")), rowOf(boot)]) {
    assert.equal(damageOf(row), null);
    assert.equal(damageOf({ ...row, hash: "0".repeat(64) }), "wrong-hash");
    for (const change of [
      ...[{ kind: "checked" }, { subject: numberOf(9) }, { final: !row.final }],
      { seq: row.seq === null ? 1 : null },
    ])
      assert.equal(damageOf(sealed(row, change)), "columns-differ", JSON.stringify(change));
    for (const n of [row.n + 1, 0]) assert.equal(damageOf({ ...row, n }), "wrong-hash");
  }
});

test("a text that is no entry is damage, whatever its hash says", () => {
  const row = rowOf(charging(1));
  for (const body of ["", "{", "null", "7", "[]", '"charging"', "{}"])
    assert.equal(damageOf(sealed(row, { body })), "not-an-entry", body);
  for (const member of [{ before: 7 }, { before: undefined }, { kind: "spoiled" }])
    assert.equal(damageOf(withBody(row, member)), "not-an-entry", JSON.stringify(member));
  for (const member of [{ at: 7 }, { at: undefined }, { boot: null }, { prev: 7 }, { prev: undefined }])
    assert.equal(damageOf(withBody(row, member)), "not-an-entry", JSON.stringify(member));
  assert.equal(damageOf(withBody(row, { prev: "abc" })), null);
});

test("a row of an event that is another journal's stands before the first, under its own name", () => {
  const { row, head } = writeUnsentRow(unsent, -2, { ...start, n: 1 });
  assert.deepEqual([row.n, row.seq, row.kind, row.subject, row.final], [2, -2, "unsent", null, false]);
  assert.deepEqual(head, { ...start, n: 2, hash: row.hash });
  const read = readRow(row, journal);
  assert.ok(read.ok && read.value.event === null && read.value.before === start.hash);
  assert.equal(damageOf(sealed(row, { seq: 0 })), null);
  for (const seq of [1, null]) assert.equal(damageOf(sealed(row, { seq })), "columns-differ", String(seq));
  const link = { journal: "old", seq: 7, boot: "o", prevHash: null, tx: unsent.tx };
  assert.deepEqual(unsentEvent(unsent, -2), {
    ...{ journal: "old", seq: -2, boot: "o", at, prevHash: null, tx: unsent.tx },
    ...{ hash: eventHash(link), known: { journal: "old", seq: 7 } },
  });
});

test("the codes of a row are those that it says were charged, and damage is told", () => {
  const codes = (row: StoredRow) => {
    const read = chargedCodes(row, journal);
    return read.ok ? read.value : read.reason;
  };
  const charged = rowOf(charging(1));
  assert.deepEqual(codes(charged), ["code-hash-1"]);
  const ours = rowOf({
    kind: "charging",
    tx: txOf(1, "charging"),
    intent: { ...intentOf(1), codeHash: null, mode: "mpm" },
  });
  assert.deepEqual(codes(ours), []);
  assert.deepEqual(codes(rowOf(quarantine)), ["one", "two"]);
  assert.equal(codes({ ...charged, hash: "" }), "wrong-hash");
  assert.equal(codes({ ...rowOf(quarantine), hash: "" }), "wrong-hash");
  assert.equal(codes(sealed(charged, { body: "{}" })), "not-an-entry");
  assert.equal(codes(sealed(rowOf(quarantine), { body: "{}" })), "not-an-entry");
  // A text within a text has its quotes escaped: only the member itself is one.
  const sly = { ...intentOf(1), ref: '"codeHash":"sly"', codeHash: "true" };
  assert.deepEqual(codes(rowOf({ kind: "charging", tx: txOf(1, "charging"), intent: sly })), ["true"]);
});

test("the sales of a row are those of a till, each with its order", () => {
  assert.deepEqual(salesOf(rowOf(quarantine), journal), [["till 1", numberOf(1)]]);
  const { refs: _refs, ...old } = quarantine as JournalEntry & { readonly refs?: unknown };
  assert.deepEqual(salesOf(rowOf(old as JournalEntry), journal), []);
  assert.deepEqual(salesOf({ ...rowOf(quarantine), hash: "" }, journal), [], "a damaged one tells nothing");
  const [[sale, order] = []] = salesOf(rowOf(charging(1)), journal);
  assert.equal(order, numberOf(1));
  assert.match(sale ?? "", /till-1/);
  const noTill = { ...intentOf(1), ref: null, caller: null };
  const byHand = { kind: "charging", tx: { ...txOf(1, "charging"), ref: null }, intent: noTill } as const;
  assert.deepEqual(salesOf(rowOf(byHand), journal), []);
  for (const half of [
    { ...byHand, intent: { ...noTill, caller: "till" } },
    { ...byHand, intent: { ...noTill, ref: "A-1" } },
  ])
    assert.deepEqual(salesOf(rowOf(half), journal), []);
  assert.deepEqual(salesOf({ ...rowOf(charging(1)), subject: null }, journal), []);
});

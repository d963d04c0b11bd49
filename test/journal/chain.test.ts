import assert from "node:assert/strict";
import { test } from "node:test";
import { ChainVerifier } from "../../src/journal/chain.ts";
import type { JournalEntry } from "../../src/journal/own-entry.ts";
import { genesis, type Head, writeRow } from "../../src/journal/row.ts";
import type { StoredRow } from "../../src/runtime/ports.ts";
import { boot, charging, money, shown } from "./entries.ts";

const journal = "0123456789abcdef";
const at = "2026-03-15T09:30:12.000Z";

/** The row of `entry` behind a head, and the head after it. */
const next = (entry: JournalEntry, head: Head) => writeRow(entry, head, { journal, at, boot: "b" });

function segment({ seq, eventHash }: Pick<Head, "seq" | "eventHash">): JournalEntry {
  const first = { n: 1, before: genesis(journal).hash };
  return { kind: "segment", at, clockTrusted: true, first, events: { seq, hash: eventHash } };
}

const booted = next(boot, genesis(journal));
const charged = next(charging(1), booted.head);
const paid = next(money(1, "paid"), charged.head);
const end = paid.head;

/** What a walk says that began at `from`, went along `rows`, and then came to `last`. */
function damageOf(last: StoredRow, rows: readonly StoredRow[], from: Head | null = genesis(journal)) {
  const walk = new ChainVerifier(journal, from);
  for (const row of rows) assert.ok(walk.step(row).ok);
  const before = [walk.row, walk.event];
  const step = walk.step(last);
  if (!step.ok) assert.deepEqual([walk.row, walk.event], before, "a refused row moves nothing");
  return step.ok ? null : step.reason;
}

const rows = [booted.row, charged.row, paid.row];

test("a walk accepts what continues it, and knows where it has come to", () => {
  const walk = new ChainVerifier(journal, genesis(journal));
  assert.deepEqual([walk.row, walk.event], [genesis(journal), genesis(journal)]);
  for (const row of rows) assert.ok(walk.step(row).ok);
  assert.deepEqual(walk.row, { n: end.n, hash: end.hash });
  assert.deepEqual(walk.event, { seq: end.seq, eventHash: end.eventHash });
});

test("a walk that begins in the middle takes the first row and the first event on their own word", () => {
  const none = new ChainVerifier(journal, null);
  assert.deepEqual([none.row, none.event], [null, null]);
  assert.equal(damageOf(paid.row, [], null), null);
  assert.equal(damageOf(charged.row, [paid.row], null), "gap");
  const note = next(shown(1, "PAID"), end);
  const later = next(charging(2), note.head);
  assert.equal(damageOf(later.row, [note.row], null), null);
});

test("rows that are left out, exchanged or changed are refused, each for its reason", () => {
  assert.equal(damageOf(paid.row, [booted.row]), "gap");
  assert.equal(damageOf(booted.row, [booted.row]), "gap");
  assert.equal(damageOf({ ...paid.row, hash: "" }, rows.slice(0, 2)), "wrong-hash");
  const elsewhere = next(money(1, "paid"), { ...charged.head, hash: "0".repeat(64) });
  assert.equal(damageOf(elsewhere.row, rows.slice(0, 2)), "wrong-link");
  const later = next(money(1, "paid"), { ...charged.head, seq: 2 });
  assert.equal(damageOf(later.row, rows.slice(0, 2)), "event-gap");
  const other = next(money(1, "paid"), { ...charged.head, eventHash: "0".repeat(64) });
  assert.equal(damageOf(other.row, rows.slice(0, 2)), "wrong-event-link");
});

test("a segment names the newest event, from which a walk that has seen none goes on", () => {
  const right = next(segment(end), end);
  assert.equal(damageOf(right.row, rows), null);
  for (const wrong of [
    { ...end, seq: end.seq + 1 },
    { ...end, eventHash: "0".repeat(64) },
  ])
    assert.equal(damageOf(next(segment(wrong), end).row, rows), "wrong-segment");
  const after = next(charging(2), right.head);
  assert.equal(damageOf(after.row, [right.row], null), null);
  const gap = next(charging(2), { ...right.head, seq: right.head.seq + 1 });
  assert.equal(damageOf(gap.row, [right.row], null), "event-gap");
  const link = next(charging(2), { ...right.head, eventHash: "0".repeat(64) });
  assert.equal(damageOf(link.row, [right.row], null), "wrong-event-link");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { StoredRow } from "../../src/runtime/ports.ts";
import { type EventRow, eventSource } from "../../src/telemetry/source.ts";
import { hashOf } from "./records.ts";

function storedRow(seq: number): StoredRow {
  return {
    n: seq * 3,
    seq,
    kind: "money",
    outTradeNo: null,
    final: true,
    body: `{"of":${seq}}`,
    hash: hashOf(seq),
  };
}

function read(
  stored: readonly StoredRow[] | null,
  afterSeq: number,
  limit: number,
): readonly EventRow[] | null {
  const results: (readonly EventRow[] | null)[] = [];
  const source = eventSource(
    {
      follow: (after, most, done) =>
        done(stored === null ? null : stored.filter(({ seq }) => (seq ?? 0) > after).slice(0, most)),
      moveCursor: () => {},
      onAppended: () => {},
    },
    () => 0,
  );
  source.follow(afterSeq, limit, (rows) => results.push(rows));
  assert.equal(results.length, 1);
  return results[0] ?? null;
}

const five = [1, 2, 3, 4, 5].map(storedRow);

test("each event has the hash of the event before it, the first of a read too", () => {
  const rows = read(five, 2, 2);
  assert.deepEqual(rows, [
    { seq: 3, hash: hashOf(3), prevHash: hashOf(2), body: '{"of":3}' },
    { seq: 4, hash: hashOf(4), prevHash: hashOf(3), body: '{"of":4}' },
  ]);
});

test("the first event of a journal has none before it", () => {
  assert.deepEqual(read(five, 0, 1), [{ seq: 1, hash: hashOf(1), prevHash: null, body: '{"of":1}' }]);
});

test("a read at the end is empty", () => {
  assert.deepEqual(read(five, 5, 4), []);
});

test("a read fails where the row before is missing, for the bytes of an event never change", () => {
  assert.equal(read(five.slice(2), 2, 4), null);
  assert.equal(read([storedRow(1), storedRow(3)], 0, 4), null);
  assert.equal(read(null, 0, 4), null);
});

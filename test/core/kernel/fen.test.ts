import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FEN_MAX, fenOf, formatYuan, parseYuan } from "../../../src/core/kernel/fen.ts";

test("what formatYuan writes, parseYuan reads back", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: FEN_MAX }), (fen) => {
      assert.deepEqual(parseYuan(formatYuan(fen)), { ok: true, value: fen });
    }),
  );
});

test("amounts are read as people write them", () => {
  const cases: readonly (readonly [string, number | string])[] = [
    ["12", 1200],
    ["12.5", 1250],
    ["12.50", 1250],
    ["0.01", 1],
    ["99999.99", FEN_MAX],
    ["0", "zero"],
    ["0.00", "zero"],
    ["100000", "too-large"],
    ["12.345", "not-an-amount"],
    ["-1", "not-an-amount"],
    ["1e3", "not-an-amount"],
    ["12,50", "not-an-amount"],
    [" 12", "not-an-amount"],
    ["", "not-an-amount"],
    [".5", "not-an-amount"],
    ["12.", "not-an-amount"],
  ];
  for (const [text, expected] of cases) {
    const read = parseYuan(text);
    assert.equal(read.ok ? read.value : read.reason, expected, `parseYuan(${JSON.stringify(text)})`);
  }
});

test("only whole numbers of fen within the limit are amounts", () => {
  for (const wrong of [1.5, Number.NaN, -1, Number.POSITIVE_INFINITY, 2 ** 53]) {
    const read = fenOf(wrong);
    assert.equal(read.ok ? "" : read.reason, "not-a-whole-number", String(wrong));
  }
  assert.equal(fenOf(0).ok, false);
  assert.equal(fenOf(FEN_MAX + 1).ok, false);
  assert.deepEqual(fenOf(1), { ok: true, value: 1 });
});

test("an amount to show must be a whole number", () => {
  assert.equal(formatYuan(0), "0.00");
  assert.throws(() => formatYuan(1.5), { name: "Defect" });
  assert.throws(() => formatYuan(-1), { name: "Defect" });
});

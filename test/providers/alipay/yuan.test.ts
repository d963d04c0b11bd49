import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatYuan } from "../../../src/core/kernel/fen.ts";
import { fenOfYuan } from "../../../src/providers/alipay/yuan.ts";

test("an amount is read with none, one or two decimals, to the fen", () => {
  const amounts: readonly (readonly [string, number])[] = [
    ["12.80", 1_280],
    ["12.8", 1_280],
    ["12", 1_200],
    ["0.01", 1],
    ["0.00", 0],
    ["0012.80", 1_280],
    // As floats these would be 113.99999999999999 and 432.99999999999994 fen.
    ["1.14", 114],
    ["4.35", 435],
    ["999999999.99", 99_999_999_999],
  ];
  for (const [text, fen] of amounts) assert.equal(fenOfYuan(text), fen, text);
});

test("what is no amount in yuan is none", () => {
  const others = ["", ".5", "12.", "12.805", "-1", "+1", "1e3", "1,000.00", " 1", "1 ", "1.0\n", "１２.80"];
  for (const text of [...others, "1000000000", "0x10", "NaN", "12.8 元"]) {
    assert.equal(fenOfYuan(text), null, JSON.stringify(text));
  }
});

test("every amount comes back as it was written", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 99_999_999_999 }), (fen) => {
      assert.equal(fenOfYuan(formatYuan(fen)), fen);
    }),
  );
});

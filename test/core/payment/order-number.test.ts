import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { markOf, numberingOf, orderNumber } from "../../../src/core/payment/order-number.ts";

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });

test("an order number is what WeChat Pay takes, whatever chance gives", () => {
  fc.assert(
    fc.property(fc.tuple(word, word, word, word), fc.nat(1_000_000), (chance, ahead) => {
      const numbering = numberingOf("abcd1234", chance);
      const { outTradeNo, shortRef } = orderNumber({ ...numbering, counter: numbering.counter + ahead });
      assert.match(outTradeNo, /^abcd1234_[0-9a-z]{12}_\d+$/);
      assert.ok(outTradeNo.length <= 32);
      assert.match(shortRef, /^\d{4}$/);
    }),
  );
});

test("every bit of the sixty changes the boot's mark", () => {
  const marks = new Set<string>([markOf([0, 0, 0])]);
  for (let place = 0; place < 3; place += 1) {
    for (let bit = 0; bit < 20; bit += 1) {
      const chance: [number, number, number] = [0, 0, 0];
      chance[place] = 2 ** bit;
      marks.add(markOf(chance));
    }
  }
  assert.equal(marks.size, 61);
});

test("a box mark of another form is a defect", () => {
  for (const mark of ["ABC", "abcd123", "abcd12345", "abcd_234"]) {
    assert.throws(() => numberingOf(mark, [0, 0, 0, 0]), { name: "Defect" }, mark);
  }
  assert.throws(() => orderNumber({ boxTag: "abcd1234", bootMark: "123456789012", counter: 10 ** 12 }), {
    name: "Defect",
  });
});

test("an order number may have all thirty characters, and is spoken of by its last four digits", () => {
  const numbering = { boxTag: "abcd1234", bootMark: "123456789012", counter: 99_999_999 };
  assert.deepEqual(orderNumber(numbering), {
    outTradeNo: "abcd1234_123456789012_99999999",
    shortRef: "9999",
  });
  assert.equal(orderNumber({ ...numbering, counter: 20_007 }).shortRef, "0007");
  assert.equal(numberingOf("abcd1234", [0, 0, 0, 2 ** 32 - 1]).counter, 7_295);
});

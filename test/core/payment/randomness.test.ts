/** What must not be guessed or come twice depends on every bit of chance that it was given. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { instantOf, wallTimeOf } from "../../../src/core/kernel/instant.ts";
import { numberingOf } from "../../../src/core/payment/order-number.ts";
import { PaymentCode } from "../../../src/core/payment/payment-code.ts";
import type { Stamp } from "../../../src/core/payment/rules.ts";
import { step } from "../../../src/core/payment/step.ts";
import { keypadRules, Story } from "./story.ts";

type Chance = Stamp["chance"];

/** Four words of which one bit is set, for each of their lowest `bits`. */
function* singles(places: readonly number[], bits: number): Generator<Chance> {
  for (const place of places) {
    for (let bit = 0; bit < bits; bit += 1) {
      const words: [number, number, number, number] = [0, 0, 0, 0];
      words[place] = 2 ** bit;
      yield words;
    }
  }
}

test("each of sixty random bits shows in a boot's mark, and the fourth word in its first number", () => {
  const none = numberingOf("abcd1234", [0, 0, 0, 0]);
  const marks = [...singles([0, 1, 2], 20)].map((chance) => numberingOf("abcd1234", chance).bootMark);
  assert.equal(new Set([none.bootMark, ...marks]).size, 61);
  const counters = [...singles([3], 32)].map((chance) => numberingOf("abcd1234", chance).counter);
  assert.ok(counters.every((counter) => counter !== none.counter));
  assert.equal(numberingOf("abcd1234", [0, 0, 0, 2 ** 32 - 1]).counter, (2 ** 32 - 1) % 10_000);
});

test("each of sixty random bits of its scan shows in the nonce of an order, which is no part of its number", () => {
  const { box, now } = Story.ready().keys("1250=");
  const scan = {
    type: "code-scanned",
    code: new PaymentCode("134567890123456789", "wechat"),
    codeHash: "a hash",
  } as const;
  const begun = (chance: Chance): { readonly nonce: string; readonly outTradeNo: string } => {
    const stamp = { at: instantOf(now), wall: wallTimeOf(1_800_000_000_000), clockTrusted: true, chance };
    const [order] = step(box, scan, stamp, keypadRules).box.orders.values();
    assert.ok(order !== undefined);
    return { nonce: order.intent.nonce, outTradeNo: order.intent.outTradeNo };
  };
  const none = begun([0, 0, 0, 0]);
  const orders = [...singles([1, 2, 3], 20)].map(begun);
  assert.equal(new Set([none, ...orders].map(({ nonce }) => nonce)).size, 61);
  assert.match(none.nonce, /^[0-9a-z]{12}$/);
  assert.deepEqual(new Set(orders.map(({ outTradeNo }) => outTradeNo)), new Set([none.outTradeNo]));
});

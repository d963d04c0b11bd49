import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chargeAnswerOf,
  closingAnswerOf,
  refundAnswerOf,
  refundConfirmedBy,
} from "../../../src/providers/wechat-v2/native-answers.ts";
import type { RefundStatus } from "../../../src/providers/wechat-v2/refund-query.ts";

const silence = { kind: "unknown", why: "silence", signed: false } as const;
const unsent = { kind: "not-sent", why: "no-name" } as const;

test("a booking without a code for the screen is not an order that anybody could pay", () => {
  const codeUrl = "weixin://wxpay/bizpayurl?pr=42";
  assert.deepEqual(chargeAnswerOf({ kind: "ordered", prepayId: "1", codeUrl }), { kind: "ordered", codeUrl });
  const without = chargeAnswerOf({ kind: "ordered", prepayId: "1", codeUrl: null });
  assert.deepEqual(without, { kind: "unknown", why: "malformed", signed: true });
  assert.equal(chargeAnswerOf(silence), silence);
});

test("a closing never ends an order by itself, and tells of a payment", () => {
  assert.deepEqual(closingAnswerOf({ kind: "closed" }), { kind: "done" });
  assert.deepEqual(closingAnswerOf({ kind: "paid" }), { kind: "paid" });
  assert.deepEqual(closingAnswerOf({ kind: "absent" }), { kind: "again", code: null });
  assert.deepEqual(closingAnswerOf({ kind: "again", code: "X" }), { kind: "again", code: "X" });
  assert.equal(closingAnswerOf(unsent), unsent);
});

test("a refund is asked for again whatever it was refused for, unless it is too old", () => {
  assert.deepEqual(refundAnswerOf({ kind: "accepted", refundId: "1" }), { kind: "done" });
  for (const kind of ["again", "slow-down", "refused-unconfirmed"] as const) {
    assert.deepEqual(refundAnswerOf({ kind, code: "X" }), { kind: "again", code: "X" });
  }
  const funds = refundAnswerOf({ kind: "declined", reason: "funds", code: "NOTENOUGH" });
  assert.deepEqual(funds, { kind: "again", code: "NOTENOUGH" });
  const overdue = refundAnswerOf({ kind: "declined", reason: "overdue", code: "TRADE_OVERDUE" });
  assert.deepEqual(overdue, { kind: "expired" });
  assert.equal(refundAnswerOf(silence), silence);
});

test("only the refund of this number that has arrived confirms that the money is back", () => {
  const found = (outRefundNo: string, status: RefundStatus) =>
    refundConfirmedBy(
      {
        kind: "found",
        count: 1,
        refunds: [{ outRefundNo, refundId: "1", refundFen: 1250, status, receiver: null, refundedAt: null }],
      },
      "mine",
    );
  assert.deepEqual(found("mine", "refunded"), { kind: "refunded", transactionId: null });
  const notYet = { kind: "unpaid", paying: false };
  for (const status of ["processing", "closed", "stranded", "unknown"] as const) {
    assert.deepEqual(found("mine", status), notYet);
  }
  assert.deepEqual(found("another", "refunded"), notYet);
  assert.deepEqual(refundConfirmedBy({ kind: "absent" }, "mine"), notYet);
  assert.equal(refundConfirmedBy(silence, "mine"), silence);
  assert.equal(refundConfirmedBy(unsent, "mine"), unsent);
});

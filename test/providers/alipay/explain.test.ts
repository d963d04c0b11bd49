/** Every pair of the fixtures is read as their index says, by the code that reads replies in the box. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { explain } from "../../../src/providers/alipay/explain.ts";
import { type ExplainTerms, recordedPairs } from "../../../src/providers/explain.ts";
import { fixtureKeys, fixturePairs, signedPair } from "./fixtures.ts";

const terms: ExplainTerms = { keys: fixtureKeys, amountFen: 1_280, nonce: "r=5f2c9a" };

function explained(pair: object, wanted: ExplainTerms = terms) {
  const pairs = recordedPairs(JSON.stringify(pair));
  assert.ok(pairs.ok);
  const [one] = pairs.value;
  assert.ok(one !== undefined);
  const result = explain(one, wanted);
  assert.ok(result.ok, result.ok ? "" : result.reason);
  return result.value;
}

test("all pairs of the fixtures are here", () => assert.equal(fixturePairs.length, 37));

for (const pair of fixturePairs) {
  test(`${pair.id}: ${pair.title}`, () => {
    const { signature, outcome, why } = explained(pair);
    assert.deepEqual(
      { signature, outcome },
      { signature: pair.expect.signature, outcome: pair.expect.outcome },
    );
    assert.match(why, /^[A-Z].*\.$/s);
  });
}

test("no code of a customer, no key and nobody's id is in what is said", () => {
  for (const pair of fixturePairs) {
    const { why } = explained(pair);
    assert.doesNotMatch(why, /281234567890123456|2088000000000001|MII/);
  }
});

test("without keys nothing is verified, and nothing proved", () => {
  const [pair] = fixturePairs;
  assert.ok(pair !== undefined);
  const { signature, outcome } = explained(pair, { ...terms, keys: null });
  assert.deepEqual([signature, outcome], ["unverifiable", "unknown"]);
});

const order = { out_trade_no: "BX0123_20260315_000042" };
const paid = { ...order, trade_no: "2026031522001400000500000001", total_amount: "12.80" };
const refused = (code: string, subCode?: string) => ({
  code,
  msg: "Refused",
  ...(subCode === undefined ? {} : { sub_code: subCode }),
});

/** A row of the tables of Alipay's documents each: the call, what its reply says, what it means. */
const rows: readonly (readonly [method: string, reply: object, outcome: string])[] = [
  ["pay", refused("20000", "aop.ACQ.SYSTEM_ERROR"), "unknown"],
  ["pay", refused("20001", "aop.invalid-app-auth-token"), "config"],
  ["pay", refused("40001", "isv.missing-signature"), "config"],
  ["pay", refused("40002", "isv.invalid-signature"), "config"],
  ["pay", refused("40002", "isv.invalid-timestamp"), "config"],
  ["pay", refused("40003", "isv.insufficient-conditions"), "config"],
  ["pay", refused("40006", "isv.insufficient-isv-permissions"), "config"],
  ["pay", refused("40005", "isv.app-call-limited"), "unknown"],
  ["pay", refused("12345"), "unknown"],
  ["pay", refused("40004", "isp.ACQ.SYSTEM_ERROR"), "unknown"],
  ["pay", refused("40004", "ACQ.SUB_MERCHANT_TYPE_UNSUPPORT"), "config"],
  ["pay", refused("40004", "ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR"), "config"],
  ["pay", refused("40004", "ACQ.TRADE_HAS_CLOSE"), "query-number"],
  ["pay", refused("40004", "aop.ACQ.PAYMENT_FAIL"), "declined"],
  ["pay", refused("40004"), "unknown"],
  ["pay", { code: "10000", ...paid, total_amount: "12.8" }, "paid-confirm"],
  ["pay", { code: "10000", ...paid, total_amount: "12.81" }, "contradiction"],
  ["pay", { code: "10000", ...paid, total_amount: "1280" }, "contradiction"],
  ["pay", { code: "10000", ...paid, total_amount: "1.28e1" }, "contradiction"],
  ["pay", { code: "10000", ...paid, out_trade_no: "BX0123_20260315_000043" }, "contradiction"],
  ["pay", { code: "10000", ...order, trade_no: "1" }, "unknown"],
  ["query", { code: "10000", ...paid, trade_status: "TRADE_SUCCESS", body: "r=5f2c9a" }, "paid"],
  ["query", { code: "10000", ...paid, trade_status: "TRADE_SUCCESS", body: "r=other" }, "contradiction"],
  ["query", { code: "10000", ...order, trade_status: "TRADE_SUCCESS" }, "unknown"],
  ["query", { code: "10000", ...paid, trade_status: "SOMETHING_NEW" }, "unknown"],
  [
    "query",
    { code: "10000", ...paid, trade_status: "TRADE_CLOSED", send_pay_date: "2026-03-15 09:30:14" },
    "confirmed-refunded",
  ],
  ["query", refused("40004", "ACQ.SYSTEM_ERROR"), "unknown"],
  ["query", refused("40004", "ACQ.INVALID_PARAMETER"), "unknown"],
  ["query", refused("40002", "isv.invalid-timestamp"), "unknown"],
  ["cancel", { code: "10000", ...order }, "reverse-again"],
  ["cancel", { code: "10000", out_trade_no: "BX0123_20260315_000043", retry_flag: "N" }, "reverse-again"],
  ["cancel", refused("40004", "ACQ.CANCEL_NOT_ALLOWED"), "refund-instead"],
  ["cancel", refused("40004", "ACQ.REASON_TRADE_BEEN_FREEZEN"), "refund-instead"],
  ["cancel", refused("40004", "ACQ.REASON_TRADE_REFUND_FEE_ERR"), "reverse-answered"],
  ["cancel", refused("40004", "ACQ.TRADE_HAS_FINISHED"), "manual"],
  ["refund", refused("40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH"), "refund-again"],
  ["refund", refused("40004", "ACQ.TRADE_HAS_FINISHED"), "manual"],
  ["refund", refused("20000", "isp.unknow-error"), "refund-query"],
  [
    "fastpay.refund.query",
    { code: "10000", ...order, out_request_no: "R1", refund_amount: "2.80", refund_status: "REFUND_SUCCESS" },
    "refunded",
  ],
  ["fastpay.refund.query", { code: "10000", ...order }, "refund-not-seen"],
  [
    "fastpay.refund.query",
    { code: "10000", ...order, out_request_no: "R2", refund_status: "REFUND_SUCCESS" },
    "contradiction",
  ],
];

for (const [method, reply, outcome] of rows) {
  test(`alipay.trade.${method} ${JSON.stringify(reply)} is ${outcome}`, () => {
    const content = { ...order, ...(method === "fastpay.refund.query" ? { out_request_no: "R1" } : {}) };
    const said = explained(signedPair(`alipay.trade.${method}`, content, JSON.stringify(reply)));
    assert.deepEqual([said.signature, said.outcome], ["valid", outcome]);
  });
}

test("the address of a bill, and a day without one", () => {
  const method = "alipay.data.dataservice.bill.downloadurl.query";
  const address = JSON.stringify({ code: "10000", bill_download_url: "https://dwbill.example/x" });
  assert.equal(explained(signedPair(method, {}, address)).outcome, "bill-address");
  const none = JSON.stringify(refused("40004", "isp.bill_not_exist"));
  assert.equal(explained(signedPair(method, {}, none)).outcome, "unknown");
});

test("a refusal at the door is read where the gateway has signed it", () => {
  const pair = signedPair(
    "alipay.trade.pay",
    order,
    JSON.stringify(refused("40002", "isv.invalid-app-id")),
    "error_response",
  );
  assert.deepEqual([explained(pair).signature, explained(pair).outcome], ["valid", "config"]);
});

test("a status that Alipay never answers with proves nothing", () => {
  const pair = signedPair("alipay.trade.pay", order, JSON.stringify({ code: "10000", ...paid }));
  const { outcome } = explained({ ...pair, response: { ...pair.response, status: 502 } });
  assert.equal(outcome, "unknown");
});

test("what is no call of the box is not explained", () => {
  const pairs = recordedPairs(JSON.stringify(signedPair("alipay.trade.create", order, "{}")));
  assert.ok(pairs.ok && pairs.value[0] !== undefined);
  assert.equal(explain(pairs.value[0], terms).ok, false);
});

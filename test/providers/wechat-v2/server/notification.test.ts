import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AskedTrade } from "../../../../src/providers/wechat-v2/evidence.ts";
import { readNotification } from "../../../../src/providers/wechat-v2/server/notification.ts";
import { writeXml } from "../../../../src/providers/wechat-v2/xml.ts";
import {
  changedFields,
  fieldsOf,
  fixtureFields,
  fixtureText,
  intent,
  resigned,
  settings,
} from "../fixtures.ts";

const transactionId = "4200009990202603150000000001";
const unknown = (why: string, signed = false) => ({ kind: "unknown", why, signed });
type Changes = Readonly<Record<string, string | null>>;

function read(
  body: ReadonlyMap<string, string> | string | Uint8Array,
  tradeType: AskedTrade["tradeType"] = "NATIVE",
) {
  const bytes =
    body instanceof Uint8Array ? body : Buffer.from(typeof body === "string" ? body : writeXml(body));
  return readNotification(bytes, settings, (outTradeNo) =>
    outTradeNo === intent.outTradeNo ? { ...intent, tradeType } : null,
  );
}

const good = fixtureFields("notification-native");
const changed = (changes: Changes) => read(resigned(good, changes));

test("a payment is proved by its notification, and WeChat is told that it need not come again", () => {
  for (const [name, tradeType] of [
    ["notification-native", "NATIVE"],
    ["notification-jsapi", "JSAPI"],
  ] as const) {
    const { answer, outTradeNo, reply } = read(fixtureText(name), tradeType);
    assert.deepEqual(answer, { kind: "paid", transactionId });
    assert.equal(outTradeNo, intent.outTradeNo);
    assert.equal(reply, "<xml><return_code>SUCCESS</return_code><return_msg>OK</return_msg></xml>");
  }
});

test("a notification that comes again says the same", () => {
  assert.deepEqual(read(fixtureText("notification-native")), read(fixtureText("notification-native")));
});

test("a try that failed is not the end of its order", () => {
  const failed = changed({ result_code: "FAIL", err_code: "NOTENOUGH", transaction_id: null });
  assert.deepEqual(failed.answer, { kind: "failed", code: "NOTENOUGH" });
  assert.match(failed.reply, /SUCCESS/);
});

test("what is not WeChat's own names no order, and is refused", () => {
  const hostile: readonly (readonly [ReadonlyMap<string, string> | string | Uint8Array, string])[] = [
    [changedFields(good, { sign: null }), "bad-signature"],
    [changedFields(good, { total_fee: "1" }), "bad-signature"],
    [resigned(good, {}, "HMAC-SHA256"), "bad-signature"],
    [changedFields(good, { return_code: "FAIL", sign: null }), "unsigned-refusal"],
    [resigned(good, { mch_id: "1900000108" }), "mismatch"],
    [resigned(good, { sub_mch_id: "1900000100" }), "mismatch"],
    [resigned(good, { out_trade_no: null }), "mismatch"],
    [fixtureText("hostile-external-entity"), "malformed"],
    ["", "malformed"],
    ['{"id":"1"}', "malformed"],
    [Uint8Array.of(0xff, 0xfe), "malformed"],
    // A refund's notification is encrypted and has no signature.
    ["<xml><return_code>SUCCESS</return_code><req_info>abc</req_info></xml>", "bad-signature"],
  ];
  for (const [body, why] of hostile) {
    const { answer, outTradeNo, reply } = read(body);
    assert.deepEqual(answer, unknown(why));
    assert.equal(outTradeNo, null);
    assert.equal(fieldsOf(reply).get("return_code"), "FAIL");
  }
});

test("an order that is not ours is a stranger, and its notification is not taken", () => {
  const { answer, outTradeNo, reply } = changed({ out_trade_no: "another_1" });
  assert.deepEqual(answer, { kind: "stranger" });
  assert.equal(outTradeNo, "another_1");
  assert.equal(fieldsOf(reply).get("return_code"), "FAIL");
});

test("paid needs every proof: each one missing or wrong under a right signature leaves the order unknown", () => {
  const wrong: readonly Changes[] = [
    { total_fee: "1" },
    { total_fee: null },
    { fee_type: "USD" },
    { attach: "other" },
    { transaction_id: "" },
    { trade_type: "JSAPI" },
    { trade_type: null },
    { trade_state: "SUCCESS" },
    { recall: "N" },
    { out_refund_no: "RF1" },
  ];
  for (const change of wrong) {
    const { answer, reply } = changed(change);
    assert.deepEqual(answer, unknown("mismatch"), JSON.stringify(change));
    assert.equal(fieldsOf(reply).get("return_code"), "FAIL");
  }
  assert.deepEqual(changed({ result_code: "OK" }).answer, unknown("malformed", true));
});

test("replies to calls are no notifications, though they are signed", () => {
  for (const name of [
    "micropay-success",
    "orderquery-native-success",
    "unifiedorder-native",
    "refund-success",
  ]) {
    assert.equal(read(fixtureText(name)).answer.kind, "unknown", name);
  }
});

test("no field of a notification can change or vanish without breaking its acceptance", () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.option(fc.string({ unit: "grapheme", maxLength: 40 }), { nil: null }),
      (index, value) => {
        const [name, old] = [...good][index % good.size] ?? ["", ""];
        fc.pre((value ?? "") !== old && !/\p{Cc}/u.test(value ?? ""));
        assert.equal(read(changedFields(good, { [name]: value })).answer.kind, "unknown", name);
      },
    ),
    { numRuns: 300 },
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { LaterCallKind } from "../../../../src/providers/wechat-v2/sandbox/scenarios.ts";
import { bookingFields, type Changes, paths, proved, signed, Teller, words } from "./teller.ts";

const calls: readonly LaterCallKind[] = ["order", "close", "payer", "refund", "refund-query"];

/** The refusal of a call with these fields, signed as it should be. */
function refusalOf(call: LaterCallKind, changes: Changes): string {
  const fields = proved(new Teller().send(call, changes));
  return `${fields.get("err_code")}: ${fields.get("err_code_des")}`;
}

const required: Readonly<Record<LaterCallKind, readonly string[]>> = {
  order: [
    ...["appid", "nonce_str", "body", "out_trade_no", "total_fee", "spbill_create_ip", "notify_url"],
    ...["trade_type", "product_id"],
  ],
  close: ["appid", "nonce_str", "out_trade_no"],
  payer: ["appid", "nonce_str", "auth_code"],
  refund: ["appid", "nonce_str", "out_trade_no", "out_refund_no", "total_fee", "refund_fee"],
  "refund-query": ["appid", "nonce_str", "out_trade_no"],
};

for (const call of calls) {
  test(`a missing or empty required field of the ${call} is named`, () => {
    for (const name of required[call]) {
      assert.equal(refusalOf(call, { [name]: null }), `LACK_PARAMS: 缺少参数${name}`);
      assert.equal(refusalOf(call, { [name]: "" }), `LACK_PARAMS: 缺少参数${name}`);
    }
  });

  test(`the ${call} is refused as a message where it is not signed, and by anything but POST`, () => {
    const teller = new Teller();
    assert.equal(words(teller.send(call, { mch_id: "1900000999" })), "refused mch_id不存在");
    assert.equal(words(teller.send(call, { sign_type: "SHA1" })), "refused sign_type参数格式错误");
    assert.equal(words(teller.send(call, { sign_type: "HMAC-SHA256" })), "refused 签名错误");
    assert.deepEqual(teller.sandbox.ledger.orders(), []);
  });

  test(`the ${call} of a foreign sub-merchant or app is refused`, () => {
    assert.match(refusalOf(call, { sub_mch_id: "1900000101" }), /^NOAUTH/);
    assert.match(refusalOf(call, { appid: "wx0000000000000000" }), /^APPID_NOT_EXIST/);
  });
}

test("a malformed field is named", () => {
  const url = "https://shop.example/";
  const wrong: readonly (readonly [LaterCallKind, string, readonly string[]])[] = [
    [
      "order",
      "notify_url",
      ["shop.example", "ftp://a/", `${url}?a=1`, `${url}#a`, `${url} a`, url.repeat(13)],
    ],
    ["order", "trade_type", ["MICROPAY", "APP", "native"]],
    ["order", "product_id", ["p".repeat(33)]],
    ["order", "total_fee", ["0", "-1", "1.0", "01"]],
    ["order", "spbill_create_ip", ["localhost"]],
    ["order", "body", ["店".repeat(43)]],
    ["order", "time_expire", ["soon"]],
    ["order", "openid", ["a b", "o".repeat(129)]],
    ["close", "out_trade_no", ["a b", "x".repeat(33)]],
    ["refund", "out_refund_no", ["a b", "x".repeat(65), "号"]],
    ["refund", "refund_fee", ["0", "2.80", "-1"]],
    ["refund", "total_fee", ["0", "10000000"]],
    ["refund", "refund_desc", ["件".repeat(27)]],
    ["refund", "refund_account", ["REFUND_SOURCE_OTHER_FUNDS"]],
    ["refund", "refund_fee_type", ["USD"]],
    ["refund-query", "refund_id", ["42"]],
    ["refund-query", "offset", ["-1", "50", "a"]],
  ];
  for (const [call, name, values] of wrong) {
    for (const value of values) {
      assert.equal(
        refusalOf(call, { [name]: value }),
        `PARAM_ERROR: ${name}参数格式错误`,
        `${name}=${value}`,
      );
    }
  }
});

test("a page needs its payer, under an app that was named", () => {
  const page = { trade_type: "JSAPI", product_id: null };
  const sub = { sub_mch_id: "1900000100", sub_openid: "oSUB" };
  assert.equal(refusalOf("order", page), "LACK_PARAMS: 缺少参数openid");
  assert.equal(refusalOf("order", { ...page, ...sub }), "LACK_PARAMS: 缺少参数openid");
  const named = { ...page, ...sub, sub_appid: "wxfedcba0987654321" };
  assert.equal(words(new Teller().send("order", named)), "SUCCESS");
  assert.equal(words(new Teller().send("order", { ...page, openid: "oANY" })), "SUCCESS");
});

test("a booked order takes every optional field of its page", () => {
  const everything = {
    version: "1.0",
    detail: '{"goods_detail":[]}',
    goods_tag: "SUMMER",
    limit_pay: "no_credit",
    time_start: "20260315093012",
    time_expire: "20260315093512",
    receipt: "Y",
    profit_sharing: "N",
    scene_info: '{"store_info":{"id":"SH001"}}',
    unheard_of: "is signed and ignored",
  };
  assert.equal(words(new Teller().send("order", everything)), "SUCCESS");
});

test("an order in HMAC-SHA256 is answered in it", () => {
  const body = signed(bookingFields(), "HMAC-SHA256");
  assert.equal(proved(new Teller().post(paths.order, body), "HMAC-SHA256").get("sign")?.length, 64);
});

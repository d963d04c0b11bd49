import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { test } from "node:test";
import { PaymentCode } from "../../../src/core/payment/payment-code.ts";
import type { AccountKeys, AlipaySettings } from "../../../src/providers/alipay/account.ts";
import {
  chargeContent,
  type Method,
  methods,
  orderContent,
  refundContent,
  refundNumberOf,
  refundQueryContent,
  signedRequest,
} from "../../../src/providers/alipay/requests.ts";
import { stringToSign } from "../../../src/providers/alipay/signature.ts";
import { certificateMode, fixtureMoment, intent, keyMode, settings } from "./account.ts";
import { fixtureKeys, fixturePairs } from "./fixtures.ts";

const code = new PaymentCode("281234567890123456", "alipay");

/** The parameters of a request, from its address and from its body. */
function sent(
  method: Method,
  content: Parameters<typeof signedRequest>[3],
  {
    keys = keyMode,
    account = settings,
    moment = fixtureMoment,
  }: { keys?: AccountKeys; account?: AlipaySettings; moment?: number } = {},
) {
  const { path, body, ...others } = signedRequest(account, keys, method, content, moment);
  const address = new URL(path, "https://openapi.example");
  return { others, address, query: address.searchParams, body: new URLSearchParams(body) };
}

/** The parameters of a fixture, and what its `biz_content` says. */
function fixture(id: string) {
  const pair = fixturePairs.find((one) => one.id === id);
  assert.ok(pair !== undefined);
  const query = Object.fromEntries(new URL(pair.request.url).searchParams);
  return { query, content: new URLSearchParams(pair.request.body).get("biz_content") ?? "" };
}

test("a query and a cancel are the requests of the fixtures, to the signature", () => {
  for (const [id, method] of [
    ["ali-20", methods.query],
    ["ali-30", methods.cancel],
  ] as const) {
    const expected = fixture(id);
    const moment = Date.parse(`${expected.query.timestamp?.replace(" ", "T")}+08:00`);
    const { query, body } = sent(method, orderContent(intent.outTradeNo), { moment });
    assert.deepEqual(Object.fromEntries(query), expected.query, id);
    assert.deepEqual(Object.fromEntries(body), { biz_content: expected.content }, id);
  }
});

test("a charge says what the one of the fixtures says, and bears the mark of its intent", () => {
  const { query, body } = sent(methods.charge, chargeContent(settings, intent, code));
  const expected = fixture("ali-01");
  const content = JSON.parse(body.get("biz_content") ?? "");
  assert.deepEqual(content, { ...JSON.parse(expected.content), body: intent.nonce });
  assert.deepEqual([...query.keys()], Object.keys(expected.query));
});

test("in certificate mode a request names the certificates of the app and of the root", () => {
  const { query } = sent(methods.charge, orderContent("x"), { keys: certificateMode });
  const { appCertSn, alipayRootCertSn } = fixtureKeys.alipay;
  assert.deepEqual(
    [query.get("app_cert_sn"), query.get("alipay_root_cert_sn")],
    [appCertSn, alipayRootCertSn],
  );
  assert.deepEqual([...query.keys()].sort(), Object.keys(fixture("ali-40").query).sort());
});

test("everything that is sent is signed, as it is before it is encoded", () => {
  const account = { ...settings, appAuthToken: "2026&BB=/+ 一" };
  for (const keys of [keyMode, certificateMode]) {
    const { query, body } = sent(methods.refund, refundContent(intent.outTradeNo, intent.amountFen), {
      keys,
      account,
    });
    const text = stringToSign(new Map([...query, ...body]));
    assert.match(text, /app_auth_token=2026&BB=\/\+ 一&/);
    const signature = Buffer.from(query.get("sign") ?? "", "base64");
    assert.ok(verify("sha256", Buffer.from(text), createPublicKey(keys.own), signature));
  }
});

test("biz_content alone stands in the body, and charset in the address", () => {
  const { others, address, query, body } = sent(methods.query, orderContent("x"));
  assert.equal(address.pathname, "/gateway.do");
  assert.deepEqual([...body.keys()], ["biz_content"]);
  assert.equal(query.get("charset"), "utf-8");
  assert.equal(query.get("timestamp"), "2026-03-15 09:30:12");
  assert.deepEqual(others, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded;charset=utf-8" },
    replyBytesMax: 65_536,
  });
});

test("only listed fields are sent, and none without a value", () => {
  const account: AlipaySettings = {
    ...settings,
    seller: { ...settings.seller, sellerId: "2088000000000009" },
    sysServiceProviderId: "2088000000000008",
  };
  const least: AlipaySettings = { ...settings, storeId: null };
  const names = (one: AlipaySettings) =>
    Object.keys(
      JSON.parse(sent(methods.charge, chargeContent(one, intent, code)).body.get("biz_content") ?? ""),
    ).sort();
  const always = ["auth_code", "body", "out_trade_no", "product_code", "scene", "subject", "terminal_id"];
  const listed = [...always, "timeout_express", "total_amount"];
  assert.deepEqual(names(least), listed);
  assert.deepEqual(names(account), [...listed, "extend_params", "seller_id", "store_id"].sort());
  const { body } = sent(methods.charge, chargeContent(account, intent, code));
  const { extend_params: extended, seller_id: seller } = JSON.parse(body.get("biz_content") ?? "");
  assert.deepEqual([extended, seller], [{ sys_service_provider_id: "2088000000000008" }, "2088000000000009"]);
});

test("the refund of an order has the order's own number, and its query asks after that one", () => {
  const number = refundNumberOf(intent.outTradeNo);
  assert.equal(number, "BX0123_20260315_000042C");
  assert.deepEqual(refundContent(intent.outTradeNo, intent.amountFen), {
    out_trade_no: intent.outTradeNo,
    refund_amount: "12.80",
    out_request_no: number,
  });
  assert.deepEqual(refundQueryContent(intent.outTradeNo), {
    out_trade_no: intent.outTradeNo,
    out_request_no: number,
  });
});

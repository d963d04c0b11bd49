import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Defect } from "../../../src/core/kernel/defect.ts";
import type { WechatV2Settings } from "../../../src/providers/wechat-v2/account.ts";
import { closeOrderRequest } from "../../../src/providers/wechat-v2/close-order.ts";
import type { AskedTrade } from "../../../src/providers/wechat-v2/evidence.ts";
import { openReply } from "../../../src/providers/wechat-v2/replies.ts";
import { isSignedBy } from "../../../src/providers/wechat-v2/signature.ts";
import {
  type NativeOrder,
  nativeOrderRequest,
  readUnifiedOrder,
} from "../../../src/providers/wechat-v2/unified-order.ts";
import { answered, fieldsOf, fixtureFields, intent, resigned, settings } from "./fixtures.ts";
import { native } from "./later-calls.ts";

const details = { clientIp: "203.0.113.7", nonce: "n0nceF1xture0007" };
/** What a page asks about its order. */
const page: AskedTrade = { ...intent, tradeType: "JSAPI" };

function sent(order: NativeOrder, used: WechatV2Settings = settings): ReadonlyMap<string, string> {
  return fieldsOf(nativeOrderRequest(used, order, details));
}

test("a NATIVE order is the documented request, signature included", () => {
  assert.deepEqual(new Map(sent(native)), new Map(fixtureFields("request-unifiedorder-native")));
});

test("a closing is the documented request", () => {
  const fields = fieldsOf(closeOrderRequest(settings, intent.outTradeNo, "n0nceF1xture0009"));
  assert.deepEqual(new Map(fields), new Map(fixtureFields("request-closeorder")));
});

test("every order is signed by the algorithm of the settings, whatever it says", () => {
  const text = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(text, text, fc.constantFrom("MD5", "HMAC-SHA256"), (body, attach, signType) => {
      fc.pre(body.trim() !== "");
      const fields = sent({ ...native, nonce: attach }, { ...settings, body, signType });
      assert.equal(isSignedBy(fields, settings.apiKey, signType), true);
      assert.equal(fields.get("attach"), attach);
    }),
  );
});

test("an address that the protocol does not allow, or nothing bought, is a defect", () => {
  const wrong = [
    "",
    "shop.example",
    "ftp://shop.example/",
    "https://shop.example/?a=1",
    "https://a b/",
    "/paid",
  ];
  for (const notifyUrl of [...wrong, `https://${"x".repeat(256)}/`]) {
    assert.throws(() => sent({ ...native, notifyUrl }), Defect, notifyUrl);
  }
  for (const productId of ["", "x".repeat(33), "a b", "商品"]) {
    assert.throws(() => sent({ ...native, productId }), Defect, productId);
  }
});

function read(changes: Readonly<Record<string, string | null>>, order: AskedTrade = native) {
  const name = order.tradeType === "NATIVE" ? "unifiedorder-native" : "unifiedorder-jsapi";
  return readUnifiedOrder(openReply(answered(resigned(fixtureFields(name), changes)), settings), order);
}

test("an order that stands brings what its way to pay needs, and nothing else", () => {
  const codeUrl = "weixin://wxpay/bizpayurl?pr=fixture01";
  assert.deepEqual(read({}), { kind: "ordered", prepayId: "wx15093012345678fixture0000000001", codeUrl });
  const other = { kind: "ordered", prepayId: "wx15093012345678fixture0000000002", codeUrl: null };
  assert.deepEqual(read({}, page), other);
  assert.deepEqual(read({ code_url: codeUrl }, page), other, "a page shows no code");
});

test("only what a wallet understands comes onto a screen", () => {
  const malformed = { kind: "unknown", why: "malformed", signed: true };
  for (const code_url of [
    null,
    "",
    "https://shop.example/",
    "http://weixin://wxpay",
    "javascript:alert(1)",
    "weixin://",
    "weixin://wxpay/bizpayurl?pr=a b",
    " weixin://wxpay/bizpayurl?pr=a",
    "weixin://wxpay/\u202e",
    `weixin://${"x".repeat(56)}`,
  ]) {
    assert.deepEqual(read({ code_url }), malformed, String(code_url));
  }
  assert.equal(read({ code_url: `weixin://${"x".repeat(55)}` }).kind, "ordered");
});

test("an order without an id, or of another kind, does not stand", () => {
  for (const prepay_id of [null, "", "x".repeat(65), "a b"]) {
    assert.deepEqual(
      read({ prepay_id }),
      { kind: "unknown", why: "malformed", signed: true },
      String(prepay_id),
    );
  }
  const mismatch = { kind: "unknown", why: "mismatch", signed: false };
  for (const trade_type of [null, "JSAPI", "MICROPAY"]) assert.deepEqual(read({ trade_type }), mismatch);
  assert.deepEqual(read({ out_trade_no: "another" }), mismatch);
  assert.deepEqual(read({ total_fee: "1" }), mismatch);
});

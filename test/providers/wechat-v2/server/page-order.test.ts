import assert from "node:assert/strict";
import { test } from "node:test";
import { wallTimeOf } from "../../../../src/core/kernel/instant.ts";
import { OpenId } from "../../../../src/providers/wechat-v2/server/open-id.ts";
import { type PageOrder, pageOrderRequest } from "../../../../src/providers/wechat-v2/server/page-order.ts";
import { fieldsOf, fixtureFields, intent, providerSettings, settings } from "../fixtures.ts";

const details = { clientIp: "203.0.113.7", nonce: "n0nceF1xture0008" };
const order: PageOrder = {
  ...intent,
  tradeType: "JSAPI",
  payer: new OpenId("oFIXTUREopenid0000000000000A"),
  payerOf: "appid",
  notifyUrl: "https://shop.example/wechat/paid",
  expiresAt: wallTimeOf(Date.UTC(2026, 2, 15, 2, 0, 12)),
};

test("a JSAPI order names its payer, and its end in Beijing's time", () => {
  const request = fieldsOf(pageOrderRequest(settings, order, details));
  assert.deepEqual(new Map(request), new Map(fixtureFields("request-unifiedorder-jsapi")));
});

test("a provider's order names the sub-merchant, and the payer by the app that knows them", () => {
  const fields = fieldsOf(pageOrderRequest(providerSettings, { ...order, payerOf: "sub_appid" }, details));
  assert.equal(fields.get("sub_mch_id"), "1900000100");
  assert.equal(fields.get("sub_openid"), "oFIXTUREopenid0000000000000A");
  assert.equal(fields.has("openid"), false);
});

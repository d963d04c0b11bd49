import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Defect } from "../../../src/core/kernel/defect.ts";
import { PaymentCode } from "../../../src/core/payment/payment-code.ts";
import type { WechatV2Settings } from "../../../src/providers/wechat-v2/account.ts";
import { cutAtBytes } from "../../../src/providers/wechat-v2/message.ts";
import { chargeRequest, queryRequest, reverseRequest } from "../../../src/providers/wechat-v2/requests.ts";
import { isSignedBy } from "../../../src/providers/wechat-v2/signature.ts";
import {
  fieldsOf,
  fixtureFields,
  intent,
  intentOf,
  providerSettings,
  resigned,
  settings,
} from "./fixtures.ts";

const code = new PaymentCode("134567890123456789", "wechat");
const details = { code, clientIp: "203.0.113.7", nonce: "n0nceF1xture0001" };
/** The box leaves these out: no clock is needed for a payment (WeChat Pay v2, micropay). */
const withoutTimes = { time_start: null, time_expire: null };

test("a charge with MD5 is the documented request without its times, and has no sign_type", () => {
  assert.deepEqual(
    sorted(fieldsOf(chargeRequest(settings, intent, details))),
    sorted(resigned(fixtureFields("request-micropay-md5"), withoutTimes)),
  );
});

test("a charge with HMAC-SHA256 names it, and carries scene_info as the text that is signed", () => {
  const hmac: WechatV2Settings = {
    ...settings,
    signType: "HMAC-SHA256",
    sceneInfo: {
      store_info: { id: "SH001", name: "示例便利店", area_code: "310104", address: "漕溪北路1号" },
    },
  };
  const request = chargeRequest(hmac, intent, { ...details, nonce: "n0nceF1xture0002" });
  assert.deepEqual(
    sorted(fieldsOf(request)),
    sorted(resigned(fixtureFields("request-micropay-hmac-scene-info"), withoutTimes, "HMAC-SHA256")),
  );
});

test("a charge carries each of the terms that its account names, signed like any field, and none of the others", () => {
  const all = { profitSharing: true, limitPay: "no_credit", goodsTag: "SUMMER", receipt: true } as const;
  const wire = { profit_sharing: "Y", limit_pay: "no_credit", goods_tag: "SUMMER", receipt: "Y" } as const;
  const plain = fieldsOf(chargeRequest(settings, intent, details));
  const pairs = [
    ["profitSharing", "profit_sharing"],
    ["limitPay", "limit_pay"],
    ["goodsTag", "goods_tag"],
    ["receipt", "receipt"],
  ] as const;
  for (const [key, name] of pairs) {
    const terms = { ...settings.terms, [key]: all[key] };
    const sent = fieldsOf(chargeRequest({ ...settings, terms }, intent, details));
    assert.deepEqual(sorted(sent), sorted(resigned(plain, { [name]: wire[name] })), key);
  }
  const sent = fieldsOf(chargeRequest({ ...settings, terms: all }, intent, details));
  assert.deepEqual(sorted(sent), sorted(resigned(plain, wire)));
});

test("a service provider's charge names the sub-merchant", () => {
  const request = chargeRequest(
    { ...providerSettings, body: "示例茶饮店-饮品" },
    intentOf("BX0123-20260315-000043", 1),
    { ...details, code: new PaymentCode("101234567890123456", "wechat"), nonce: "n0nceF1xture0003" },
  );
  const ours = { device_info: "BOX-000123", attach: "till=1;seq=42", fee_type: "CNY", profit_sharing: null };
  assert.deepEqual(
    sorted(fieldsOf(request)),
    sorted(resigned(fixtureFields("request-micropay-service-provider"), ours)),
  );
});

test("an ordinary merchant sends no element of a sub-merchant", () => {
  const fields = fieldsOf(chargeRequest(settings, intent, details));
  assert.equal(fields.has("sub_appid") || fields.has("sub_mch_id"), false);
});

test("queries and reversals are the documented requests, signature included", () => {
  const query = queryRequest(settings, intent.outTradeNo, "n0nceF1xture0004");
  assert.deepEqual(sorted(fieldsOf(query)), sorted(fixtureFields("request-orderquery")));
  const reverse = reverseRequest(settings, intent.outTradeNo, "n0nceF1xture0005");
  assert.deepEqual(sorted(fieldsOf(reverse)), sorted(fixtureFields("request-reverse")));
});

test("every request is signed by the algorithm of the settings, whatever the texts in it are", () => {
  const text = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(text, text, fc.constantFrom("MD5", "HMAC-SHA256"), (body, attach, signType) => {
      fc.pre(body.trim() !== "");
      const used: WechatV2Settings = { ...settings, body: `${body}&<>"`, signType };
      const fields = fieldsOf(chargeRequest(used, { ...intent, nonce: attach }, details));
      assert.equal(isSignedBy(fields, settings.apiKey, signType), true);
      assert.equal(fields.get("attach"), attach);
    }),
  );
});

test("a body is cut at 127 bytes on the border of a character, without outer blanks", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["x".repeat(127), "x".repeat(127)],
    ["x".repeat(128), "x".repeat(127)],
    ["店".repeat(43), "店".repeat(42)],
    [`x${"店".repeat(42)}`, `x${"店".repeat(42)}`],
    ["😀".repeat(32), "😀".repeat(31)],
    [`  ${"x".repeat(126)} y`, "x".repeat(126)],
  ];
  for (const [text, cut] of cases) assert.equal(cutAtBytes(text, 127), cut);
});

test("what is cut is a beginning of the text, at most so long, and as long as it can be", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 0, max: 40 }), (text, max) => {
      const cut = cutAtBytes(text, max);
      assert.ok(text.trim().startsWith(cut));
      assert.ok(Buffer.byteLength(cut) <= max);
      assert.ok(cut.isWellFormed());
      if (Buffer.byteLength(text.trim()) <= max) assert.equal(cut, text.trim());
    }),
  );
});

test("a scene_info that is longer than the protocol allows is a defect", () => {
  const used = { ...settings, sceneInfo: { store_info: { id: "x".repeat(256) } } };
  assert.throws(() => chargeRequest(used, intent, details), Defect);
});

function sorted(fields: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  return [...fields].sort(([a], [b]) => (a < b ? -1 : 1));
}

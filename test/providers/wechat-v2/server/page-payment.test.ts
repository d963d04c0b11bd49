import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";
import { Defect } from "../../../../src/core/kernel/defect.ts";
import { type PageTerms, pagePayment } from "../../../../src/providers/wechat-v2/server/page-payment.ts";
import { providerSettings, settings } from "../fixtures.ts";

const terms: PageTerms = {
  prepayId: "wx15093012345678fixture0000000002",
  of: "appid",
  seconds: 1_773_538_217,
  nonce: "n0nceF1xture0014",
};

test("a page gets the five fields and the signature over exactly them", () => {
  // The text is written out here, so that no function of the product has a say in it.
  const text =
    "appId=wx1234567890abcdef&nonceStr=n0nceF1xture0014" +
    "&package=prepay_id=wx15093012345678fixture0000000002&signType=MD5&timeStamp=1773538217" +
    "&key=fixturekeyfixturekeyfixturekey00";
  assert.deepEqual(pagePayment(settings, terms), {
    appId: "wx1234567890abcdef",
    timeStamp: "1773538217",
    nonceStr: "n0nceF1xture0014",
    package: "prepay_id=wx15093012345678fixture0000000002",
    signType: "MD5",
    paySign: createHash("md5").update(text).digest("hex").toUpperCase(),
  });
});

test("the algorithm of the order is named and used", () => {
  const payment = pagePayment({ ...settings, signType: "HMAC-SHA256" }, terms);
  const text =
    "appId=wx1234567890abcdef&nonceStr=n0nceF1xture0014" +
    "&package=prepay_id=wx15093012345678fixture0000000002&signType=HMAC-SHA256&timeStamp=1773538217" +
    "&key=fixturekeyfixturekeyfixturekey00";
  const expected = createHmac("sha256", "fixturekeyfixturekeyfixturekey00").update(text).digest("hex");
  assert.equal(payment.paySign, expected.toUpperCase());
  assert.equal(payment.signType, "HMAC-SHA256");
});

test("a page of the sub-merchant is signed for its app", () => {
  assert.equal(pagePayment(providerSettings, { ...terms, of: "sub_appid" }).appId, "wxfedcba0987654321");
  assert.throws(() => pagePayment(settings, { ...terms, of: "sub_appid" }), Defect);
});

test("a time that is not in seconds of these years is a defect", () => {
  for (const seconds of [0, 1_773_538_217.5, 1_773_538_217_000, -1_773_538_217, Number.NaN]) {
    assert.throws(() => pagePayment(settings, { ...terms, seconds }), Defect, String(seconds));
  }
});

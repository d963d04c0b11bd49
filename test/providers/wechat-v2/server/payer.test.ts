import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { PaymentCode } from "../../../../src/core/payment/payment-code.ts";
import { openReply } from "../../../../src/providers/wechat-v2/replies.ts";
import { payerRequest, readPayer } from "../../../../src/providers/wechat-v2/server/payer.ts";
import { answered, fieldsOf, fixtureFields, providerSettings, resigned, settings } from "../fixtures.ts";

const code = new PaymentCode("134567890123456789", "wechat");

test("asking for the owner of a code is the documented request", () => {
  const fields = fieldsOf(payerRequest(settings, code, "n0nceF1xture0011"));
  assert.deepEqual(new Map(fields), new Map(fixtureFields("request-authcodetoopenid")));
});

function read(changes: Readonly<Record<string, string | null>>, used = settings) {
  return readPayer(openReply(answered(resigned(fixtureFields("authcodetoopenid-success"), changes)), used));
}

test("the owner of a code is known under one appid, and under two where a sub-merchant asks", () => {
  const one = read({});
  assert.ok(one.kind === "known");
  assert.equal(one.openId.reveal(), "oFIXTUREopenid0000000000000A");
  assert.equal(one.subOpenId, null);
  const sub = { sub_mch_id: "1900000100", sub_appid: "wxfedcba0987654321", sub_openid: "oSUB" };
  const two = read(sub, providerSettings);
  assert.equal(two.kind === "known" && two.subOpenId?.reveal(), "oSUB");
});

test("an owner without an id is nobody", () => {
  for (const openid of [null, "", "o".repeat(129)]) {
    assert.deepEqual(read({ openid }), { kind: "unknown", why: "malformed", signed: true });
  }
});

test("an id shows itself only masked", () => {
  const answer = read({});
  for (const text of [
    inspect(answer),
    JSON.stringify(answer),
    answer.kind === "known" ? answer.openId.toString() : "",
  ]) {
    assert.equal(text.includes("oFIXTURE"), false, text);
    assert.notEqual(text, "");
  }
});

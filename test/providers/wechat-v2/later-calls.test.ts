import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { WechatV2Settings } from "../../../src/providers/wechat-v2/account.ts";
import type { Fields } from "../../../src/providers/wechat-v2/xml.ts";
import type { HttpsOutcome } from "../../../src/runtime/ports.ts";
import { answered, changedFields, fixtureFields, fixtureText, resigned, settings } from "./fixtures.ts";
import { answerTo, laterCalls } from "./later-calls.ts";

const unknown = (why: string, signed = false) => ({ kind: "unknown", why, signed });
const hmac: WechatV2Settings = { ...settings, signType: "HMAC-SHA256" };
const replies = Object.values(laterCalls).map(({ genuine }) => genuine);

/** A genuine reply, spoiled in each way in which it proves nothing any more. */
function spoiled(name: string): readonly (readonly [string, HttpsOutcome | Fields, string])[] {
  const good = fixtureFields(name);
  const text = fixtureText(name);
  return [
    ["no signature", changedFields(good, { sign: null }), "bad-signature"],
    ["an empty signature", changedFields(good, { sign: "" }), "bad-signature"],
    [
      "a signature in lower case",
      changedFields(good, { sign: good.get("sign")?.toLowerCase() ?? "" }),
      "bad-signature",
    ],
    ["a field added under the old signature", changedFields(good, { x: "y" }), "bad-signature"],
    ["another algorithm than asked for", resigned(good, {}, "HMAC-SHA256"), "bad-signature"],
    [
      "a refused message",
      changedFields(good, { return_code: "FAIL", return_msg: "invalid refund_fee", sign: null }),
      "unsigned-refusal",
    ],
    ["no return code", resigned(good, { return_code: null }), "malformed"],
    ["a document type", answered(`<!DOCTYPE xml [<!ENTITY x "y">]>${text}`), "malformed"],
    [
      "one thing said twice",
      answered(text.replace("</xml>", "<result_code>SUCCESS</result_code></xml>")),
      "malformed",
    ],
    ["a root in the root", answered(`<xml>${text}</xml>`), "malformed"],
    ["half a document", answered(text.slice(0, text.length / 2)), "malformed"],
    ["no body", answered(""), "malformed"],
    ["HTML", answered("<html><head><title>404</title></head></html>"), "malformed"],
    ["JSON", answered('{"result_code":"SUCCESS"}'), "malformed"],
    ["status 502", answered(text, 502), "http-status"],
    ["status 302", answered(text, 302), "http-status"],
    ["silence", { kind: "unanswered", why: "timeout" }, "silence"],
    ["a broken connection", { kind: "unanswered", why: "broken" }, "silence"],
    ["a body without end", { kind: "unanswered", why: "too-large" }, "malformed"],
    ["a reply to another merchant", resigned(good, { mch_id: "1900000108" }), "mismatch"],
    ["a reply to another app", resigned(good, { appid: "wx0000000000000000" }), "mismatch"],
    ["a reply to a sub-merchant", resigned(good, { sub_mch_id: "1900000100" }), "mismatch"],
  ];
}

for (const [name, call] of Object.entries(laterCalls)) {
  test(`the ${name} believes its genuine reply, and none that is spoiled`, () => {
    const good = fixtureFields(call.genuine);
    assert.equal(answerTo(call, good).kind, call.kind);
    assert.equal(answerTo(call, resigned(good, {}, "HMAC-SHA256"), hmac).kind, call.kind);
    for (const [about, reply, why] of spoiled(call.genuine)) {
      assert.deepEqual(answerTo(call, reply), unknown(why), about);
    }
  });

  test(`the ${name} refuses what is signed and about something else`, () => {
    const good = fixtureFields(call.genuine);
    for (const field of call.names) {
      for (const value of ["other", "1", "NATIVE2"]) {
        const answer = answerTo(call, resigned(good, { [field]: value }));
        // Another mark in the answer to a query is more than a mismatch: the number is somebody else's.
        const others = field === "attach" && call.genuine.startsWith("orderquery");
        assert.deepEqual(answer, others ? { kind: "foreign", state: "paid" } : unknown("mismatch"), field);
      }
    }
  });

  test(`the ${name} says nothing where the result is neither SUCCESS nor FAIL`, () => {
    for (const result of ["", "OK", "success", null]) {
      const reply = resigned(fixtureFields(call.genuine), { result_code: result });
      assert.deepEqual(answerTo(call, reply), unknown("malformed", true), String(result));
    }
  });

  test(`the ${name} takes a refusal of the message under a right signature for a fault of configuration`, () => {
    const reply = resigned(fixtureFields(call.genuine), { return_code: "FAIL" });
    assert.deepEqual(answerTo(call, reply), unknown("configuration", true));
  });

  test(`the ${name} hands on the proof that nothing was sent`, () => {
    for (const why of ["no-name", "no-connection", "no-trust", "too-late", "stopped"] as const) {
      assert.deepEqual(answerTo(call, { kind: "not-sent", why }), { kind: "not-sent", why });
    }
  });
}

test("the query of a booked order takes the number with another's mark on it for somebody else's order", () => {
  const query = laterCalls["query of a booked order"];
  assert.ok(query);
  const another = resigned(fixtureFields(query.genuine), { attach: "other" });
  assert.deepEqual(answerTo(query, another), { kind: "foreign", state: "paid" });
});

test("a genuine reply to one call proves nothing to another", () => {
  const others = [...replies, "micropay-success", "orderquery-success", "reverse-done"];
  for (const [name, call] of Object.entries(laterCalls)) {
    for (const reply of others) {
      if (reply === call.genuine) continue;
      assert.equal(answerTo(call, fixtureFields(reply)).kind, "unknown", `${name} ${reply}`);
    }
  }
});

test("no field of a genuine reply can change, vanish or be added without breaking its acceptance", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(laterCalls)),
      fc.nat(),
      fc.option(fc.string({ unit: "grapheme", maxLength: 40 }), { nil: null }),
      (call, index, value) => {
        const fields = fixtureFields(call.genuine);
        const [changed, old] = [...fields][index % fields.size] ?? ["", ""];
        // An empty element counts as an absent one, in the signature as everywhere.
        fc.pre((value ?? "") !== old && !/\p{Cc}/u.test(value ?? ""));
        const answer = answerTo(call, changedFields(fields, { [changed]: value }));
        assert.equal(answer.kind, "unknown", changed);
      },
    ),
    { numRuns: 500 },
  );
});

test("whatever bytes come, a reader answers unknown and does not throw", () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(laterCalls)), fc.uint8Array(), (call, bytes) => {
      assert.equal(answerTo(call, answered(bytes)).kind, "unknown");
    }),
  );
});

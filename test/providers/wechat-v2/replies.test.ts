import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Intent } from "../../../src/core/payment/order.ts";
import type { WechatV2Settings } from "../../../src/providers/wechat-v2/account.ts";
import { openReply, readCharge, readQuery, readReverse } from "../../../src/providers/wechat-v2/replies.ts";
import type { Fields } from "../../../src/providers/wechat-v2/xml.ts";
import type { HttpsOutcome } from "../../../src/runtime/ports.ts";
import {
  answered,
  changedFields,
  fixtureFields,
  fixtureText,
  intent,
  intentOf,
  providerSettings,
  resigned,
  settings,
} from "./fixtures.ts";

const calls = { charge: readCharge, query: readQuery, reverse: readReverse };
type CallName = keyof typeof calls;
const callNames = ["charge", "query", "reverse"] as const;

function read(
  call: CallName,
  reply: HttpsOutcome | Fields,
  options: { readonly used?: WechatV2Settings; readonly asked?: Intent } = {},
) {
  const outcome = "kind" in reply ? reply : answered(reply);
  const asked = { ...(options.asked ?? intent), tradeType: "MICROPAY" } as const;
  return calls[call](openReply(outcome, options.used ?? settings), asked);
}

const transactionId = "4200009990202603150000000001";
const hmac: WechatV2Settings = { ...settings, signType: "HMAC-SHA256" };
const unknown = (why: string, signed = false) => ({ kind: "unknown", why, signed });

/** The documents of the fixtures and what each of them means to the call that it answers. */
const table: readonly (readonly [CallName, string, object])[] = [
  ["charge", "micropay-success", { kind: "paid", transactionId }],
  ["charge", "micropay-success-two-coupons", { kind: "paid", transactionId }],
  ["charge", "micropay-userpaying", { kind: "pending" }],
  ["charge", "micropay-notenough", { kind: "declined", reason: "funds", code: "NOTENOUGH" }],
  ["charge", "micropay-orderpaid", { kind: "number-conflict", code: "ORDERPAID" }],
  ["charge", "micropay-trade-error", { kind: "refused-unconfirmed", code: "TRADE_ERROR" }],
  ["charge", "micropay-systemerror", unknown("system-error", true)],
  ["charge", "micropay-message-refused", unknown("unsigned-refusal")],
  ["query", "orderquery-success", { kind: "paid", transactionId }],
  ["query", "orderquery-refund", { kind: "refunded", transactionId }],
  ["query", "orderquery-userpaying", { kind: "unpaid", paying: true }],
  ["query", "orderquery-userpaying-minimal", { kind: "unpaid", paying: true }],
  ["query", "orderquery-accept", { kind: "unpaid", paying: true }],
  ["query", "orderquery-notpay", { kind: "unpaid", paying: false }],
  ["query", "orderquery-unknown-extension-field", { kind: "unpaid", paying: false }],
  ["query", "orderquery-closed", { kind: "closed", paidOnce: false, transactionId: null }],
  ["query", "orderquery-revoked", { kind: "closed", paidOnce: false, transactionId: null }],
  ["query", "orderquery-payerror", { kind: "failed" }],
  ["query", "orderquery-ordernotexist", { kind: "absent" }],
  ["query", "orderquery-systemerror", unknown("system-error", true)],
  ["query", "micropay-message-refused", unknown("unsigned-refusal")],
  ["reverse", "reverse-done", { kind: "done" }],
  ["reverse", "reverse-success-recall-y", { kind: "again", code: null }],
  ["reverse", "reverse-fail-recall-y", { kind: "again", code: "SYSTEMERROR" }],
  ["reverse", "reverse-userpaying", { kind: "again", code: "USERPAYING" }],
  ["reverse", "reverse-expired", { kind: "expired" }],
  ["reverse", "reverse-wrong-number", { kind: "again", code: "INVALID_TRANSACTIONID" }],
  ["reverse", "micropay-message-refused", unknown("unsigned-refusal")],
];

for (const [call, name, answer] of table) {
  test(`${name} means to a ${call}: ${JSON.stringify(answer)}`, () => {
    assert.deepEqual(read(call, answered(fixtureText(name))), answer);
  });
}

test("a reply is accepted by the algorithm that was asked for, and by no other", () => {
  const md5 = fixtureFields("micropay-success");
  const sha = fixtureFields("micropay-success-hmac");
  assert.equal(read("charge", sha, { used: hmac }).kind, "paid");
  assert.deepEqual(read("charge", md5, { used: hmac }), unknown("bad-signature"));
  assert.deepEqual(read("charge", sha), unknown("bad-signature"));
});

test("a service provider's reply is paid for its own sub-merchant alone", () => {
  const reply = fixtureFields("micropay-success-service-provider");
  const asked = { ...intentOf("BX0123-20260315-000043", 1), merchant: providerSettings.merchant };
  const withSub = (subMerchantId: string | null, subAppId: string | null): WechatV2Settings => ({
    ...providerSettings,
    merchant: { ...providerSettings.merchant, subMerchantId, subAppId },
  });
  const paid = { kind: "paid", transactionId: "4200009990202603150000000002" };
  assert.deepEqual(read("charge", reply, { used: providerSettings, asked }), paid);
  assert.deepEqual(read("charge", reply, { used: withSub("1900000100", null), asked }), paid);
  for (const used of [
    withSub("1900000101", "wxfedcba0987654321"),
    withSub("1900000100", "wx0000000000000000"),
    withSub(null, null),
  ]) {
    assert.deepEqual(read("charge", reply, { used, asked }), unknown("mismatch"));
  }
  const silentAboutSub = resigned(reply, { sub_mch_id: null });
  assert.deepEqual(read("charge", silentAboutSub, { used: providerSettings, asked }), unknown("mismatch"));
});

const success = fixtureFields("micropay-success");

/** Replies that prove nothing, whoever sent them. */
const hostile: readonly (readonly [about: string, reply: HttpsOutcome | Fields, why: string])[] = [
  ["an external entity", answered(fixtureText("hostile-external-entity")), "malformed"],
  ["growing entities", answered(fixtureText("hostile-entity-expansion")), "malformed"],
  ["another amount under the old signature", changedFields(success, { total_fee: "1" }), "bad-signature"],
  ["no signature", changedFields(success, { sign: null }), "bad-signature"],
  ["an empty signature", changedFields(success, { sign: "" }), "bad-signature"],
  [
    "a signature in lower case",
    changedFields(success, { sign: success.get("sign")?.toLowerCase() ?? "" }),
    "bad-signature",
  ],
  ["a field added under the old signature", changedFields(success, { x: "y" }), "bad-signature"],
  [
    "a refusal signed wrongly",
    changedFields(fixtureFields("micropay-notenough"), { sign: "0".repeat(32) }),
    "bad-signature",
  ],
  [
    "a refusal of the message signed wrongly",
    new Map([
      ["return_code", "FAIL"],
      ["sign", "0".repeat(32)],
    ]),
    "bad-signature",
  ],
  [
    "a refusal of the message that says how the order ended",
    changedFields(success, { return_code: "FAIL", sign: null }),
    "unsigned-refusal",
  ],
  [
    "two trade states",
    answered(fixtureText("orderquery-notpay").replace("</xml>", "<trade_state>SUCCESS</trade_state></xml>")),
    "malformed",
  ],
  ["a root in the root", answered(`<xml>${fixtureText("micropay-success")}</xml>`), "malformed"],
  ["a document cut off", answered(fixtureText("micropay-success").slice(0, 700)), "malformed"],
  ["an empty body", answered(""), "malformed"],
  ["a body of 10 MB", answered(Buffer.alloc(10_000_000, 0x20)), "malformed"],
  ["a body that the connection cut for its size", { kind: "unanswered", why: "too-large" }, "malformed"],
  ["HTML", answered("<html><head><title>404</title></head><body></body></html>"), "malformed"],
  ["JSON", answered('{"return_code":"SUCCESS"}'), "malformed"],
  ["no return code", resigned(success, { return_code: null }), "malformed"],
  ["an unknown return code", resigned(success, { return_code: "OK" }), "malformed"],
  [
    "a prototype",
    answered("<xml><__proto__><return_code>SUCCESS</return_code></__proto__></xml>"),
    "malformed",
  ],
  [
    "a constructor",
    answered("<xml><constructor>1</constructor><return_code>SUCCESS</return_code></xml>"),
    "malformed",
  ],
  ["a redirection", answered(fixtureText("micropay-success"), 302), "http-status"],
  ["a success with status 500", answered(fixtureText("micropay-success"), 500), "http-status"],
  ["an empty 502", answered("", 502), "http-status"],
  ["a connection that broke after sending", { kind: "unanswered", why: "broken" }, "silence"],
  ["a reply that did not come in time", { kind: "unanswered", why: "timeout" }, "silence"],
  ["a genuine reply to another merchant", resigned(success, { mch_id: "1900000108" }), "mismatch"],
  ["a genuine reply to another app", resigned(success, { appid: "wx0000000000000000" }), "mismatch"],
  ["a genuine reply without a merchant", resigned(success, { mch_id: null }), "mismatch"],
  ["a genuine reply to a sub-merchant", resigned(success, { sub_mch_id: "1900000100" }), "mismatch"],
  [
    "a genuine reply to a sub-merchant's app",
    resigned(success, { sub_appid: "wxfedcba0987654321" }),
    "mismatch",
  ],
  [
    "a genuine reply about another order",
    resigned(success, { out_trade_no: "BX0123-20260315-000041" }),
    "mismatch",
  ],
];

for (const [about, reply, why] of hostile) {
  test(`every call stays unknown after ${about}`, () => {
    for (const call of callNames) assert.deepEqual(read(call, reply), unknown(why), call);
  });
}

test("a proof that nothing was sent is handed on as it is", () => {
  for (const why of ["no-name", "no-connection", "no-trust", "too-late", "stopped"] as const) {
    for (const call of callNames) {
      assert.deepEqual(read(call, { kind: "not-sent", why }), { kind: "not-sent", why });
    }
  }
});

test("a message that is refused under a right signature is a fault of configuration, never of the order", () => {
  const refusal = resigned(success, { return_code: "FAIL", return_msg: "XML格式错误" });
  for (const call of callNames) assert.deepEqual(read(call, refusal), unknown("configuration", true));
});

test("paid needs every proof: each one missing or wrong under a right signature leaves the order unknown", () => {
  const wrong: readonly Readonly<Record<string, string | null>>[] = [
    { out_trade_no: null },
    { out_trade_no: "" },
    { total_fee: null },
    { total_fee: "1281" },
    { total_fee: "01280" },
    { total_fee: "1280.0" },
    { total_fee: " 1280" },
    { total_fee: "128000" },
    { fee_type: "HKD" },
    { attach: "till=1;seq=43" },
    { transaction_id: null },
    { transaction_id: "" },
    { trade_type: "JSAPI" },
    { trade_state: "REFUND" },
    { recall: "N" },
    { out_refund_no: "RF0123-20260315-000007" },
  ];
  for (const change of wrong) {
    assert.deepEqual(read("charge", resigned(success, change)), unknown("mismatch"), JSON.stringify(change));
  }
  const query = fixtureFields("orderquery-success");
  for (const change of wrong.filter((one) => !("trade_state" in one) && !("attach" in one))) {
    assert.deepEqual(read("query", resigned(query, change)), unknown("mismatch"), JSON.stringify(change));
  }
});

test("an order that nobody made is never paid, whatever amount a reply gives it", () => {
  const asked = { ...intent, amountFen: null, nonce: null, tradeType: "MICROPAY" } as const;
  for (const total of ["1280", "0", "null", ""]) {
    const reply = answered(resigned(fixtureFields("orderquery-success"), { total_fee: total }));
    assert.deepEqual(readQuery(openReply(reply, settings), asked), unknown("mismatch"), total);
  }
});

test("an order that bears another mark is somebody else's, whatever else it says", () => {
  const others = { attach: "till=1;seq=43", total_fee: "1" };
  for (const [state, answer] of [
    ["SUCCESS", "paid"],
    ["REFUND", "paid"],
    ["CLOSED", "closed"],
    ["REVOKED", "closed"],
    ["NOTPAY", "open"],
    ["USERPAYING", "open"],
  ] as const) {
    const reply = resigned(fixtureFields("orderquery-success"), { ...others, trade_state: state });
    assert.deepEqual(read("query", reply), { kind: "foreign", state: answer }, state);
  }
  const failed = resigned(fixtureFields("orderquery-success"), { ...others, result_code: "FAIL" });
  assert.notEqual(read("query", failed).kind, "foreign");
  const unnamed = resigned(fixtureFields("orderquery-success"), { ...others, out_trade_no: null });
  assert.notEqual(read("query", unnamed).kind, "foreign");
});

test("paid does not need what WeChat may leave out", () => {
  const bare = { fee_type: null, attach: null, trade_type: null, openid: null, device_info: null };
  assert.equal(read("charge", resigned(success, bare)).kind, "paid");
  const unmarked = read("query", resigned(fixtureFields("orderquery-success"), bare));
  assert.ok(unmarked.kind === "paid" && "unmarked" in unmarked, "and it is told that it bears no mark");
});

test("an order is paid by its own kind of trade, or by one that is not said", () => {
  const kinds = ["MICROPAY", "NATIVE", "JSAPI"] as const;
  for (const tradeType of kinds) {
    for (const said of [...kinds, "APP", "native", null]) {
      const reply = answered(resigned(fixtureFields("orderquery-success"), { trade_type: said }));
      const answer = readQuery(openReply(reply, settings), { ...intent, tradeType });
      const expected = said === null || said === tradeType ? "paid" : "unknown";
      assert.equal(answer.kind, expected, `${tradeType} ${said}`);
    }
  }
});

test("an order that is booked and not paid yet is unpaid, and paid once it says so", () => {
  const asked = { ...intent, tradeType: "NATIVE" } as const;
  const answer = (name: string) => readQuery(openReply(answered(fixtureText(name)), settings), asked);
  assert.deepEqual(answer("orderquery-native-notpay"), { kind: "unpaid", paying: false });
  assert.deepEqual(answer("orderquery-native-success"), { kind: "paid", transactionId });
});

test("a result that is neither SUCCESS nor FAIL says nothing, though it is signed", () => {
  for (const result of [null, "", "OK", "success"]) {
    const changes = { result_code: result, trade_state: null, trade_type: null };
    for (const call of callNames) {
      const reply = resigned(success, changes);
      assert.deepEqual(read(call, reply), unknown("malformed", true), `${call} ${result ?? "none"}`);
    }
  }
});

test("a query that succeeds must name its order and a state that is known", () => {
  const reply = fixtureFields("orderquery-notpay");
  assert.deepEqual(read("query", resigned(reply, { out_trade_no: null })), unknown("mismatch"));
  assert.deepEqual(read("query", resigned(reply, { total_fee: "1281" })), unknown("mismatch"));
  assert.deepEqual(read("query", resigned(reply, { trade_state: null })), unknown("malformed", true));
  assert.deepEqual(read("query", resigned(reply, { trade_state: "PAYED" })), unknown("unlisted-code", true));
});

test("a closed order with WeChat's number had been paid", () => {
  for (const name of ["orderquery-revoked", "orderquery-closed"]) {
    assert.deepEqual(read("query", resigned(fixtureFields(name), { transaction_id: transactionId })), {
      kind: "closed",
      paidOnce: true,
      transactionId,
    });
  }
});

test("a genuine reply to one call proves nothing to another", () => {
  assert.equal(read("charge", fixtureFields("orderquery-refund")).kind, "unknown");
  assert.equal(read("charge", fixtureFields("orderquery-ordernotexist")).kind, "unknown");
  assert.equal(read("charge", fixtureFields("reverse-done")).kind, "unknown");
  assert.equal(read("query", fixtureFields("micropay-success")).kind, "unknown");
  assert.equal(read("query", fixtureFields("reverse-done")).kind, "unknown");
  assert.equal(read("reverse", fixtureFields("orderquery-success")).kind, "unknown");
  assert.equal(read("reverse", fixtureFields("micropay-success")).kind, "unknown");
});

test("a reversal is done only where WeChat does not call for another", () => {
  const reply = fixtureFields("reverse-done");
  assert.deepEqual(read("reverse", resigned(reply, { recall: null })), { kind: "done" });
  assert.deepEqual(read("reverse", resigned(reply, { recall: "y" })), { kind: "again", code: null });
  assert.deepEqual(read("reverse", resigned(reply, { out_trade_no: "other" })), unknown("mismatch"));
  const ofOtherCalls = {
    trade_state: "REVOKED",
    trade_type: "MICROPAY",
    out_refund_no: "RF0123-20260315-000007",
  };
  for (const [name, value] of Object.entries(ofOtherCalls))
    assert.deepEqual(read("reverse", resigned(reply, { [name]: value })), unknown("mismatch"), name);
});

test("no field of a genuine reply can change, vanish or be added without breaking its acceptance", () => {
  const replies = table.filter(([, name]) => name !== "micropay-message-refused");
  fc.assert(
    fc.property(
      fc.constantFrom(...replies),
      fc.nat(),
      fc.option(fc.string({ unit: "grapheme", maxLength: 40 }), { nil: null }),
      ([call, name], index, value) => {
        const fields = fixtureFields(name);
        const [changed, old] = [...fields][index % fields.size] ?? ["", ""];
        fc.pre(value !== old && !/\p{Cc}/u.test(value ?? ""));
        const answer = read(call, changedFields(fields, { [changed]: value }));
        assert.equal(answer.kind, "unknown", `${name} ${changed}`);
        assert.equal(answer.kind === "unknown" && answer.signed, false);
      },
    ),
    { numRuns: 500 },
  );
});

test("whatever comes with status 200, an answer that is not unknown was signed", () => {
  const any = fc.constantFrom(
    "SUCCESS",
    "FAIL",
    "",
    "N",
    "Y",
    "NOTENOUGH",
    "ORDERNOTEXIST",
    "REVERSE_EXPIRE",
    "REVOKED",
    transactionId,
  );
  const names = ["return_code", "result_code", "err_code", "trade_state", "recall", "sign", "transaction_id"];
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...names), any)),
      fc.constantFrom(...callNames),
      (entries, call) => {
        const changed = changedFields(success, Object.fromEntries(entries));
        // An empty element counts as an absent one, in the signature as everywhere.
        const isUntouched = names.every((name) => (changed.get(name) ?? "") === (success.get(name) ?? ""));
        const kind = read(call, changed).kind;
        if (isUntouched) assert.equal(kind === "paid", call === "charge");
        else assert.equal(kind, "unknown");
      },
    ),
    // An empty element of another call's was once taken for a sign of that call.
    { examples: [[[["recall", ""]], "charge"]] },
  );
});

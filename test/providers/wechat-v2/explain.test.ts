/** Every document of the fixtures, as the reply of a recorded pair, means what the box makes of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ExplainTerms, recordedPairs } from "../../../src/providers/explain.ts";
import { ApiKey } from "../../../src/providers/wechat-v2/api-key.ts";
import { explain } from "../../../src/providers/wechat-v2/explain.ts";
import { signatureOf } from "../../../src/providers/wechat-v2/signature.ts";
import { type Fields, writeXml } from "../../../src/providers/wechat-v2/xml.ts";
import {
  changedFields,
  fixtureBytes,
  fixtureFields,
  fixtureNames,
  fixtureText,
  resigned,
} from "./fixtures.ts";

const apiKey = "fixturekeyfixturekeyfixturekey00";
const nonce = "till=1;seq=42";
const terms: ExplainTerms = { keys: { wechat: { apiKey } }, amountFen: 1_280, nonce };

/** Where each request of the fixtures goes. */
const calls = {
  micropay: "/pay/micropay",
  orderquery: "/pay/orderquery",
  reverse: "/secapi/pay/reverse",
  unifiedorder: "/pay/unifiedorder",
  closeorder: "/pay/closeorder",
  refund: "/secapi/pay/refund",
  refundquery: "/pay/refundquery",
  bill: "/pay/downloadbill",
} as const;

type Call = keyof typeof calls;

const requests: Readonly<Record<Call, string>> = {
  micropay: "request-micropay-md5",
  orderquery: "request-orderquery",
  reverse: "request-reverse",
  unifiedorder: "request-unifiedorder-native",
  closeorder: "request-closeorder",
  refund: "request-refund",
  refundquery: "request-refundquery",
  bill: "request-downloadbill",
};

function pairOf(call: Call, body: string | Uint8Array, request = requests[call], status = 200) {
  return {
    request: {
      method: "POST",
      url: `https://api.mch.weixin.qq.com${calls[call]}`,
      headers: { "Content-Type": "text/xml" },
      body: fixtureText(request),
    },
    response: {
      ...{ status, headers: {} },
      ...(typeof body === "string" ? { body } : { bodyBase64: Buffer.from(body).toString("base64") }),
    },
  };
}

function explained(pair: object, wanted: ExplainTerms = terms) {
  const pairs = recordedPairs(JSON.stringify(pair));
  assert.ok(pairs.ok, pairs.ok ? "" : pairs.reason);
  const [one] = pairs.value;
  assert.ok(one !== undefined);
  const result = explain(one, wanted);
  assert.ok(result.ok, result.ok ? "" : result.reason);
  const { signature, outcome, why } = result.value;
  assert.match(why, /^[A-Z]\P{Cc}*\.$/u);
  return { said: `${signature} ${outcome}`, why };
}

/** By name: what each reply of the fixtures says. */
const meanings: Readonly<Record<string, string>> = {
  "micropay-auth-code-error": "valid declined",
  "micropay-auth-code-invalid": "valid declined",
  "micropay-authcodeexpire": "valid declined",
  "micropay-bankerror": "valid unknown",
  "micropay-buyer-mismatch": "valid query-number",
  "micropay-invalid-request": "valid unknown",
  "micropay-lack-params": "valid config",
  "micropay-message-refused": "absent unknown",
  "micropay-noauth": "valid config",
  "micropay-notenough": "valid declined",
  "micropay-notsuportcard": "valid declined",
  "micropay-orderclosed": "valid unknown",
  "micropay-orderpaid": "valid query-number",
  "micropay-orderreversed": "valid unknown",
  "micropay-out-trade-no-used": "valid query-number",
  "micropay-param-error": "valid config",
  "micropay-signerror": "valid config",
  "micropay-success": "valid paid",
  "micropay-success-hmac": "valid paid",
  "micropay-success-service-provider": "valid paid",
  "micropay-success-two-coupons": "valid paid",
  "micropay-systemerror": "valid unknown",
  "micropay-trade-error": "valid unknown",
  "micropay-userpaying": "valid pending",
  "orderquery-accept": "valid pending",
  "orderquery-closed": "valid confirmed-unpaid",
  "orderquery-native-notpay": "valid pending",
  "orderquery-native-success": "valid paid",
  "orderquery-notpay": "valid pending",
  "orderquery-ordernotexist": "valid not-found",
  "orderquery-payerror": "valid reverse",
  "orderquery-refund": "valid was-paid",
  "orderquery-revoked": "valid confirmed-unpaid",
  "orderquery-success": "valid paid",
  "orderquery-systemerror": "valid unknown",
  "orderquery-unknown-extension-field": "valid pending",
  "orderquery-userpaying": "valid pending",
  "orderquery-userpaying-minimal": "valid pending",
  "refund-notenough": "valid refund-again",
  "refund-success": "valid refund-pending",
  "refundquery-refundnotexist": "valid refund-again",
  "refundquery-success": "valid refunded",
  "reverse-done": "valid reverse-answered",
  "reverse-expired": "valid manual",
  "reverse-fail-recall-y": "valid reverse-again",
  "reverse-success-recall-y": "valid reverse-again",
  "reverse-userpaying": "valid reverse-again",
  "reverse-wrong-number": "valid reverse-again",
  "unifiedorder-native": "valid pending",
  "unifiedorder-orderpaid": "valid query-number",
  "closeorder-closed": "valid reverse-answered",
  "closeorder-orderclosed": "valid reverse-answered",
  "closeorder-orderpaid": "valid reverse-again",
  "bill-no-bill-exist": "absent unknown",
};

/** Replies that go with another request than most of their call. */
const ownRequests: Readonly<Record<string, string>> = {
  "micropay-success-hmac": "request-micropay-hmac-scene-info",
  "micropay-success-service-provider": "request-micropay-service-provider",
};

/** The orders of these are another one; their requests are made to fit. */
function pairOfFixture(name: string) {
  const call = callOf(name);
  const pair = pairOf(call, fixtureText(name), ownRequests[name]);
  const reply = fixtureFields(name);
  const request = changedFields(fixtureFields(ownRequests[name] ?? requests[call]), echoesOf(reply));
  return { ...pair, request: { ...pair.request, body: writeXml(request) } };
}

function callOf(name: string): Call {
  const call = Object.keys(calls).find((known) => name.startsWith(`${known}-`));
  assert.ok(call !== undefined);
  return call as Call;
}

function echoesOf(reply: Fields): Readonly<Record<string, string>> {
  const names = ["out_trade_no", "total_fee", "attach", "sub_appid", "sub_mch_id"];
  return Object.fromEntries(
    names.flatMap((name) => (reply.get(name) ? [[name, reply.get(name) ?? ""] as const] : [])),
  );
}

test("every reply of the fixtures to a call of the box is here", () => {
  const others = /^(?:request|hostile|notification|authcodetoopenid|unifiedorder-jsapi)/;
  assert.deepEqual(
    fixtureNames("").filter((name) => !others.test(name) && meanings[name] === undefined),
    [],
  );
});

for (const [name, meaning] of Object.entries(meanings)) {
  test(`${name} is ${meaning}`, () => {
    assert.equal(explained(pairOfFixture(name)).said, meaning);
  });
}

/** Replies that are made of those of the fixtures: the call, the document, what is another in it, what it means. */
const rows: readonly (readonly [
  call: Call,
  name: string,
  changes: Readonly<Record<string, string | null>>,
  meaning: string,
  why: RegExp,
])[] = [
  ["micropay", "micropay-success", { total_fee: "1281" }, "contradiction", /its total_fee is not what/],
  ["micropay", "micropay-success", { attach: "r=other" }, "contradiction", /its attach is not what/],
  ["micropay", "micropay-success", { mch_id: "1900000110" }, "contradiction", /its mch_id is not what/],
  ["micropay", "micropay-success", { result_code: null }, "unknown", /form is wrong/],
  ["micropay", "micropay-success", { total_fee: null }, "unknown", /a part of the proof is missing/],
  ["orderquery", "orderquery-success", { transaction_id: null }, "unknown", /a part of the proof is missing/],
  ["orderquery", "orderquery-success", { fee_type: "USD" }, "contradiction", /names another order/],
  ["micropay", "micropay-notenough", { err_code: "NEWS" }, "unknown", /no table names \(NEWS /],
  ["orderquery", "orderquery-success", { total_fee: "1281" }, "contradiction", /its total_fee is not what/],
  [
    "orderquery",
    "orderquery-success",
    { out_trade_no: "X" },
    "contradiction",
    /its out_trade_no is not what/,
  ],
  [
    "orderquery",
    "orderquery-success",
    { attach: "r=other" },
    "contradiction",
    /attach is that of another intent/,
  ],
  ["orderquery", "orderquery-success", { trade_state: "NEWS" }, "unknown", /no table names/],
  ["orderquery", "orderquery-revoked", { transaction_id: "4200" }, "confirmed-refunded", /went back/],
  ["reverse", "reverse-done", { out_trade_no: "X" }, "reverse-again", /its out_trade_no is not what/],
  ["reverse", "reverse-expired", { err_code: "CERT_ERROR" }, "reverse-again", /refuses the account/],
  ["refund", "refund-success", { refund_fee: "281" }, "refund-query", /its refund_fee is not what/],
  ["refund", "refund-notenough", { err_code: "TRADE_OVERDUE" }, "manual", /for people/],
  ["refundquery", "refundquery-success", { refund_status_0: "PROCESSING" }, "refund-pending", /accepted/],
  ["refundquery", "refundquery-success", { refund_status_0: "REFUNDCLOSE" }, "refund-again", /again/],
  ["refundquery", "refundquery-success", { refund_status_0: "CHANGE" }, "manual", /for people/],
  ["refundquery", "refundquery-success", { refund_status_0: "NEWS" }, "unknown", /proves nothing/],
  ["refundquery", "refundquery-success", { out_refund_no_0: "X" }, "contradiction", /another order/],
  ["refundquery", "refundquery-success", { total_fee: "1279" }, "contradiction", /its total_fee is not what/],
];

for (const [call, name, changes, meaning, why] of rows) {
  test(`${name} with ${JSON.stringify(changes)} is ${meaning}`, () => {
    const said = explained(pairOf(call, writeXml(resigned(fixtureFields(name), changes))));
    assert.equal(said.said, `valid ${meaning}`);
    assert.match(said.why, why);
  });
}

test("a document that is not signed, or wrongly, proves nothing", () => {
  const paid = fixtureFields("micropay-success");
  const unsigned = explained(pairOf("micropay", writeXml(changedFields(paid, { sign: null }))));
  assert.equal(unsigned.said, "absent unknown");
  const forged = explained(pairOf("micropay", writeXml(changedFields(paid, { total_fee: "1" }))));
  assert.equal(forged.said, "invalid unknown");
  assert.match(forged.why, /not that of a key we hold/);
  const lower = changedFields(paid, { sign: (paid.get("sign") ?? "").toLowerCase() });
  assert.equal(explained(pairOf("micropay", writeXml(lower))).said, "invalid unknown");
  const hmac = fixtureText("micropay-success-hmac");
  assert.equal(explained(pairOf("micropay", hmac)).said, "invalid unknown", "another algorithm");
});

test("without the key nothing is verified, and nobody's signature is none", () => {
  const pair = pairOf("micropay", fixtureText("micropay-success"));
  for (const keys of [
    null,
    {},
    { wechat: {} },
    { wechat: { apiKey: "" } },
    { wechat: { apiKey: 1 } },
    [],
    "x",
  ]) {
    const said = explained(pair, { ...terms, keys });
    assert.equal(said.said, "unverifiable unknown");
    assert.match(said.why, /No key is at hand/);
  }
  const paid = fixtureFields("micropay-success");
  const sign = signatureOf(paid, new ApiKey(""), "MD5");
  const keyless = pairOf("micropay", writeXml(changedFields(paid, { sign })));
  const others = changedFields(paid, { mch_id: "1900000110" });
  const another = changedFields(others, { sign: signatureOf(others, new ApiKey(""), "MD5") });
  for (const pair of [keyless, pairOf("micropay", writeXml(another))])
    assert.equal(explained(pair, { ...terms, keys: null }).said, "unverifiable unknown");
});

test("what is no document is refused, and one with another status is no word of WeChat's", () => {
  const paid = fixtureText("micropay-success");
  const bodies: readonly (string | Uint8Array)[] = [
    "",
    "<html><body>502</body></html>",
    "{}",
    paid.replace("<xml>", "<xml><total_fee>1280</total_fee>"),
    paid.slice(0, -9),
    `${paid}${" ".repeat(70_000)}`,
    fixtureBytes("hostile-entity-expansion.xml"),
    fixtureBytes("hostile-external-entity.xml"),
    Buffer.from(paid, "utf16le"),
  ];
  for (const body of bodies) assert.equal(explained(pairOf("micropay", body)).said, "refused unknown");
  assert.equal(explained(pairOf("micropay", paid, requests.micropay, 500)).said, "valid unknown");
  assert.equal(explained(pairOf("micropay", "<h1>502</h1>", requests.micropay, 502)).said, "refused unknown");
  const silence = explained({ ...pairOf("micropay", ""), response: null });
  assert.deepEqual([silence.said, silence.why], ["absent unknown", "No reply came."]);
  const unsaid = paid.replace("return_code", "code").replace("/return_code", "/code");
  assert.equal(explained(pairOf("micropay", unsaid)).said, "invalid unknown");
});

test("a bill is a bill, and another merchant's is none", () => {
  const bill = fixtureBytes("bill-all.txt");
  assert.equal(explained(pairOf("bill", bill)).said, "refused bill");
  const foreign = bill.toString("utf8").replaceAll("1900000109", "1900000108");
  assert.equal(explained(pairOf("bill", foreign)).said, "refused contradiction");
});

test("what the request does not carry comes from the options", () => {
  const pair = pairOf("orderquery", fixtureText("orderquery-success"));
  assert.equal(explained(pair, { ...terms, amountFen: 1_281 }).said, "valid contradiction");
  assert.equal(explained(pair, { ...terms, nonce: "r=other" }).said, "valid contradiction");
});

test("what is no call of the box is not explained", () => {
  const pair = pairOf("micropay", fixtureText("micropay-success"));
  const refused = [
    { ...pair, request: { ...pair.request, url: "https://api.mch.weixin.qq.com/tools/authcodetoopenid" } },
    { ...pair, request: { ...pair.request, body: "" } },
    { ...pair, request: { ...pair.request, body: "<xml><a>1</a></xml>" } },
  ];
  for (const one of refused) {
    const pairs = recordedPairs(JSON.stringify(one));
    assert.ok(pairs.ok && pairs.value[0] !== undefined);
    assert.equal(explain(pairs.value[0], terms).ok, false);
  }
});

test("no key, no payment code and nobody's id is in what is said", () => {
  const words = {
    err_code_des: "134567890123456789 oFIXTUREopenid00000000000001 fixturekeyfixturekeyfixturekey00\u001b[2J",
  };
  const documents = Object.keys(meanings).map((name) => pairOfFixture(name));
  const told = pairOf("micropay", fixtureText("micropay-message-refused"));
  const hostile = writeXml(
    resigned(fixtureFields("micropay-notenough"), { err_code_des: words.err_code_des.replace("\u001b", "") }),
  );
  for (const pair of [...documents, told, pairOf("micropay", hostile)]) {
    assert.doesNotMatch(explained(pair).why, /13456789012345678|oFIXTURE|fixturekey|\d{16}/);
  }
});

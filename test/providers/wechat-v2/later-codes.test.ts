import assert from "node:assert/strict";
import { test } from "node:test";
import { billRefusals } from "../../../src/providers/wechat-v2/bill-reply.ts";
import { closeCodes, orderCodes } from "../../../src/providers/wechat-v2/order-codes.ts";
import { refundCodes, refundQueryCodes } from "../../../src/providers/wechat-v2/refund-codes.ts";
import { payerCodes } from "../../../src/providers/wechat-v2/server/payer-codes.ts";
import { fixtureFields, fixtureNames, resigned } from "./fixtures.ts";
import { answerTo, laterCalls } from "./later-calls.ts";

/** WeChat Pay v2, the error codes that the page of each call lists, and what this library makes of them. */
const tables: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  order: {
    NOAUTH: "declined configuration",
    NOTENOUGH: "declined funds",
    ORDERPAID: "number-conflict",
    ORDERCLOSED: "refused-unconfirmed",
    SYSTEMERROR: "unknown system-error",
    APPID_NOT_EXIST: "declined configuration",
    MCHID_NOT_EXIST: "declined configuration",
    APPID_MCHID_NOT_MATCH: "declined configuration",
    LACK_PARAMS: "declined request",
    OUT_TRADE_NO_USED: "number-conflict",
    SIGNERROR: "declined configuration",
    XML_FORMAT_ERROR: "declined request",
    REQUIRE_POST_METHOD: "declined request",
    POST_DATA_EMPTY: "declined request",
    NOT_UTF8: "declined request",
    PARAM_ERROR: "declined request",
    INVALID_REQUEST: "refused-unconfirmed",
  },
  close: {
    ORDERPAID: "paid",
    SYSTEMERROR: "again",
    ORDERNOTEXIST: "absent",
    ORDERCLOSED: "closed",
    TRADE_STATE_ERROR: "again",
    SIGNERROR: "unknown configuration",
    REQUIRE_POST_METHOD: "unknown configuration",
    XML_FORMAT_ERROR: "unknown configuration",
  },
  payer: {
    SYSTEMERROR: "unknown system-error",
    AUTHCODEEXPIRE: "declined code-expired",
    AUTH_CODE_ERROR: "declined code-used",
    AUTH_CODE_INVALID: "declined code-invalid",
  },
  refund: {
    SYSTEMERROR: "again",
    BIZERR_NEED_RETRY: "again",
    ORDER_NOT_READY: "again",
    FREQUENCY_LIMITED: "slow-down",
    INVALID_REQ_TOO_MUCH: "slow-down",
    TRADE_OVERDUE: "declined overdue",
    NOTENOUGH: "declined funds",
    USER_ACCOUNT_ABNORMAL: "declined payer-account",
    REFUND_FEE_MISMATCH: "refused-unconfirmed",
    ERROR: "refused-unconfirmed",
    ORDERNOTEXIST: "declined order",
    NOAUTH: "declined configuration",
    CERT_ERROR: "declined configuration",
    INVALID_REQUEST: "refused-unconfirmed",
    INVALID_TRANSACTIONID: "declined order",
    PARAM_ERROR: "declined configuration",
    APPID_NOT_EXIST: "declined configuration",
    MCHID_NOT_EXIST: "declined configuration",
    APPID_MCHID_NOT_MATCH: "declined configuration",
    REQUIRE_POST_METHOD: "declined configuration",
    SIGNERROR: "declined configuration",
    XML_FORMAT_ERROR: "declined configuration",
  },
  "query of a refund": {
    SYSTEMERROR: "unknown system-error",
    REFUNDNOTEXIST: "absent",
    INVALID_TRANSACTIONID: "unknown configuration",
    PARAM_ERROR: "unknown configuration",
    APPID_NOT_EXIST: "unknown configuration",
    MCHID_NOT_EXIST: "unknown configuration",
    APPID_MCHID_NOT_MATCH: "unknown configuration",
    REQUIRE_POST_METHOD: "unknown configuration",
    SIGNERROR: "unknown configuration",
    XML_FORMAT_ERROR: "unknown configuration",
  },
};

const listed: Readonly<Record<string, ReadonlyMap<string, unknown>>> = {
  order: orderCodes,
  close: closeCodes,
  payer: payerCodes,
  refund: refundCodes,
  "query of a refund": refundQueryCodes,
};

const refusalFields = fixtureFields("unifiedorder-orderpaid");
const unlisted = ["", "systemerror", "NEW_RULE_2031", "__proto__", "get", "USERPAYING"];

function answerOf(name: string, code: string): string {
  const call = laterCalls[name];
  assert.ok(call !== undefined);
  const answer = answerTo(call, resigned(refusalFields, { err_code: code }));
  if ("code" in answer) assert.equal(answer.code, code === "" ? null : code);
  if ("signed" in answer) assert.equal(answer.signed, true);
  const detail = "reason" in answer ? answer.reason : "why" in answer ? answer.why : "";
  return `${answer.kind} ${String(detail)}`.trim();
}

for (const [name, table] of Object.entries(tables)) {
  test(`every code on the page of the ${name} has its meaning`, () => {
    for (const [code, meaning] of Object.entries(table)) {
      assert.equal(listed[name]?.has(code), true, code);
      assert.equal(answerOf(name, code), meaning, code);
    }
  });

  test(`a code that the ${name} does not list is never its success, its end or a refusal`, () => {
    for (const code of unlisted) {
      assert.equal(answerOf(name, code), name === "close" ? "again" : "unknown unlisted-code", code);
    }
  });

  test(`what the ${name} lists beyond its page are faults of the message`, () => {
    for (const code of listed[name]?.keys() ?? []) {
      if (code in table) continue;
      assert.match(answerOf(name, code), /^(?:unknown|declined) (?:configuration|request)$/, code);
    }
  });
}

test("every refusal among the fixtures reads as its table says", () => {
  const calls = { unifiedorder: "order", closeorder: "close", authcodetoopenid: "payer" } as const;
  const more = { refund: "refund", refundquery: "query of a refund" } as const;
  let count = 0;
  for (const [beginning, name] of Object.entries({ ...calls, ...more })) {
    for (const fixture of fixtureNames(`${beginning}-`)) {
      const code = fixtureFields(fixture).get("err_code");
      if (code === undefined) continue;
      count += 1;
      const call = laterCalls[name];
      assert.ok(call !== undefined);
      const answer = answerTo(call, fixtureFields(fixture));
      assert.equal(answer.kind, tables[name]?.[code]?.split(" ")[0], fixture);
    }
  }
  assert.equal(count, 6);
});

test("the texts that refuse a bill are known as they are documented", () => {
  assert.equal(billRefusals.size, 9);
  for (const text of billRefusals.keys()) assert.match(text, /^[a-z_]+$/);
});

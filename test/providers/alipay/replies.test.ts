import assert from "node:assert/strict";
import { test } from "node:test";
import { refusalWords } from "../../../src/providers/alipay/refusal-words.ts";
import {
  openReply,
  readCancel,
  readCharge,
  readQuery,
  readRefund,
  readRefundQuery,
} from "../../../src/providers/alipay/replies.ts";
import { type Method, methods } from "../../../src/providers/alipay/requests.ts";
import { answered, intent, keyMode, replyOf } from "./account.ts";

const order = { out_trade_no: intent.outTradeNo };
const paid = { code: "10000", ...order, trade_no: "42", total_amount: "12.80" };
const signed = (why: string) => ({ kind: "unknown", why, signed: true });
const unsigned = (why: string) => ({ kind: "unknown", why, signed: false });
const mismatch = unsigned("mismatch");

const refusal = (subCode: string | null, more: object = {}) => ({
  code: "40004",
  ...(subCode === null ? {} : { sub_code: subCode }),
  ...more,
});

function opened(method: Method, said: object | string, root?: string) {
  const text = typeof said === "string" ? said : JSON.stringify(said);
  return openReply(answered(replyOf(method, text, root)), method, keyMode.alipay);
}

const charge = (said: object | string, root?: string) =>
  readCharge(opened(methods.charge, said, root), intent);
const query = (said: object, root?: string) => readQuery(opened(methods.query, said, root), intent);
const cancel = (said: object, root?: string) => readCancel(opened(methods.cancel, said, root), intent);
const refund = (said: object) => readRefund(opened(methods.refund, said), intent);
const refundNumber = `${intent.outTradeNo}C`;
const refundQuery = (said: object) =>
  readRefundQuery(opened(methods.refundQuery, said), {
    ...order,
    outTradeNo: intent.outTradeNo,
    refundNumber,
    refundFen: 1_280,
  });

test("what did not come, or not from Alipay, is unknown and unsigned", () => {
  const keys = keyMode.alipay;
  const read = (outcome: Parameters<typeof openReply>[0]) =>
    readCharge(openReply(outcome, methods.charge, keys), intent);
  assert.deepEqual(read({ kind: "not-sent", why: "stopped" }), { kind: "not-sent", why: "stopped" });
  assert.deepEqual(read({ kind: "unanswered", why: "timeout" }), unsigned("silence"));
  assert.deepEqual(read({ kind: "unanswered", why: "broken" }), unsigned("silence"));
  assert.deepEqual(read({ kind: "unanswered", why: "too-large" }), unsigned("malformed"));
  const whole = Buffer.from(replyOf(methods.charge, JSON.stringify(paid)));
  for (const status of [201, 202, 302, 404, 500, 502])
    assert.deepEqual(read({ kind: "answered", status, headers: {}, body: whole }), unsigned("http-status"));
  assert.deepEqual(read(answered("<html>")), unsigned("malformed"));
});

test("an unsigned reply decides nothing, whatever it says; about the time it is a hint", () => {
  const unsignedReply = (said: object) =>
    readCharge(
      openReply(
        answered(JSON.stringify({ alipay_trade_pay_response: said })),
        methods.charge,
        keyMode.alipay,
      ),
      intent,
    );
  for (const said of [
    paid,
    refusal("ACQ.BUYER_BALANCE_NOT_ENOUGH"),
    { code: "40002", sub_code: "isv.invalid-app-id" },
  ])
    assert.deepEqual(unsignedReply(said), unsigned("unsigned-refusal"));
  assert.deepEqual(unsignedReply({ code: "40002", sub_code: "isv.invalid-timestamp" }), unsigned("clock"));
});

test("a wrong signature decides nothing", () => {
  const body = replyOf(methods.charge, JSON.stringify(paid)).replace("12.80", "1.280");
  const answer = readCharge(openReply(answered(body), methods.charge, keyMode.alipay), intent);
  assert.deepEqual(answer, unsigned("bad-signature"));
});

test("a signed text that has a name twice, or is no JSON, is not read", () => {
  for (const text of [
    '{"code":"40004","code":"10000"}',
    '{"code":"40004","c\\u006fde":"10000"}',
    '{"code":tru}',
    '{"a":[1,]}',
  ])
    assert.deepEqual(charge(text), signed("malformed"), text);
});

test("the gateway's own root refuses calls and says nothing of an order", () => {
  const error = "error_response";
  assert.deepEqual(charge(paid, error), mismatch);
  assert.deepEqual(charge({ ...paid, code: "10003" }, error), mismatch);
  assert.deepEqual(charge(refusal("ACQ.BUYER_BALANCE_NOT_ENOUGH"), error), mismatch);
  assert.deepEqual(query(refusal("ACQ.TRADE_NOT_EXIST"), error), mismatch);
  assert.deepEqual(cancel({ code: "10000", retry_flag: "N" }, error), mismatch);
  const refused = { kind: "declined", reason: "configuration", code: "isv.invalid-app-id" };
  assert.deepEqual(charge({ code: "40002", sub_code: "isv.invalid-app-id" }, error), refused);
});

test("a charge is paid where number, amount and trade number are there and equal", () => {
  assert.deepEqual(charge(paid), { kind: "paid", transactionId: "42" });
  assert.deepEqual(charge({ ...paid, total_amount: "12.8" }), { kind: "paid", transactionId: "42" });
  for (const missing of ["out_trade_no", "total_amount", "trade_no"] as const) {
    assert.deepEqual(charge({ ...paid, [missing]: undefined }), signed("malformed"), missing);
    assert.deepEqual(charge({ ...paid, [missing]: "" }), signed("malformed"), missing);
  }
  for (const total of ["12.81", "0.00", "1280", "1.28e1", "-12.80"])
    assert.deepEqual(charge({ ...paid, total_amount: total }), mismatch, total);
  assert.deepEqual(charge({ ...paid, total_amount: 12.8 }), signed("malformed"), "an amount is a text");
  assert.deepEqual(charge({ ...paid, out_trade_no: "other" }), mismatch);
  assert.deepEqual(charge({ code: "10003", ...order, total_amount: "12.80" }), { kind: "pending" });
  assert.deepEqual(charge({ code: "10003", ...order, total_amount: "1.28" }), mismatch);
});

test("the amounts of a refusal are zero, and it is a refusal all the same", () => {
  const zero = { ...order, total_amount: "0.00", buyer_pay_amount: "0.00" };
  const declined = { kind: "declined", reason: "funds", code: "BUYER_BALANCE_NOT_ENOUGH" };
  assert.deepEqual(charge(refusal("ACQ.BUYER_BALANCE_NOT_ENOUGH", zero)), declined);
  assert.deepEqual(query(refusal("ACQ.TRADE_NOT_EXIST", zero)), { kind: "absent" });
  assert.deepEqual(charge(refusal("ACQ.BUYER_BALANCE_NOT_ENOUGH", { out_trade_no: "other" })), mismatch);
});

test("each code of a charge means what its table says, and no other code is a failure", () => {
  const codes: readonly (readonly [string | null, object])[] = [
    [
      "ACQ.PAYMENT_AUTH_CODE_INVALID",
      { kind: "declined", reason: "code-expired", code: "PAYMENT_AUTH_CODE_INVALID" },
    ],
    ["aop.ACQ.TRADE_HAS_SUCCESS", { kind: "number-conflict", code: "TRADE_HAS_SUCCESS" }],
    ["ACQ.CONTEXT_INCONSISTENT", { kind: "number-conflict", code: "CONTEXT_INCONSISTENT" }],
    ["isp.ACQ.ACCESS_FORBIDDEN", { kind: "declined", reason: "configuration", code: "ACCESS_FORBIDDEN" }],
    ["ACQ.SECONDARY_MERCHANT_X", { kind: "declined", reason: "configuration", code: "SECONDARY_MERCHANT_X" }],
    ["ACQ.INVALID_PARAMETER", { kind: "declined", reason: "request", code: "INVALID_PARAMETER" }],
    ["AQC.SYSTEM_ERROR", signed("system-error")],
    ["ACQ.TRADE_NOT_EXIST", signed("unlisted-code")],
    ["ACQ.constructor", signed("unlisted-code")],
    [null, signed("unlisted-code")],
  ];
  for (const [code, expected] of codes) assert.deepEqual(charge(refusal(code)), expected, String(code));
  for (const code of ["20000", "40005"]) assert.deepEqual(charge({ code }), signed("system-error"));
  for (const code of ["20001", "40001", "40002", "40003", "40006"])
    assert.deepEqual(charge({ code }), { kind: "declined", reason: "configuration", code });
  for (const code of ["10001", "40000", "40007", "400021", "success"])
    assert.deepEqual(charge({ code }), signed("unlisted-code"), code);
  assert.deepEqual(charge({}), signed("malformed"));
});

test("a query proves what its status and its proof say", () => {
  const seen = (status: string, more: object = {}) =>
    query({ ...paid, body: intent.nonce, trade_status: status, ...more });
  for (const status of ["TRADE_SUCCESS", "TRADE_FINISHED"]) {
    assert.deepEqual(seen(status), { kind: "paid", transactionId: "42" });
    assert.deepEqual(seen(status, { body: undefined }), {
      kind: "paid",
      transactionId: "42",
      unmarked: true,
    });
    assert.deepEqual(seen(status, { total_amount: undefined }), signed("malformed"));
    assert.deepEqual(seen(status, { total_amount: "0.01" }), mismatch);
  }
  assert.deepEqual(seen("WAIT_BUYER_PAY"), { kind: "unpaid", paying: null });
  assert.deepEqual(seen("TRADE_CLOSED"), { kind: "closed", paidOnce: false, transactionId: "42" });
  const back = seen("TRADE_CLOSED", { send_pay_date: "2026-03-15 09:30:14" });
  assert.deepEqual(back, { kind: "closed", paidOnce: true, transactionId: "42" });
  assert.deepEqual(seen("TRADE_PENDING"), signed("unlisted-code"));
  assert.deepEqual(seen(""), signed("malformed"));
  assert.deepEqual(seen("TRADE_SUCCESS", { out_trade_no: "other" }), mismatch);
  assert.deepEqual(seen("TRADE_CLOSED", { out_trade_no: undefined }), signed("malformed"));
});

test("an order that bears another mark is somebody else's, whatever its amount", () => {
  const foreign = (status: string) =>
    query({ ...paid, total_amount: "0.01", body: "r=other", trade_status: status });
  assert.deepEqual(foreign("TRADE_SUCCESS"), { kind: "foreign", state: "paid" });
  assert.deepEqual(foreign("TRADE_FINISHED"), { kind: "foreign", state: "paid" });
  assert.deepEqual(foreign("TRADE_CLOSED"), { kind: "foreign", state: "closed" });
  assert.deepEqual(foreign("WAIT_BUYER_PAY"), { kind: "foreign", state: "open" });
});

test("a refused query is an absence by one code alone", () => {
  assert.deepEqual(query(refusal("ACQ.TRADE_NOT_EXIST")), { kind: "absent" });
  assert.deepEqual(query(refusal("ACQ.TRADE_NOT_EXIST", { out_trade_no: "other" })), mismatch);
  assert.deepEqual(query(refusal("ACQ.SYSTEM_ERROR")), signed("system-error"));
  assert.deepEqual(query(refusal("ACQ.INVALID_PARAMETER")), signed("request"));
  assert.deepEqual(query(refusal("ACQ.OTHER")), signed("unlisted-code"));
  assert.deepEqual(query(refusal(null)), signed("unlisted-code"));
  assert.deepEqual(query({ code: "20000" }), signed("system-error"));
  assert.deepEqual(query({ code: "40002" }), signed("configuration"));
  assert.deepEqual(query({ code: "40002", sub_code: "isv.invalid-timestamp" }), signed("clock"));
});

test("a cancel is done where it says so, and never proves anything by itself", () => {
  for (const action of ["close", "refund", undefined])
    assert.deepEqual(cancel({ code: "10000", ...order, retry_flag: "N", action }), { kind: "done" });
  for (const flag of ["Y", "", undefined, "n"])
    assert.deepEqual(cancel({ code: "10000", ...order, retry_flag: flag, action: "close" }), {
      kind: "again",
      code: null,
    });
  assert.deepEqual(cancel({ code: "10000", out_trade_no: "other", retry_flag: "N" }), mismatch);
});

test("a cancel that was refused is repeated, or comes too late for it", () => {
  const again = (code: string) => ({ kind: "again", code });
  assert.deepEqual(cancel(refusal("AQC.SYSTEM_ERROR")), again("SYSTEM_ERROR"));
  assert.deepEqual(cancel(refusal("ACQ.SELLER_BALANCE_NOT_ENOUGH")), again("SELLER_BALANCE_NOT_ENOUGH"));
  assert.deepEqual(cancel(refusal("ACQ.SOMETHING_NEW")), again("SOMETHING_NEW"));
  for (const code of [
    "TRADE_CANCEL_TIME_OUT",
    "CANCEL_NOT_ALLOWED",
    "REASON_TRADE_BEEN_FREEZEN",
    "TRADE_HAS_FINISHED",
  ])
    assert.deepEqual(cancel(refusal(`ACQ.${code}`)), { kind: "expired" }, code);
  assert.deepEqual(cancel(refusal("ACQ.REASON_TRADE_REFUND_FEE_ERR")), { kind: "done" });
  assert.deepEqual(cancel(refusal("ACQ.INVALID_PARAMETER")), signed("request"));
  assert.deepEqual(cancel({ code: "20000" }), signed("system-error"));
  assert.deepEqual(cancel({ code: "40001" }), signed("configuration"));
});

test("a refund was taken where it says whether money moved, and is then asked after", () => {
  for (const change of ["Y", "N"])
    assert.deepEqual(refund({ code: "10000", ...order, fund_change: change }), { kind: "done" });
  assert.deepEqual(refund({ code: "10000", ...order }), signed("malformed"));
  assert.deepEqual(refund({ code: "10000", out_trade_no: "other", fund_change: "Y" }), mismatch);
  assert.deepEqual(refund(refusal("ACQ.SELLER_BALANCE_NOT_ENOUGH")), {
    kind: "again",
    code: "SELLER_BALANCE_NOT_ENOUGH",
  });
  // What was cancelled before: the query that follows says so.
  assert.deepEqual(refund(refusal("ACQ.TRADE_HAS_CLOSE")), { kind: "again", code: "TRADE_HAS_CLOSE" });
  for (const code of ["TRADE_HAS_FINISHED", "TRADE_NOT_ALLOW_REFUND", "REFUND_CHARGE_ERROR"])
    assert.deepEqual(refund(refusal(`ACQ.${code}`)), { kind: "expired" }, code);
});

test("a refund is there with its own number and its whole amount; one that is not seen is no absence of its order", () => {
  const there = {
    code: "10000",
    ...order,
    out_request_no: refundNumber,
    refund_amount: "12.80",
    refund_status: "REFUND_SUCCESS",
  };
  const unseen = { kind: "unpaid", paying: false };
  assert.deepEqual(refundQuery({ ...there, trade_no: "42" }), { kind: "refunded", transactionId: "42" });
  assert.deepEqual(refundQuery(there), { kind: "refunded", transactionId: null });
  assert.deepEqual(refundQuery({ code: "10000", ...order }), unseen);
  assert.deepEqual(refundQuery(refusal("ACQ.TRADE_NOT_EXIST")), unseen);
  assert.deepEqual(refundQuery(refusal("ACQ.SYSTEM_ERROR")), signed("system-error"));
  assert.deepEqual(refundQuery({ code: "20000" }), signed("system-error"));
  assert.deepEqual(refundQuery({ ...there, refund_status: "REFUND_PROCESSING" }), signed("unlisted-code"));
  assert.deepEqual(refundQuery({ ...there, out_request_no: "other" }), mismatch);
  assert.deepEqual(refundQuery({ ...there, out_trade_no: "other" }), mismatch);
  assert.deepEqual(refundQuery({ ...there, refund_amount: "12.79" }), mismatch);
  assert.deepEqual(refundQuery({ ...there, refund_amount: undefined }), signed("malformed"));
  assert.deepEqual(refundQuery({ ...there, out_request_no: undefined }), signed("malformed"));
});

test("a refusal's words are told short, in whichever charset they came, without anything that is long enough to be secret", () => {
  const words = (said: object | string) => refusalWords(opened(methods.charge, said));
  assert.equal(words(refusal("ACQ.X", { sub_msg: "买家余额不足" })), "ACQ.X 买家余额不足");
  assert.equal(
    words('{"code":"40004","sub_code":"ACQ.X","sub_msg":"\\u4e70家"}'.replace("家", "")),
    "ACQ.X 买",
  );
  assert.equal(words({ code: "20000", msg: "Busy" }), "20000 Busy");
  assert.equal(words(refusal("ACQ.X", { sub_msg: "code 281234567890123456" })), "ACQ.X code …");
  assert.equal(words(refusal("no code; at all", { sub_msg: "words" })), "words");
  assert.equal(words(refusal("ACQ.X", { sub_msg: "长".repeat(200) }))?.length, "ACQ.X ".length + 128);
  for (const code of ["10000", "10003"]) assert.equal(words({ ...paid, code }), null);
  assert.equal(words("{}"), null);
  const gbk = Buffer.concat([
    Buffer.from('{"alipay_trade_pay_response":{"code":"20000","sub_msg":"'),
    Buffer.from([0xcf, 0xb5, 0xcd, 0xb3, 0xb7, 0xb1, 0xc3, 0xa6]),
    Buffer.from('"}}'),
  ]);
  assert.equal(refusalWords(openReply(answered(gbk), methods.charge, keyMode.alipay)), "20000 系统繁忙");
  assert.equal(refusalWords(openReply(answered("x"), methods.charge, keyMode.alipay)), null);
});

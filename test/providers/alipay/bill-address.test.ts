import assert from "node:assert/strict";
import { test } from "node:test";
import { billContent, readBillAddress } from "../../../src/providers/alipay/bill-address.ts";
import { openReply } from "../../../src/providers/alipay/replies.ts";
import { methods } from "../../../src/providers/alipay/requests.ts";
import { answered, keyMode, replyOf } from "./account.ts";

const read = (said: object) =>
  readBillAddress(
    openReply(answered(replyOf(methods.bill, JSON.stringify(said))), methods.bill, keyMode.alipay),
  );

test("the bill of a day is asked for as Alipay writes days", () => {
  assert.deepEqual(billContent("2026-03-15"), { bill_type: "trade", bill_date: "2026-03-15" });
});

test("an address is one that can be fetched over TLS", () => {
  const url = "https://dwbillcenter.alipay.example/downloadBillFile.resource?token=x";
  assert.deepEqual(read({ code: "10000", bill_download_url: url }), { kind: "address", url });
  const malformed = { kind: "unknown", why: "malformed", signed: true };
  for (const other of ["", "x", "http://dwbill.example/x", "file:///etc/passwd", undefined])
    assert.deepEqual(read({ code: "10000", bill_download_url: other }), malformed, String(other));
});

test("a day without a bill, and a bill that is not made yet, are none", () => {
  for (const code of ["isp.bill_not_exist", "ACQ.BILL_NOT_EXIST", "NO_BILL_DATA", "isp.no_bill_data"])
    assert.deepEqual(read({ code: "40004", sub_code: code }), { kind: "none" }, code);
});

test("everything else is unknown", () => {
  const unknown = (why: string) => ({ kind: "unknown", why, signed: true });
  assert.deepEqual(read({ code: "40004", sub_code: "isv.invalid-arguments" }), unknown("unlisted-code"));
  assert.deepEqual(read({ code: "40004" }), unknown("unlisted-code"));
  assert.deepEqual(read({ code: "20000" }), unknown("system-error"));
  const unsigned = openReply(answered("<html>"), methods.bill, keyMode.alipay);
  assert.deepEqual(readBillAddress(unsigned), { kind: "unknown", why: "malformed", signed: false });
});

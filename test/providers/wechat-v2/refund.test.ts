import assert from "node:assert/strict";
import { test } from "node:test";
import { Defect } from "../../../src/core/kernel/defect.ts";
import { wallTimeOf } from "../../../src/core/kernel/instant.ts";
import { readRefund, refundRequest } from "../../../src/providers/wechat-v2/refund.ts";
import {
  type RefundQuestion,
  readRefundQuery,
  refundQueryRequest,
} from "../../../src/providers/wechat-v2/refund-query.ts";
import { openReply } from "../../../src/providers/wechat-v2/replies.ts";
import { answered, fieldsOf, fixtureFields, intentOf, resigned, settings } from "./fixtures.ts";
import { refund, refundQuestion } from "./later-calls.ts";

const unknown = (why: string, signed = false) => ({ kind: "unknown", why, signed });
type Changes = Readonly<Record<string, string | null>>;

test("a refund is the documented request", () => {
  const fields = fieldsOf(refundRequest(settings, refund, "n0nceF1xture0006"));
  assert.deepEqual(new Map(fields), new Map(fixtureFields("request-refund")));
});

test("a refund says which money it takes only where that is not the usual one, and is silent where nothing is said", () => {
  const fields = fieldsOf(refundRequest(settings, { ...refund, from: "balance", why: null }, "n"));
  assert.equal(fields.get("refund_account"), "REFUND_SOURCE_RECHARGE_FUNDS");
  assert.equal(fields.has("refund_desc"), false);
  const long = fieldsOf(refundRequest(settings, { ...refund, why: "件".repeat(40) }, "n"));
  assert.equal(long.get("refund_desc"), "件".repeat(26));
});

test("more than was taken, or a number that the protocol does not know, is a defect", () => {
  const tooMuch = { ...refund, refundFen: intentOf("any", 1_281).amountFen };
  assert.throws(() => refundRequest(settings, tooMuch, "n"), Defect);
  for (const outRefundNo of ["", "x".repeat(65), "a b", "号"]) {
    assert.throws(() => refundRequest(settings, { ...refund, outRefundNo }, "n"), Defect);
  }
});

function readAccepted(changes: Changes) {
  const reply = answered(resigned(fixtureFields("refund-success"), changes));
  return readRefund(openReply(reply, settings), refund);
}

test("accepted needs every proof: each one missing or wrong leaves the refund unknown", () => {
  assert.deepEqual(readAccepted({}), { kind: "accepted", refundId: "50300009990202603150000000001" });
  const wrong: readonly Changes[] = [
    { out_trade_no: null },
    { out_refund_no: "" },
    { refund_id: null },
    { refund_fee: "281" },
    { refund_fee: "0280" },
    { refund_fee: null },
    { total_fee: "280" },
    { fee_type: "USD" },
    { recall: "N" },
    { refund_count: "1" },
  ];
  for (const change of wrong)
    assert.deepEqual(readAccepted(change), unknown("mismatch"), JSON.stringify(change));
});

test("a question about a refund is the documented request, and one about an order names the place in its list", () => {
  const fields = fieldsOf(refundQueryRequest(settings, refundQuestion, "n0nceF1xture0012"));
  assert.deepEqual(new Map(fields), new Map(fixtureFields("request-refundquery")));
  const of = (offset: number): RefundQuestion => ({ ...refundQuestion, about: { kind: "order", offset } });
  const first = fieldsOf(refundQueryRequest(settings, of(0), "n"));
  assert.deepEqual(
    ["out_trade_no", "out_refund_no", "offset"].map((name) => first.get(name) ?? null),
    ["BX0123-20260315-000042", null, null],
  );
  assert.equal(fieldsOf(refundQueryRequest(settings, of(10), "n")).get("offset"), "10");
  for (const offset of [-1, 0.5, 50])
    assert.throws(() => refundQueryRequest(settings, of(offset), "n"), Defect);
});

const fixture = fixtureFields("refundquery-success");
const ofOrder: RefundQuestion = { ...refundQuestion, about: { kind: "order", offset: 0 } };

function readList(changes: Changes, question = refundQuestion) {
  return readRefundQuery(openReply(answered(resigned(fixture, changes)), settings), question);
}

const second: Changes = {
  refund_count: "2",
  out_refund_no_1: "RF0123-20260315-000008",
  refund_id_1: "50300009990202603150000000002",
  refund_fee_1: "1000",
  refund_status_1: "PROCESSING",
};

test("a refund stands as its entry says, with its moment in Beijing's time", () => {
  assert.deepEqual(readList({}), {
    kind: "found",
    count: null,
    refunds: [
      {
        outRefundNo: "RF0123-20260315-000007",
        refundId: "50300009990202603150000000001",
        refundFen: 280,
        status: "refunded",
        receiver: "支付用户零钱",
        refundedAt: wallTimeOf(Date.UTC(2026, 2, 15, 1, 41, 2)),
      },
    ],
  });
});

test("each word for a state has its meaning, and an unheard one is unknown", () => {
  const words = { PROCESSING: "processing", REFUNDCLOSE: "closed", FAIL: "closed", CHANGE: "stranded" };
  for (const [word, status] of Object.entries({ ...words, DONE: "unknown", success: "unknown" })) {
    const answer = readList({ refund_status_0: word });
    assert.equal(answer.kind === "found" && answer.refunds[0]?.status, status, word);
  }
});

test("a list of several refunds is read whole, for a question about the order alone", () => {
  const answer = readList({ ...second, total_refund_count: "12" }, ofOrder);
  assert.ok(answer.kind === "found");
  assert.deepEqual(
    answer.refunds.map(({ refundFen, status }) => [refundFen, status]),
    [
      [280, "refunded"],
      [1_000, "processing"],
    ],
  );
  assert.equal(answer.count, 12);
  assert.deepEqual(readList(second), unknown("mismatch"));
});

test("a list that is not as long as it says, or not a list, is none", () => {
  const wrong: readonly Changes[] = [
    { refund_count: null },
    { refund_count: "0" },
    { refund_count: "2" },
    { refund_count: "51" },
    { refund_count: "01" },
    { ...second, refund_count: "1" },
    { ...second, out_refund_no_1: "RF0123-20260315-000007" },
    { out_refund_no_0: null },
    { refund_id_0: "" },
    { refund_status_0: null },
    { refund_fee_0: "2.80" },
    { refund_fee_0: "-280" },
  ];
  for (const change of wrong) {
    assert.deepEqual(readList(change, ofOrder), unknown("malformed", true), JSON.stringify(change));
  }
});

test("refunds that give back more than was taken are not believed", () => {
  assert.deepEqual(readList({ ...second, refund_fee_1: "1001" }, ofOrder), unknown("mismatch"));
  assert.deepEqual(readList({ refund_fee_0: "1281" }), unknown("mismatch"));
});

test("a moment that is none is left out, and the refund stays", () => {
  for (const text of ["", "2026-02-31 00:00:00", "20260315094102", "soon"]) {
    const answer = readList({ refund_success_time_0: text });
    assert.equal(answer.kind === "found" && answer.refunds[0]?.refundedAt, null, text);
  }
});

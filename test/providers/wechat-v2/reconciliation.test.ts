import assert from "node:assert/strict";
import { test } from "node:test";
import { boxTag } from "../../../src/config/box-tag.ts";
import type { TxData } from "../../../src/core/payment/order.ts";
import type { Reconciliation } from "../../../src/providers/bill.ts";
import type { BillRow } from "../../../src/providers/wechat-v2/bill.ts";
import { datesOf, reconcile } from "../../../src/providers/wechat-v2/reconciliation.ts";
import { numberOf, txOf } from "../../journal/entries.ts";

const DAY = "2026-03-15";
const box = "box-000123";

function row(index: number, more: Partial<BillRow> = {}): BillRow {
  return {
    at: `${DAY} 17:30:14`,
    merchantId: "1900000109",
    subMerchantId: null,
    deviceInfo: box,
    transactionId: `4200${index}`,
    outTradeNo: numberOf(index),
    tradeType: "MICROPAY",
    tradeState: "SUCCESS",
    orderFen: 1250 + index,
    settledFen: more.orderFen ?? 1250 + index,
    refundFen: 0,
    askedBackFen: null,
    outRefundNo: null,
    refundId: null,
    refundState: null,
    cells: new Map(),
    ...more,
  };
}

function order(index: number, state: TxData["state"], more: Partial<TxData> = {}): TxData {
  const tx = txOf(index, state);
  return { ...tx, finalAt: tx.final ? "2026-03-15T09:30:14.000Z" : null, ...more };
}

function compare(
  rows: readonly BillRow[],
  orders: readonly TxData[],
  more: Partial<Parameters<typeof reconcile>[0]> = {},
): Reconciliation {
  const bill = { rows, notAdded: [], tellsRefunds: true, ...more };
  return reconcile(bill, orders, { box, boxTag: boxTag(box), date: DAY });
}

function kinds(rows: readonly BillRow[], orders: readonly TxData[]): readonly (readonly [string, string])[] {
  const { exceptions } = compare(rows, orders);
  return exceptions.map(({ kind, outTradeNo }) => [kind, outTradeNo] as const);
}

test("a bill and a journal that tell one story agree, whatever other boxes sold", () => {
  const rows = [
    row(1),
    row(2, { tradeState: "REVOKED", orderFen: 0 }),
    row(3),
    row(3, { tradeState: "REFUND", orderFen: 0, refundFen: 1253 }),
    row(9, { deviceInfo: "box-000999", outTradeNo: "of another box" }),
    row(9, { deviceInfo: null, outTradeNo: "of a till without a box" }),
  ];
  const orders = [order(1, "paid"), order(2, "reversed"), order(3, "paid"), order(4, "declined")];
  const found = compare(rows, orders);
  assert.deepEqual(found, { date: DAY, inBill: 3, inJournal: 2, exceptions: [], notCompared: [] });
});

test("an order that only the bill has is an exception, and so is a payment that only the journal has", () => {
  assert.deepEqual(kinds([row(1)], []), [["unknown", numberOf(1)]]);
  assert.deepEqual(kinds([], [order(1, "paid"), order(2, "reversed")]), [["missing", numberOf(1)]]);
});

test("an order is ours by its number, too, where the bill does not say which device it was", () => {
  assert.deepEqual(kinds([row(1, { deviceInfo: null })], [order(1, "declined")]), [["charged", numberOf(1)]]);
});

test("a customer who was charged and got nothing back is an exception; one who got it back is none", () => {
  for (const state of ["declined", "cancelled", "reversed", "refunded", "manual"] as const) {
    assert.deepEqual(kinds([row(1)], [order(1, state)]), [["charged", numberOf(1)]], state);
    for (const tradeState of ["REVOKED", "REFUND"]) {
      const returned = [row(1), row(1, { tradeState, orderFen: 0, refundFen: 1251 })];
      assert.deepEqual(kinds(returned, [order(1, state)]), [], `${state} ${tradeState}`);
    }
  }
});

test("a payment that was revoked, another amount and an open order are exceptions; a merchant's refund is none", () => {
  assert.deepEqual(kinds([row(1, { tradeState: "REVOKED" })], [order(1, "paid")]), [
    ["taken-back", numberOf(1)],
  ]);
  assert.deepEqual(kinds([row(1), row(1, { tradeState: "REFUND" })], [order(1, "paid")]), []);
  assert.deepEqual(kinds([row(1, { orderFen: 1 })], [order(1, "paid")]), [["amount", numberOf(1)]]);
  assert.deepEqual(kinds([row(1, { orderFen: null })], [order(1, "paid")]), []);
  assert.deepEqual(kinds([row(1, { orderFen: null, settledFen: 2 })], [order(1, "paid")]), [
    ["amount", numberOf(1)],
  ]);
  assert.deepEqual(kinds([row(1), row(1)], [order(1, "paid")]), [["amount", numberOf(1)]], "paid twice");
  assert.deepEqual(kinds([row(1)], [order(1, "reversing")]), [["open", numberOf(1)]]);
});

test("a payment is missed on its own day alone, and not near midnight in Beijing", () => {
  const missed = (finalAt: string): number => compare([], [order(1, "paid", { finalAt })]).exceptions.length;
  assert.equal(missed("2026-03-14T16:11:00.000Z"), 1);
  assert.equal(missed("2026-03-14T16:09:00.000Z"), 0);
  assert.equal(missed("2026-03-15T15:49:00.000Z"), 1);
  assert.equal(missed("2026-03-15T15:51:00.000Z"), 0);
  assert.equal(missed("2026-03-16T09:00:00.000Z"), 0);
});

test("an exception says what both have", () => {
  const { exceptions } = compare([row(1, { orderFen: 1 })], [order(1, "paid")]);
  assert.deepEqual(exceptions, [
    {
      kind: "amount",
      outTradeNo: numberOf(1),
      transactionId: "42001",
      bill: ["SUCCESS 1"],
      journal: { state: "paid", amountFen: 1251, charged: "yes" },
    },
  ]);
  const [missing] = compare([], [order(1, "paid")]).exceptions;
  assert.equal(missing?.transactionId, txOf(1, "paid").transactionId);
  assert.deepEqual(missing?.bill, []);
  const [unknown] = compare([row(1)], []).exceptions;
  assert.equal(unknown?.journal, null);
});

test("the days of a bill are those of its rows", () => {
  assert.deepEqual(datesOf([row(1), row(2)]), [DAY]);
  assert.deepEqual(datesOf([row(1), row(2, { at: "2026-03-16 00:00:01" })]), [DAY, "2026-03-16"]);
  assert.deepEqual(datesOf([]), []);
});

test("an order that bears this box's mark is its own where the bill does not say which device it was", () => {
  const outTradeNo = `${boxTag(box)}_0123456789ab_17`;
  for (const deviceInfo of [null, "another-name"])
    assert.deepEqual(kinds([row(1, { deviceInfo, outTradeNo })], []), [["unknown", outTradeNo]]);
  const others = `${boxTag("box-000999")}_0123456789ab_17`;
  assert.deepEqual(kinds([row(1, { deviceInfo: null, outTradeNo: others })], []), []);
});

test("a part that went back, or a refund that failed, leaves the customer charged", () => {
  const refund = (refundFen: number, refundState: string | null): BillRow =>
    row(1, { tradeState: "REFUND", orderFen: 0, refundFen, refundState });
  const charged = [["charged", numberOf(1)]];
  const orders = [order(1, "reversed")];
  assert.deepEqual(kinds([row(1), refund(1250, "SUCCESS")], orders), charged);
  assert.deepEqual(kinds([row(1), refund(1251, "FAIL")], orders), charged);
  assert.deepEqual(kinds([row(1), refund(1251, "PROCESSING")], orders), charged);
  assert.deepEqual(kinds([row(1), refund(1250, "SUCCESS"), refund(1, "SUCCESS")], orders), []);
  assert.deepEqual(kinds([row(1), { ...refund(1200, "SUCCESS"), askedBackFen: 1251 }], orders), []);
});

test("what could not be compared is said, and does not agree", () => {
  const said = (...args: Parameters<typeof compare>) =>
    compare(...args).notCompared.map(({ why, about }) => [why, about]);
  assert.deepEqual(said([row(1)], [order(1, "paid")], { tellsRefunds: false }), [["refunds", null]]);
  assert.deepEqual(said([row(1)], [order(1, "paid")], { notAdded: ["退款金额"] }), [["sum", "退款金额"]]);
  assert.deepEqual(said([row(1, { tradeState: "NEW" })], [order(1, "paid")]), [["state", numberOf(1)]]);
  const others = order(2, "paid", { merchantId: "1900000108" });
  assert.deepEqual(said([row(1)], [order(1, "paid"), others]), [["merchant", numberOf(2)]]);
  assert.deepEqual(kinds([row(1)], [order(1, "paid"), others]), [], "it is not missed either");
  for (const finalAt of ["2026-03-14T16:09:00.000Z", "2026-03-15T15:51:00.000Z"])
    assert.deepEqual(said([], [order(1, "paid", { finalAt })]), [["midnight", numberOf(1)]], finalAt);
  for (const finalAt of ["2026-03-14T15:59:00.000Z", "2026-03-15T16:01:00.000Z"])
    assert.deepEqual(said([], [order(1, "paid", { finalAt })]), [], `${finalAt} is its neighbour's to tell`);
});

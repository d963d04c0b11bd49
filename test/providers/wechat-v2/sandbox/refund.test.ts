import assert from "node:assert/strict";
import { test } from "node:test";
import { REFUNDABLE_FOR_MS } from "../../../../src/providers/wechat-v2/sandbox/refunds.ts";
import { type Changes, paths, proved, refundFields, signed, Teller, words } from "./teller.ts";

function paid(): Teller {
  const teller = new Teller();
  teller.charge();
  return teller;
}

const moved = ({ sandbox }: Teller) =>
  sandbox.ledger.movements().map(({ kind, amountFen }) => [kind, amountFen]);

test("a refund is accepted at once, and its money moves later, once", () => {
  const teller = paid();
  assert.equal(words(teller.send("refund")), "SUCCESS");
  assert.equal(words(teller.query()), "REFUND");
  assert.equal(proved(teller.send("refund-query")).get("refund_status_0"), "PROCESSING");
  assert.deepEqual(moved(teller), [["charged", 1_280]]);
  const done = proved(teller.wait(10_000).send("refund-query"));
  assert.equal(done.get("refund_status_0"), "SUCCESS");
  assert.equal(done.get("refund_success_time_0"), "2026-03-15 09:30:22");
  teller.wait(60_000).query();
  assert.deepEqual(moved(teller), [
    ["charged", 1_280],
    ["returned", 280],
  ]);
});

test("the same refund sent again is the same refund", () => {
  const teller = paid();
  const first = proved(teller.send("refund")).get("refund_id");
  for (let count = 0; count < 3; count += 1) {
    assert.equal(proved(teller.wait(7_000).send("refund")).get("refund_id"), first);
  }
  assert.equal(moved(teller).length, 2);
});

test("refunds add up to the order and no further", () => {
  const teller = paid();
  const refund = (outRefundNo: string, fen: number) =>
    words(teller.send("refund", { out_refund_no: outRefundNo, refund_fee: String(fen) }));
  assert.equal(refund("r1", 1_000), "SUCCESS");
  assert.equal(refund("r2", 281), "FAIL ERROR");
  assert.equal(refund("r3", 280), "SUCCESS");
  assert.equal(refund("r4", 1), "FAIL ERROR");
  teller.wait(10_000).query();
  assert.deepEqual(moved(teller).slice(1), [
    ["returned", 1_000],
    ["returned", 280],
  ]);
});

// What is refused, and why.
const refusals: readonly (readonly [about: string, live: (teller: Teller) => void, Changes, string])[] = [
  ["an order that is not there", () => {}, {}, "FAIL ORDERNOTEXIST"],
  ["an order that nobody paid", (teller) => teller.send("order"), {}, "FAIL ORDERNOTEXIST"],
  ["another order amount", (teller) => teller.charge(), { total_fee: "1281" }, "FAIL INVALID_REQUEST"],
  [
    "the number of another refund",
    (teller) => {
      teller.charge();
      teller.send("refund");
    },
    { refund_fee: "281" },
    "FAIL REFUND_FEE_MISMATCH",
  ],
  [
    "a reversed order",
    (teller) => {
      teller.charge();
      teller.reverse();
    },
    {},
    "FAIL ERROR",
  ],
  [
    "an order of last year",
    (teller) => {
      teller.charge();
      teller.wait(REFUNDABLE_FOR_MS + 1);
    },
    {},
    "FAIL TRADE_OVERDUE",
  ],
  [
    "an order with fifty refunds",
    (teller) => {
      teller.charge();
      for (let n = 0; n < 50; n += 1) teller.send("refund", { out_refund_no: `r${n}`, refund_fee: "1" });
    },
    {},
    "FAIL ERROR",
  ],
];

for (const [about, live, changes, reply] of refusals) {
  test(`a refund of ${about} is answered ${reply}`, () => {
    const teller = new Teller({ name: about.includes("nobody paid") ? "scan-never" : "success" });
    live(teller);
    const before = teller.sandbox.ledger.refunds().length;
    assert.equal(words(teller.send("refund", changes)), reply);
    assert.equal(teller.sandbox.ledger.refunds().length, before);
  });
}

test("more than the order is refused as a message, without a signature", () => {
  const teller = paid();
  assert.equal(words(teller.send("refund", { refund_fee: "1281" })), "refused invalid refund_fee");
});

test("a refund without a client certificate gets a page and gives nothing back", () => {
  const teller = paid();
  const reply = teller.post(paths.refund, signed(refundFields()), false);
  assert.ok(reply.kind === "reply" && reply.status === 400);
  assert.deepEqual(teller.sandbox.ledger.refunds(), []);
});

test("what was refunded in part is not reversed on top", () => {
  const teller = paid();
  teller.send("refund");
  teller.wait(10_000).reverse();
  assert.deepEqual(moved(teller), [
    ["charged", 1_280],
    ["returned", 280],
  ]);
});

test("a booked order that was paid is refunded like any other", () => {
  const teller = new Teller({ name: "scan-never" });
  teller.send("order");
  teller.act("pays");
  assert.equal(words(teller.send("refund", { refund_fee: "1280" })), "SUCCESS");
  teller.wait(10_000).query();
  assert.deepEqual(moved(teller), [
    ["charged", 1_280],
    ["returned", 1_280],
  ]);
});

test("refunds are found by each of their names, the narrowest first, ten at a time", () => {
  const teller = paid();
  const ids = Array.from({ length: 12 }, (_, n) =>
    proved(teller.send("refund", { out_refund_no: `r${n}`, refund_fee: "1" })),
  );
  const found = (changes: Changes) => {
    const fields = proved(teller.send("refund-query", { out_trade_no: null, ...changes }));
    return [fields.get("out_refund_no_0"), fields.get("refund_count"), fields.get("total_refund_count")];
  };
  const transaction_id = ids[0]?.get("transaction_id") ?? "";
  assert.deepEqual(found({ transaction_id }), ["r0", "10", "12"]);
  assert.deepEqual(found({ transaction_id, offset: "10" }), ["r10", "2", "12"]);
  assert.deepEqual(found({ transaction_id, out_refund_no: "r7" }), ["r7", "1", undefined]);
  const refund_id = ids[3]?.get("refund_id") ?? "";
  assert.deepEqual(found({ out_refund_no: "r7", refund_id }), ["r3", "1", undefined]);
  assert.deepEqual(found({ out_trade_no: "BX0123-20260315-000042" }), ["r0", "10", "12"]);
  for (const changes of [{ out_refund_no: "r99" }, { transaction_id, offset: "12" }]) {
    assert.equal(
      words(teller.send("refund-query", { out_trade_no: null, ...changes })),
      "FAIL REFUNDNOTEXIST",
    );
  }
  assert.equal(words(teller.send("refund-query", { sub_mch_id: "1900000100" })), "FAIL REFUNDNOTEXIST");
});

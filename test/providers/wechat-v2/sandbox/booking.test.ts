import assert from "node:assert/strict";
import { test } from "node:test";
import { PaymentCode } from "../../../../src/core/payment/payment-code.ts";
import { fixtureMerchant } from "../../../../src/providers/wechat-v2/sandbox/fixture-merchant.ts";
import { type Changes, proved, Teller, words } from "./teller.ts";

const fiveMinutes = 300_000;

function booked(changes: Changes = {}): Teller {
  const teller = new Teller({ name: "scan-never" });
  assert.equal(words(teller.send("order", changes)), "SUCCESS");
  return teller;
}

test("a booked order moves no money until its customer pays, and then exactly its amount", () => {
  const teller = booked();
  assert.deepEqual(teller.sandbox.ledger.movements(), []);
  assert.equal(teller.wait(30_000).act("pays"), true);
  const state = proved(teller.query());
  assert.deepEqual(
    ["trade_state", "trade_type", "total_fee", "attach", "time_end"].map((name) => state.get(name)),
    ["SUCCESS", "NATIVE", "1280", "till=1;seq=42", "20260315093042"],
  );
  assert.deepEqual(
    teller.sandbox.ledger.movements().map(({ kind, amountFen }) => [kind, amountFen]),
    [["charged", 1_280]],
  );
  assert.equal(teller.act("pays"), false, "nobody pays twice");
});

test("NATIVE gets a code for a wallet, JSAPI none, and no two orders share one", () => {
  const teller = new Teller();
  const replies = [1, 2].map((n) => proved(teller.send("order", { out_trade_no: `n${n}` })));
  const page = { trade_type: "JSAPI", product_id: null, openid: "oFIXTUREopenid0000000000000A" };
  replies.push(proved(teller.send("order", { ...page, out_trade_no: "n3" })));
  const codes = replies.map((reply) => reply.get("code_url"));
  assert.equal(codes[0]?.startsWith("weixin://wxpay/bizpayurl?pr="), true);
  assert.equal(codes[2], undefined);
  assert.equal(new Set(codes).size, 3);
  assert.equal(new Set(replies.map((reply) => reply.get("prepay_id"))).size, 3);
});

test("an order that is booked once more as it was gets the same code", () => {
  const teller = new Teller({ name: "scan-never" });
  const first = proved(teller.send("order"));
  const second = proved(teller.wait(60_000).send("order", { nonce_str: "another" }));
  assert.equal(second.get("code_url"), first.get("code_url"));
  assert.equal(teller.sandbox.ledger.orders().length, 1);
});

// What the same number brings once more, by the life of the order and by what differs.
const again: readonly (readonly [about: string, then: (teller: Teller) => void, Changes, string])[] = [
  ["unpaid, another amount", () => {}, { total_fee: "1" }, "FAIL OUT_TRADE_NO_USED"],
  ["unpaid, another text", () => {}, { body: "other" }, "FAIL OUT_TRADE_NO_USED"],
  ["unpaid, another product", () => {}, { product_id: "other" }, "FAIL OUT_TRADE_NO_USED"],
  [
    "unpaid, another address",
    () => {},
    { notify_url: "https://shop.example/other" },
    "FAIL OUT_TRADE_NO_USED",
  ],
  [
    "unpaid, for a page",
    () => {},
    { trade_type: "JSAPI", openid: "oFIXTUREopenid0000000000000A" },
    "FAIL OUT_TRADE_NO_USED",
  ],
  ["paid", (teller) => teller.act("pays"), {}, "FAIL ORDERPAID"],
  ["closed", (teller) => teller.wait(fiveMinutes).send("close"), {}, "FAIL ORDERCLOSED"],
  [
    "paid and refunded",
    (teller) => {
      teller.act("pays");
      teller.send("refund");
    },
    {},
    "FAIL ORDERPAID",
  ],
];

for (const [about, live, changes, reply] of again) {
  test(`booking a number that is ${about} is answered ${reply}`, () => {
    const teller = booked();
    live(teller);
    assert.equal(words(teller.send("order", changes)), reply);
    assert.equal(teller.sandbox.ledger.orders().length, 1);
  });
}

test("charges and bookings share their numbers", () => {
  const charged = new Teller();
  charged.charge();
  assert.equal(words(charged.send("order")), "FAIL ORDERPAID");
  const paying = new Teller({ name: "never" });
  paying.charge();
  assert.equal(words(paying.send("order")), "FAIL OUT_TRADE_NO_USED");
  const waiting = booked();
  assert.equal(words(waiting.charge()), "FAIL OUT_TRADE_NO_USED");
  assert.deepEqual(waiting.sandbox.ledger.movements(), []);
  const reversed = new Teller();
  reversed.reverse();
  assert.equal(words(reversed.send("order")), "FAIL ORDERCLOSED");
});

// What a closing brings, by the life of the order.
const closings: readonly (readonly [about: string, live: (teller: Teller) => void, reply: string])[] = [
  ["an order that nobody booked", () => {}, "FAIL ORDERNOTEXIST"],
  ["an order of five minutes", (teller) => later(teller, fiveMinutes), "SUCCESS"],
  ["a younger order", (teller) => later(teller, fiveMinutes - 1), "FAIL TRADE_STATE_ERROR"],
  [
    "a paid order",
    (teller) => {
      later(teller, fiveMinutes);
      teller.act("pays");
    },
    "FAIL ORDERPAID",
  ],
  [
    "a closed order",
    (teller) => {
      later(teller, fiveMinutes);
      teller.send("close");
    },
    "FAIL ORDERCLOSED",
  ],
  [
    "a payment by code",
    (teller) => {
      teller.charge();
      teller.wait(fiveMinutes);
    },
    "FAIL TRADE_STATE_ERROR",
  ],
];

function later(teller: Teller, milliseconds: number): void {
  teller.send("order");
  teller.wait(milliseconds);
}

for (const [about, live, reply] of closings) {
  test(`closing ${about} is answered ${reply}`, () => {
    const teller = new Teller({ name: "scan-never" });
    live(teller);
    assert.equal(words(teller.send("close")), reply);
  });
}

test("who comes after the closing, or after two hours, pays nothing", () => {
  const closed = booked().wait(fiveMinutes);
  closed.send("close");
  assert.equal(closed.act("pays"), false);
  const forgotten = booked().wait(7_200_000);
  assert.equal(words(forgotten.query()), "CLOSED");
  assert.equal(forgotten.act("pays"), false);
  for (const { sandbox } of [closed, forgotten]) assert.deepEqual(sandbox.ledger.movements(), []);
});

test("an order ends at the time it was given, and pace makes all of these times shorter", () => {
  const given = booked({ time_expire: "20260315093512" });
  assert.equal(words(given.wait(299_999).query()), "NOTPAY");
  assert.equal(words(given.wait(1).query()), "CLOSED");
  const quick = new Teller({ name: "scan-never", pace: 0.01 });
  quick.send("order");
  assert.equal(words(quick.wait(2_999).send("close")), "FAIL TRADE_STATE_ERROR");
  assert.equal(words(quick.wait(1).send("close")), "SUCCESS");
});

test("an order that ends within a minute is refused", () => {
  const refusal = proved(new Teller().send("order", { time_expire: "20260315093112" }));
  assert.equal(refusal.get("err_code"), "PARAM_ERROR");
});

test("closing the dialog leaves a scanned order payable, as a refused card does", () => {
  const teller = booked();
  assert.equal(teller.act("closes"), true);
  assert.equal(words(teller.query()), "NOTPAY");
  assert.equal(teller.act("is-refused"), true);
  assert.equal(words(teller.query()), "PAYERROR");
  assert.equal(teller.act("pays"), true);
});

test("a booked order is not reversed", () => {
  const teller = booked();
  assert.equal(words(teller.reverse()), "FAIL INVALID_REQUEST recall=N");
  teller.act("pays");
  assert.equal(words(teller.reverse()), "FAIL INVALID_REQUEST recall=N");
  assert.equal(words(teller.query()), "SUCCESS");
});

test("another merchant neither closes nor sees an order", () => {
  const teller = booked().wait(fiveMinutes);
  assert.equal(words(teller.send("close", { sub_mch_id: "1900000100" })), "FAIL ORDERNOTEXIST");
  assert.equal(words(teller.query()), "NOTPAY");
});

test("the owner of a code is the payer of its charge, and asking takes nothing", () => {
  const teller = new Teller();
  const asked = proved(teller.send("payer"));
  assert.equal(teller.sandbox.ledger.orders().length, 0);
  assert.equal(proved(teller.charge()).get("openid"), asked.get("openid"));
});

test("a sub-merchant hears of the owner under its own app, too", () => {
  const sub = { sub_appid: "wxfedcba0987654321", sub_mch_id: "1900000100" };
  const teller = new Teller();
  const asked = proved(teller.send("payer", sub));
  assert.equal(asked.get("sub_openid"), proved(teller.charge(sub)).get("sub_openid"));
});

test("a code whose owner was asked for is charged by nobody else", () => {
  const stranger = { ...fixtureMerchant, merchantId: "1900000110" };
  const teller = new Teller({ merchants: [fixtureMerchant, stranger] });
  teller.send("payer");
  assert.equal(words(teller.charge({ mch_id: "1900000110" })), "FAIL AUTH_CODE_INVALID");
  assert.equal(words(teller.send("payer", { mch_id: "1900000110" })), "FAIL AUTH_CODE_INVALID");
  assert.equal(words(teller.charge()), "SUCCESS");
});

test("a code that was used, has expired or is none has no owner to tell", () => {
  const used = new Teller();
  used.charge();
  assert.equal(words(used.send("payer")), "FAIL AUTH_CODE_ERROR");
  const old = new Teller();
  old.sandbox.ledger.issueCode(new PaymentCode("134567890123456789", "wechat"), old.now);
  assert.equal(words(old.send("payer")), "FAIL AUTHCODEEXPIRE");
  assert.equal(
    words(new Teller().send("payer", { auth_code: "281234567890123456" })),
    "FAIL AUTH_CODE_INVALID",
  );
});

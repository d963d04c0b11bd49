import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fenOf } from "../../../../src/core/kernel/fen.ts";
import { PaymentCode } from "../../../../src/core/payment/payment-code.ts";
import {
  type ChargeOrder,
  Ledger,
  type LedgerPolicy,
  type Opening,
  REVERSIBLE_FOR_MS,
} from "../../../../src/providers/wechat-v2/sandbox/ledger.ts";
import { morning, proved, Teller, words } from "./teller.ts";

const merchant = {
  appId: "wx1234567890abcdef",
  merchantId: "1900000109",
  subAppId: null,
  subMerchantId: null,
};

function orderOf(outTradeNo: string, digits: string, amount = 1280): ChargeOrder {
  const amountFen = fenOf(amount);
  assert.ok(amountFen.ok);
  return {
    merchant,
    outTradeNo,
    amountFen: amountFen.value,
    body: "groceries",
    attach: null,
    deviceInfo: null,
    authCode: new PaymentCode(digits, "wechat"),
  };
}

const codeA = "134567890123456789";
const codeOfSameWallet = "134567890187654321";
const codeOfOther = "109999999912345678";

test("a charge that is repeated as it was answers with the same payment and takes no more money", () => {
  const teller = new Teller();
  const first = proved(teller.charge());
  const second = proved(teller.wait(1_000).charge());
  assert.equal(second.get("transaction_id"), first.get("transaction_id"));
  assert.equal(second.get("time_end"), first.get("time_end"));
  assert.equal(teller.sandbox.ledger.movements().length, 1);
});

// What the same number brings once more: by the state of the order, and by what differs from the first
// charge.
const reuse: readonly (readonly [
  scenario: string,
  before: "reverse" | null,
  changes: Readonly<Record<string, string>>,
  reply: string,
])[] = [
  ["success", null, {}, "SUCCESS"],
  ["success", null, { total_fee: "1" }, "FAIL ORDERPAID"],
  ["success", null, { auth_code: codeOfSameWallet }, "FAIL ORDERPAID"],
  ["success", null, { auth_code: codeOfOther }, "FAIL ORDERPAID"],
  ["success", "reverse", {}, "FAIL ORDERREVERSED"],
  ["never", null, {}, "FAIL USERPAYING"],
  ["never", null, { total_fee: "1" }, "FAIL OUT_TRADE_NO_USED"],
  ["never", null, { attach: "other" }, "FAIL OUT_TRADE_NO_USED"],
  ["never", null, { body: "other" }, "FAIL OUT_TRADE_NO_USED"],
  ["never", null, { device_info: "other" }, "FAIL OUT_TRADE_NO_USED"],
  ["never", null, { auth_code: codeOfOther }, "FAIL BUYER_MISMATCH"],
  ["never", null, { auth_code: codeOfSameWallet }, "FAIL OUT_TRADE_NO_USED"],
  ["never", "reverse", {}, "FAIL ORDERREVERSED"],
  ["declined", null, {}, "FAIL NOTENOUGH"],
  ["declined", "reverse", {}, "FAIL ORDERREVERSED"],
  ["expired-code", null, {}, "FAIL AUTHCODEEXPIRE"],
  ["never", null, { out_trade_no: "another_number" }, "FAIL AUTH_CODE_ERROR"],
];

for (const [scenario, before, changes, reply] of reuse) {
  const story = `${scenario}${before === null ? "" : ", reversed"}, again with ${JSON.stringify(changes)}`;
  test(`${story} is answered ${reply}`, () => {
    const teller = new Teller({ name: scenario });
    teller.charge();
    if (before !== null) teller.wait(20_000).reverse();
    const moved = teller.sandbox.ledger.movements().length;
    assert.equal(words(teller.wait(1_000).charge(changes)), reply);
    assert.equal(teller.sandbox.ledger.movements().length, moved);
  });
}

test("a closed order cannot be charged, paid or reversed into money", () => {
  const teller = new Teller({ name: "password" });
  teller.charge();
  const [order] = teller.sandbox.ledger.orders();
  assert.ok(order !== undefined);
  assert.equal(teller.sandbox.ledger.close(order, teller.now), true);
  assert.equal(teller.sandbox.ledger.close(order, teller.now), false);
  assert.equal(words(teller.charge()), "FAIL ORDERCLOSED");
  assert.equal(words(teller.wait(5_000).query()), "CLOSED");
  assert.equal(words(teller.reverse()), "SUCCESS recall=N");
  assert.equal(words(teller.query()), "CLOSED");
  assert.deepEqual(teller.sandbox.ledger.movements(), []);
});

test("an unpaid order is revoked after 45 s only where that is switched on", () => {
  for (const autoRevoke of [true, false]) {
    const teller = new Teller({ name: "password-46", autoRevoke });
    teller.charge();
    assert.equal(words(teller.wait(44_999).query()), "USERPAYING");
    assert.equal(words(teller.wait(1).query()), autoRevoke ? "REVOKED" : "USERPAYING");
    assert.equal(words(teller.wait(1_000).query()), autoRevoke ? "REVOKED" : "SUCCESS");
  }
});

test("a paid order is not revoked by itself", () => {
  const teller = new Teller({ autoRevoke: true });
  teller.charge();
  assert.equal(words(teller.wait(60_000).query()), "SUCCESS");
});

test("a number that was reversed before it was seen is refused or forgotten, as the policy says", () => {
  for (const unseenReversal of ["tombstone", "forget"] as const) {
    const teller = new Teller({ unseenReversal });
    assert.equal(words(teller.reverse()), "SUCCESS recall=N");
    assert.equal(words(teller.query()), "FAIL ORDERNOTEXIST");
    assert.equal(words(teller.charge()), unseenReversal === "tombstone" ? "FAIL ORDERREVERSED" : "SUCCESS");
    assert.equal(teller.sandbox.ledger.movements().length, unseenReversal === "tombstone" ? 0 : 1);
  }
});

test("the reversal of an unseen number is answered as the switch says", () => {
  const teller = new Teller({ unseenAnswer: "invalid" });
  assert.equal(words(teller.reverse()), "FAIL INVALID_TRANSACTIONID recall=N");
});

test("a paid order becomes REVOKED with its transaction_id or REFUND by its reversal, and both return the money once", () => {
  for (const paidReversal of ["revoked", "refund"] as const) {
    const teller = new Teller({ paidReversal });
    const transactionId = proved(teller.charge()).get("transaction_id");
    teller.wait(20_000).reverse();
    assert.equal(words(teller.reverse()), "SUCCESS recall=N");
    const state = proved(teller.query());
    assert.equal(state.get("trade_state"), paidReversal.toUpperCase());
    assert.equal(state.get("transaction_id"), transactionId);
    const kinds = teller.sandbox.ledger.movements().map((movement) => movement.kind);
    assert.deepEqual(kinds, ["charged", "returned"]);
  }
});

test("a paid order that is reversed may be told of without the number of its payment", () => {
  const teller = new Teller({ paidReversal: "unnamed" });
  teller.charge();
  teller.wait(20_000).reverse();
  const state = proved(teller.query());
  assert.equal(state.get("trade_state"), "REVOKED");
  assert.equal(state.get("transaction_id"), undefined);
  assert.deepEqual(
    teller.sandbox.ledger.movements().map(({ kind }) => kind),
    ["charged", "returned"],
  );
});

test("a reversal under other merchant ids reverses nothing, whatever it says", () => {
  const teller = new Teller();
  teller.charge();
  assert.equal(words(teller.reverse({ sub_mch_id: "1900000100" })), "SUCCESS recall=N");
  assert.equal(words(teller.query()), "SUCCESS");
});

test("after seven days an order can be reversed no more", () => {
  const teller = new Teller();
  teller.charge();
  teller.wait(REVERSIBLE_FOR_MS + 1);
  assert.equal(words(teller.reverse()), "FAIL REVERSE_EXPIRE recall=N");
  assert.equal(words(teller.query()), "SUCCESS");
});

test("a code that was issued for a minute expires with it", () => {
  const teller = new Teller();
  teller.sandbox.ledger.issueCode(new PaymentCode(codeA, "wechat"), morning + 60_000);
  teller.sandbox.ledger.issueCode(new PaymentCode(codeOfOther, "wechat"), morning + 60_000);
  assert.equal(words(teller.wait(59_999).charge({ auth_code: codeA })), "SUCCESS");
  assert.equal(
    words(teller.wait(1).charge({ auth_code: codeOfOther, out_trade_no: "n2" })),
    "FAIL AUTHCODEEXPIRE",
  );
});

test("what was done between two calls is booked with its own moment", () => {
  const teller = new Teller({ name: "password" });
  teller.charge();
  teller.wait(60_000).query();
  const [order] = teller.sandbox.ledger.orders();
  assert.deepEqual(order?.history, [
    { at: morning, state: "userpaying", why: "charge" },
    { at: morning + 3_000, state: "success", why: "pays" },
  ]);
  assert.equal(order?.paidAt, morning + 3_000);
});

test("a clock that goes back undoes nothing", () => {
  const teller = new Teller({ name: "password" });
  teller.charge();
  teller.wait(3_000).query();
  assert.equal(words(teller.wait(-3_000).query()), "SUCCESS");
});

// Goal: no sequence of calls takes more than one payment from a code or loses a fen. Method: random calls on
// few numbers and few codes, so that they meet; after each of them the books are read.
const openings: readonly Opening[] = [
  { kind: "paid" },
  { kind: "dialog" },
  { kind: "accepted" },
  { kind: "refused", code: "AUTHCODEEXPIRE", leaves: "nothing" },
  { kind: "refused", code: "NOTENOUGH", leaves: "unpaid" },
  { kind: "refused", code: "BANKERROR", leaves: "dialog" },
  { kind: "refused", code: "SYSTEMERROR", leaves: "paid" },
];
const codes = [codeA, codeOfSameWallet, codeOfOther];

const charge = fc.record({
  kind: fc.constant("charge" as const),
  number: fc.integer({ min: 0, max: 3 }),
  code: fc.constantFrom(...codes),
  amount: fc.constantFrom(1, 1280),
  opening: fc.constantFrom(...openings),
});
const onNumber = fc.record({
  kind: fc.constantFrom(
    "reverse" as const,
    "pays" as const,
    "is-refused" as const,
    "closes" as const,
    "close" as const,
  ),
  number: fc.integer({ min: 0, max: 3 }),
  laterMs: fc.constantFrom(0, 2_000),
});
const policies = fc.record({
  autoRevokeMs: fc.constantFrom(null, 5_000),
  unseenReversal: fc.constantFrom("tombstone" as const, "forget" as const),
  paidReversal: fc.constantFrom("revoked" as const, "refund" as const),
  bookedForMs: fc.constant(7_200_000),
  closeNotBeforeMs: fc.constant(0),
  refundAfterMs: fc.constant(0),
});

test("no sequence of calls charges a code twice, and what is reversed gives back exactly what it took", () => {
  let charged = 0;
  let returned = 0;
  fc.assert(
    fc.property(
      policies,
      fc.array(fc.oneof(charge, onNumber), { maxLength: 40 }),
      (policy: LedgerPolicy, calls) => {
        const ledger = new Ledger(policy);
        let now = morning;
        for (const call of calls) {
          now += 700;
          const outTradeNo = `number_${call.number}`;
          const order = ledger.find(merchant, { outTradeNo, transactionId: null }, now);
          if (call.kind === "charge") {
            const before = ledger.movements().length;
            const result = ledger.charge(orderOf(outTradeNo, call.code, call.amount), call.opening, now);
            // A known number never moves money again; a refusal says so although it may have been paid.
            if (order !== null) assert.equal(ledger.movements().length, before);
            if (result.kind === "paid") assert.equal(result.order.state, "success");
          } else if (call.kind === "reverse") {
            ledger.reverse(merchant, { outTradeNo, transactionId: null }, now);
          } else if (order !== null) {
            if (call.kind === "close") ledger.close(order, now);
            else if (call.laterMs === 0) ledger.act(order, call.kind, now);
            else ledger.actAt(order, call.kind, now + call.laterMs);
          }
          for (const digits of codes) {
            const { charges, chargedFen, returnedFen } = ledger.totalsOfCode(
              new PaymentCode(digits, "wechat"),
            );
            assert.ok(charges <= 1, "one code pays once");
            assert.ok(returnedFen === 0 || returnedFen === chargedFen, "all of it comes back, or nothing");
          }
          for (const one of ledger.orders()) {
            const { chargedFen, returnedFen } = ledger.totalsOfOrder(one);
            const owed = one.paidAt === null ? 0 : one.amountFen;
            assert.equal(chargedFen, owed);
            assert.equal(chargedFen - returnedFen, one.state === "success" ? one.amountFen : 0);
            assert.equal(one.paidAt === null, one.transactionId === null);
          }
        }
        charged += ledger.movements().filter((movement) => movement.kind === "charged").length;
        returned += ledger.movements().filter((movement) => movement.kind === "returned").length;
      },
    ),
    { numRuns: 1_000 },
  );
  // The property would hold of a sandbox that does nothing.
  assert.ok(charged > 100 && returned > 20, `${charged} charged, ${returned} returned`);
});

// The same over everything that touches money: charges, bookings, closings, reversals and refunds on few numbers, and
// a customer who scans and types whenever they like.
const anyCall = fc.record({
  kind: fc.constantFrom(
    ...(["book", "book", "pays", "pays", "pays", "charge"] as const),
    ...(["closeBooked", "reverse", "refund", "closes", "is-refused"] as const),
  ),
  number: fc.integer({ min: 0, max: 2 }),
  code: fc.constantFrom(...codes),
  amount: fc.constantFrom(1, 700, 1280),
  refund: fc.integer({ min: 0, max: 2 }),
  opening: fc.constantFrom(...openings),
  waitMs: fc.constantFrom(0, 700, 4_000),
});
const allPolicies = fc.record({
  autoRevokeMs: fc.constantFrom(null, 5_000),
  unseenReversal: fc.constantFrom("tombstone" as const, "forget" as const),
  paidReversal: fc.constantFrom("revoked" as const, "refund" as const),
  bookedForMs: fc.constantFrom(3_000, 7_200_000),
  closeNotBeforeMs: fc.constantFrom(0, 2_000),
  refundAfterMs: fc.constantFrom(0, 1_000, 100_000),
});

test("no sequence of calls around a payment makes or loses a fen", () => {
  const counts = { booked: 0, scanned: 0, refunded: 0, reversed: 0, closed: 0 };
  fc.assert(
    fc.property(allPolicies, fc.array(anyCall, { maxLength: 60, size: "max" }), (policy, calls) => {
      const ledger = new Ledger(policy);
      let now = morning;
      for (const call of calls) {
        now += call.waitMs;
        const outTradeNo = `number_${call.number}`;
        const reference = { outTradeNo, transactionId: null };
        const { authCode, ...wanted } = orderOf(outTradeNo, call.code, call.amount);
        const order = ledger.find(merchant, reference, now);
        switch (call.kind) {
          case "charge":
            ledger.charge({ ...wanted, authCode }, call.opening, now);
            break;
          case "book": {
            const booking = { ...wanted, tradeType: "NATIVE", productId: "p", openId: null } as const;
            ledger.book({ ...booking, notifyUrl: "https://shop.example/", expiresAt: null }, now);
            break;
          }
          case "closeBooked":
            ledger.closeBooked(merchant, outTradeNo, now);
            break;
          case "reverse":
            ledger.reverse(merchant, reference, now);
            break;
          case "refund": {
            const refund = { outRefundNo: `r${call.refund}`, totalFen: order?.amountFen ?? wanted.amountFen };
            ledger.refund(merchant, { ...refund, reference, refundFen: wanted.amountFen }, now);
            break;
          }
          case "pays":
          case "closes":
          case "is-refused":
            if (order !== null) ledger.act(order, call.kind, now);
            break;
        }
        for (const one of ledger.orders()) {
          const { chargedFen, returnedFen, charges } = ledger.totalsOfOrder(one);
          assert.ok(charges <= 1, "one order is paid once");
          assert.equal(ledger.totalsOfCode(one.authCode).charges <= 1, true, "one code or token pays once");
          assert.equal(chargedFen, one.paidAt === null ? 0 : one.amountFen);
          const refunds = ledger.refunds().filter((refund) => refund.order === one);
          const sum = (list: typeof refunds) => list.reduce((fen, { refundFen }) => fen + refundFen, 0);
          const isReversed = one.history.some(({ why, state }) => why === "reversal" && state !== "closed");
          const back = isReversed && one.paidAt !== null ? one.amountFen : 0;
          assert.equal(returnedFen, back + sum(refunds.filter(({ refundedAt }) => refundedAt !== null)));
          assert.ok(sum(refunds) <= chargedFen, "no more is promised back than was taken");
          assert.ok(returnedFen <= chargedFen, "no more comes back than was taken");
          if (one.state === "closed") assert.equal(one.paidAt, null, "what is closed was never paid");
        }
      }
      const orders = ledger.orders();
      counts.booked += orders.filter(({ booking }) => booking !== null).length;
      counts.scanned += orders.filter(({ booking, paidAt }) => booking !== null && paidAt !== null).length;
      counts.closed += orders.filter(({ state }) => state === "closed").length;
      counts.refunded += ledger.refunds().filter(({ refundedAt }) => refundedAt !== null).length;
      counts.reversed += orders.filter(({ history }) => history.some(({ why }) => why === "reversal")).length;
    }),
    { numRuns: 500 },
  );
  // The property would hold of a sandbox that does nothing.
  for (const [name, count] of Object.entries(counts)) assert.ok(count > 20, `${name}: ${count}`);
});

/** What a world hears of the sandbox in neutral words: what is asked, what a reply says, what happened in the books. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { wire } from "../../../../src/providers/wechat-v2/message.ts";
import { STAFF_REFUND } from "../../../../src/providers/wechat-v2/sandbox/refunds.ts";
import type { CallKind } from "../../../../src/providers/wechat-v2/sandbox/scenarios.ts";
import { ServedSandbox } from "../../../../src/providers/wechat-v2/sandbox/serve.ts";
import { askedOf, saidOf } from "../../../../src/providers/wechat-v2/sandbox/told.ts";
import type { Fact } from "../../../../src/simulator/outside/sandbox.ts";
import {
  bookingFields,
  chargeFields,
  morning,
  paths,
  referenceFields,
  refundFields,
  signed,
  Teller,
} from "./teller.ts";

const order = "BX0123-20260315-000042";
const payee = "wechat-v2 wx1234567890abcdef 1900000109 - -";
const code = "134567890123456789";

function asked(call: CallKind, fields: ReadonlyMap<string, string>) {
  return askedOf({ path: paths[call], body: new TextDecoder().decode(signed(fields)) });
}

test("a charge asks with its amount and its code, one without a code with none", () => {
  const wanted = { call: "charge", order, payee, amountFen: 1_280, notBeforeMs: 0, needsClock: false };
  assert.deepEqual(asked("charge", chargeFields()), { ...wanted, code });
  assert.deepEqual(asked("order", bookingFields()), { ...wanted, code: null });
});

test("what takes back says how long after its charge it may not be asked for", () => {
  const plain = { call: "undo", order, payee, amountFen: null, code: null, needsClock: false };
  assert.deepEqual(asked("reverse", referenceFields()), { ...plain, notBeforeMs: 15_000 });
  assert.deepEqual(asked("refund", refundFields()), { ...plain, notBeforeMs: 15_000 });
  assert.deepEqual(asked("close", referenceFields()), { ...plain, notBeforeMs: 300_000 });
});

test("a question about an order is a query, one about nobody's order a probe, one about a refund neither", () => {
  assert.equal(asked("query", referenceFields()).call, "query");
  assert.equal(asked("query", referenceFields({ out_trade_no: "probe-0123" })).call, "probe");
  const refund = asked("refund-query", referenceFields({ out_trade_no: null, out_refund_no: order }));
  assert.deepEqual([refund.call, refund.order], ["other", order]);
});

test("the account of a sub-merchant is another one", () => {
  const fields = referenceFields({ sub_appid: "wxsub", sub_mch_id: "1900000777" });
  assert.equal(asked("query", fields).payee, "wechat-v2 wx1234567890abcdef 1900000109 wxsub 1900000777");
});

const nothing = {
  ...{ order, signed: true, honest: true, proves: [], absent: false },
  ...{ shows: false, known: false, pretended: false },
};

// What is said to the last of some calls, each of them a minute after the one before.
const sayings: readonly (readonly [scenario: string, CallKind[], Partial<ReturnType<typeof saidOf>>])[] = [
  ["success", ["charge"], { proves: ["paid"] }],
  ["never", ["charge"], {}],
  ["declined", ["charge"], { proves: ["refused"] }],
  ["number-of-others", ["charge"], { known: true }],
  ["success", ["query"], { absent: true }],
  ["never", ["charge", "query"], { shows: true }],
  ["success", ["charge", "query"], { shows: true, proves: ["paid"] }],
  ["success", ["charge", "reverse"], {}],
  ["success", ["charge", "reverse", "query"], { shows: true, proves: ["over"] }],
  ["success", ["charge", "refund", "query"], { shows: true, proves: ["paid", "over"] }],
  ["success", ["charge", "refund", "refund-query"], { proves: ["over"] }],
  ["success", ["reverse"], { pretended: true }],
  ["reverse-expired", ["charge", "reverse"], { proves: ["kept"] }],
  ["reply-unsigned", ["charge"], { signed: false, honest: false }],
  ["forged", ["charge"], { signed: false, honest: false }],
  ["wrong-amount", ["charge"], { honest: false }],
  ["reply-cut", ["charge"], { signed: false, honest: false }],
  ["reply-lost", ["charge"], { signed: false, honest: false }],
  ["reply-late", ["charge"], { proves: ["paid"] }],
];

for (const [scenario, calls, said] of sayings) {
  test(`${scenario}: the reply to ${calls.join(", ")} says ${JSON.stringify(said)}`, () => {
    const teller = new Teller({ name: scenario });
    const replies = calls.map((call) => teller.wait(60_000).send(call));
    const last = replies.at(-1);
    assert.ok(last);
    assert.deepEqual(saidOf(last), { ...nothing, ...said });
  });
}

test("a query that nobody has time for shows nothing", () => {
  const teller = new Teller();
  teller.charge();
  teller.sandbox.busy = true;
  assert.deepEqual(saidOf(teller.query()), nothing);
});

test("what is said to be taken back and is not is pretended", () => {
  const teller = new Teller({ name: "reverse-lies" });
  teller.charge();
  assert.deepEqual(saidOf(teller.reverse()), { ...nothing, honest: false, pretended: true });
});

/** What the books have to tell, but for what all of it is about. */
function factsOf({ sandbox }: Teller): readonly string[] {
  return new ServedSandbox(sandbox).take().map((fact: Fact) => {
    assert.deepEqual([fact.order, fact.payee], [order, payee]);
    const { order: _, payee: __, at, ...rest } = fact;
    return `${(at - morning) / 1_000} s: ${Object.values(rest).join(" ")}`;
  });
}

test("a payment that is reversed is opened, charged, ended and taken back", () => {
  const teller = new Teller();
  teller.charge();
  teller.wait(20_000).reverse();
  teller.wait(20_000).reverse();
  const told = ["0 s: opened 1280 till=1;seq=42", `0 s: charged 1280 ${code}`, "0 s: ended"];
  assert.deepEqual(factsOf(teller), [...told, "20 s: taken-back 1280 box"]);
  assert.deepEqual(factsOf(teller), [], "each fact is told once");
});

test("an order that was never paid ends by its reversal, and no money moves", () => {
  const teller = new Teller({ name: "never" });
  teller.charge();
  teller.wait(20_000).reverse();
  assert.deepEqual(factsOf(teller), ["0 s: opened 1280 till=1;seq=42", "20 s: ended"]);
});

test("a refused charge leaves what can never be paid", () => {
  const teller = new Teller({ name: "declined" });
  teller.charge();
  assert.deepEqual(factsOf(teller), ["0 s: opened 1280 till=1;seq=42", "0 s: ended"]);
});

test("a booked order is paid without a code, by a customer who needs no call for it", () => {
  const teller = new Teller();
  teller.send("order");
  teller.wait(10_000).query();
  assert.deepEqual(factsOf(teller), [
    ...["0 s: opened 1280 till=1;seq=42", "3 s: charged 1280 "],
    "3 s: ended",
  ]);
});

test("a box's refund takes back when the money moves, that of staff when nobody can stop it any more", () => {
  const teller = new Teller();
  teller.charge();
  teller.wait(5_000).send("refund", { out_refund_no: order });
  teller.send("refund", { out_refund_no: `${STAFF_REFUND}1` });
  teller.wait(60_000).query();
  const [, , , ...after] = factsOf(teller);
  assert.deepEqual(after, ["5 s: taken-back 280 staff", "15 s: taken-back 280 box"]);
});

test("a sandbox that is down says nothing", () => {
  const teller = new Teller();
  teller.sandbox.down = true;
  const body = new TextDecoder().decode(signed(chargeFields()));
  const charge = { ...wire, lane: "charge", host: "h", path: paths.charge, body } as const;
  const request = { ...charge, clientCertificate: true };
  const answered = new ServedSandbox(teller.sandbox).serve(request, morning);
  assert.deepEqual(answered, { reply: { kind: "drop" }, said: null });
  assert.deepEqual(factsOf(teller), []);
});

/** An order from its intent to its end: what leaves when, what a start takes up, what an answer leaves behind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { resume } from "../../../src/core/payment/advance.ts";
import { isDeclinedByCode, type OpenOrder, type TxData } from "../../../src/core/payment/order.ts";
import { isOpen, isOver, type Phase, wakeAt } from "../../../src/core/payment/payment.ts";
import type { Rules } from "../../../src/core/payment/rules.ts";
import { stampAt, withProvider } from "./reachable.ts";
import { keypadRules, Story } from "./story.ts";

const silence = { kind: "unknown", why: "silence", signed: false } as const;
const unpaid = { kind: "unpaid", paying: false } as const;
const paid = { kind: "paid", transactionId: "42" } as const;
const codeRules: Rules = withProvider(keypadRules, { offersCode: true });

function openOrder(changed: Partial<TxData> = {}): OpenOrder {
  const story = Story.ready().payTo();
  const [last] = story.records();
  assert.ok(last !== undefined);
  return { intent: story.order.intent, last: { ...last, ...changed } };
}

test("an order begins with one charge counted and nothing known", () => {
  const story = Story.ready().keys("1250=").wait(100).scan();
  const { intent, phase, ...rest } = story.order;
  assert.deepEqual(rest, {
    inFlight: null,
    counts: { charge: 1, query: 0, reverse: 0 },
    transactionId: null,
    seenPaid: false,
    goods: null,
    recovered: false,
    chargedAt: 100,
    sentAt: 100,
    answeredAt: 100,
    chargedHost: null,
  });
  assert.ok(phase.name === "recording" && phase.code?.reveal() === "134567890123456789");
  assert.deepEqual([phase.sendBefore, phase.cancelled], [10_100, false]);
  assert.equal(intent.amountFen, 1_250);
});

test("the charge leaves with its code when its intent is durable, and not after its time", () => {
  const story = Story.ready().keys("1250=").scan();
  const { intent } = story.order;
  story.take();
  story.now = 9_999;
  story.recorded();
  const [charge] = story.effects;
  assert.ok(charge?.type === "charge");
  assert.equal(charge.code?.reveal(), "134567890123456789");
  assert.deepEqual([charge.intent, charge.sendBefore], [intent, 10_000]);
  assert.deepEqual(story.order.inFlight, { call: "charge", at: 9_999 });
  assert.equal(story.order.chargedAt, 9_999);
  assert.deepEqual(story.order.phase, { name: "charging", sendBefore: 10_000, cancelled: false });
  const shown = Story.ready(codeRules).keys("1250=").post({ type: "code-wanted" });
  shown.take();
  shown.recorded();
  assert.deepEqual(shown.effects, [
    { type: "charge", intent: shown.order.intent, code: null, sendBefore: 10_000 },
  ]);
});

test("what was cancelled or has grown old before it left was never charged", () => {
  const cancelled = Story.ready().keys("1250=").scan().keys("X").recorded();
  const old = Story.ready().keys("1250=").scan();
  old.now = 10_000;
  old.recorded();
  for (const [story, state, reason] of [
    [cancelled, "cancelled", "cancelled-by-person"],
    [old, "declined", "stale"],
  ] as const) {
    const last = story.records().at(-1);
    assert.deepEqual([last?.state, last?.reason, last?.charged, last?.chargeCount], [state, reason, "no", 0]);
    assert.ok(!story.take().includes("charge"));
    story.recorded();
    assert.equal(story.box.orders.size, 0, "nothing is looked at once more");
  }
});

test("only a refusal with a code is looked at once more", () => {
  for (const [state, reason, looked] of [
    ["declined", "card", true],
    ["declined", "configuration", true],
    ["declined", "stale", false],
    ["declined", "not-sent", false],
    ["cancelled", "cancelled-by-person", false],
    ["paid", null, false],
  ] as const) {
    assert.equal(isDeclinedByCode({ state, reason }), looked, `${state} ${reason}`);
  }
});

test("a start counts an open charge as made now, at any host, and asks at once", () => {
  const order = openOrder({ chargeCount: 1, queryCount: 2, reverseCount: 0 });
  const payment = resume(order, stampAt(7), keypadRules);
  assert.deepEqual(payment, {
    intent: order.intent,
    inFlight: null,
    counts: { charge: 1, query: 2, reverse: 0 },
    transactionId: null,
    seenPaid: false,
    goods: null,
    recovered: true,
    chargedAt: 7,
    sentAt: 7,
    answeredAt: 7,
    chargedHost: null,
    phase: { name: "asking", about: "unclear", codeUrl: null, giveUpAt: 45_007, next: 7, last: false },
  });
});

test("a start goes on with a reversal, knowing whether money was seen to move", () => {
  const order = openOrder({ state: "reversing", reason: "pay-error", transactionId: "42", reverseCount: 3 });
  const payment = resume(order, stampAt(7), keypadRules);
  assert.deepEqual([payment.seenPaid, payment.transactionId, payment.counts.reverse], [true, "42", 3]);
  assert.ok(payment.phase.name === "reversing");
  assert.equal(payment.phase.reason, "pay-error");
  assert.deepEqual(payment.phase.next, { call: "undo", at: 15_007 });
});

test("a start goes on with a decline, and with goods, as the journal has them", () => {
  const declined = resume(openOrder({ state: "declined", reason: "card" }), stampAt(7), keypadRules);
  assert.deepEqual(declined.phase, {
    name: "final",
    verdict: { state: "declined", charged: "no", reason: "card", late: false },
    check: 30_007,
    looks: 0,
  });
  const dispense = { pulses: 3, outcome: null };
  const bought = resume(openOrder({ state: "paid", dispense, late: true }), stampAt(7), keypadRules);
  assert.deepEqual(bought.goods, dispense);
  assert.deepEqual(bought.phase, {
    name: "dispensing",
    verdict: { state: "paid", charged: "yes", reason: null, late: true },
    next: 7,
  });
});

test("an order that has ended is not taken up", () => {
  const ended = openOrder({ state: "cancelled" });
  assert.throws(() => resume(ended, stampAt(0), keypadRules), { name: "Defect" });
});

test("a record that nobody waits for is a defect", () => {
  const story = Story.ready().payTo();
  for (const type of ["recorded", "record-failed"] as const) {
    assert.throws(() => story.happens({ type, state: "charging" }), { name: "Defect" });
  }
});

test("an order that the journal did not take is asked about twice a minute and told of once", () => {
  const story = Story.ready().payTo().charge({ kind: "pending" }).keys("X");
  story.take();
  story.happens({ type: "record-failed", state: "reversing" });
  assert.deepEqual(story.order.phase, { name: "unrecorded", next: 30_000 });
  const { outTradeNo } = story.order.intent;
  assert.deepEqual(story.effects[0], { type: "alarm", alarm: "order-unrecorded", outTradeNo });
  story.wait(30_000).take();
  assert.equal(story.order.inFlight?.call, "query");
  story.now = 31_000;
  story.query(paid);
  assert.deepEqual(story.order.phase, { name: "unrecorded", next: 61_000 });
  assert.deepEqual([story.order.seenPaid, story.take()], [true, []]);
});

test("reversals and their queries take the hosts in turn, other questions leave the choice to the gateway", () => {
  const story = Story.ready().payTo().charge(silence);
  const hosts: (readonly [string, string | null])[] = [];
  const look = () => {
    for (const effect of story.effects.splice(0)) {
      if (effect.type === "query" || effect.type === "undo") hosts.push([effect.type, effect.host]);
    }
  };
  look();
  story.query(unpaid).keys("X").recorded().wait(15_000);
  for (let round = 0; round < 2; round += 1) {
    look();
    story.reverse({ kind: "again", code: null });
    look();
    story.query(unpaid).wait(2_000);
  }
  look();
  assert.deepEqual(hosts, [
    ["query", null],
    ["undo", "a"],
    ["query", "b"],
    ["undo", "b"],
    ["query", "a"],
    ["undo", "a"],
  ]);
  assert.deepEqual(story.order.counts, { charge: 1, query: 3, reverse: 3 });
});

test("a refund is asked about as one only where our code was paid and is being taken back", () => {
  const story = Story.ready(codeRules).keys("1250=").post({ type: "code-wanted" }).recorded();
  story.charge({ kind: "ordered", codeUrl: "weixin://pay" }).wait(5_000);
  const asked = () => story.effects.splice(0).flatMap((one) => (one.type === "query" ? [one.of] : []));
  assert.deepEqual(asked(), ["payment"]);
  story.query(unpaid).keys("X").recorded().wait(300_000).reverse({ kind: "done" });
  assert.deepEqual(asked(), ["payment"], "an unpaid order is closed, not refunded");
  story.query(paid).wait(1_000);
  assert.equal(story.effects.filter((one) => one.type === "undo").at(-1)?.way, "refund");
  story.reverse({ kind: "done" });
  assert.deepEqual(asked(), ["refund"]);
  const scanned = Story.ready().payTo().charge(silence).query({ kind: "failed" }).recorded().wait(15_000);
  scanned.reverse({ kind: "done" }).query(paid).wait(1_000).reverse({ kind: "done" });
  assert.ok(scanned.effects.every((one) => one.type !== "query" || one.of === "payment"));
});

test("money that was seen to move is never forgotten, nor its number", () => {
  const story = Story.ready().payTo().charge(silence).query({ kind: "failed" }).recorded().wait(15_000);
  const seen = () => [story.order.seenPaid, story.order.transactionId];
  story.reverse({ kind: "done" }).query({ kind: "absent" });
  assert.deepEqual(seen(), [false, null]);
  story.wait(45_000).query(paid);
  assert.deepEqual(seen(), [true, "42"]);
  story.wait(1_000).reverse({ kind: "done" }).query({ kind: "refunded", transactionId: null });
  assert.deepEqual(seen(), [true, "42"]);
  const closed = (paidOnce: boolean, transactionId: string | null) => {
    const one = Story.ready().payTo().charge(silence).query({ kind: "closed", paidOnce, transactionId });
    return [one.order.seenPaid, one.order.transactionId];
  };
  assert.deepEqual(closed(false, null), [false, null]);
  assert.deepEqual(closed(true, "42"), [true, "42"]);
});

test("an answer that comes when the reversal is on its way into the journal changes nothing of it", () => {
  const story = Story.ready().payTo().charge(silence).keys("X");
  assert.equal(story.order.phase.name, "recording-reversal");
  story.take();
  story.query(paid);
  assert.deepEqual(
    [story.order.phase.name, story.order.seenPaid, story.take()],
    ["recording-reversal", true, []],
  );
});

test("cancel is heard before the charge has come back and while it is asked about, and nowhere else", () => {
  const charging = Story.ready().payTo().keys("X");
  assert.ok(charging.order.phase.name === "charging" && charging.order.phase.cancelled);
  const reversing = Story.ready().payTo().charge(silence).keys("X").recorded();
  const { phase } = reversing.order;
  reversing.happens({ type: "cancel-pressed" });
  assert.equal(reversing.order.phase, phase);
});

test("an order wants to be woken when its next call is due, and never while one is under way", () => {
  const { order } = Story.ready().payTo().charge({ kind: "pending" });
  assert.equal(wakeAt(order), 5_000);
  assert.equal(wakeAt({ ...order, inFlight: { call: "query", at: stampAt(0).at } }), null);
  const verdict = { state: "declined", charged: "no", reason: "card", late: false } as const;
  const phases: readonly (readonly [Phase, number | null, boolean, boolean])[] = [
    [{ name: "recording", code: null, sendBefore: stampAt(1).at, cancelled: false }, null, false, true],
    [{ name: "charging", sendBefore: stampAt(1).at, cancelled: false }, null, false, true],
    [{ name: "recording-reversal", reason: "gave-up" }, null, false, true],
    [{ name: "recording-outcome", verdict }, null, false, true],
    [{ name: "unrecorded", next: stampAt(9).at }, 9, false, true],
    [{ name: "dispensing", verdict, next: stampAt(9).at }, 9, false, false],
    [{ name: "final", verdict, check: stampAt(9).at, looks: 0 }, 9, false, false],
    [{ name: "final", verdict, check: null, looks: 0 }, null, true, false],
    [{ name: "abandoned" }, null, true, false],
  ];
  for (const [phase, wake, over, open] of phases) {
    const payment = { ...order, phase };
    assert.deepEqual([wakeAt(payment), isOver(payment), isOpen(payment)], [wake, over, open], phase.name);
  }
  const asked = { ...order, inFlight: { call: "query", at: stampAt(0).at } } as const;
  assert.equal(isOver({ ...asked, phase: { name: "final", verdict, check: null, looks: 0 } }), false);
});

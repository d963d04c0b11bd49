/** Goods at the box: what the customer sees, and what staff do (money rule 14). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isBusy, isDispensing } from "../../../src/core/payment/box.ts";
import { dispense, dispensed } from "../../../src/core/payment/dispensing.ts";
import type { Payment } from "../../../src/core/payment/payment.ts";
import type { RelayRules, Rules } from "../../../src/core/payment/rules.ts";
import { stampAt, withProvider } from "./reachable.ts";
import { fixedRules, keypadRules, Story } from "./story.ts";

const relay = { fenPerPulse: 100, onAmbiguous: "hold" } as const;
const paid = { kind: "paid", transactionId: "42" } as const;

function counter(rules: Partial<Rules> = {}, ambiguous: RelayRules["onAmbiguous"] = "hold"): Story {
  return new Story({ ...fixedRules, ...rules, relay: { fenPerPulse: 100, onAmbiguous: ambiguous } })
    .post({ type: "scanner-changed", ready: true })
    .post({ type: "probed", provider: "wechat", answer: { kind: "passed" } })
    .wait(5_000);
}

test("a box without its relay charges nobody", () => {
  const story = counter();
  assert.deepEqual([story.text, story.display[1]], ["out-of-service", "Ask staff    E15"]);
  assert.deepEqual(story.scan().records(), []);
  story.post({ type: "relay-changed", ready: true });
  assert.equal(story.text, "resting", "nobody looked at the reader meanwhile");
  story.wait(5_000);
  assert.equal(story.text, "armed");
  story.scan();
  assert.equal(story.records().at(-1)?.state, "charging");
});

test("a machine that is busy, or has not spoken yet, lets nobody pay", () => {
  const story = counter({ inhibit: true }).post({ type: "relay-changed", ready: true }).wait(5_000);
  assert.equal(story.text, "machine-busy");
  assert.deepEqual(story.scan().records(), []);
  story.post({ type: "inhibit-changed", inhibited: false });
  assert.equal(story.text, "armed");
});

test("goods come: PAID stands from the durable payment on, and beeps once", () => {
  const story = counter()
    .post({ type: "relay-changed", ready: true })
    .wait(5_000)
    .scan()
    .recorded()
    .charge(paid);
  assert.equal(story.text, "submitting");
  story.recorded();
  assert.deepEqual(story.display, ["PAID       \u00a55.00", "Dispensing...   "]);
  assert.deepEqual([story.turn.screen.light, story.turn.screen.sound], ["dispensing", "paid"]);
  assert.deepEqual(
    story.effects.filter(({ type }) => type === "dispense"),
    [{ type: "dispense", outTradeNo: story.order.intent.outTradeNo, pulses: 5 }],
  );
  story.happens({ type: "dispensed", outcome: "dispensed" });
  assert.equal(story.text, "dispensing");
  story.recorded();
  assert.deepEqual(story.display, ["PAID       \u00a55.00", "Thank you       "]);
  assert.deepEqual([story.turn.screen.light, story.turn.screen.sound], ["paid", "none"]);
  story.wait(5_000);
  assert.equal(story.text, "resting");
});

test("goods that did not come are refunded in front of the customer", () => {
  const story = counter()
    .post({ type: "relay-changed", ready: true })
    .wait(5_000)
    .scan()
    .recorded()
    .charge(paid);
  story.recorded().happens({ type: "dispensed", outcome: "not-dispensed" });
  assert.deepEqual(story.display, ["Refund     \u00a55.00", "Vend failed     "]);
  story.recorded().wait(15_000);
  story.reverse({ kind: "done" }).query({ kind: "refunded", transactionId: "42" });
  assert.equal(story.text, "vend-failed");
  story.recorded();
  assert.deepEqual(story.display, ["Refunded   \u00a55.00", "See WeChat msg  "]);
  const { state, dispense, reason, charged } = story.records().at(-1) ?? {};
  assert.deepEqual(
    [state, dispense, reason, charged],
    ["refunded", { pulses: 5, outcome: "not-dispensed" }, "not-dispensed", "no"],
  );
});

test("a refund that takes long leaves the customer a reference", () => {
  const story = counter()
    .post({ type: "relay-changed", ready: true })
    .wait(5_000)
    .scan()
    .recorded()
    .charge(paid);
  story.recorded().happens({ type: "dispensed", outcome: "not-dispensed" }).recorded().wait(15_000);
  story.reverse({ kind: "unknown", why: "silence", signed: false });
  story.query({ kind: "unknown", why: "silence", signed: false }).wait(500);
  story.wait(200);
  while (story.now < 30_500) {
    if (story.order.inFlight?.call === "undo")
      story.reverse({ kind: "unknown", why: "silence", signed: false });
    else if (story.order.inFlight?.call === "query")
      story.query({ kind: "unknown", why: "silence", signed: false });
    else story.wait(500);
  }
  assert.equal(story.display[0], "Refund     \u00a55.00");
  assert.equal(story.display[1], `Keep ref   #${story.order.intent.shortRef}`);
});

test("a box whose journal fails promises no refund that nobody recorded", () => {
  for (const outcome of ["dispensed", "not-dispensed", "unclear"] as const) {
    const story = counter()
      .post({ type: "relay-changed", ready: true })
      .wait(5_000)
      .scan()
      .recorded()
      .charge(paid);
    story.recorded().happens({ type: "dispensed", outcome });
    const state = outcome === "not-dispensed" ? "reversing" : "paid";
    story.happens({ type: "record-failed", state });
    assert.deepEqual(story.display, ["RESULT UNKNOWN  ", `Ask staff  #${story.order.intent.shortRef}`]);
  }
});

test("a refund that was asked for stays one when its end cannot be recorded", () => {
  const story = counter()
    .post({ type: "relay-changed", ready: true })
    .wait(5_000)
    .scan()
    .recorded()
    .charge(paid);
  story.recorded().happens({ type: "dispensed", outcome: "not-dispensed" }).recorded().wait(15_000);
  story.reverse({ kind: "done" }).query({ kind: "refunded", transactionId: "42" });
  story.happens({ type: "record-failed", state: "refunded" });
  assert.equal(story.text, "refund-pending");
});

test("who paid by our code and got nothing is told of the refund, not of a code", () => {
  const story = counter(withProvider(fixedRules, { offersCode: true }))
    .post({ type: "relay-changed", ready: true })
    .wait(5_000);
  story.post({ type: "code-wanted" }).recorded().charge({ kind: "ordered", codeUrl: "weixin://pay" });
  story.wait(5_000).query({ kind: "paid", transactionId: "42" }).recorded();
  story.happens({ type: "dispensed", outcome: "not-dispensed" }).recorded();
  assert.equal(story.text, "vend-failed");
  story.wait(15_000).reverse({ kind: "done" }).query({ kind: "unknown", why: "silence", signed: false });
  story.wait(5_000);
  assert.equal(story.text, "refund-pending");
});

test("goods that may or may not have come are left to staff, and shown long enough to find them", () => {
  const story = counter()
    .post({ type: "relay-changed", ready: true })
    .wait(5_000)
    .scan()
    .recorded()
    .charge(paid);
  story.recorded().happens({ type: "dispensed", outcome: "unclear" }).recorded();
  assert.equal(story.text, "vend-unclear");
  assert.equal(story.turn.screen.ref?.length, 4);
  story.wait(29_000);
  assert.equal(story.text, "vend-unclear");
  story.wait(1_000);
  assert.equal(story.text, "resting");
});

test("a key, a cancellation and a stop change nothing about goods that are on their way", () => {
  const story = counter({ keypad: true })
    .post({ type: "relay-changed", ready: true })
    .wait(5_000)
    .scan()
    .recorded();
  story.charge(paid).recorded().keys("X=").post({ type: "stopping" });
  assert.equal(story.order.phase.name, "dispensing");
  assert.equal(story.text, "dispensing");
  assert.ok(isDispensing(story.box) && isBusy(story.box), "a stop waits for it");
  story.happens({ type: "dispensed", outcome: "dispensed" });
  assert.ok(!isDispensing(story.box) && isBusy(story.box), "and for its record");
});

test("a start judges goods that were on their way by the setting, in one record", () => {
  const story = counter()
    .post({ type: "relay-changed", ready: true })
    .wait(5_000)
    .scan()
    .recorded()
    .charge(paid);
  story.recorded();
  const [last] = story.records().filter(({ state }) => state === "paid");
  assert.ok(last !== undefined);
  const open = [{ intent: story.order.intent, last }];
  const kept = new Story({ ...fixedRules, relay }, open);
  assert.deepEqual(
    kept.records().map(({ state, final, dispense }) => [state, final, dispense?.outcome]),
    [["paid", true, "unclear"]],
  );
  const back = new Story({ ...fixedRules, relay: { ...relay, onAmbiguous: "refund" } }, open);
  assert.deepEqual(
    back.records().map(({ state, reason }) => [state, reason]),
    [["reversing", "not-dispensed"]],
  );
  const bare = new Story(fixedRules, open);
  assert.deepEqual(
    bare.records().map(({ state }) => state),
    ["paid"],
    "a relay taken away decides nothing anew",
  );
  assert.equal(
    [...kept.effects, ...back.effects].filter(({ type }) => type === "dispense").length,
    0,
    "never a second pulse",
  );
});

test("an amount that is no whole number of pulses is refused where it is typed", () => {
  const story = Story.ready({ ...keypadRules, relay }).post({ type: "relay-changed", ready: true });
  story.keys("250=");
  assert.deepEqual(story.display, ["Steps of   \u00a51.00", "Clear and retry "]);
  story.keys("C300=");
  assert.equal(story.text, "armed");
  story.scan();
  assert.equal(story.order.intent.pulses, 3);
});

test("goods out of turn are a defect", () => {
  const { order } = counter()
    .post({ type: "relay-changed", ready: true })
    .wait(5_000)
    .scan()
    .recorded()
    .charge(paid);
  assert.equal(dispense(order).payment.phase.name, "dispensing");
  assert.throws(() => dispense({ ...order, goods: null }), { name: "Defect" });
  const asking = Story.ready().payTo().charge({ kind: "pending" }).order;
  assert.throws(() => dispense({ ...asking, goods: order.goods }), { name: "Defect" });
  const { payment } = dispense(order);
  const told = (one: Payment) => dispensed(one, "dispensed", stampAt(0), fixedRules);
  assert.equal(told(payment).payment.phase.name, "recording-outcome");
  assert.throws(() => told({ ...payment, goods: null }), { name: "Defect" });
  assert.throws(() => told({ ...payment, phase: asking.phase }), { name: "Defect" });
});

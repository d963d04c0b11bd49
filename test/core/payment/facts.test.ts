/** What a provider may say of itself that WeChat Pay v2 does not (money rules 6, 10 and 18). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { violationOf } from "../../../src/core/payment/box-check.ts";
import { objectionTo } from "../../../src/core/payment/effect-check.ts";
import type { Effect } from "../../../src/core/payment/effects.ts";
import { isOver, type Payment } from "../../../src/core/payment/payment.ts";
import type { ProviderFacts, UndoFacts } from "../../../src/core/payment/provider.ts";
import { providerBlockerOf } from "../../../src/core/payment/readiness.ts";
import type { Rules } from "../../../src/core/payment/rules.ts";
import { step } from "../../../src/core/payment/step.ts";
import { explore, provider, providerOf, smallRules, stampAt, withProvider } from "./reachable.ts";
import { keypadRules, Story } from "./story.ts";

const refund = { way: "refund", notBeforeMs: 15_000, confirm: "refund" } as const;
const cancel: UndoFacts = { way: "cancel", notBeforeMs: 15_000, confirm: "payment", overdue: refund };

const alike: ProviderFacts = provider(["c", "d"], {
  payee: { provider: "second", account: "2", key: "other 2" },
  wallets: ["alipay"],
  chargeProves: false,
  needsClock: true,
  undo: { cpm: { unpaid: cancel, paid: cancel }, mpm: null },
});

const alone: Rules = { ...keypadRules, providers: new Map([["second", alike]]) };
const both: Rules = {
  ...keypadRules,
  providers: new Map([
    ["wechat", providerOf(keypadRules)],
    ["second", alike],
  ]),
};

function charged(rules: Rules = alone): Story {
  return Story.ready(rules).keys("1250=").scan("281234567890123456", "alipay").recorded();
}

/** How the order in front was taken back, and what was asked about, in their order. */
function calls({ effects }: Story): readonly string[] {
  return effects
    .splice(0)
    .flatMap((one) => (one.type === "undo" ? [one.way] : one.type === "query" ? [`query ${one.of}`] : []));
}

/** What is about to become durable of the order in front. */
function outcome({ order: { phase } }: Story): readonly (string | null)[] {
  assert.ok(phase.name === "recording-outcome");
  return [phase.verdict.state, phase.verdict.reason];
}

/** An order that nobody answered for, whose reversal has just been refused as too late. */
function refusedAsTooLate(): Story {
  const story = charged().charge({ kind: "pending" }, "c").keys("X").recorded().wait(15_000);
  calls(story);
  return story.reverse({ kind: "expired" });
}

test("what a charge says of a payment is asked about at once, where it proves nothing", () => {
  const story = charged();
  story.effects.length = 0;
  story.charge({ kind: "paid", transactionId: "7" }, "c");
  assert.deepEqual(calls(story), ["query payment"]);
  assert.deepEqual([story.order.phase.name, story.order.transactionId], ["asking", null]);
  story.query({ kind: "paid", transactionId: "7" }, "c").recorded();
  assert.equal(story.text, "paid");
});

test("a payment that no query confirms is taken back, whatever the charge had said", () => {
  const story = charged().charge({ kind: "paid", transactionId: "7" }, "c");
  for (let round = 0; round < 12 && story.order.phase.name === "asking"; round += 1)
    story.query({ kind: "unpaid", paying: false }, "c").wait(5_000);
  assert.equal(story.order.phase.name, "recording-reversal");
});

test("a cancellation that came before it is obeyed", () => {
  const story = charged().keys("X").charge({ kind: "paid", transactionId: "7" }, "c");
  assert.equal(story.order.phase.name, "recording-reversal");
});

test("nothing new goes to a provider that needs a clock while ours is not trusted, and the other one is charged", () => {
  const story = Story.ready(both);
  story.clockTrusted = false;
  story.keys("1250=").scan("281234567890123456", "alipay");
  assert.deepEqual([story.text, story.turn.screen.ref], ["wallet-out", "E25"]);
  story.wait(3_000).scan().recorded();
  assert.equal(story.order.intent.payee.provider, "wechat");
});

test("it is charged again as soon as the clock is trusted, without anybody saying so", () => {
  const story = Story.ready(alone);
  story.clockTrusted = false;
  story.keys("C");
  assert.deepEqual([story.text, story.turn.screen.ref], ["out-of-service", "E25"]);
  const { wakeAt } = story.turn;
  assert.equal(wakeAt, story.now + 5_000);
  story.clockTrusted = true;
  story.wait(5_000);
  assert.equal(story.text, "idle");
  assert.equal(providerBlockerOf(story.box, alike), null);
});

test("a clock that is lost between a scan and its record keeps the charge", () => {
  const story = Story.ready(alone).keys("1250=").scan("281234567890123456", "alipay");
  story.clockTrusted = false;
  story.recorded();
  assert.equal(
    story.effects.some(({ type }) => type === "charge"),
    false,
  );
});

test("an order goes on with a clock that is not trusted", () => {
  const story = charged().charge({ kind: "pending" }, "c");
  story.clockTrusted = false;
  story.wait(5_000).query({ kind: "paid", transactionId: "7" }, "c").recorded();
  assert.equal(story.text, "paid");
});

test("who says that our time is wrong is probed before the next charge", () => {
  const story = Story.ready(alone);
  story.post({ type: "probed", provider: "second", answer: { kind: "failed", why: "clock" } });
  assert.deepEqual([story.text, story.turn.screen.ref], ["out-of-service", "E25"]);
});

test("what is refused as too late and was not paid is asked about until it has ended", () => {
  const story = refusedAsTooLate();
  assert.deepEqual(calls(story), ["query payment"]);
  story.query({ kind: "unpaid", paying: false }, "c").wait(2_000);
  assert.deepEqual(calls(story), ["cancel"]);
  story.reverse({ kind: "expired" });
  story.query({ kind: "closed", paidOnce: false, transactionId: null }, "c");
  assert.deepEqual(outcome(story), ["reversed", "cancelled-by-person"]);
});

test("what is refused as too late is refunded once a query has shown it paid", () => {
  const story = refusedAsTooLate().query({ kind: "paid", transactionId: "7" }, "c").wait(2_000);
  assert.deepEqual(calls(story), ["query payment", "refund"]);
  story.reverse({ kind: "done" });
  assert.deepEqual(calls(story), ["query refund"]);
  story.query({ kind: "refunded", transactionId: null }, "c").recorded();
  assert.equal(story.text, "refunded");
});

test("after a start the first way is tried first, and its refusal leads to the refund again", () => {
  const before = refusedAsTooLate().query({ kind: "paid", transactionId: "7" }, "c");
  const { intent, transactionId } = before.order;
  const last = { state: "reversing", final: false, reason: "gave-up", transactionId } as never;
  const story = new Story(alone, [{ intent, last }]).wait(15_000);
  assert.deepEqual(calls(story), ["cancel"]);
  story.reverse({ kind: "expired" });
  assert.deepEqual(calls(story), ["query payment"]);
  story.query({ kind: "paid", transactionId: "7" }, "c").wait(2_000);
  assert.deepEqual(calls(story), ["refund"]);
});

test("what had been seen paid before the refusal is asked about once more, for it may have gone back meanwhile", () => {
  const story = charged().charge({ kind: "pending" }, "c").keys("X").recorded().wait(15_000);
  story.reverse({ kind: "again", code: null }).query({ kind: "paid", transactionId: "7" }, "c").wait(2_000);
  calls(story);
  story.reverse({ kind: "expired" });
  assert.deepEqual(calls(story), ["query payment"]);
  story.query({ kind: "closed", paidOnce: true, transactionId: "7" }, "c");
  assert.deepEqual(outcome(story), ["refunded", "cancelled-by-person"]);
});

test("a refund that is refused is followed by a question about the payment, which may have gone back already", () => {
  const story = refusedAsTooLate().query({ kind: "paid", transactionId: "7" }, "c").wait(2_000);
  story.reverse({ kind: "again", code: null });
  assert.deepEqual(calls(story), ["query payment", "refund", "query payment"]);
  story.query({ kind: "paid", transactionId: "7" }, "c").wait(4_000);
  assert.deepEqual(calls(story), ["refund"]);
  story
    .reverse({ kind: "again", code: null })
    .query({ kind: "closed", paidOnce: true, transactionId: "7" }, "c");
  assert.deepEqual(outcome(story), ["refunded", "cancelled-by-person"]);
});

test("a refund whose answer is lost is asked about, and repeated where there is none", () => {
  const story = refusedAsTooLate().query({ kind: "paid", transactionId: "7" }, "c").wait(2_000);
  calls(story);
  story.reverse({ kind: "unknown", why: "silence", signed: false });
  assert.deepEqual(calls(story), ["query refund"]);
  story.query({ kind: "absent" }, "c").wait(4_000);
  assert.deepEqual(calls(story), ["refund"]);
});

test("a refund waits for its own time after the charge", () => {
  const slow: UndoFacts = { ...cancel, overdue: { ...refund, notBeforeMs: 40_000 } };
  const late = { ...alike, undo: { cpm: { unpaid: slow, paid: slow }, mpm: null } };
  const story = charged({ ...alone, providers: new Map([["second", late]]) });
  story.charge({ kind: "pending" }, "c").keys("X").recorded().wait(15_000);
  story.reverse({ kind: "expired" }).query({ kind: "paid", transactionId: "7" }, "c");
  calls(story);
  story.wait(24_000);
  assert.deepEqual(calls(story), []);
  story.wait(1_000);
  assert.deepEqual(calls(story), ["refund"]);
});

test("a payment that appears after its cancel was answered is cancelled again", () => {
  const story = charged().charge({ kind: "pending" }, "c").keys("X").recorded().wait(15_000);
  story.reverse({ kind: "done" });
  calls(story);
  story.query({ kind: "paid", transactionId: "7" }, "c").wait(2_000);
  assert.deepEqual(calls(story), ["cancel"]);
});

test("what can be refunded no more is for people", () => {
  const story = refusedAsTooLate().query({ kind: "paid", transactionId: "7" }, "c").wait(2_000);
  story.reverse({ kind: "expired" });
  assert.deepEqual(outcome(story), ["manual", "reverse-expired"]);
});

/** The same facts with waits of a few ticks, so that every state of an order can be reached. */
function smallAlike(): Rules {
  const small = { way: "cancel", notBeforeMs: 1, confirm: "payment" } as const;
  const back: UndoFacts = { ...small, overdue: { ...refund, notBeforeMs: 1 } };
  const undo = { cpm: { unpaid: back, paid: back }, mpm: null };
  return withProvider(smallRules("keep"), { chargeProves: false, needsClock: true, undo });
}

test("whatever happens to an order, no charge proves it, and no refund begins before a query has shown it paid", () => {
  const { states, edges } = explore(smallAlike());
  const ways = new Set<string>();
  for (const { before, after, event, effects } of edges) {
    if (after.phase.name === "recording-outcome" && before.phase.name !== "recording-outcome") {
      const { state, reason } = after.phase.verdict;
      if (state === "paid") assert.equal(event.type, "query-answered");
      const given = before.phase.name === "reversing" && before.phase.overdue === "paid";
      if (reason === "reverse-expired") assert.ok(given && event.type === "undo-answered");
    }
    for (const effect of effects) {
      if (effect.type !== "undo") continue;
      ways.add(effect.way);
      const shown = before.phase.name === "reversing" && before.phase.overdue === "paid";
      assert.equal(effect.way === "refund", shown && before.seenPaid);
    }
  }
  assert.deepEqual([...ways].sort(), ["cancel", "refund"]);
  const froms = new Set(edges.map(({ from, to }) => (from === to ? "" : from)));
  for (const [key, payment] of states)
    assert.ok(froms.has(key) || isOver(payment), `an order that stays ${payment.phase.name}`);
});

test("the last net knows these rules too", () => {
  const charging = charged();
  const { order, box } = charging;
  const event = { type: "woke" } as const;
  const paid = { state: "paid", charged: "yes", reason: null, late: false } as const;
  const believed: Payment = { ...order, phase: { name: "recording-outcome", verdict: paid } };
  const orders = new Map([[order.intent.outTradeNo, believed]]);
  const after = { box: { ...box, orders }, effects: [] };
  assert.match(violationOf(box, after, event, alone) ?? "", /^I10: /);

  const recording = Story.ready(alone).keys("1250=").scan("281234567890123456", "alipay");
  const { outTradeNo } = recording.order.intent;
  const recorded = {
    type: "payment",
    outTradeNo,
    event: { type: "recorded", state: "charging" },
  } as const;
  const leaves = step(recording.box, recorded, stampAt(0), alone);
  assert.equal(violationOf(recording.box, leaves, recorded, alone), null);
  const untrusted = { ...leaves, box: { ...leaves.box, clockTrusted: false } };
  assert.match(violationOf(recording.box, untrusted, recorded, alone) ?? "", /^precondition: /);

  const reversing = refusedAsTooLate();
  const { intent } = reversing.order;
  const gives: Effect = { type: "undo", intent, host: null, way: "refund" };
  assert.match(objectionTo(gives, reversing.box, reversing.box, event) ?? "", /^refund: /);
});

test("a scan in the moment in which the clock is found again is not charged for what nobody could read", () => {
  const story = Story.ready(alone);
  story.clockTrusted = false;
  story.keys("1250=");
  assert.equal(story.text, "out-of-service");
  story.clockTrusted = true;
  story.scan("281234567890123456", "alipay");
  assert.equal(story.box.orders.size, 0);
  assert.notEqual(story.text, "out-of-service");
});

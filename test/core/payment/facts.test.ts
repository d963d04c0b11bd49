/** What a provider may say of itself that WeChat Pay v2 does not (money rules 6, 10 and 18). */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProviderFacts, UndoFacts } from "../../../src/core/payment/provider.ts";
import { providerBlockerOf } from "../../../src/core/payment/readiness.ts";
import type { Rules } from "../../../src/core/payment/rules.ts";
import { provider, providerOf } from "./reachable.ts";
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
  assert.deepEqual(calls(story), ["query refund"]);
  story.query({ kind: "absent" }, "c").wait(2_000);
  assert.deepEqual(calls(story), ["refund"]);
});

test("what can be refunded no more is for people", () => {
  const story = refusedAsTooLate().query({ kind: "paid", transactionId: "7" }, "c").wait(2_000);
  story.reverse({ kind: "expired" });
  assert.deepEqual(outcome(story), ["manual", "reverse-expired"]);
});

/** Finding out what became of a charge: what each answer makes of it, and when the next question is due (money rule 8). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { advance } from "../../../src/core/payment/advance.ts";
import type { OpenOrder } from "../../../src/core/payment/order.ts";
import type { Rules } from "../../../src/core/payment/rules.ts";
import { stampAt, withProvider } from "./reachable.ts";
import { keypadRules, Story } from "./story.ts";

const silence = { kind: "unknown", why: "silence", signed: false } as const;
const unpaid = { kind: "unpaid", paying: false } as const;
const untold = { kind: "unpaid", paying: null } as const;
const paid = { kind: "paid", transactionId: "42" } as const;
const codeRules: Rules = withProvider(keypadRules, { offersCode: true });

function alarmsOf(story: Story) {
  return story.effects.flatMap((effect) => (effect.type === "alarm" ? [effect.alarm] : []));
}

function askingOf({ order: { phase } }: Story) {
  assert.ok(phase.name === "asking", phase.name);
  return phase;
}

/** The verdict that is on its way into the journal. */
function verdictOf({ order: { phase } }: Story) {
  assert.ok(phase.name === "recording-outcome", phase.name);
  return [phase.verdict.state, phase.verdict.charged, phase.verdict.reason];
}

/** The reason of a reversal that is on its way into the journal. */
function bookedFor({ order: { phase } }: Story) {
  assert.ok(phase.name === "recording-reversal", phase.name);
  return phase.reason;
}

function offered(): Story {
  const story = Story.ready(codeRules).keys("1250=").post({ type: "code-wanted" }).recorded().wait(300);
  return story.charge({ kind: "ordered", codeUrl: "weixin://pay" });
}

function openOrder(rules: Rules = keypadRules): OpenOrder {
  const story = Story.ready(rules).payTo();
  const [last] = story.records();
  assert.ok(last !== undefined);
  return { intent: story.order.intent, last };
}

test("the answer to a charge says when it left at the latest, when it came back and whom it had reached", () => {
  const quick = Story.ready().payTo().wait(300).charge({ kind: "pending" });
  const { sentAt, answeredAt, chargedAt, chargedHost, inFlight } = quick.order;
  assert.deepEqual([sentAt, answeredAt, chargedAt, chargedHost, inFlight], [300, 300, 0, "a", null]);
  const slow = Story.ready().payTo().wait(12_000).charge({ kind: "pending" });
  assert.deepEqual([slow.order.sentAt, slow.order.answeredAt], [10_000, 12_000]);
});

test("a password is waited for before the first question, anything unclear is asked about at once", () => {
  for (const [answer, about, next, query] of [
    [{ kind: "pending" }, "password", 5_300, false],
    [{ kind: "refused-unconfirmed", code: "TRADE_ERROR" }, "refused-unconfirmed", 300, true],
    [silence, "unclear", 300, true],
  ] as const) {
    const story = Story.ready().payTo().wait(300).charge(answer);
    assert.deepEqual(
      { ...askingOf(story), last: false },
      { name: "asking", about, codeUrl: null, giveUpAt: 45_000, next, last: false },
    );
    assert.equal(story.order.inFlight?.call === "query", query);
    assert.equal(askingOf(story).last, false);
  }
});

test("a code of ours stands for five minutes from its booking and is asked about every five seconds", () => {
  const story = offered();
  assert.deepEqual(askingOf(story), {
    ...{ name: "asking", about: "scan", codeUrl: "weixin://pay", giveUpAt: 300_000 },
    ...{ next: 5_300, last: false },
  });
  story.wait(5_000).query(unpaid);
  assert.deepEqual([askingOf(story).about, askingOf(story).codeUrl], ["scan", "weixin://pay"]);
  story.wait(5_000).query({ kind: "unpaid", paying: true });
  assert.equal(askingOf(story).about, "password");
  story.wait(5_000).query(silence);
  assert.equal(askingOf(story).about, "password", "silence says nothing new");
});

test("each answer to a question makes of the order what it proves", () => {
  const asked = () => Story.ready().payTo().charge(silence);
  assert.deepEqual(verdictOf(asked().query(paid)), ["paid", "yes", null]);
  const refunded = asked().query({ kind: "refunded", transactionId: "42" });
  assert.deepEqual(verdictOf(refunded), ["paid", "yes", null], "nobody knows how much went back");
  assert.deepEqual(alarmsOf(refunded), ["refunded-by-others"]);
  const unproved = asked().query({ kind: "refunded", transactionId: null });
  assert.equal(askingOf(unproved).about, "unclear");
  const closed = asked().query({ kind: "closed", paidOnce: false, transactionId: null });
  assert.deepEqual(verdictOf(closed), ["reversed", "no", "closed-by-provider"]);
  const back = asked().query({ kind: "closed", paidOnce: true, transactionId: "42" });
  assert.deepEqual(verdictOf(back), ["refunded", "no", "closed-by-provider"]);
  assert.equal(bookedFor(asked().query({ kind: "failed" })), "pay-error");
  assert.deepEqual([...alarmsOf(closed), ...alarmsOf(back)], []);
});

test("an order that was refused unclearly goes back as soon as a signed answer finds it unpaid", () => {
  const disputed = () => Story.ready().payTo().charge({ kind: "refused-unconfirmed", code: "TRADE_ERROR" });
  for (const answer of [unpaid, { kind: "absent" }] as const) {
    assert.equal(bookedFor(disputed().query(answer)), "refused-unclear", answer.kind);
  }
  for (const answer of [silence, { kind: "not-sent", why: "no-name" }] as const) {
    assert.equal(askingOf(disputed().query(answer)).about, "refused-unconfirmed", answer.kind);
  }
  assert.deepEqual(verdictOf(disputed().query(paid)), ["paid", "yes", null]);
});

test("what is shown follows what the last signed answer said", () => {
  const story = Story.ready().payTo().charge(silence).query({ kind: "unpaid", paying: true });
  assert.equal(askingOf(story).about, "password");
  story.wait(5_000).query({ kind: "absent" });
  assert.equal(askingOf(story).about, "password");
  story.wait(5_000).query(unpaid);
  assert.equal(askingOf(story).about, "unclear");
});

test("the question at the end of the time is the last one, whatever it brings", () => {
  for (const answer of [unpaid, { kind: "unpaid", paying: true }, { kind: "absent" }, silence] as const) {
    const story = Story.ready().payTo().charge(silence);
    story.wait(43_000).query(unpaid);
    assert.deepEqual([askingOf(story).next, askingOf(story).last], [45_000, false], "not beyond the end");
    story.wait(2_000);
    assert.equal(askingOf(story).last, true);
    assert.equal(bookedFor(story.query(answer)), "gave-up");
  }
});

test("a charge that took longer than the time is asked about once, at once", () => {
  const story = Story.ready().payTo().wait(50_000).charge(silence);
  assert.deepEqual([askingOf(story).giveUpAt, askingOf(story).last], [50_000, true]);
});

test("a charge that nobody wants any more goes back where it may have moved money", () => {
  const cancelled = () => Story.ready().payTo().keys("X");
  for (const answer of [{ kind: "pending" }, { kind: "refused-unconfirmed", code: "X" }, silence] as const) {
    assert.equal(bookedFor(cancelled().charge(answer)), "cancelled-by-person", answer.kind);
  }
  assert.deepEqual(verdictOf(cancelled().charge(paid)), ["paid", "yes", null]);
  const shown = Story.ready(codeRules).keys("1=").post({ type: "code-wanted" }).recorded().keys("X");
  assert.equal(bookedFor(shown.charge({ kind: "ordered", codeUrl: "weixin://pay" })), "cancelled-by-person");
  const lost = Story.ready(codeRules).keys("1=").post({ type: "code-wanted" }).recorded();
  assert.equal(bookedFor(lost.charge(silence)), "gave-up");
});

test("a charge that was not sent says why", () => {
  const old = Story.ready().payTo().charge({ kind: "not-sent", why: "too-late" });
  assert.deepEqual(verdictOf(old), ["declined", "no", "stale"]);
  const cut = Story.ready().payTo().charge({ kind: "not-sent", why: "no-trust" });
  assert.deepEqual(verdictOf(cut), ["declined", "no", "not-sent"]);
});

test("the look at a decline ends it, unless nobody answered or money had moved", () => {
  const looked = () => {
    const story = Story.ready().payTo().charge({ kind: "declined", reason: "card", code: "NOTSUPORTCARD" });
    story.recorded().wait(30_000);
    story.take();
    return story;
  };
  for (const answer of [
    ...([{ kind: "absent" }] as const),
    ...([{ kind: "closed", paidOnce: false, transactionId: null }] as const),
  ]) {
    const story = looked();
    const { outTradeNo } = story.order.intent;
    story.query(answer);
    assert.deepEqual(story.effects, [
      { type: "note", entry: { kind: "checked", outTradeNo, at: "2027-01-15T08:00:30.000Z" } },
    ]);
    assert.equal(story.box.orders.size, 0, answer.kind);
  }
  for (const answer of [silence, { kind: "not-sent", why: "no-name" }] as const) {
    const { phase } = looked().query(answer).order;
    assert.ok(phase.name === "final" && phase.check === 60_000, answer.kind);
  }
  for (const answer of [
    ...([paid, { kind: "refunded", transactionId: "42" }, { kind: "failed" }] as const),
    ...([{ kind: "unpaid", paying: true }] as const),
  ]) {
    const moved = looked().query(answer);
    assert.equal(bookedFor(moved), "contradiction", answer.kind);
    assert.deepEqual(alarmsOf(moved), ["contradiction"]);
  }
});

test("a decline that stands unpaid is looked at three times, also where nobody tells whether somebody still pays", () => {
  const story = Story.ready().payTo().charge({ kind: "declined", reason: "funds", code: "NOTENOUGH" });
  story.recorded();
  for (const looks of [1, 2]) {
    const { phase } = story.wait(30_000).query(looks === 1 ? unpaid : untold).order;
    assert.deepEqual(phase.name === "final" && [phase.looks, phase.check], [looks, 30_000 * (looks + 1)]);
  }
  story.take();
  story.wait(30_000).query(unpaid);
  assert.deepEqual(story.take().slice(-2), ["query", "note"]);
  assert.equal(story.box.orders.size, 0);
});

test("a decline that stands unpaid, and that somebody may still pay as far as anybody tells, is taken back at the third look", () => {
  const story = Story.ready().payTo().charge({ kind: "declined", reason: "funds", code: "NOTENOUGH" });
  story.recorded();
  for (const _ of [1, 2]) story.wait(30_000).query(untold);
  story.wait(30_000).query(untold);
  assert.equal(bookedFor(story), "contradiction");
  assert.deepEqual(alarmsOf(story), ["contradiction"]);
});

test("goods are withheld from a payment of which the merchant gave something back", () => {
  const relay = { fenPerPulse: 50, onAmbiguous: "hold" } as const;
  const story = Story.ready({ ...keypadRules, relay }).post({ type: "relay-changed", ready: true });
  story.payTo().charge(silence);
  story.query({ kind: "refunded", transactionId: "42" });
  assert.deepEqual(story.order.goods, { pulses: 25, outcome: "withheld" });
  assert.equal(story.text, "checking");
  story.recorded();
  assert.equal(story.text, "vend-unclear");
  assert.equal(story.records().at(-1)?.final, true);
});

test("a payment found after a restart is late, and goes back where the setting says so", () => {
  const kept = new Story(keypadRules, [openOrder()]).query(paid);
  assert.deepEqual(verdictOf(kept), ["paid", "yes", null]);
  assert.deepEqual(alarmsOf(kept), []);
  const back = new Story({ ...keypadRules, late: "reverse" }, [openOrder()]).query(paid);
  assert.equal(bookedFor(back), "late-reversed");
  assert.ok(back.order.seenPaid && back.order.transactionId === "42");
  const ours = new Story({ ...keypadRules, late: "reverse" }, [openOrder()]);
  ours.query({ kind: "refunded", transactionId: "42" });
  assert.deepEqual([bookedFor(ours), ...alarmsOf(ours)], ["late-reversed", "refunded-by-others"]);
  const relay = { fenPerPulse: 50, onAmbiguous: "hold" } as const;
  const order = openOrder();
  const bought = { ...order, intent: { ...order.intent, pulses: 25 } };
  const withheld = new Story({ ...keypadRules, relay }, [bought]).query(paid);
  assert.deepEqual(alarmsOf(withheld), ["goods-withheld"]);
  assert.deepEqual(withheld.order.goods, { pulses: 25, outcome: "withheld" });
});

test("an answer to a charge that is not under way is a defect", () => {
  const { order } = Story.ready().payTo().charge({ kind: "pending" });
  const inFlight = { ...order, inFlight: { call: "charge", at: stampAt(0).at } } as const;
  const event = { type: "charge-answered", host: "a", answer: paid } as const;
  assert.throws(() => advance(inFlight, event, stampAt(0), keypadRules), { name: "Defect" });
});

test("where the provider does not tell whether somebody types, the word of the charge stands", () => {
  const typing = Story.ready().payTo().charge({ kind: "pending" }).wait(5_000).query(untold);
  assert.equal(askingOf(typing).about, "password");
  assert.equal(askingOf(typing.wait(5_000).query(unpaid)).about, "unclear");
  assert.equal(askingOf(typing.wait(5_000).query(untold)).about, "unclear");
  assert.equal(askingOf(offered().wait(5_000).query(untold)).about, "scan");
});

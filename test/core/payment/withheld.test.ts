/** The preconditions of a charge are those of the moment in which it leaves (money rules 4 and 12). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { mayMoveOn } from "../../../src/core/payment/readiness.ts";
import { Story } from "./story.ts";

const forged = { kind: "unknown", why: "bad-signature", signed: false } as const;
const silence = { kind: "unknown", why: "silence", signed: false } as const;

/** An order whose intent is on its way into the journal, behind it a reversal with a query under way. */
function waiting(): Story {
  const story = Story.ready().payTo().charge({ kind: "pending" }).keys("X").recorded();
  story.wait(15_000).reverse({ kind: "done" }).wait(5_000).keys("=1250=").scan("134567890123456780");
  assert.equal(story.order.phase.name, "recording");
  story.take();
  return story;
}

/** The order behind. */
function behind(story: Story): string {
  const [outTradeNo] = story.box.orders.keys();
  assert.ok(outTradeNo !== undefined);
  return outTradeNo;
}

test("a charge leaves where nothing has happened meanwhile", () => {
  assert.deepEqual(waiting().recorded().take(), ["charge"]);
});

test("a charge whose box has lost its trust while the intent was written never leaves", () => {
  for (const answer of [forged, silence]) {
    const story = waiting();
    const event = { type: "query-answered", host: "a", answer } as const;
    story.post({ type: "payment", outTradeNo: behind(story), event }).take();
    story.recorded();
    assert.ok(!story.take().includes("charge"));
    const last = story.records().at(-1);
    assert.equal(last, undefined, "taken with the effects");
    assert.ok(story.order.phase.name === "recording-outcome");
    assert.deepEqual(story.order.phase.verdict, {
      ...{ state: "declined", charged: "no", reason: "not-ready", late: false },
    });
    assert.equal(story.order.counts.charge, 0);
    story.recorded();
    assert.deepEqual(story.display, ["NOT PAID  ¥12.50", "Try again later "]);
    assert.equal(story.box.orders.size, 1, "nothing is looked at later: nothing was sent");
  }
});

test("what was cancelled or has grown old says so first", () => {
  const lose = (story: Story) =>
    story.post({
      ...{ type: "payment", outTradeNo: behind(story) },
      event: { type: "query-answered", host: "a", answer: forged },
    });
  const cancelled = waiting().keys("X");
  lose(cancelled).recorded();
  assert.ok(cancelled.order.phase.name === "recording-outcome");
  assert.equal(cancelled.order.phase.verdict.state, "cancelled");
  const old = waiting();
  lose(old).wait(10_000).recorded();
  assert.ok(old.order.phase.name === "recording-outcome");
  assert.equal(old.order.phase.verdict.reason, "stale");
});

test("a scanner that was pulled out after the code was read keeps nothing back", () => {
  const story = waiting().post({ type: "scanner-changed", ready: false }).recorded();
  assert.ok(story.take().includes("charge"));
});

test("where the goods cannot be given any more nothing is charged for them", () => {
  for (const event of [
    { type: "relay-changed", ready: false },
    { type: "inhibit-changed", inhibited: true },
  ] as const) {
    const story = waiting().post(event).recorded();
    assert.ok(!story.take().includes("charge"), event.type);
  }
});

test("a charge moves to another host under the same preconditions, and never after a broken invariant", () => {
  const may = (story: Story, violation: string | null = null): boolean =>
    mayMoveOn({ ...story.box, violation }, story.order.intent, story.rules);
  const sent = waiting().recorded();
  assert.equal(may(sent), true);
  assert.equal(may(sent, "I5"), false);
  const event = { type: "query-answered", host: "a", answer: forged } as const;
  sent.post({ type: "payment", outTradeNo: behind(sent), event });
  assert.equal(may(sent), false);
});

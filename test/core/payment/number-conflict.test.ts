/** An order whose number is known at WeChat Pay already: recorded first, then only asked about (money rule 2). */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { QueryAnswer } from "../../../src/core/payment/answers.ts";
import type { OpenOrder } from "../../../src/core/payment/order.ts";
import { keypadRules, Story } from "./story.ts";

const silence = { kind: "unknown", why: "silence", signed: false } as const;
const paid = { kind: "paid", transactionId: "42" } as const;
const open = { kind: "foreign", state: "open" } as const;

/** Known there, durable, and the first question is under way. */
function taken(): Story {
  return Story.ready().payTo().charge({ kind: "number-conflict", code: "ORDERPAID" }).recorded();
}

function alarmsOf(story: Story) {
  return story.effects.flatMap((effect) => (effect.type === "alarm" ? [effect.alarm] : []));
}

/** How the order ends, null while it does not. */
function endOf({ order: { phase } }: Story) {
  if (phase.name !== "recording-outcome") return null;
  const { state, charged, reason } = phase.verdict;
  return [state, charged, reason];
}

const manual = ["manual", "unknown", "number-conflict"];

/** The order as the journal has it by its newest money record. */
function inJournal(story: Story): OpenOrder {
  const last = story.records().at(-1);
  assert.ok(last !== undefined);
  return { intent: story.order.intent, last };
}

test("nothing leaves before it is durable that the number is known there", () => {
  const story = Story.ready().payTo();
  story.take();
  story.charge({ kind: "number-conflict", code: "OUT_TRADE_NO_USED" }).wait(600_000);
  assert.deepEqual(story.take(), ["record"]);
  assert.deepEqual(story.order.phase, { name: "recording-conflict", reversalRecorded: false });
  story.recorded();
  assert.deepEqual(story.take(), ["query"]);
});

test("only a payment that bears our mark is ours", () => {
  const ends: readonly (readonly [QueryAnswer, readonly (string | null)[] | null])[] = [
    [paid, ["paid", "yes", null]],
    [{ ...paid, unmarked: true }, manual],
    [{ kind: "foreign", state: "paid" }, manual],
    [{ kind: "refunded", transactionId: "42" }, ["paid", "yes", null]],
    [{ kind: "refunded", transactionId: "42", unmarked: true }, manual],
    [{ kind: "refunded", transactionId: null }, manual],
    [{ kind: "closed", paidOnce: false, transactionId: null }, ["reversed", "no", "closed-by-provider"]],
    [{ kind: "foreign", state: "closed" }, ["reversed", "no", "number-conflict"]],
    [open, null],
    [{ kind: "unpaid", paying: true }, null],
    [{ kind: "failed" }, null],
    [{ kind: "absent" }, null],
    [silence, null],
    [{ kind: "not-sent", why: "no-name" }, null],
  ];
  for (const [answer, end] of ends) {
    assert.deepEqual(endOf(taken().query(answer)), end, JSON.stringify(answer));
  }
});

test("it is asked about every five seconds and never reversed, whoever wants that, and left to people at the end", () => {
  const story = taken();
  const { bootMark } = story.box.numbering;
  story.keys("X");
  for (let round = 0; round < 9; round += 1) story.query({ kind: "unpaid", paying: true }).wait(5_000);
  assert.ok(story.order.phase.name === "number-conflict" && story.order.phase.last);
  assert.equal(endOf(story), null);
  story.query(silence);
  assert.deepEqual(endOf(story), manual);
  assert.deepEqual(alarmsOf(story), ["number-conflict"]);
  assert.notEqual(story.box.numbering.bootMark, bootMark, "new numbers are drawn");
  assert.ok(!story.effects.some(({ type }) => type === "undo"));
  assert.ok(story.records().every(({ state }) => state !== "reversing"));
});

test("a cancellation before the answer changes nothing: what may be another's is not taken back", () => {
  const story = Story.ready().payTo().keys("X").charge({ kind: "number-conflict", code: "ORDERPAID" });
  assert.deepEqual(story.order.phase, { name: "recording-conflict", reversalRecorded: false });
});

test("a restart goes on asking and reverses nothing", () => {
  const story = new Story(keypadRules, [inJournal(taken())]);
  assert.ok(story.order.phase.name === "number-conflict" && !story.order.phase.reversalRecorded);
  assert.deepEqual(
    story.take().filter((type) => type === "query"),
    ["query"],
  );
  assert.deepEqual(endOf(story.query(paid)), ["paid", "yes", null]);
  const silent = new Story(keypadRules, [inJournal(taken())]).query(silence);
  for (let round = 0; round < 9; round += 1) silent.wait(5_000).query(silence);
  assert.deepEqual(endOf(silent), manual);
});

test("without the journal it is asked about and nothing is claimed", () => {
  const story = Story.ready().payTo().charge({ kind: "number-conflict", code: "ORDERPAID" });
  story.happens({ type: "record-failed", state: "charging" });
  assert.equal(story.order.phase.name, "unrecorded");
});

test("a query that shows somebody else's mark does the same to any order", () => {
  const asking = () => Story.ready().payTo().charge(silence);
  assert.deepEqual(endOf(asking().query({ kind: "foreign", state: "paid" })), manual);
  assert.deepEqual(endOf(asking().query({ kind: "foreign", state: "closed" })), [
    ...["reversed", "no", "number-conflict"],
  ]);
  assert.deepEqual(asking().query(open).order.phase, { name: "recording-conflict", reversalRecorded: false });
});

test("a reversal that meets somebody else's order stops, and such an order never becomes paid", () => {
  const reversing = () =>
    Story.ready()
      .payTo()
      .charge(silence)
      .query(silence)
      .keys("X")
      .recorded()
      .wait(15_000)
      .reverse({ kind: "done" });
  assert.deepEqual(endOf(reversing().query({ kind: "foreign", state: "paid" })), manual);
  const story = reversing().query(open);
  assert.deepEqual(story.order.phase, { name: "recording-conflict", reversalRecorded: true });
  story.take();
  const order = inJournal(reversing().query(open));
  assert.deepEqual([order.last.state, order.last.reason], ["reversing", "number-conflict"]);
  assert.deepEqual(endOf(story.recorded().query(paid)), manual);
  assert.deepEqual(endOf(new Story(keypadRules, [order]).query(paid)), manual);
  const refunded = new Story(keypadRules, [order]).query({ kind: "refunded", transactionId: "42" });
  assert.deepEqual(endOf(refunded), manual);
});

test("somebody else's order that shows while the reversal is on its way into the journal is not reversed", () => {
  const story = Story.ready().payTo().charge(silence).keys("X");
  assert.deepEqual(story.query(open).order.phase, {
    ...{ name: "recording-reversal", reason: "cancelled-by-person", taken: true },
  });
  story.recorded();
  assert.deepEqual(story.order.phase, { name: "recording-conflict", reversalRecorded: true });
  story.recorded().take();
  story.query(silence).wait(600_000);
  assert.ok(!story.take().includes("undo"));
});

test("a decline stays one where somebody else's order is found under its number", () => {
  const story = Story.ready().payTo().charge({ kind: "declined", reason: "funds", code: "NOTENOUGH" });
  story.recorded().wait(30_000).query({ kind: "foreign", state: "paid" });
  assert.deepEqual(alarmsOf(story), ["number-conflict"]);
  assert.equal(story.box.orders.size, 0);
});

/** Taking a charge back: when it is asked for again, when an absence counts, when operators are told (money rule 9). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { noAbsences } from "../../../src/core/payment/absence.ts";
import { advance } from "../../../src/core/payment/advance.ts";
import type { Payment } from "../../../src/core/payment/payment.ts";
import { reverseFrom } from "../../../src/core/payment/reversal.ts";
import { stampAt } from "./reachable.ts";
import { keypadRules, Story } from "./story.ts";

const silence = { kind: "unknown", why: "silence", signed: false } as const;
const unpaid = { kind: "unpaid", paying: false } as const;
const absent = { kind: "absent" } as const;

/** A payment that was charged at 0 and cancelled at once; its first reversal is under way at 15 s. */
function reversing(): Story {
  return Story.ready().payTo().charge({ kind: "pending" }).keys("X").recorded().wait(15_000);
}

/** The same with the query after an answered reversal under way. */
function confirming(): Story {
  return reversing().reverse({ kind: "done" });
}

function alarmsOf(story: Story) {
  return story.effects.flatMap((effect) => (effect.type === "alarm" ? [effect.alarm] : []));
}

function phaseOf({ order: { phase } }: Story) {
  assert.ok(phase.name === "reversing", phase.name);
  return phase;
}

test("a reversal begins with nothing known, and its first request waits for the charge to be 15 s old", () => {
  const story = Story.ready().payTo().wait(2_000).charge({ kind: "pending" }).keys("X").recorded();
  assert.deepEqual(story.order.phase, {
    name: "reversing",
    reason: "cancelled-by-person",
    since: 2_000,
    next: { call: "undo", at: 17_000 },
    rounds: 0,
    heard: "nothing",
    absences: noAbsences,
    asks: 0,
    overdue: "no",
    alarmed: false,
  });
  const late = Story.ready().payTo().charge({ kind: "pending" }).wait(44_000).query(unpaid).keys("X");
  assert.deepEqual(phaseOf(late.recorded()).next, { call: "undo", at: 44_000 });
  assert.deepEqual(late.order.inFlight, { call: "undo", at: 44_000 }, "it leaves at once");
});

test("a reversal remembers the last signed answer, and a query follows in any case", () => {
  const refused = { kind: "unknown", why: "configuration", signed: true } as const;
  for (const [answer, heard] of [
    [{ kind: "done" }, "done"],
    [{ kind: "again", code: "SYSTEMERROR" }, "again"],
    [{ kind: "paid" }, "again"],
    [refused, "refused"],
    [silence, "nothing"],
    [{ kind: "not-sent", why: "no-connection" }, "nothing"],
  ] as const) {
    const story = reversing().reverse(answer);
    assert.equal(phaseOf(story).heard, heard, answer.kind);
    assert.equal(story.order.seenPaid, false, "whose payment it is only a query tells");
    assert.equal(story.order.inFlight?.call, "query");
  }
});

test("an order that WeChat can no longer reverse is left to people, who are told", () => {
  const story = reversing();
  story.take();
  story.reverse({ kind: "expired" });
  assert.deepEqual(alarmsOf(story), ["reverse-expired"]);
  assert.equal(story.order.phase.name, "recording-outcome");
});

test("between two reversals lie the waits, each longer or shorter by up to a quarter", () => {
  const { order, now, rules } = confirming();
  const event = { type: "query-answered", host: "a", answer: unpaid } as const;
  for (const [chance, wait] of [
    [0, 750],
    [2 ** 30, 875],
    [2 ** 31, 1_000],
    [2 ** 32 - 1, 1_250],
  ] as const) {
    const { payment } = advance(order, event, { ...stampAt(now), chance: [chance, 0, 0, 0] }, rules);
    assert.ok(payment.phase.name === "reversing");
    assert.deepEqual(payment.phase.next, { call: "undo", at: now + wait });
    assert.equal(payment.phase.rounds, 1);
  }
});

test("the waits grow, and the last one repeats", () => {
  const story = confirming();
  const waits: number[] = [];
  for (let round = 0; round < 8; round += 1) {
    story.query(unpaid);
    const from = story.now;
    story.wait(phaseOf(story).next.at - from);
    waits.push(story.now - from);
    assert.equal(story.order.inFlight?.call, "undo");
    story.reverse({ kind: "again", code: null });
  }
  assert.deepEqual(waits, [1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 60_000, 60_000]);
});

test("two absences end a reversal, each asked for at least a minute after the charge was last in flight", () => {
  const story = confirming().query(absent);
  assert.deepEqual(phaseOf(story).absences.hosts, [], "too early to count");
  assert.deepEqual(phaseOf(story).next, { call: "query", at: 60_000 });
  story.wait(45_000);
  assert.equal(story.now, 60_000);
  story.query(absent);
  assert.deepEqual(phaseOf(story).absences.hosts, ["a"]);
  assert.deepEqual(phaseOf(story).next, { call: "query", at: 61_000 });
  story.wait(1_000).query(absent, "b");
  assert.ok(story.order.phase.name === "recording-outcome");
  assert.deepEqual(story.order.phase.verdict, {
    ...{ state: "reversed", charged: "no", reason: "cancelled-by-person", late: false },
  });
});

test("absences count where reversals are refused too: nobody says what one of an absent order is answered with", () => {
  const refused = { kind: "unknown", why: "configuration", signed: true } as const;
  const story = reversing()
    .reverse(refused)
    .query(absent)
    .wait(45_000)
    .query(absent)
    .wait(1_000)
    .query(absent);
  assert.equal(story.order.phase.name, "recording-outcome");
});

test("a refund confirms a reversal, and is told of where the reversal was not said to be done", () => {
  const refund = { kind: "refunded", transactionId: "42" } as const;
  for (const [answer, alarms] of [
    [{ kind: "done" }, []],
    [{ kind: "again", code: "TRADE_ERROR" }, ["refunded-by-others"]],
    [silence, ["refunded-by-others"]],
  ] as const) {
    const story = reversing();
    story.take();
    story.reverse(answer).query(refund);
    assert.ok(story.order.phase.name === "recording-outcome");
    assert.equal(story.order.phase.verdict.state, "refunded");
    assert.deepEqual(alarmsOf(story), alarms, answer.kind);
  }
  const undone = confirming().query(unpaid).wait(2_000);
  undone.take();
  undone.reverse({ kind: "again", code: "TRADE_ERROR" }).query(refund);
  assert.deepEqual(
    alarmsOf(undone),
    ["refunded-by-others"],
    "it was there after it had been said to be done",
  );
});

test("absences count only where the host that was charged is among those that say so", () => {
  const story = confirming().query(absent).wait(45_000).query(absent, "b").wait(1_000).query(absent, "b");
  assert.deepEqual(phaseOf(story).absences.hosts, ["b", "b"]);
  story.wait(1_000).query(absent, "a");
  assert.equal(story.order.phase.name, "recording-outcome");
});

test("an order that exists after all makes every absence before it void", () => {
  for (const answer of [unpaid, { kind: "failed" }] as const) {
    const story = confirming().query(absent).wait(45_000).query(absent).wait(1_000).query(answer);
    assert.deepEqual(phaseOf(story).absences.hosts, [], answer.kind);
    story.wait(2_000).reverse({ kind: "again", code: null }).query(absent);
    assert.deepEqual(phaseOf(story).absences.hosts, ["a"], "the first one of two again");
  }
  const silent = confirming().query(absent).wait(45_000).query(absent).wait(1_000).query(silence);
  assert.deepEqual(phaseOf(silent).absences.hosts, ["a"], "silence says nothing about it");
});

test("an absence means nothing before a reversal was answered, or once money was seen to move", () => {
  const unanswered = reversing().reverse(silence).query(absent);
  assert.equal(phaseOf(unanswered).next.call, "undo");
  const paid = confirming().query({ kind: "paid", transactionId: "42" }).wait(1_000);
  paid.reverse({ kind: "done" }).query(absent);
  assert.equal(phaseOf(paid).next.call, "undo");
});

test("a reversal that is open for five minutes is told of once, counted from when it could first be sent", () => {
  const early = confirming();
  early.now = 314_999;
  assert.deepEqual(alarmsOf(early.query(unpaid)), []);
  assert.equal(phaseOf(early).alarmed, false);
  const story = confirming();
  story.now = 315_000;
  assert.deepEqual(alarmsOf(story.query(unpaid)), ["reversal-open"]);
  story.wait(1_000).reverse({ kind: "again", code: null }).query(unpaid);
  assert.deepEqual(alarmsOf(story), ["reversal-open"]);
  const absence = confirming();
  absence.now = 315_000;
  assert.deepEqual(alarmsOf(absence.query(absent)), ["reversal-open"], "whatever it waits for");
});

test("a reversal out of turn is a defect", () => {
  const asking: Payment = Story.ready().payTo().charge({ kind: "pending" }).order;
  assert.throws(() => reverseFrom(asking, stampAt(0), keypadRules), { name: "Defect" });
  const inFlight: Payment = { ...asking, inFlight: { call: "undo", at: stampAt(0).at } };
  const event = { type: "undo-answered", host: "a", answer: { kind: "done" } } as const;
  assert.throws(() => advance(inFlight, event, stampAt(0), keypadRules), { name: "Defect" });
});

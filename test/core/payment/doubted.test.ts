/** An order whose last row is lost: it is asked about and told, never reversed, and stands in nobody's way (money rule 16). */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { QueryAnswer } from "../../../src/core/payment/answers.ts";
import { brokenBy } from "../../../src/core/payment/box-check.ts";
import type { OpenOrder, TxData } from "../../../src/core/payment/order.ts";
import type { Payment } from "../../../src/core/payment/payment.ts";
import { blockerOf, UNRESOLVED_MAX } from "../../../src/core/payment/readiness.ts";
import type { Rules } from "../../../src/core/payment/rules.ts";
import { keypadRules, Story } from "./story.ts";

const reversing: Rules = { ...keypadRules, late: "reverse" };
const unpaid = { kind: "unpaid", paying: false } as const;
const silence = { kind: "unknown", why: "silence", signed: false } as const;

function doubtedOrder(changes: Partial<TxData> = {}): OpenOrder {
  const story = Story.ready().payTo();
  const [last] = story.records();
  assert.ok(last !== undefined);
  return { intent: story.order.intent, last: { ...last, ...changes }, doubted: true };
}

function started(rules = reversing, order = doubtedOrder()): Story {
  return new Story(rules, [order]);
}

function alarmsOf(story: Story) {
  return story.effects.flatMap((effect) =>
    effect.type === "alarm" ? [[effect.alarm, effect.outTradeNo]] : [],
  );
}

function endOf(story: Story) {
  const end = story.records().at(-1);
  return [end?.state, end?.charged, end?.reason, end?.final];
}

/** Asks and answers until `milliseconds` are over. */
function answered(story: Story, answer: QueryAnswer, milliseconds: number): Story {
  const end = story.now + milliseconds;
  while (story.now < end && story.order.phase.name === "doubted") {
    if (story.order.inFlight !== null) story.query(answer);
    else story.wait(1_000);
  }
  return story;
}

test("where somebody else's order stands under its number, only one that can still become paid is asked about again", () => {
  for (const [state, end] of [
    ["paid", ["manual", "unknown", "journal-damaged", true]],
    ["closed", ["reversed", "no", "journal-damaged", true]],
    ["open", null],
  ] as const) {
    const story = started().query({ kind: "foreign", state });
    if (end === null) assert.equal(story.order.phase.name, "doubted");
    else assert.deepEqual(endOf(story), end, state);
  }
});

test("it is told and asked about at once", () => {
  const story = started();
  assert.deepEqual(alarmsOf(story), [["journal-damaged", story.order.intent.outTradeNo]]);
  assert.equal(story.order.phase.name, "doubted");
  assert.equal(story.order.inFlight?.call, "query");
});

test("found paid it goes to people under its own number, where late payments are kept and where they are reversed", () => {
  for (const rules of [keypadRules, reversing]) {
    for (const answer of [
      { kind: "paid", transactionId: "42" },
      { kind: "refunded", transactionId: "42" },
    ] as const) {
      const order = doubtedOrder();
      const story = started(rules, order);
      story.effects.length = 0;
      story.query(answer);
      assert.deepEqual(endOf(story), ["manual", "unknown", "journal-damaged", true]);
      const [end] = story.records();
      assert.deepEqual([end?.outTradeNo, end?.transactionId], [order.intent.outTradeNo, "42"]);
      assert.deepEqual(
        alarmsOf(story).map(([name]) => name),
        ["journal-damaged"],
      );
      story.recorded();
      assert.equal(story.box.orders.size, 0);
    }
  }
});

test("a signed close ends it: reversed, or refunded where money had moved", () => {
  for (const [paidOnce, state] of [
    [false, "reversed"],
    [true, "refunded"],
  ] as const) {
    const story = started().query({ kind: "closed", paidOnce, transactionId: null });
    assert.deepEqual(endOf(story), [state, "no", "closed-by-provider", true]);
  }
});

test("while it stands unpaid, and while nobody answers, it is asked about for ever and never reversed", () => {
  for (const answer of [unpaid, { kind: "failed" }, silence, { kind: "not-sent", why: "no-name" }] as const) {
    const story = answered(started(), answer, 3 * 3_600_000);
    assert.equal(story.order.phase.name, "doubted");
    const calls = story.effects.flatMap(({ type }) => (type === "query" || type === "undo" ? [type] : []));
    assert.deepEqual([...new Set(calls)], ["query"]);
    assert.ok(calls.length < 3 * 60 + 10, `${calls.length} questions in three hours`);
    assert.deepEqual(story.records(), []);
  }
});

test("it takes the hosts in turn", () => {
  const story = answered(started(), unpaid, 60_000);
  const hosts = story.effects.flatMap((effect) => (effect.type === "query" ? [effect.host] : []));
  assert.deepEqual(hosts.slice(0, 4), ["a", "b", "a", "b"]);
});

test("five absences in a row over ten minutes end it, and no reversal is needed", () => {
  const story = answered(started(), { kind: "absent" }, 9 * 60_000);
  assert.equal(story.order.phase.name, "doubted");
  answered(story, { kind: "absent" }, 4 * 60_000);
  assert.deepEqual(endOf(story), ["reversed", "no", "journal-damaged", true]);
  assert.ok(story.now >= 11 * 60_000, "the first minute does not count: its charge may have been in flight");
});

test("a signed answer that says otherwise begins the absences anew, silence does not", () => {
  for (const [between, ends] of [
    [unpaid, false],
    [{ kind: "unknown", why: "system-error", signed: true }, false],
    [silence, true],
    [{ kind: "not-sent", why: "no-name" }, true],
  ] as const) {
    const story = answered(started(), { kind: "absent" }, 10 * 60_000);
    while (story.order.inFlight === null) story.wait(1_000);
    story.query(between);
    answered(story, { kind: "absent" }, 3 * 60_000);
    assert.equal(story.order.phase.name !== "doubted", ends, between.kind);
  }
});

test("an absence says nothing once money was seen to move", () => {
  const story = started(reversing, doubtedOrder({ transactionId: "42" }));
  answered(story, { kind: "absent" }, 30 * 60_000);
  assert.equal(story.order.phase.name, "doubted");
});

test("nobody can cancel it, the till neither", () => {
  const order = doubtedOrder();
  const story = new Story(reversing, [order], [], [], new Map([["till A-1", order.intent.outTradeNo]]));
  story.says({ name: "withdraw", caller: "till", ref: "A-1" });
  assert.equal(story.order.phase.name, "doubted");
  assert.deepEqual(story.records(), []);
});

test("goods that were on their way are neither given nor paid back", () => {
  const goods = { pulses: 2, outcome: null };
  const rules: Rules = { ...reversing, relay: { fenPerPulse: 100, onAmbiguous: "refund" } };
  const story = started(rules, doubtedOrder({ state: "paid", dispense: goods }));
  story.query({ kind: "paid", transactionId: "42" });
  assert.deepEqual(endOf(story), ["manual", "unknown", "journal-damaged", true]);
  assert.equal(story.records()[0]?.dispense?.outcome, "unclear");
  assert.ok(story.effects.every(({ type }) => type !== "dispense" && type !== "undo"));
  const given = { pulses: 2, outcome: "dispensed" } as const;
  assert.deepEqual(started(rules, doubtedOrder({ dispense: given })).order.goods, given);
});

test("a reversal that can be read goes on", () => {
  const story = started(reversing, doubtedOrder({ state: "reversing", reason: "gave-up" }));
  assert.equal(story.order.phase.name, "reversing");
  assert.deepEqual(alarmsOf(story), []);
});

test("however many there are, they do not count among those that wait", () => {
  const order = doubtedOrder();
  const many = Array.from({ length: UNRESOLVED_MAX + 2 }, (_, index) => {
    const outTradeNo = `${order.intent.outTradeNo}${index}`;
    return { ...order, intent: { ...order.intent, outTradeNo }, last: { ...order.last, outTradeNo } };
  });
  const story = new Story(reversing, many);
  story.post({ type: "scanner-changed", ready: true });
  story.post({ type: "probed", provider: "wechat", answer: { kind: "passed" } });
  assert.equal(blockerOf(story.box, story.rules), null);
});

test("the last net objects where one is reversed, given goods for, or called paid", () => {
  const before = started().order;
  const event = { type: "woke" } as const;
  const verdict = { state: "paid", charged: "yes", reason: null, late: true } as const;
  for (const phase of [
    { name: "recording-reversal", reason: "gave-up" },
    { name: "dispensing", verdict, next: null },
    { name: "recording-outcome", verdict },
  ] satisfies readonly Payment["phase"][]) {
    assert.match(brokenBy(before, { ...before, phase }, event, reversing) ?? "", /^doubt: /, phase.name);
  }
  const manual = { ...verdict, state: "manual", charged: "unknown" } as const;
  const ends: Payment = { ...before, phase: { name: "recording-outcome", verdict: manual } };
  assert.equal(brokenBy(before, ends, event, reversing), null);
});

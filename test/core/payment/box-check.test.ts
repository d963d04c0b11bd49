/** Each invariant is broken once by hand: the box must notice, move nothing, and go on with what is open. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Box } from "../../../src/core/payment/box.ts";
import { halted, violationOf } from "../../../src/core/payment/box-check.ts";
import type { Effect } from "../../../src/core/payment/effects.ts";
import type { Payment } from "../../../src/core/payment/payment.ts";
import { nextTurn } from "../../../src/core/payment/turn.ts";
import { stampAt } from "./reachable.ts";
import { keypadRules, Story } from "./story.ts";

const paying = Story.ready().payTo();
const { order } = paying;
const silence = { kind: "unknown", why: "silence", signed: false } as const;
const paid = { state: "paid", charged: "yes", reason: null, late: false } as const;
const reversing = Story.ready().payTo().charge({ kind: "pending" }).keys("X").recorded().order;

function boxWith(...orders: readonly Payment[]): Box {
  return { ...paying.box, orders: new Map(orders.map((one, index) => [String(index), one])) };
}

function broken(before: Payment, after: Payment): string | null {
  return violationOf(boxWith(before), boxWith(after), keypadRules);
}

test("a step that keeps every promise breaks none", () => {
  assert.equal(broken(order, order), null);
  assert.equal(violationOf(boxWith(), boxWith(order), keypadRules), null);
});

test("an order that contradicts itself is noticed, by the invariant's name", () => {
  const recording: Payment = { ...order, flying: null };
  const flying = (call: "charge" | "reverse", at: number) => ({ call, at: at as never });
  const asking = Story.ready().payTo().charge(silence).order;
  const cases: readonly (readonly [string, Payment, Payment])[] = [
    ["I4", order, { ...order, intent: { ...order.intent, amountFen: 1 as never } }],
    ["I3", { ...asking, flying: null }, { ...asking, flying: flying("charge", 0) }],
    ["I3", recording, { ...asking, intent: order.intent, flying: flying("charge", 0) }],
    [
      "I14",
      { ...asking, flying: null },
      { ...reversing, intent: asking.intent, flying: flying("reverse", 60_000) },
    ],
    [
      "I14",
      { ...reversing, flying: null },
      { ...asking, intent: reversing.intent, flying: flying("reverse", 60_000) },
    ],
    ["I17", { ...reversing, flying: null }, { ...reversing, flying: flying("reverse", 1_000) }],
    ["I15", reversing, { ...reversing, phase: { name: "closing", verdict: paid } }],
    ["goods", reversing, { ...reversing, phase: { name: "dispensing", verdict: paid, next: null } }],
    [
      "goods",
      { ...order, recovered: true, phase: { name: "closing", verdict: paid } },
      { ...order, recovered: true, phase: { name: "dispensing", verdict: paid, next: null } },
    ],
    [
      "I12",
      { ...order, phase: { name: "closing", verdict: paid } },
      { ...order, phase: { name: "settled", verdict: { ...paid, late: true }, check: null } },
    ],
  ];
  for (const [name, before, after] of cases) {
    const sentence = broken(before, after);
    assert.ok(sentence?.startsWith(`${name}: `), `${name}: ${sentence}`);
  }
});

test("too many orders at once are told once, and then left to end", () => {
  const two = boxWith(order, order);
  assert.match(violationOf(boxWith(order), two, keypadRules) ?? "", /^I6: one order/);
  const six = boxWith(...Array.from({ length: 6 }, () => reversing));
  assert.match(violationOf(boxWith(), six, keypadRules) ?? "", /^I6: no more than four/);
  assert.equal(violationOf({ ...six, violation: "I6" }, six, keypadRules), null);
});

test("what moves money or goods is taken out of the step, and its order is only asked about", () => {
  const { intent } = order;
  const dangers: readonly Effect[] = [
    { type: "charge", intent, code: null as never, sendBefore: 0 as never },
    { type: "order", intent, sendBefore: 0 as never },
    { type: "reverse", intent, host: null, paid: false },
    { type: "dispense", outTradeNo: intent.outTradeNo, pulses: 1 },
  ];
  for (const danger of dangers) {
    const stepped = { box: paying.box, effects: [danger, { type: "probe" }] as readonly Effect[] };
    const { box, effects } = halted(stepped, "I3: an example", stampAt(0), keypadRules);
    assert.deepEqual(
      effects.map(({ type }) => type),
      ["probe", "alarm"],
    );
    assert.deepEqual(box.orders.get(intent.outTradeNo)?.phase, { name: "stranded", next: 30_000 });
    assert.equal(box.orders.get(intent.outTradeNo)?.flying, null);
    assert.equal(box.violation, "I3: an example");
    const again = halted({ box, effects: [danger] }, "I4: another", stampAt(0), keypadRules);
    assert.deepEqual([again.box.violation, again.effects], ["I3: an example", []], "the first is told, once");
  }
});

test("a box that has contradicted itself charges nobody, says E16, and goes on asking", () => {
  const story = Story.ready().payTo().charge({ kind: "pending" }).keys("X").recorded();
  const [[number, first] = []] = [...story.box.orders];
  assert.ok(number !== undefined && first?.phase.name === "reversing");
  const bent: Payment = {
    ...first,
    sentAt: 5_000 as never,
    phase: { ...first.phase, next: { call: "reverse", at: 1_000 as never } },
  };
  const before = { ...story.turn, box: { ...story.box, orders: new Map([[number, bent]]) } };
  const turn = nextTurn(before, { type: "woke" }, stampAt(6_000), keypadRules);
  assert.match(turn.box.violation ?? "", /^I17/);
  assert.deepEqual(
    turn.effects.map(({ type }) => type),
    ["alarm"],
  );
  story.turn = { ...turn, box: { ...turn.box, front: { name: "idle" } } };
  story.now = 6_000;
  story.effects.length = 0;
  story.wait(1);
  story.post({ type: "woke" });
  assert.deepEqual([story.text, story.turn.screen.ref], ["out-of-service", "E16"]);
  story.wait(30_000);
  assert.deepEqual(story.take(), ["query"]);
});

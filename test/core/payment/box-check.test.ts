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
      { ...order, phase: { name: "settled", verdict: { ...paid, late: true }, check: null, looks: 0 } },
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

test("a charge leaves in the one step from its record, a reversal once it is old enough by its own clock", () => {
  const flying = (call: "charge" | "reverse", at: number) => ({ call, at: at as never });
  const recording: Payment = { ...Story.ready().keys("1250=").scan().order, intent: order.intent };
  const { phase: asking } = Story.ready().payTo().charge(silence).order;
  const unsent: Payment = { ...order, phase: asking, flying: null };
  const charging: Payment = { ...order, flying: flying("charge", 0) };
  assert.equal(broken(recording, charging), null);
  assert.match(broken(recording, { ...charging, phase: asking }) ?? "", /^I3/);
  assert.match(broken(unsent, charging) ?? "", /^I3/);
  const young: Payment = { ...reversing, sentAt: 10_000 as never, flying: null };
  assert.match(broken(young, { ...young, flying: flying("reverse", 24_999) }) ?? "", /^I17/);
  assert.equal(broken(young, { ...young, flying: flying("reverse", 25_000) }), null);
  const told = { ...young, flying: flying("reverse", 1) };
  assert.equal(broken(told, told), null, "a reversal that was under way before is not told again");
});

test("what is on its way back never becomes paid, what gives goods goes on, what ends may end", () => {
  const booking: Payment = { ...reversing, phase: { name: "booking", reason: "gave-up" } };
  assert.match(broken(booking, { ...booking, phase: { name: "closing", verdict: paid } }) ?? "", /^I15/);
  const declined = { state: "declined", charged: "no", reason: "card", late: false } as const;
  assert.equal(broken(booking, { ...booking, phase: { name: "closing", verdict: declined } }), null);
  const dispensing: Payment = { ...order, phase: { name: "dispensing", verdict: paid, next: null } };
  assert.equal(broken(dispensing, dispensing), null);
  const settled: Payment = {
    ...reversing,
    phase: { name: "settled", verdict: declined, check: null, looks: 0 },
  };
  assert.equal(broken(booking, settled), null);
});

test("only orders that this process began and that are open are counted", () => {
  const { phase: asking } = Story.ready().payTo().charge(silence).order;
  const recording: Payment = { ...Story.ready().keys("1250=").scan().order, intent: order.intent };
  const young: readonly Payment[] = [recording, order, { ...order, phase: asking }];
  for (const one of young) {
    assert.match(violationOf(boxWith(), boxWith(one, one), keypadRules) ?? "", /^I6: one order/);
    assert.equal(violationOf(boxWith(), boxWith(one, { ...one, recovered: true }), keypadRules), null);
  }
  const five = Array.from({ length: 5 }, () => reversing);
  assert.equal(violationOf(boxWith(), boxWith(...five), keypadRules), null, "four and the one in front");
  for (const one of [
    { ...reversing, phase: { name: "booking", reason: "gave-up" } } as const,
    { ...reversing, phase: { name: "closing", verdict: paid } } as const,
  ]) {
    assert.match(violationOf(boxWith(), boxWith(...five, one), keypadRules) ?? "", /^I6/, one.phase.name);
  }
  const settled: Payment = { ...order, phase: { name: "settled", verdict: paid, check: null, looks: 0 } };
  for (const one of [
    settled,
    { ...order, phase: { name: "void" } } as const,
    { ...reversing, recovered: true },
    // Declines that are contradicted open again, however many, and no payment began although they were open.
    { ...reversing, phase: { name: "booking", reason: "contradiction" } } as const,
    { ...reversing, phase: { ...reversing.phase, reason: "contradiction" } } as Payment,
    { ...reversing, phase: { name: "closing", verdict: { ...paid, reason: "contradiction" } } } as const,
  ]) {
    assert.equal(violationOf(boxWith(), boxWith(...five, one), keypadRules), null, one.phase.name);
  }
});

test("a broken invariant is told to operators by its name, and money moves for known orders alone", () => {
  const rest = halted({ box: paying.box, effects: [] }, "I3: broken", stampAt(0), keypadRules);
  assert.deepEqual(rest.effects, [{ type: "alarm", alarm: "invariant-broken", outTradeNo: null }]);
  const effects: readonly Effect[] = [{ type: "dispense", outTradeNo: "nobody's", pulses: 1 }];
  assert.throws(() => halted({ box: paying.box, effects }, "I3: broken", stampAt(0), keypadRules), {
    name: "Defect",
  });
});

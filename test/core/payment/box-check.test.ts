/** Each invariant is broken once by hand: the box must notice, move nothing, and go on with what is open. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Box, REFS_MAX, USED_CODES_MAX } from "../../../src/core/payment/box.ts";
import { violationOf } from "../../../src/core/payment/box-check.ts";
import type { BoxEvent } from "../../../src/core/payment/events.ts";
import type { Payment, PaymentEvent } from "../../../src/core/payment/payment.ts";
import { nextTurn } from "../../../src/core/payment/turn.ts";
import { stampAt } from "./reachable.ts";
import { keypadRules, Story, tillRules } from "./story.ts";

const paying = Story.ready().payTo();
const { order } = paying;
const silence = { kind: "unknown", why: "silence", signed: false } as const;
const paid = { state: "paid", charged: "yes", reason: null, late: false } as const;
const reversing = Story.ready().payTo().charge({ kind: "pending" }).keys("X").recorded().order;

const woke: BoxEvent = { type: "woke" };

function boxWith(...orders: readonly Payment[]): Box {
  return { ...paying.box, orders: new Map(orders.map((one, index) => [String(index), one])) };
}

function between(before: Box, after: Box, event: BoxEvent = woke): string | null {
  return violationOf(before, { box: after, effects: [] }, event, keypadRules);
}

function broken(before: Payment, after: Payment, event: BoxEvent = woke): string | null {
  return between(boxWith(before), boxWith(after), event);
}

/** The journal says that what this order waits for is durable. */
function recordOf({ intent }: Payment): BoxEvent {
  const event = { type: "recorded", state: "paid" } as const;
  return { type: "payment", outTradeNo: intent.outTradeNo, event };
}

test("a step that keeps every promise breaks none", () => {
  assert.equal(broken(order, order), null);
  assert.equal(between(boxWith(order, reversing), boxWith(order, reversing)), null);
});

test("an order that contradicts itself is noticed, by the invariant's name", () => {
  const recording: Payment = { ...order, inFlight: null };
  const inFlight = (call: "charge" | "undo", at: number) => ({ call, at: at as never });
  const asking = Story.ready().payTo().charge(silence).order;
  const cases: readonly (readonly [string, Payment, Payment])[] = [
    ["I4", order, { ...order, intent: { ...order.intent, amountFen: 1 as never } }],
    ["I3", { ...asking, inFlight: null }, { ...asking, inFlight: inFlight("charge", 0) }],
    ["I3", recording, { ...asking, intent: order.intent, inFlight: inFlight("charge", 0) }],
    [
      "I14",
      { ...asking, inFlight: null },
      { ...reversing, intent: asking.intent, inFlight: inFlight("undo", 60_000) },
    ],
    [
      "I14",
      { ...reversing, inFlight: null },
      { ...asking, intent: reversing.intent, inFlight: inFlight("undo", 60_000) },
    ],
    ["I17", { ...reversing, inFlight: null }, { ...reversing, inFlight: inFlight("undo", 1_000) }],
    ["I15", reversing, { ...reversing, phase: { name: "recording-outcome", verdict: paid } }],
    ["goods", reversing, { ...reversing, phase: { name: "dispensing", verdict: paid, next: null } }],
    [
      "goods",
      { ...order, recovered: true, phase: { name: "recording-outcome", verdict: paid } },
      { ...order, recovered: true, phase: { name: "dispensing", verdict: paid, next: null } },
    ],
    [
      "I12",
      { ...order, phase: { name: "recording-outcome", verdict: paid } },
      { ...order, phase: { name: "final", verdict: { ...paid, late: true }, check: null, looks: 0 } },
    ],
  ];
  for (const [name, before, after] of cases) {
    const sentence = broken(before, after, name === "I12" ? recordOf(before) : woke);
    assert.ok(sentence?.startsWith(`${name}: `), `${name}: ${sentence}`);
  }
});

test("too many orders at once are told once, and then left to end", () => {
  const two = boxWith(order, order);
  assert.match(between(two, two) ?? "", /^I6: one order/);
  const six = boxWith(...Array.from({ length: 6 }, () => reversing));
  assert.match(between(six, six) ?? "", /^I6: no more than four/);
  assert.equal(between({ ...six, violation: "I6" }, six), null);
  const [first, ...others] = six.orders;
  assert.ok(first !== undefined);
  const [number, one] = first;
  const payee = { ...one.intent.payee, provider: "second" };
  const orders = new Map([...others, [number, { ...one, intent: { ...one.intent, payee } }]]);
  const parted = { ...six, orders };
  assert.equal(between(parted, parted), null, "five of one provider and one of another");
});

test("a box that has contradicted itself charges nobody, says E16, and goes on asking", () => {
  const story = Story.ready().payTo().charge({ kind: "pending" }).keys("X").recorded();
  const [[number, first] = []] = [...story.box.orders];
  assert.ok(number !== undefined && first?.phase.name === "reversing");
  const bent: Payment = {
    ...first,
    sentAt: 5_000 as never,
    phase: { ...first.phase, next: { call: "undo", at: 1_000 as never } },
  };
  const before = { ...story.turn, box: { ...story.box, orders: new Map([[number, bent]]) } };
  const turn = nextTurn(before, { type: "woke" }, stampAt(6_000), keypadRules);
  assert.match(turn.box.violation ?? "", /^I17/);
  assert.deepEqual(
    turn.effects.map(({ type }) => type),
    ["alarm", "note"],
  );
  assert.equal(turn.screen.text, "unknown", "people see at once that nobody knows");
  story.turn = { ...turn, box: { ...turn.box, foreground: { name: "idle" } } };
  story.now = 6_000;
  story.effects.length = 0;
  story.wait(1);
  story.post({ type: "woke" });
  assert.deepEqual([story.text, story.turn.screen.ref], ["out-of-service", "E16"]);
  story.wait(30_000);
  assert.deepEqual(story.take(), ["query"]);
});

test("a charge leaves in the one step from its record, a reversal once it is old enough by its own clock", () => {
  const inFlight = (call: "charge" | "undo", at: number) => ({ call, at: at as never });
  const recording: Payment = { ...Story.ready().keys("1250=").scan().order, intent: order.intent };
  const { phase: asking } = Story.ready().payTo().charge(silence).order;
  const unsent: Payment = { ...order, phase: asking, inFlight: null };
  const charging: Payment = { ...order, inFlight: inFlight("charge", 0) };
  assert.equal(broken(recording, charging), null);
  assert.match(broken(recording, { ...charging, phase: asking }) ?? "", /^I3/);
  assert.match(broken(unsent, charging) ?? "", /^I3/);
  const young: Payment = { ...reversing, sentAt: 10_000 as never, inFlight: null };
  assert.match(broken(young, { ...young, inFlight: inFlight("undo", 24_999) }) ?? "", /^I17/);
  assert.equal(broken(young, { ...young, inFlight: inFlight("undo", 25_000) }), null);
  const told = { ...young, inFlight: inFlight("undo", 1) };
  assert.equal(broken(told, told), null, "a reversal that was under way before is not told again");
});

test("what is on its way back never becomes paid, what gives goods goes on, what ends may end", () => {
  const booking: Payment = { ...reversing, phase: { name: "recording-reversal", reason: "gave-up" } };
  assert.match(
    broken(booking, { ...booking, phase: { name: "recording-outcome", verdict: paid } }) ?? "",
    /^I15/,
  );
  const declined = { state: "declined", charged: "no", reason: "card", late: false } as const;
  assert.equal(
    broken(booking, { ...booking, phase: { name: "recording-outcome", verdict: declined } }),
    null,
  );
  const dispensing: Payment = { ...order, phase: { name: "dispensing", verdict: paid, next: null } };
  assert.equal(broken(dispensing, dispensing), null);
  const settled: Payment = {
    ...reversing,
    phase: { name: "final", verdict: declined, check: null, looks: 0 },
  };
  const ending: Payment = { ...reversing, phase: { name: "recording-outcome", verdict: declined } };
  assert.equal(broken(ending, settled, recordOf(ending)), null);
  assert.match(broken(ending, settled) ?? "", /^I11/);
  assert.match(broken(booking, settled, recordOf(booking)) ?? "", /^I11/);
});

test("only orders that this process began and that are open are counted", () => {
  const { phase: asking } = Story.ready().payTo().charge(silence).order;
  const recording: Payment = { ...Story.ready().keys("1250=").scan().order, intent: order.intent };
  const young: readonly Payment[] = [recording, order, { ...order, phase: asking }];
  for (const one of young) {
    assert.match(between(boxWith(one, one), boxWith(one, one)) ?? "", /^I6: one order/);
    const found = boxWith(one, { ...one, recovered: true });
    assert.equal(between(found, found), null);
  }
  const five = Array.from({ length: 5 }, () => reversing);
  assert.equal(between(boxWith(...five), boxWith(...five)), null, "four and the one in front");
  for (const one of [
    { ...reversing, phase: { name: "recording-reversal", reason: "gave-up" } } as const,
    { ...reversing, phase: { name: "recording-outcome", verdict: paid } } as const,
  ]) {
    const crowd = boxWith(...five, one);
    assert.match(between(crowd, crowd) ?? "", /^I6/, one.phase.name);
  }
  const settled: Payment = { ...order, phase: { name: "final", verdict: paid, check: null, looks: 0 } };
  for (const one of [
    settled,
    { ...order, phase: { name: "abandoned" } } as const,
    { ...reversing, recovered: true },
    // Declines that are contradicted open again, however many, and no payment began although they were open.
    { ...reversing, phase: { name: "recording-reversal", reason: "contradiction" } } as const,
    { ...reversing, phase: { ...reversing.phase, reason: "contradiction" } } as Payment,
    {
      ...reversing,
      phase: { name: "recording-outcome", verdict: { ...paid, reason: "contradiction" } },
    } as const,
  ]) {
    const crowd = boxWith(...five, one);
    assert.equal(between(crowd, crowd), null, one.phase.name);
  }
});

test("an order leaves the memory only when it is over, and by what ends it", () => {
  const { outTradeNo } = order.intent;
  const own = (event: PaymentEvent): BoxEvent => ({ type: "payment", outTradeNo, event });
  const ended = own({ type: "recorded", state: "paid" });
  const looked = own({ type: "query-answered", host: "a", answer: { kind: "absent" } });
  const unwritten = own({ type: "record-failed", state: "charging" });
  const declined = { state: "declined", charged: "no", reason: "card", late: false } as const;
  const in_ = (phase: Payment["phase"], inFlight: Payment["inFlight"] = null): Payment => ({
    ...order,
    phase,
    inFlight,
  });
  const looking = in_(
    { name: "final", verdict: declined, check: 0 as never, looks: 0 },
    { call: "query", at: 0 as never },
  );
  const { phase: recording } = Story.ready().keys("1250=").scan().order;
  const may: readonly (readonly [Payment, BoxEvent])[] = [
    [in_({ name: "recording-outcome", verdict: paid }), ended],
    [in_(recording), unwritten],
    [looking, looked],
    [in_({ name: "final", verdict: paid, check: null, looks: 0 }), woke],
    [in_({ name: "abandoned" }), woke],
  ];
  for (const [payment, event] of may) {
    assert.equal(between(boxWith(payment), boxWith(), event), null, payment.phase.name);
  }
  const mayNot: readonly (readonly [Payment, BoxEvent])[] = [
    [in_({ name: "recording-outcome", verdict: paid }), woke],
    [in_({ name: "recording-outcome", verdict: paid }), { ...ended, outTradeNo: "another" } as BoxEvent],
    [in_(recording), ended],
    [{ ...looking, inFlight: null }, looked],
    [looking, woke],
    [reversing, looked],
    [order, ended],
  ];
  for (const [payment, event] of mayNot) {
    assert.match(between(boxWith(payment), boxWith(), event) ?? "", /^I18: an order is forgotten only/);
  }
});

test("an order begins with its record, alone, under its number, with its code and its sale remembered", () => {
  const begun = new Story(tillRules);
  begun
    .post({ type: "scanner-changed", ready: true })
    .post({ type: "probed", provider: "wechat", answer: { kind: "passed" } });
  begun.says({ name: "pay", caller: "till", ref: "R1", amountFen: 500 as never });
  const before = begun.box;
  const { box: after } = begun.scan();
  const { outTradeNo } = begun.order.intent;
  const holding = (...orders: readonly (readonly [string, Payment])[]): Box => ({
    ...after,
    orders: new Map(orders),
  });
  const own: readonly [string, Payment] = [outTradeNo, begun.order];
  assert.equal(between(before, after), null);
  const wrong: readonly (readonly [RegExp, Box, Box])[] = [
    [/^I1: one scan/, before, holding(own, ["another", begun.order])],
    [/^I3: an order begins/, before, holding([outTradeNo, { ...begun.order, phase: reversing.phase }])],
    [/^I3: an order begins/, before, holding([outTradeNo, { ...begun.order, recovered: true }])],
    [/^I7: /, before, holding(["another", begun.order])],
    [/^I2: a code is charged once/, { ...before, usedCodes: after.usedCodes }, after],
    [/^I2: a code that is charged is remembered/, before, { ...after, usedCodes: [] }],
    [/^till: a sale is known/, before, { ...after, refs: new Map() }],
  ];
  for (const [sentence, from, to] of wrong) assert.match(between(from, to) ?? "", sentence);
});

test("what keeps a code, a sale or a broken journal from being charged is not forgotten", () => {
  const codes = (count: number, from = 0): readonly string[] =>
    Array.from({ length: count }, (_, index) => String(from + index));
  const refs = (count: number, from = 0): ReadonlyMap<string, string> =>
    new Map(codes(count, from).map((ref) => [ref, ref]));
  const box: Box = { ...boxWith(order), usedCodes: codes(3), refs: refs(3) };
  const wrong: readonly (readonly [RegExp, Box, Box])[] = [
    [/^I22: a journal/, { ...box, journalBroken: true }, box],
    [/^I22: a journal that is damaged/, { ...box, journalDamaged: true }, box],
    [/^I22: a box that stops/, { ...box, stopping: true }, box],
    [/^I2: /, box, { ...box, usedCodes: codes(2) }],
    [/^I2: /, box, { ...box, usedCodes: codes(3, 1) }],
    [/^till: a sale is remembered/, box, { ...box, refs: refs(2) }],
  ];
  const bound = { ...boxWith(order), refs: new Map([["a", "b"]]) };
  for (const [sentence, from, to] of wrong) assert.match(between(from, to) ?? "", sentence);
  assert.match(between(bound, { ...bound, refs: new Map([["a", "0"]]) }) ?? "", /^till: a sale is known/);
  assert.equal(between(bound, { ...bound, refs: new Map([["a", "c"]]) }), null);
  const full = { ...box, usedCodes: codes(USED_CODES_MAX), refs: refs(REFS_MAX) };
  const next = { ...full, usedCodes: codes(USED_CODES_MAX, 1), refs: refs(REFS_MAX, 1) };
  assert.equal(between(full, next), null, "the oldest makes room");
  assert.match(between(full, { ...next, refs: refs(REFS_MAX - 1, 1) }) ?? "", /^till/);
  assert.match(between(full, { ...next, usedCodes: codes(USED_CODES_MAX - 1, 2) }) ?? "", /^I2/);
  const forgotten = { ...full, usedCodes: codes(USED_CODES_MAX - 1, 1) };
  assert.match(between(full, forgotten) ?? "", /^I2/, "none goes where none has come");
});

test("no order goes back to where it could be charged again, or end without a word of the journal", () => {
  const asking = Story.ready().payTo().charge(silence).order;
  const in_ = (payment: Payment, phase: Payment["phase"]): Payment => ({ ...payment, inFlight: null, phase });
  const { phase: recording } = Story.ready().keys("1250=").scan().order;
  const charging: Payment["phase"] = { name: "charging", sendBefore: 0 as never, cancelled: false };
  const booking: Payment["phase"] = { name: "recording-reversal", reason: "gave-up" };
  const cases: readonly (readonly [RegExp, Payment, Payment["phase"]])[] = [
    [/^I15: what is being reversed is not asked/, reversing, recording],
    [/^I15: what is being reversed is not asked/, in_(reversing, booking), charging],
    [/^I15: what is being reversed is not asked/, reversing, asking.phase],
    [/^I3: an order is recorded once/, asking, recording],
    [/^I5: an order is charged once/, asking, charging],
    [/^I18: what may have been sent/, asking, { name: "abandoned" }],
    [/^goods: /, asking, { name: "dispensing", verdict: paid, next: null }],
    [
      /^goods: /,
      in_(asking, { name: "recording-outcome", verdict: paid }),
      { name: "dispensing", verdict: paid, next: null },
    ],
  ];
  for (const [sentence, before, phase] of cases) {
    assert.match(broken(in_(before, before.phase), in_(before, phase)) ?? "", sentence);
  }
  const ending = in_(asking, { name: "recording-outcome", verdict: paid });
  const given = in_(asking, { name: "dispensing", verdict: paid, next: null });
  assert.equal(broken(ending, given, recordOf(ending)), null);
  assert.match(broken(asking, { ...asking, recovered: true }) ?? "", /^late/);
  assert.match(broken({ ...asking, sentAt: 5 as never }, { ...asking, sentAt: 4 as never }) ?? "", /^I17/);
});

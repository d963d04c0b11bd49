/** The last net: once the core has contradicted itself no charge and no goods leave, and durable reversals go on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Step } from "../../../src/core/payment/box.ts";
import { dangerOf, objectionTo, orderIn } from "../../../src/core/payment/effect-check.ts";
import type { Effect } from "../../../src/core/payment/effects.ts";
import type { BoxEvent } from "../../../src/core/payment/events.ts";
import { kept } from "../../../src/core/payment/halt.ts";
import type { Payment } from "../../../src/core/payment/payment.ts";
import type { Turn } from "../../../src/core/payment/turn.ts";
import { stampAt } from "./reachable.ts";
import { keypadRules, Story } from "./story.ts";

const woke: BoxEvent = { type: "woke" };
const BROKEN = "I9: an example";
const paid = { state: "paid", charged: "yes", reason: null, late: false } as const;

function recordOf({ intent }: Payment): BoxEvent {
  return { type: "payment", outTradeNo: intent.outTradeNo, event: { type: "recorded", state: "charging" } };
}

/** The story goes on as if an invariant had been broken in the step before. */
function breakNow(story: Story): Story {
  story.turn = { ...story.turn, box: { ...story.box, violation: BROKEN } };
  story.effects.length = 0;
  return story;
}

function phasesOf({ box }: Pick<Turn, "box">): readonly string[] {
  return [...box.orders.values()].map(({ phase }) => phase.name);
}

const types = ({ effects }: Pick<Step, "effects">): readonly string[] => effects.map(({ type }) => type);

test("a charge whose intent was on its way when an invariant broke does not leave in the next step either", () => {
  const story = breakNow(Story.ready().keys("1250=").scan()).recorded();
  assert.ok(!story.effects.some((effect) => dangerOf(effect) !== null), story.take().join(" "));
  assert.deepEqual([story.text, phasesOf(story.turn)], ["unknown", ["unrecorded"]]);
  story.keys("=").wait(30_000);
  assert.ok(story.take().includes("query"), "it is asked about");
  assert.equal(story.turn.screen.ref, "E16");
});

test("goods that were paid for when an invariant broke are not given by a box that contradicts itself", () => {
  const rules = { ...keypadRules, relay: { fenPerPulse: 1_250, onAmbiguous: "hold" } } as const;
  const story = Story.ready(rules).post({ type: "relay-changed", ready: true });
  story.payTo().charge({ kind: "paid", transactionId: "42" });
  assert.deepEqual(phasesOf(story.turn), ["recording-outcome"]);
  breakNow(story).recorded();
  assert.ok(!story.effects.some((effect) => dangerOf(effect) !== null), story.take().join(" "));
  assert.deepEqual(phasesOf(story.turn), ["unrecorded"]);
});

test("a reversal that is durable goes on in a box that has contradicted itself, to its end", () => {
  const story = breakNow(Story.ready().payTo().charge({ kind: "pending" }).keys("X"))
    .recorded()
    .wait(15_000);
  assert.ok(story.take().includes("undo"));
  story.reverse({ kind: "done" }).wait(1);
  story.query({ kind: "closed", paidOnce: false, transactionId: null }).recorded();
  assert.deepEqual(phasesOf(story.turn), []);
  assert.equal(story.box.violation, BROKEN);
});

test("a reversal leaves in the very step that breaks something else", () => {
  const story = Story.ready().payTo().charge({ kind: "pending" }).keys("X").recorded();
  const { order } = story;
  const { outTradeNo, codeHash } = order.intent;
  const inFlight = { call: "undo", at: 20_000 as never } as const;
  const step: Step = {
    box: { ...story.box, usedCodes: [], orders: new Map([[outTradeNo, { ...order, inFlight }]]) },
    effects: [{ type: "undo", intent: order.intent, host: null, way: "reverse" }],
  };
  assert.ok(codeHash !== null);
  const { box, effects } = kept(story.box, step, woke, stampAt(20_000), keypadRules);
  assert.match(box.violation ?? "", /^I2/);
  assert.deepEqual([types({ effects }), phasesOf({ box })], [["undo", "alarm"], ["reversing"]]);
});

test("an order that is lost between two boxes comes back, and a durable reversal with it", () => {
  const story = Story.ready().payTo().charge({ kind: "pending" }).keys("X").recorded();
  const lost: Step = { box: { ...story.box, orders: new Map() }, effects: [] };
  const soon = kept(story.box, lost, woke, stampAt(1_000), keypadRules);
  assert.match(soon.box.violation ?? "", /^I18/);
  assert.deepEqual([...soon.box.orders], [...story.box.orders]);
  const late = kept(story.box, lost, woke, stampAt(20_000), keypadRules);
  const [back] = late.box.orders.values();
  assert.ok(back?.phase.name === "reversing");
  assert.equal(back.phase.next.at, 50_000);
  const asking = Story.ready().payTo().charge({ kind: "pending" });
  const stranded = kept(
    asking.box,
    { ...lost, box: { ...asking.box, orders: new Map() } },
    woke,
    stampAt(5_000),
    keypadRules,
  );
  assert.deepEqual(phasesOf(stranded), ["unrecorded"]);
  assert.deepEqual(types(stranded), ["alarm"]);
});

test("an order that contradicts itself is not recorded as it claims, and is only asked about", () => {
  const story = Story.ready().payTo().charge({ kind: "pending" }).keys("X").recorded();
  const { order } = story;
  const { outTradeNo } = order.intent;
  const tx = { ...txOf(story), state: "paid" } as const;
  const step: Step = {
    box: {
      ...story.box,
      orders: new Map([[outTradeNo, { ...order, phase: { name: "recording-outcome", verdict: paid } }]]),
    },
    effects: [
      { type: "record", entry: { kind: "money", tx } },
      { type: "probe", provider: "wechat" },
    ],
  };
  const next = kept(story.box, step, woke, stampAt(1_000), keypadRules);
  assert.match(next.box.violation ?? "", /^I15/);
  assert.deepEqual([types(next), phasesOf(next)], [["probe", "alarm"], ["unrecorded"]]);
});

test("the first broken invariant is told, once, and stays", () => {
  const { box } = Story.ready();
  const later = kept({ ...box, violation: BROKEN }, { box, effects: [] }, woke, stampAt(0), keypadRules);
  assert.deepEqual([later.box.violation, later.effects], [BROKEN, []]);
  const sound: Step = { box, effects: [] };
  assert.equal(kept(box, sound, woke, stampAt(0), keypadRules), sound);
});

/** The money record that the story asked for last. */
function txOf(story: Story) {
  const tx = story.records().at(-1);
  assert.ok(tx !== undefined);
  return tx;
}

test("an effect that does not follow from its order is objected to, by the invariant's name", () => {
  const scanned = Story.ready().keys("1250=").scan();
  const before = scanned.box;
  const recording = scanned.order;
  const event = recordOf(recording);
  const { box: after, effects } = scanned.recorded();
  const charge = effects.find((effect) => effect.type === "charge");
  const record = effects.find((effect) => effect.type === "record");
  assert.ok(charge?.type === "charge" && record?.type === "record" && record.entry.kind === "charging");
  const { intent } = charge;
  const reversing = Story.ready().payTo().charge({ kind: "pending" }).keys("X").recorded();
  const own = reversing.order.intent;
  const reversalRecorded = {
    ...reversing.box,
    orders: new Map([
      [
        own.outTradeNo,
        { ...reversing.order, phase: { name: "recording-reversal", reason: "gave-up" } } as Payment,
      ],
    ]),
  };
  const endRecorded = {
    ...reversing.box,
    orders: new Map([
      [
        own.outTradeNo,
        { ...reversing.order, phase: { name: "recording-outcome", verdict: paid } } as Payment,
      ],
    ]),
  };
  const ending = { ...recording, phase: { name: "recording-outcome", verdict: paid } } as const;
  const goods = { pulses: 2, outcome: null };
  const giving: Payment = { ...ending, goods, phase: { name: "dispensing", verdict: paid, next: null } };
  const with_ = (payment: Payment) => ({ ...after, orders: new Map([[intent.outTradeNo, payment]]) });
  const dispense: Effect = { type: "dispense", outTradeNo: intent.outTradeNo, pulses: 2 };
  const reverse: Effect = { type: "undo", intent: own, host: null, way: "reverse" };
  const sound: readonly (readonly [Effect, Parameters<typeof objectionTo>[1], typeof before, BoxEvent])[] = [
    [charge, before, after, event],
    [{ type: "probe", provider: "wechat" }, before, after, event],
    [{ type: "query", intent, host: null, of: "payment", fresh: false }, before, after, woke],
    [record, before, before, woke],
    [{ ...record, entry: { kind: "checked", outTradeNo: "x", at: "" } }, before, before, woke],
    [reverse, reversing.box, reversing.box, woke],
    [reverse, reversalRecorded, reversing.box, recordOf(reversing.order)],
    [dispense, with_(ending), with_(giving), event],
  ];
  for (const [effect, from, to, why] of sound)
    assert.equal(objectionTo(effect, from, to, why), null, effect.type);
  const other = { ...intent, amountFen: 1 as never };
  const wrong: readonly (readonly [RegExp, ...(typeof sound)[number]])[] = [
    [/^I3: nothing is done/, charge, before, { ...after, orders: new Map() }, event],
    [/^I4: what is asked/, { ...charge, intent: other }, before, after, event],
    [
      /^I4: what is asked/,
      { type: "query", intent: other, host: null, of: "payment", fresh: false },
      before,
      after,
      event,
    ],
    [/^I3: a charge leaves/, charge, after, after, event],
    [/^I3: a charge leaves/, charge, before, before, event],
    [/^I3: a charge leaves/, charge, before, after, woke],
    [/^I3: a charge leaves/, charge, { ...before, orders: new Map() }, after, event],
    [/^I1: the code/, { ...charge, code: null }, before, after, event],
    [
      /^I13: /,
      { ...record, entry: { kind: "money", tx: { ...record.entry.tx, state: "paid" } } },
      before,
      before,
      woke,
    ],
    [/^I13: /, record, after, after, woke],
    [/^I3: nothing is done/, record, before, { ...before, orders: new Map() }, woke],
    [/^I14: /, reverse, { ...reversing.box, orders: new Map() }, reversing.box, woke],
    [/^I14: /, reverse, reversalRecorded, reversing.box, woke],
    [/^I14: /, reverse, endRecorded, reversing.box, recordOf(reversing.order)],
    [/^I14: /, reverse, reversing.box, reversalRecorded, woke],
    [/^goods: /, dispense, with_(ending), with_(giving), woke],
    [/^goods: /, dispense, with_(giving), with_(giving), event],
    [/^goods: /, dispense, with_(ending), with_({ ...giving, goods: null }), event],
    [/^goods: /, { ...dispense, pulses: 3 }, with_(ending), with_(giving), event],
    [/^goods: /, dispense, with_(ending), with_(ending), event],
    [/^goods: /, dispense, { ...after, orders: new Map() }, with_(giving), event],
  ];
  for (const [sentence, effect, from, to, why] of wrong) {
    assert.match(objectionTo(effect, from, to, why) ?? "", sentence);
  }
  assert.equal(orderIn({ type: "warm" }), null);
});

test("nothing that moves money or goods leaves twice in one step, or for an order that nobody knows", () => {
  const scanned = Story.ready().keys("1250=").scan();
  const before = scanned.box;
  const event = recordOf(scanned.order);
  scanned.effects.length = 0;
  const { box, effects } = scanned.recorded();
  assert.deepEqual(types({ effects }), ["charge"]);
  const [charge] = effects;
  assert.ok(charge !== undefined);
  const twice = kept(before, { box, effects: [charge, charge] }, event, stampAt(0), keypadRules);
  assert.match(twice.box.violation ?? "", /^I5/);
  assert.deepEqual(types(twice), ["alarm"]);
  const alien: Effect = { type: "dispense", outTradeNo: "nobody's", pulses: 1 };
  const none = kept(before, { box: before, effects: [alien] }, woke, stampAt(0), keypadRules);
  assert.match(none.box.violation ?? "", /^I3/);
  assert.deepEqual(types(none), ["alarm"]);
});

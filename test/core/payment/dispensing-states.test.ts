/** Every state with goods: durable before the first pulse, once, and never after a restart (money rule 14). */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TxData } from "../../../src/core/payment/order.ts";
import { isOver, wakeAt } from "../../../src/core/payment/payment.ts";
import type { Rules } from "../../../src/core/payment/rules.ts";
import { type Edge, explore, smallRules } from "./reachable.ts";

const relay = { fenPerPulse: 100, onAmbiguous: "hold" } as const;
const hold: Rules = { ...smallRules("keep"), relay };
const refund: Rules = { ...smallRules("keep"), relay: { ...relay, onAmbiguous: "refund" } };
const held = explore(hold, "cpm", 3);
const refunding = explore(refund, "cpm", 3);

function recordsOf({ effects }: Edge): readonly TxData[] {
  return effects.flatMap((effect) =>
    effect.type === "record" && effect.entry.kind === "money" ? [effect.entry.tx] : [],
  );
}

test("pulses leave once for an order, and only when the payment and the intent to dispense are durable", () => {
  for (const { edges } of [held, refunding]) {
    const dispenses = edges.filter(({ effects }) => effects.some(({ type }) => type === "dispense"));
    assert.ok(dispenses.length > 0);
    for (const { before, after, event } of dispenses) {
      assert.deepEqual(event, { type: "recorded", state: "paid" });
      assert.equal(before.phase.name, "recording-outcome");
      assert.deepEqual(before.goods, { pulses: 3, outcome: null });
      assert.equal(after.phase.name, "dispensing");
      assert.equal(before.recovered, false, "nobody stands there after a restart");
    }
    const again = edges.filter(
      ({ before, after }) => before.phase.name === "dispensing" && after.phase.name === "dispensing",
    );
    for (const { effects } of again) assert.deepEqual(effects, []);
  }
});

test("a payment whose goods are to come is not final, and each outcome makes it so or takes the money back", () => {
  const said = new Set<string>();
  for (const edge of held.edges) {
    for (const { state, final, dispense, finalAt } of recordsOf(edge)) {
      if (state !== "paid") continue;
      assert.equal(final, dispense?.outcome !== null);
      assert.equal(finalAt === null, !final);
      said.add(String(dispense?.outcome));
    }
  }
  assert.deepEqual([...said].sort(), ["dispensed", "null", "unclear", "withheld"]);
});

test("what did not come goes back whatever the setting, what is unclear only where the setting says so", () => {
  for (const [{ edges }, unclearTo] of [
    [held, "recording-outcome"],
    [refunding, "recording-reversal"],
  ] as const) {
    const told = edges.filter(({ event }) => event.type === "dispensed");
    assert.ok(told.length >= 3);
    for (const { event, after, effects } of told) {
      assert.ok(event.type === "dispensed");
      const expected = {
        dispensed: "recording-outcome",
        "not-dispensed": "recording-reversal",
        unclear: unclearTo,
      }[event.outcome];
      assert.equal(after.phase.name, expected);
      assert.equal(after.goods?.outcome, event.outcome);
      const alarms = effects.flatMap((effect) => (effect.type === "alarm" ? [effect.alarm] : []));
      const alarm = { dispensed: [], "not-dispensed": ["not-dispensed"], unclear: ["dispense-unclear"] };
      assert.deepEqual(alarms, alarm[event.outcome]);
    }
  }
});

test("a payment found after a restart gets no goods, and goods that were on their way then are unclear", () => {
  const late = held.edges.flatMap((edge) =>
    edge.before.recovered ? recordsOf(edge).filter(({ state }) => state === "paid") : [],
  );
  assert.deepEqual([...new Set(late.map(({ dispense }) => String(dispense?.outcome)))].sort(), [
    "unclear",
    "withheld",
  ]);
  for (const { states } of [held, refunding]) {
    const found = [...states.values()].filter(
      ({ phase, recovered }) => recovered && phase.name === "dispensing",
    );
    assert.ok(found.length > 0);
    for (const payment of found) assert.notEqual(wakeAt(payment), null, "a start judges it at once");
  }
});

test("goods that are withheld from a payment that is kept are told of", () => {
  const withheld = held.edges.filter(
    ({ after }) => after.goods?.outcome === "withheld" && after.phase.name === "recording-outcome",
  );
  assert.ok(withheld.length > 0);
  for (const { before, event, effects } of withheld) {
    if (before.phase.name === "recording-outcome") continue;
    const refunded = event.type === "query-answered" && event.answer.kind === "refunded";
    assert.deepEqual(
      effects.map((effect) => (effect.type === "alarm" ? effect.alarm : effect.type)),
      ["record", refunded ? "refunded-by-others" : "goods-withheld"],
    );
  }
});

test("every state with goods waits for something, wants to be woken, or is over", () => {
  for (const payment of [...held.states.values(), ...refunding.states.values()]) {
    const { name } = payment.phase;
    const waits =
      payment.inFlight !== null ||
      ["recording", "recording-reversal", "recording-conflict", "recording-outcome", "dispensing"].includes(
        name,
      );
    assert.ok(isOver(payment) || waits || wakeAt(payment) !== null, JSON.stringify(payment));
  }
});

/** Why a box charges nobody: with one provider as it always was, for any box that anybody can think of. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { instantOf } from "../../../src/core/kernel/instant.ts";
import type { Blocker } from "../../../src/core/payment/blocker.ts";
import type { Box, HeldOrder } from "../../../src/core/payment/box.ts";
import { isOpen, type Payment } from "../../../src/core/payment/payment.ts";
import type { ProviderHealth } from "../../../src/core/payment/provider-health.ts";
import { blockerOf, mayCharge, outageOf, providerBlockerOf } from "../../../src/core/payment/readiness.ts";
import type { Rules } from "../../../src/core/payment/rules.ts";
import { provider, providerOf } from "./reachable.ts";
import { fixedRules, keypadRules, Story, tillRules } from "./story.ts";

/** The rule for one provider, as it was before there could be several. */
function blockerOfOne(box: Box, rules: Rules): Blocker | null {
  const { proved, unclear } = healthOf(box);
  if (box.stopping) return "stopping";
  if (box.journalBroken) return "journal-broken";
  if (box.journalDamaged) return "journal-damaged";
  if (box.room === false) return "disk-full";
  if (box.violation !== null) return "invariant-broken";
  if (!rules.sells) return "misconfigured";
  if (box.held.length > 0) return "account-gone";
  if (!proved || box.room === null) return "unproved";
  if (!box.scannerReady && !providerOf(rules).offersCode) return "no-scanner";
  if (!box.keypadReady && (rules.amount.source === "keypad" || rules.amount.source === "menu"))
    return "no-keypad";
  if (!box.relayReady) return "no-relay";
  if ([...box.orders.values()].some(isReversalMute)) return "cannot-reverse";
  if (unclear) return "unclear";
  if ([...box.orders.values()].filter(isOpen).length >= 4) return "unresolved";
  if (box.inhibited) return "inhibited";
  if (box.pausedUntil !== null) return "paused";
  return null;
}

function isReversalMute({ phase }: Payment): boolean {
  const taken = phase.name === "reversing" && (phase.heard === "again" || phase.heard === "done");
  return phase.name === "reversing" && !taken && phase.rounds >= 3;
}

/** The rule by which the charge of an order was let go, as it was. */
function mayChargeOne(box: Box, outTradeNo: string, rules: Rules): boolean {
  const orders = new Map(box.orders);
  orders.delete(outTradeNo);
  const others = { ...box, orders, scannerReady: true, pausedUntil: null, violation: null };
  return blockerOfOne(others, rules) === null;
}

function healthOf({ health }: Box): ProviderHealth {
  const [health0] = health.values();
  assert.ok(health0 !== undefined);
  return health0;
}

const silence = { kind: "unknown", why: "silence", signed: false } as const;
const charging = Story.ready().payTo().order;
const asking = Story.ready().payTo().charge(silence).order;
const reversing = Story.ready().payTo().charge({ kind: "pending" }).keys("X").recorded().order;
const verdict = { state: "paid", charged: "yes", reason: null, late: false } as const;
const over: Payment = { ...charging, phase: { name: "final", verdict, check: null, looks: 0 } };
const mute: Payment[] = (["nothing", "refused", "again", "done"] as const).flatMap((heard) =>
  [2, 3, 4].map((rounds): Payment => {
    assert.ok(reversing.phase.name === "reversing");
    return { ...reversing, phase: { ...reversing.phase, heard, rounds } };
  }),
);

const ruleBooks: readonly Rules[] = [keypadRules, fixedRules, tillRules].flatMap((rules) =>
  [true, false].flatMap((offersCode) =>
    [true, false].map((sells) => {
      const providers = new Map([["wechat", provider(["a"], { offersCode })]]);
      return { ...rules, providers, sells: sells || rules !== keypadRules };
    }),
  ),
);

const held = fc.constantFrom<readonly HeldOrder[]>(
  [],
  [],
  [],
  [{ outTradeNo: "1", wallet: null }],
  [{ outTradeNo: "1", wallet: "wechat" }],
);

/** Mostly as it should be, so that every reason comes to the front. */
function rarely(bad: boolean): fc.Arbitrary<boolean> {
  return fc.integer({ min: 0, max: 9 }).map((draw) => (draw === 0 ? bad : !bad));
}

const boxes: fc.Arbitrary<Box> = fc
  .record({
    stopping: rarely(true),
    journalBroken: rarely(true),
    journalDamaged: rarely(true),
    room: fc.constantFrom(true, true, true, true, true, true, false, null),
    violation: fc.constantFrom(null, null, null, null, null, "I1: broken"),
    held,
    scannerReady: rarely(false),
    keypadReady: rarely(false),
    relayReady: rarely(false),
    inhibited: rarely(true),
    pausedUntil: fc.constantFrom(null, null, null, instantOf(9_000)),
    proved: rarely(false),
    unclear: rarely(true),
    orders: fc.array(fc.constantFrom(charging, asking, reversing, over, ...mute), { maxLength: 6 }),
  })
  .map(({ proved, unclear, orders, ...changes }) => {
    const { box } = Story.ready();
    const health = new Map([["wechat", { ...healthOf(box), proved, unclear }]]);
    const numbered = orders.map((order, index): [string, Payment] => [
      String(index),
      { ...order, intent: { ...order.intent, outTradeNo: String(index) } },
    ]);
    return { ...box, ...changes, health, orders: new Map(numbered) };
  });

test("a box with one provider is blocked for the same reasons as ever, and in the same order", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(boxes, fc.constantFrom(...ruleBooks), (box, rules) => {
      const blocker = blockerOfOne(box, rules);
      seen.add(String(blocker));
      assert.equal(blockerOf(box, rules), blocker);
      for (const [outTradeNo, { intent }] of box.orders)
        assert.equal(mayCharge(box, intent, rules), mayChargeOne(box, outTradeNo, rules));
    }),
    { numRuns: 3_000, seed: 13 },
  );
  assert.equal(seen.size, 17, [...seen].join(" "));
});

test("with several providers, a charge leaves only where its own provider and the box let it", () => {
  const rules: Rules = {
    ...keypadRules,
    providers: new Map([
      ["wechat", provider(["a"])],
      ["second", provider(["b"], { ...second, wallets: ["alipay"] })],
    ]),
  };
  const health = fc.record({ proved: rarely(false), unclear: rarely(true) });
  fc.assert(
    fc.property(boxes, health, fc.nat({ max: 63 }), (one, other, whose) => {
      const orders = [...one.orders].map(([number, order], index): [string, Payment] => [
        number,
        (whose >> index) % 2 === 0 ? order : { ...order, intent: { ...order.intent, ...second } },
      ]);
      const box: Box = {
        ...one,
        orders: new Map(orders),
        health: new Map([...one.health, ["second", { ...healthOf(one), ...other }]]),
      };
      for (const [number, { intent }] of box.orders) {
        // What one provider's rule says of its own orders and its own health, as if there were no other.
        const own = intent.payee.provider;
        const alone: Box = {
          ...box,
          health: new Map([...box.health].filter(([id]) => id === own)),
          orders: new Map([...box.orders].filter(([, it]) => it.intent.payee.provider === own)),
          held: box.held.filter(({ wallet }) => wallet === null || own === "wechat"),
        };
        assert.equal(mayCharge(box, intent, rules), mayChargeOne(alone, number, rules), own);
      }
    }),
    { numRuns: 2_000, seed: 13 },
  );
});

const second = { payee: { provider: "second", account: "2", key: "wechat-v2 wx2 2 - -" } };

test("a box through which nobody charges is not configured, and who only finishes orders is never ready", () => {
  const former = provider(["a"], { charges: false });
  const rules: Rules = { ...keypadRules, providers: new Map([["wechat", former]]) };
  const { box } = new Story(rules).post({ type: "scanner-changed", ready: true });
  assert.deepEqual([...box.health], []);
  assert.deepEqual(outageOf(box, rules), { blocker: "misconfigured", provider: null });
  assert.equal(providerBlockerOf(box, former), "unproved");
});

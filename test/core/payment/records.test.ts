/** What the journal keeps of an order, whole: MQTT reports the same bytes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { begin } from "../../../src/core/payment/advance.ts";
import type { TxData } from "../../../src/core/payment/order.ts";
import type { Rules } from "../../../src/core/payment/rules.ts";
import { paidVerdict, recordOutcome } from "../../../src/core/payment/verdict.ts";
import { withProvider } from "./reachable.ts";
import { fixedRules, keypadRules, Story } from "./story.ts";

const paid = { kind: "paid", transactionId: "42" } as const;
const silence = { kind: "unknown", why: "silence", signed: false } as const;

/** The newest record without what every record of an order repeats. */
function newest(story: Story): Partial<TxData> {
  const last = story.records().at(-1);
  assert.ok(last !== undefined);
  const {
    outTradeNo,
    shortRef,
    ref,
    provider,
    wallet,
    merchantId,
    amountFen,
    currency,
    intentAt,
    box,
    ...rest
  } = last;
  const { intent } = story.order;
  assert.deepEqual([outTradeNo, shortRef, ref], [intent.outTradeNo, intent.shortRef, null]);
  assert.deepEqual([provider, wallet, merchantId], ["wechat", "wechat", "1900000109"]);
  assert.deepEqual([amountFen, currency], [1_250, "CNY"]);
  assert.deepEqual([intentAt, box], ["2027-01-15T08:00:00.000Z", "box-1"]);
  return rest;
}

const open = {
  transactionId: null,
  final: false,
  charged: "unknown",
  reason: null,
  late: false,
  clockTrusted: true,
  chargeCount: 1,
  queryCount: 0,
  reverseCount: 0,
  dispense: null,
  finalAt: null,
} as const;

test("a charge stands in the journal before it leaves", () => {
  const story = Story.ready().keys("1250=").scan();
  assert.deepEqual(newest(story), { ...open, state: "charging" });
  const [effect] = story.effects.filter(({ type }) => type === "record");
  assert.ok(effect?.type === "record" && effect.entry.kind === "charging");
  assert.deepEqual(effect.entry.intent, story.order.intent);
});

test("a payment says what moved, and when that was known", () => {
  const story = Story.ready().payTo().wait(1_500).charge(paid);
  assert.deepEqual(newest(story), {
    ...open,
    ...{ state: "paid", final: true, charged: "yes", transactionId: "42" },
    finalAt: "2027-01-15T08:00:01.500Z",
  });
});

test("a decline is an end without a charge, and not late", () => {
  const story = Story.ready().payTo().charge({ kind: "declined", reason: "card", code: "NOTSUPORTCARD" });
  assert.deepEqual(newest(story), {
    ...open,
    ...{ state: "declined", final: true, charged: "no", reason: "card" },
    finalAt: "2027-01-15T08:00:00.000Z",
  });
});

test("a reversal is open until its end, which says how often what was asked", () => {
  const story = Story.ready().payTo().charge(silence).query({ kind: "unpaid", paying: true }).keys("X");
  const reversalRecorded = { ...open, reason: "cancelled-by-person", queryCount: 1 };
  assert.deepEqual(newest(story), { ...reversalRecorded, state: "reversing" });
  story.recorded().wait(15_000).reverse({ kind: "done" });
  story.query({ kind: "closed", paidOnce: true, transactionId: "42" });
  assert.deepEqual(newest(story), {
    ...reversalRecorded,
    ...{ state: "refunded", final: true, charged: "no", transactionId: "42" },
    ...{ queryCount: 2, reverseCount: 1, finalAt: "2027-01-15T08:00:15.000Z" },
  });
});

test("what only people can settle is final and says that nobody knows", () => {
  const taken = Story.ready().payTo().charge({ kind: "number-conflict", code: "ORDERPAID" });
  assert.deepEqual(newest(taken), { ...open, state: "charging", reason: "number-conflict" });
  taken.recorded().query({ kind: "foreign", state: "paid" });
  const manual = { ...open, state: "manual", final: true } as const;
  assert.deepEqual(newest(taken), {
    ...manual,
    ...{ reason: "number-conflict", queryCount: 1, finalAt: "2027-01-15T08:00:00.000Z" },
  });
  const expired = Story.ready().payTo().charge({ kind: "pending" }).keys("X").recorded().wait(15_000);
  expired.reverse({ kind: "expired" });
  assert.deepEqual(newest(expired), {
    ...manual,
    ...{ reason: "reverse-expired", reverseCount: 1, finalAt: "2027-01-15T08:00:15.000Z" },
  });
});

test("a payment found after a restart is late, one whose goods are to come not final", () => {
  const before = Story.ready().payTo();
  const [last] = before.records();
  assert.ok(last !== undefined);
  const found = new Story(keypadRules, [{ intent: before.order.intent, last }]).query(paid);
  assert.deepEqual(newest(found), {
    ...open,
    ...{ state: "paid", final: true, charged: "yes", transactionId: "42", late: true, queryCount: 1 },
    finalAt: "2027-01-15T08:00:00.000Z",
  });
  const rules: Rules = { ...fixedRules, relay: { fenPerPulse: 100, onAmbiguous: "hold" } };
  const vend = Story.ready(rules).post({ type: "relay-changed", ready: true }).scan().recorded();
  const { state, final, charged, dispense, finalAt } = vend.charge(paid).records().at(-1) ?? {};
  assert.deepEqual(
    [state, final, charged, dispense, finalAt],
    ["paid", false, "yes", { pulses: 5, outcome: null }, null],
  );
});

test("a record names the provider, the account as people know it there, and the wallet", () => {
  const payee = { provider: "wechat", account: "2", key: "wechat-v2 wx1 1 - 2" };
  const [record] = Story.ready(withProvider(keypadRules, { payee })).payTo().records();
  assert.deepEqual([record?.provider, record?.wallet, record?.merchantId], ["wechat", "wechat", "2"]);
});

test("a clock is trusted or not at each moment for itself", () => {
  const { order } = Story.ready().payTo();
  for (const [first, last] of [
    [true, false],
    [false, true],
  ] as const) {
    const stamp = { at: order.chargedAt, wall: order.intent.intentAt, chance: [0, 0, 0, 0] } as const;
    const began = begin(
      { ...order.intent, clockTrusted: first },
      null,
      { ...stamp, clockTrusted: first },
      keypadRules,
    );
    const ended = recordOutcome(
      began.payment,
      paidVerdict(false),
      { ...stamp, clockTrusted: last },
      keypadRules,
    );
    const said = [began, ended].map(({ effects: [effect] }) =>
      effect?.type === "record" && effect.entry.kind !== "boot" && "tx" in effect.entry
        ? effect.entry.tx.clockTrusted
        : null,
    );
    assert.deepEqual(said, [first, last]);
  }
});

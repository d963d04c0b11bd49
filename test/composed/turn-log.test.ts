import assert from "node:assert/strict";
import { test } from "node:test";
import { TurnLog } from "../../src/composed/turn-log.ts";
import type { PaymentEvent } from "../../src/core/payment/payment.ts";
import { bootScreen } from "../../src/core/payment/screen.ts";
import type { Log, LogFields } from "../../src/runtime/ports.ts";
import { Story } from "../core/payment/story.ts";
import { txOf } from "../journal/entries.ts";

/** A log of turns, and its lines. */
function bench() {
  const lines: (readonly [level: string, event: string, fields: LogFields | undefined])[] = [];
  const level = (name: string) => (event: string, fields?: LogFields) =>
    void lines.push([name, event, fields]);
  const log: Log = { debug: level("debug"), info: level("info"), warn: level("warn"), error: level("error") };
  return { lines, log: new TurnLog(log) };
}

const turn = { ...new Story().turn, effects: [] };

test("the log says of each order what came, with its answer or state, and where the order stands then", () => {
  const { lines, log } = bench();
  const host = "https://example.test";
  const outTradeNo = "k3b9x0aaQ7dV2mTz0000001";
  const events: readonly (readonly [PaymentEvent, string])[] = [
    [{ type: "charge-answered", host, answer: { kind: "pending" } }, "charge-answered:pending"],
    [
      { type: "query-answered", host, answer: { kind: "not-sent", why: "no-name" } },
      "query-answered:not-sent",
    ],
    [{ type: "undo-answered", host, answer: { kind: "not-sent", why: "no-name" } }, "undo-answered:not-sent"],
    [{ type: "recorded", state: "paid" }, "recorded:paid"],
    [{ type: "record-failed", state: "charging" }, "record-failed:charging"],
    [{ type: "dispensed", outcome: "unclear" }, "dispensed:unclear"],
    [{ type: "woke" }, "woke"],
    [{ type: "withheld" }, "withheld"],
    [{ type: "cancel-pressed" }, "cancel-pressed"],
  ];
  for (const [event] of events) log.turned({ type: "payment", outTradeNo, event }, turn);
  assert.deepEqual(
    lines,
    events.map(([, kind]) => ["info", "order.moved", { outTradeNo, kind, phase: "over" }]),
  );

  lines.length = 0;
  const story = Story.ready().keys("1250=").scan();
  const [own = ""] = story.turn.box.orders.keys();
  log.turned({ type: "payment", outTradeNo: own, event: { type: "woke" } }, { ...story.turn, effects: [] });
  const phase = story.turn.box.orders.get(own)?.phase.name;
  assert.ok(phase !== undefined);
  assert.deepEqual(lines, [["info", "order.moved", { outTradeNo: own, kind: "woke", phase }]]);
});

test("what devices say and what the box asks for is for developers, and a timer is nobody's news", () => {
  const { lines, log } = bench();
  log.turned({ type: "woke" }, turn);
  assert.deepEqual(lines, []);
  log.turned({ type: "code-wanted" }, { ...turn, effects: [{ type: "warm" }] });
  assert.deepEqual(lines, [
    ["debug", "box.heard", { kind: "code-wanted" }],
    ["debug", "box.asked", { kind: "warm" }],
  ]);
});

test("a contradiction is said once", () => {
  const { lines, log } = bench();
  const box = { ...turn.box, violation: "an order without an intent" };
  for (let again = 0; again < 3; again += 1) log.turned({ type: "woke" }, { ...turn, box });
  assert.deepEqual(lines, [["error", "box.contradicted", { problem: "an order without an intent" }]]);
});

test("a screen is said when its text is another, with the reference of a payment or the code of an outage", () => {
  const { lines, log } = bench();
  const paid = { ...bootScreen, text: "paid", ref: "2369", light: "paid" } as const;
  log.shown(paid);
  log.shown({ ...paid, seconds: 7 });
  log.shown({ ...bootScreen, text: "out-of-service", ref: "E31", light: "off" });
  log.shown({ ...bootScreen, text: "offline", ref: "E40", light: "off" });
  log.shown(paid);
  assert.deepEqual(lines, [
    ["info", "screen.shown", { screen: "paid", shortRef: "2369", state: "paid" }],
    ["info", "screen.shown", { screen: "out-of-service", code: "E31", state: "off" }],
    ["info", "screen.shown", { screen: "offline", code: "E40", state: "off" }],
    ["info", "screen.shown", { screen: "paid", shortRef: "2369", state: "paid" }],
  ]);
});

test("a durable record is said with what people ask for, and without what they may not see", () => {
  const { lines, log } = bench();
  log.recorded(txOf(1, "paid"));
  const { outTradeNo, shortRef, state, reason, charged, amountFen, transactionId, late } = txOf(1, "paid");
  assert.deepEqual(lines, [
    [
      "info",
      "order.recorded",
      { outTradeNo, shortRef, state, reason, charged, amountFen, transactionId, late },
    ],
  ]);
});

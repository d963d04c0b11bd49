/** What people at the box hear of orders that a start found open. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { drawFrame } from "../../../src/core/codecs/display-frame.ts";
import type { OpenOrder } from "../../../src/core/payment/order.ts";
import type { Rules } from "../../../src/core/payment/rules.ts";
import { providerOf } from "./reachable.ts";
import { fixedRules, keypadRules, Story, tillRules } from "./story.ts";

const paid = { kind: "paid", transactionId: "4200" } as const;

/** So many orders as the journal holds them after their charges. */
function openOrders(rules: Rules, count = 1): readonly OpenOrder[] {
  return Array.from({ length: count }, (_, index) => {
    const story = Story.ready({ ...keypadRules, boxTag: `abcd123${index}` }).payTo();
    const [last] = story.records();
    assert.ok(last !== undefined);
    return {
      intent: { ...story.order.intent, shortRef: `000${index}`, payee: providerOf(rules).payee },
      last,
    };
  });
}

/** A box that starts with open orders and takes payments already. */
function restarted(rules: Rules, open = openOrders(rules)): Story {
  const story = new Story(rules, open);
  story
    .post({ type: "scanner-changed", ready: true })
    .post({ type: "probed", provider: "wechat", answer: { kind: "passed" } });
  return story.wait(1);
}

/** The oldest order that is open is found paid. */
function foundPaid(story: Story): Story {
  const [order] = [...story.box.orders.values()].filter(({ recovered }) => recovered);
  assert.ok(order !== undefined);
  const { outTradeNo } = order.intent;
  story.post({ type: "payment", outTradeNo, event: { type: "query-answered", host: "a", answer: paid } });
  return story.post({ type: "payment", outTradeNo, event: { type: "recorded", state: "paid" } });
}

describe("an order that a start found open", () => {
  it("is told of where it is found paid, with amount and reference, until somebody confirms", () => {
    const story = foundPaid(restarted(keypadRules));
    assert.deepEqual(story.display, ["Earlier   \u00a512.50", "PAID       #0000"]);
    assert.deepEqual(drawFrame(story.turn.screen, "zh", { columns: 16, rows: 2 }), [
      "Qiandan   \u00a512.50",
      "Yi fu      #0000",
    ]);
    assert.equal(story.turn.screen.light, "unknown");
    story.keys("7").scan().post({ type: "scan-refused", refusal: "not-a-payment-code" });
    assert.equal(story.wait(600_000).text, "earlier-paid");
    assert.equal(story.box.orders.size, 0);
    assert.equal(story.keys("=").text, "idle");
    assert.deepEqual(story.box.untold, []);
  });

  it("has what was shown of it in the journal", () => {
    const story = restarted(keypadRules, openOrders(keypadRules, 2));
    foundPaid(foundPaid(story)).keys("=").keys("=");
    const shown = story.effects.flatMap((effect) =>
      effect.type === "note" && effect.entry.kind === "shown" ? [effect.entry] : [],
    );
    assert.deepEqual(
      shown.map(({ outTradeNo, text }) => `${outTradeNo.slice(0, 8)} ${text}`),
      ["abcd1230 earlier-paid", "abcd1231 earlier-paid"],
    );
  });

  it("is told of for its time where there are no keys, one after the other", () => {
    const story = foundPaid(foundPaid(restarted(tillRules, openOrders(tillRules, 2))));
    const { foreground } = story.box;
    assert.ok(foreground.name === "earlier");
    const first = foreground.end.intent.outTradeNo;
    story.wait(tillRules.timing.unknownShownMs);
    const next = story.box.foreground;
    assert.ok(next.name === "earlier" && next.end.intent.outTradeNo !== first);
    assert.equal(story.wait(tillRules.timing.unknownShownMs).text, "till-idle");
  });

  it("stands in the way of no sale of a till, and is told of again after it", () => {
    const story = foundPaid(restarted(tillRules));
    story.says({ name: "pay", caller: "till", ref: "A-1", amountFen: 900 as never });
    assert.equal(story.text, "armed");
    story.scan().recorded().charge({ kind: "paid", transactionId: "43" }).recorded();
    assert.equal(story.text, "paid");
    story.wait(tillRules.timing.resultMs);
    assert.equal(story.text, "earlier-paid");
    assert.equal(story.wait(tillRules.timing.unknownShownMs).text, "till-idle");
  });

  it("waits for the payment that runs", () => {
    const story = restarted(keypadRules);
    // The unclear outcome of the old order is asked about, and a customer pays meanwhile.
    story.keys("700=").scan().recorded();
    foundPaid(story);
    assert.equal(story.text, "submitting");
    story.charge({ kind: "paid", transactionId: "43" }).recorded();
    assert.equal(story.text, "paid");
    assert.equal(story.keys("=").text, "earlier-paid");
  });

  it("is told of before a fixed amount that only stands there, which rests afterwards", () => {
    const story = restarted(fixedRules).wait(fixedRules.timing.restMs);
    assert.equal(story.text, "armed");
    assert.equal(foundPaid(story).text, "earlier-paid");
    assert.equal(story.wait(fixedRules.timing.unknownShownMs).text, "resting");
  });

  it("is told of where its money went back", () => {
    const rules: Rules = { ...keypadRules, late: "reverse" };
    const story = restarted(rules);
    story.query(paid).recorded().wait(15_000).reverse({ kind: "done" }).wait(1);
    story.query({ kind: "refunded", transactionId: "4200" });
    assert.equal(story.text, "idle");
    story.recorded();
    assert.deepEqual(story.display, ["Earlier   \u00a512.50", "Refunded   #0000"]);
    assert.deepEqual(drawFrame(story.turn.screen, "zh", { columns: 16, rows: 2 }), [
      "Qiandan   \u00a512.50",
      "Yi tui     #0000",
    ]);
    assert.equal(story.records().at(-1)?.state, "refunded");
  });

  it("is shown like RESULT UNKNOWN where people have to decide", () => {
    const [order] = openOrders(keypadRules);
    assert.ok(order !== undefined);
    const story = restarted(keypadRules, [
      { intent: order.intent, last: { ...order.last, state: "reversing", reason: "gave-up" } },
    ]);
    story.wait(15_000).reverse({ kind: "expired" });
    story.recorded();
    assert.equal(story.records().at(-1)?.state, "manual");
    assert.deepEqual(story.display, ["RESULT UNKNOWN  ", "Ask staff  #0000"]);
    assert.equal(story.keys("=").text, "idle");
  });

  it("is not told of where nobody was charged, nor where a decline of long ago was contradicted", () => {
    const [order] = openOrders(keypadRules);
    assert.ok(order !== undefined);
    const story = restarted(keypadRules, [
      { intent: order.intent, last: { ...order.last, state: "reversing", reason: "gave-up" } },
    ]);
    story.wait(15_000).reverse({ kind: "done" }).wait(1);
    story.query({ kind: "closed", paidOnce: false, transactionId: null }).recorded();
    assert.deepEqual([story.records().at(-1)?.state, story.text], ["reversed", "idle"]);
    const contradicted = restarted(keypadRules, [
      { intent: order.intent, last: { ...order.last, state: "reversing", reason: "contradiction" } },
    ]);
    contradicted.wait(15_000).reverse({ kind: "done" }).wait(1);
    contradicted.query({ kind: "refunded", transactionId: "4200" }).recorded();
    assert.deepEqual([contradicted.records().at(-1)?.state, contradicted.text], ["refunded", "idle"]);
  });
});

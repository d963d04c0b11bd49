/** Keys that look back: the last orders, one a press, and what the journal says of each. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { drawFrame } from "../../../src/core/codecs/display-frame.ts";
import { moneyStates, type RecentOrder } from "../../../src/core/payment/order.ts";
import { RECENT_MAX } from "../../../src/core/payment/recent.ts";
import type { Rules } from "../../../src/core/payment/rules.ts";
import { fixedRules, keypadRules, Story, tillRules } from "./story.ts";

const paid = { kind: "paid", transactionId: "42" } as const;
const pending = { kind: "pending" } as const;
const closed = { kind: "closed", paidOnce: false, transactionId: null } as const;
const menuRules: Rules = {
  ...keypadRules,
  amount: {
    source: "menu",
    maximum: 500 as never,
    items: [{ digit: 1, name: "Tea", amountFen: 300 as never, pulses: null }],
  },
};

/** Orders of an earlier life, newest first: one in each state. */
const states: readonly RecentOrder[] = moneyStates.map((state, index) => ({
  outTradeNo: `abcd1234_000000000000_${index}`,
  shortRef: `000${index}`,
  amountFen: 1_250 as never,
  state,
}));

/** A box that takes payments and remembers these orders. */
function remembering(recent: readonly RecentOrder[], rules: Rules = keypadRules): Story {
  const story = new Story(rules, [], [], [], new Map(), recent);
  story
    .post({ type: "scanner-changed", ready: true })
    .post({ type: "probed", provider: "wechat", answer: { kind: "passed" } });
  return story.wait(rules.timing.restMs);
}

/** A payment that ends as paid, and is not looked at any more. */
function sell(story: Story, code?: string): Story {
  return story.keys("1250=").scan(code).recorded().charge(paid).recorded().keys("=");
}

describe("OK where nothing is typed", () => {
  it("shows the newest order and then each before it, and after the oldest nothing", () => {
    const story = sell(sell(Story.ready()), "131234567890123457");
    const [newest, oldest] = story.box.recent;
    assert.equal(story.keys("=").display[0], `#${newest?.shortRef}     \u00a512.50`);
    assert.deepEqual([story.text, story.turn.screen.light], ["recent-paid", "ready"]);
    assert.equal(story.keys("=").turn.screen.ref, oldest?.shortRef);
    assert.equal(story.keys("=").text, "idle");
    assert.notEqual(newest?.shortRef, oldest?.shortRef);
  });

  it("says what the journal says, in words for each of its states", () => {
    const words = moneyStates.map((state) => {
      const story = remembering(states.filter((order) => order.state === state)).keys("=");
      const zh = drawFrame(story.turn.screen, "zh", { columns: 16, rows: 2 })[1];
      return [state, story.display[1]?.trim(), zh?.trim()];
    });
    assert.deepEqual(words, [
      ["charging", "Still checking", "Hai zai chaxun"],
      ["reversing", "Being undone", "Zai chexiao"],
      ["paid", "PAID", "Yi fukuan"],
      ["declined", "NOT PAID", "Wei fukuan"],
      ["cancelled", "NOT PAID", "Wei fukuan"],
      ["reversed", "NOT PAID", "Wei fukuan"],
      ["refunded", "Refunded", "Yi tuikuan"],
      ["manual", "RESULT UNKNOWN", "Jieguo weizhi"],
    ]);
  });

  it("tells a cashier how a RESULT UNKNOWN ended, while somebody looks", () => {
    const story = Story.ready().payTo().charge(pending).keys("X").recorded().wait(20_000);
    assert.equal(story.text, "unknown");
    assert.deepEqual([story.keys("=").text, story.keys("=").text], ["idle", "recent-reversing"]);
    story.reverse({ kind: "done" }).query(closed);
    assert.equal(story.text, "recent-reversing", "its end is not durable");
    assert.equal(story.recorded().text, "recent-not-paid");
  });

  it("is an amount of zero where there was no order yet, and where an entry was begun", () => {
    assert.equal(Story.ready().keys("=").text, "amount-zero");
    assert.equal(remembering(states).keys("0=").text, "amount-zero");
  });

  it("looks back where a till gives the amounts, whose amount ends the look", () => {
    const story = remembering(states, { ...tillRules, keypad: true }).keys("=");
    assert.equal(story.text, "recent-open");
    story.post({
      type: "command",
      token: 1,
      command: { name: "pay", caller: "socket", ref: "a", amountFen: 500 as never },
    });
    assert.deepEqual([story.text, story.turn.screen.amountFen], ["armed", 500]);
  });

  it("asks for the payment where one amount is sold, and looks at nothing", () => {
    const story = remembering(states, fixedRules);
    assert.equal(story.keys("=").box.foreground.name, "armed");
  });
});

describe("a look", () => {
  it("never begins where the box says why it sells nothing", () => {
    const story = remembering(states).post({ type: "scanner-changed", ready: false });
    story.keys("=");
    assert.deepEqual([story.box.foreground.name, story.text], ["idle", "out-of-service"]);
  });

  it("gives way to an outage and to what a scan is told", () => {
    const story = remembering(states).keys("=").scan();
    assert.equal(story.text, "no-amount");
    assert.equal(story.wait(5_000).text, "recent-open");
    assert.equal(story.post({ type: "scanner-changed", ready: false }).text, "out-of-service");
  });

  it("ends by itself after 15 s, counted from the last OK", () => {
    const story = remembering(states).keys("=").wait(14_999).keys("=");
    assert.equal(story.wait(14_999).text, "recent-reversing");
    assert.equal(story.wait(1).text, "idle");
  });

  it("ends with any other key, which counts as itself and opens the connection", () => {
    const story = remembering(states).keys("=");
    story.take();
    assert.equal(story.keys("7").turn.screen.amountFen, 7);
    assert.deepEqual(story.take(), ["warm"]);
    assert.equal(story.keys("=").text, "armed");
    assert.equal(remembering(states).keys("=X").text, "idle");
  });

  it("does not hold up who chooses of a menu: the reader goes on reading", () => {
    const story = remembering(states, menuRules).keys("=");
    assert.deepEqual([story.text, story.turn.reading], ["recent-open", true]);
    assert.equal(story.keys("1").text, "armed");
  });

  it("gives way to who waits since before the start", () => {
    const before = Story.ready().payTo();
    const [last] = before.records();
    assert.ok(last !== undefined);
    const { intent } = before.order;
    const { outTradeNo } = intent;
    const story = new Story(keypadRules, [{ intent, last }], [], [], new Map(), states);
    story
      .post({ type: "scanner-changed", ready: true })
      .post({ type: "probed", provider: "wechat", answer: { kind: "passed" } });
    story.wait(1).keys("=");
    const answered = { type: "query-answered", host: "a", answer: paid } as const;
    story.post({ type: "payment", outTradeNo, event: answered });
    story.post({ type: "payment", outTradeNo, event: { type: "recorded", state: "paid" } });
    assert.equal(story.text, "earlier-paid");
  });
});

describe("the last orders", () => {
  it("are five at most, and an older one that moves is the newest thing to tell", () => {
    const story = remembering(states);
    const listed = (): readonly string[] => story.box.recent.map(({ state }) => state);
    assert.deepEqual(listed(), ["charging", "reversing", "paid", "declined", "cancelled"]);
    sell(story);
    assert.deepEqual(listed(), ["paid", "charging", "reversing", "paid", "declined"]);
    assert.equal(story.box.recent.length, RECENT_MAX);
  });

  it("have an order from its durable intent on, in its place whatever comes of it", () => {
    const story = remembering(states.slice(2, 3)).keys("1250=").scan();
    assert.equal(story.box.recent.length, 1);
    const { outTradeNo } = story.recorded().order.intent;
    assert.deepEqual([story.box.recent[0]?.outTradeNo, story.box.recent[0]?.state], [outTradeNo, "charging"]);
    story.charge(pending).keys("X").recorded();
    assert.deepEqual(
      story.box.recent.map(({ state }) => state),
      ["reversing", "paid"],
    );
  });
});

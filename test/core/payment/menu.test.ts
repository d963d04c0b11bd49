/** One digit, one price; and the lines that take turns on a display that waits. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rules } from "../../../src/core/payment/rules.ts";
import { salesOf } from "../../../src/core/payment/sale.ts";
import type { Screen } from "../../../src/core/payment/screen.ts";
import { fixedRules, keypadRules, Story } from "./story.ts";

const menu: Rules = {
  ...keypadRules,
  amount: {
    source: "menu",
    maximum: 300_000 as never,
    items: [
      { digit: 1, name: "Cola", amountFen: 300 as never, pulses: null },
      { digit: 2, name: "Water", amountFen: 250 as never, pulses: 4 },
    ],
  },
};

test("a digit arms its price, another one replaces it, cancel gives it up", () => {
  const story = Story.ready(menu);
  story.keys("1");
  assert.deepEqual([story.text, story.turn.screen.amountFen], ["armed", 300]);
  story.keys("2");
  assert.equal(story.turn.screen.amountFen, 250);
  story.wait(59_999);
  story.keys("9");
  assert.equal(story.turn.screen.amountFen, 250, "nothing is sold by 9");
  story.wait(1);
  assert.equal(story.text, "menu", "nobody came to pay");
  story.keys("1X");
  assert.equal(story.text, "menu");
  story.keys("=.:<C9");
  assert.equal(story.text, "menu");
});

test("what is paid for takes its own pulses, or as many as its price buys", () => {
  const sold: Rules = { ...menu, relay: { fenPerPulse: 100, onAmbiguous: "hold" } };
  assert.deepEqual(
    [...salesOf(sold)],
    [
      [1, { amountFen: 300, pulses: 3, ref: null, caller: null }],
      [2, { amountFen: 250, pulses: 4, ref: null, caller: null }],
    ],
  );
  assert.deepEqual([...salesOf({ ...sold, relay: { fenPerPulse: 200, onAmbiguous: "hold" } }).keys()], [2]);
  assert.deepEqual(
    [...salesOf(menu).values()],
    [
      { amountFen: 300, pulses: null, ref: null, caller: null },
      { amountFen: 250, pulses: null, ref: null, caller: null },
    ],
  );
  assert.equal(salesOf(keypadRules).size, 0);
});

test("a result that is unknown leaves a menu by itself: its keys may be digits alone, and its customers walk away", () => {
  const story = Story.ready(menu).keys("1").scan().recorded();
  story.charge({ kind: "paid", transactionId: "42" }).happens({ type: "record-failed", state: "paid" });
  assert.equal(story.text, "unknown");
  story.keys("1").wait(29_999);
  assert.equal(story.text, "unknown");
  story.wait(1);
  assert.equal(story.box.foreground.name, "idle");
});

test("after a decline the same item is armed again, after a payment the menu stands", () => {
  const story = Story.ready(menu).keys("1").scan().recorded();
  story.charge({ kind: "declined", reason: "funds", code: "NOTENOUGH" }).recorded().wait(5_000);
  assert.deepEqual([story.text, story.turn.screen.amountFen], ["armed", 300]);
  story.scan("134567890123456780").recorded().charge({ kind: "paid", transactionId: "42" }).recorded();
  story.keys("2");
  assert.deepEqual(
    [story.text, story.turn.screen.amountFen],
    ["resting", 250],
    "the phone of the customer before may lie there",
  );
  story.keys("X");
  assert.equal(story.text, "menu");
});

const bread = ["Fresh bread", ""];

test("the items of the menu and the lines of the advert take turns while nobody has chosen", () => {
  const story = Story.ready({ ...menu, advert: ["Fresh bread"] });
  const seen: Screen["line"][] = [];
  story.wait(7_000);
  for (let turn = 0; turn < 4; turn += 1) {
    seen.push(story.turn.screen.line);
    story.wait(4_000);
  }
  assert.deepEqual(seen, [
    ["1 Cola", "\u00a53.00"],
    ["2 Water", "\u00a52.50"],
    bread,
    ["1 Cola", "\u00a53.00"],
  ]);
  story.keys("1");
  assert.equal(story.turn.screen.line, null);
});

test("an advert stands beside the welcome, and beside a fixed price that is never hidden", () => {
  const idle = Story.ready({ ...keypadRules, advert: ["Fresh bread"] });
  assert.deepEqual([idle.turn.screen.line, idle.wait(4_000).turn.screen.line], [null, bread]);
  const fixed = Story.ready({ ...fixedRules, advert: ["Fresh bread"] });
  assert.deepEqual([fixed.text, fixed.turn.screen.line], ["armed", null], "what to do comes first");
  fixed.wait(4_000);
  assert.deepEqual([fixed.text, fixed.turn.screen.line, fixed.turn.screen.amountFen], ["armed", bread, 500]);
  const plain = Story.ready(fixedRules);
  assert.equal(plain.turn.wakeAt, null, "without an advert nothing has to turn");
});

test("three declined codes in a minute pause the box for ten seconds", () => {
  const story = Story.ready().keys("1250=");
  const decline = (code: string): void => {
    story.scan(code).recorded();
    story.charge({ kind: "declined", reason: "code-expired", code: "AUTHCODEEXPIRE" }).recorded();
  };
  decline("134567890123456781");
  story.keys("=");
  decline("134567890123456782");
  story.keys("=").wait(1_000);
  assert.equal(story.text, "armed");
  decline("134567890123456783");
  assert.equal(story.text, "code-expired", "the end is shown first");
  story.keys("=");
  assert.deepEqual(story.display, ["Please wait     ", "3 declined   10s"]);
  story.wait(1_500);
  assert.equal(story.turn.screen.seconds, 9);
  story.scan("134567890123456784");
  assert.equal(story.text, "paused");
  story.wait(8_500);
  assert.equal(story.text, "armed");
  decline("134567890123456785");
  story.keys("=");
  assert.equal(story.text, "armed", "counting begins anew");
});

test("three declined codes in more than a minute, or charges that never left, pause nothing", () => {
  const story = Story.ready().keys("1250=");
  for (const code of ["134567890123456781", "134567890123456782", "134567890123456783"]) {
    story.scan(code).recorded().charge({ kind: "declined", reason: "funds", code: "NOTENOUGH" }).recorded();
    story.wait(31_000);
    if (story.order.inFlight !== null) story.query({ kind: "failed" });
  }
  assert.equal(story.box.pausedUntil, null);
  const unsent = Story.ready().keys("1250=");
  for (const code of ["134567890123456781", "134567890123456782", "134567890123456783"]) {
    unsent.scan(code).recorded().charge({ kind: "not-sent", why: "no-connection" }).recorded().keys("=");
  }
  assert.equal(unsent.box.pausedUntil, null);
});

test("a fixed amount that rests shows no advert", () => {
  const story = Story.ready({ ...fixedRules, advert: ["Fresh bread"] }).wait(4_000);
  assert.deepEqual(story.turn.screen.line, bread);
  story.scan().recorded().charge({ kind: "paid", transactionId: "42" }).recorded().wait(8_000);
  assert.deepEqual([story.text, story.turn.screen.line], ["resting", null]);
});

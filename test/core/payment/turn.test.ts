/** What a turn adds to a step: who writes the journal, and what people were shown of an end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry } from "../../../src/core/payment/order.ts";
import { keypadRules, Story } from "./story.ts";

const paid = { kind: "paid", transactionId: "42" } as const;

function notesOf(story: Story): readonly Entry[] {
  return story.effects.flatMap((effect) => (effect.type === "note" ? [effect.entry] : []));
}

test("the journal learns first which boot of which version writes it", () => {
  const story = new Story();
  const { bootMark } = story.box.numbering;
  const at = "2027-01-15T08:00:00.000Z";
  assert.deepEqual(story.effects[0], {
    type: "note",
    entry: { kind: "boot", boot: bootMark, version: keypadRules.version, at },
  });
});

test("what the customer was shown of an end stands in the journal, once", () => {
  const story = Story.ready().payTo().charge(paid);
  assert.deepEqual(notesOf(story), []);
  const { outTradeNo } = story.order.intent;
  story.wait(1_000).recorded();
  const shown = [{ kind: "shown", outTradeNo, text: "paid", at: "2027-01-15T08:00:01.000Z" }];
  assert.deepEqual(notesOf(story), shown);
  story.scan("101234567890123456").wait(5_000);
  assert.equal(story.text, "idle");
  assert.deepEqual(notesOf(story), shown);
});

test("RESULT UNKNOWN stands in the journal, and the end that follows it as well", () => {
  const story = Story.ready().payTo().charge({ kind: "pending" }).keys("X").recorded().wait(20_000);
  story.reverse({ kind: "done" });
  story.query({ kind: "closed", paidOnce: false, transactionId: null }).recorded();
  assert.deepEqual(
    notesOf(story).map((entry) => (entry.kind === "shown" ? entry.text : entry.kind)),
    ["evidence", "unknown", "cancelled"],
  );
});

test("a box that is left with something due is a defect: its loop would turn for ever", () => {
  const rules = { ...keypadRules, timing: { ...keypadRules.timing, noticeMs: 0 } };
  assert.throws(() => Story.ready(rules).keys("0="), { name: "Defect" });
});

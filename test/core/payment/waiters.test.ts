import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fenOf } from "../../../src/core/kernel/fen.ts";
import type { SaleState } from "../../../src/core/payment/till-sale.ts";
import { WAITERS_MAX } from "../../../src/core/payment/waiters.ts";
import { Story, tillRules } from "./story.ts";

const WITHIN_MS = 20_000;

function ask(story: Story, ref = "A-1"): Story {
  const amountFen = fenOf(1_250);
  assert.ok(amountFen.ok);
  return story.says({ name: "pay", caller: "till", ref, amountFen: amountFen.value });
}

function waits(story: Story, state: SaleState["state"], ref = "A-1", withinMs = WITHIN_MS): Story {
  return story.says({ name: "wait", caller: "till", ref, state, withinMs });
}

/** What was told since `count` answers. */
function since(story: Story, count: number): readonly string[] {
  return story.told.slice(count).map((told) => {
    if (told.kind === "state") return told.sale.state;
    return told.kind === "recorded" ? `recorded${told.over ? " over" : ""}` : told.kind;
  });
}

/** An armed sale whose till waits, and how many answers there were before. */
function armedAndWaited(): readonly [Story, number] {
  const story = ask(Story.ready(tillRules));
  const before = story.told.length;
  waits(story, "armed");
  assert.equal(story.told.length, before, "while nothing has moved nothing is said");
  return [story, before];
}

describe("who waits for a sale", () => {
  it("hears of a scan, and of each durable state after it", () => {
    const [story, before] = armedAndWaited();
    story.scan();
    assert.deepEqual(since(story, before), ["charging"]);
    story.recorded();
    waits(story, "charging");
    story.charge({ kind: "pending" });
    assert.equal(since(story, before).length, 1, "a password that is asked for is no other state");
    story.wait(5_000).query({ kind: "paid", transactionId: "4200" });
    assert.equal(since(story, before).length, 1, "what is not durable is not told");
    story.recorded();
    assert.deepEqual(since(story, before), ["charging", "recorded over"]);
    waits(story, "paid");
    assert.equal(since(story, before).length, 3, "what is over does not move");
  });

  it("hears of a withdrawal, and of an amount whose time is over", () => {
    const [withdrawn, before] = armedAndWaited();
    withdrawn.says({ name: "withdraw", caller: "till", ref: "A-1" });
    assert.deepEqual(since(withdrawn, before), ["withdrawn", "withdrawn"]);
    const [lapsed, earlier] = armedAndWaited();
    lapsed.post({ type: "inhibit-changed", inhibited: false });
    assert.deepEqual(since(lapsed, earlier), []);
    waits(lapsed, "armed", "A-1", 10 * lapsed.rules.timing.armedMs);
    lapsed.wait(WITHIN_MS);
    assert.deepEqual(since(lapsed, earlier), ["armed"], "the first one's time is over");
    lapsed.wait(lapsed.rules.timing.armedMs);
    assert.deepEqual(since(lapsed, earlier), ["armed", "lapsed"]);
  });

  it("hears that a decline is followed by another code", () => {
    const [story, before] = armedAndWaited();
    story.scan().recorded();
    story.charge({ kind: "declined", reason: "funds", code: "NOTENOUGH" }).recorded();
    waits(story, "declined");
    assert.deepEqual(since(story, before), ["charging"]);
    story.wait(story.rules.timing.resultMs);
    assert.deepEqual(since(story, before), ["charging", "armed"]);
  });

  it("hears at once where the sale stands otherwise already, or is none", () => {
    const story = ask(Story.ready(tillRules));
    const before = story.told.length;
    waits(story, "charging");
    waits(story, "armed", "B-1");
    assert.deepEqual(since(story, before), ["armed", "no-sale"]);
    assert.equal(story.box.waiters.length, 0);
  });

  it("hears when its time is over, and the box wakes for it", () => {
    const [story, before] = armedAndWaited();
    assert.ok((story.turn.wakeAt ?? Number.POSITIVE_INFINITY) <= story.now + WITHIN_MS);
    story.wait(WITHIN_MS - 1);
    assert.deepEqual(since(story, before), []);
    story.wait(1);
    assert.deepEqual(since(story, before), ["armed"]);
  });

  it("hears at once where too many wait, and when the box ends", () => {
    const [story, before] = armedAndWaited();
    for (let count = 1; count < WAITERS_MAX; count += 1) waits(story, "armed");
    assert.deepEqual(since(story, before), []);
    waits(story, "armed");
    assert.deepEqual(since(story, before), ["armed"]);
    story.post({ type: "stopping" });
    assert.equal(since(story, before).length, 1 + WAITERS_MAX);
    assert.equal(story.box.waiters.length, 0);
  });

  it("is not told of a contradiction of an order before the newest one as if it were this one's state", () => {
    const story = ask(Story.ready(tillRules));
    story.scan().recorded().charge({ kind: "declined", reason: "funds", code: "NOTENOUGH" }).recorded();
    const declined = story.order.intent;
    story.wait(story.rules.timing.resultMs);
    story.scan("134567890123456780").recorded();
    const before = story.told.length;
    waits(story, "charging");
    story.post({ type: "payment", outTradeNo: declined.outTradeNo, event: { type: "woke" } });
    assert.deepEqual(since(story, before), []);
    assert.equal(story.box.sales.get("till A-1")?.recorded, "charging");
  });

  it("hears at once of a sale whose record the box does not know", () => {
    const story = ask(Story.ready(tillRules)).scan().recorded();
    story.turn = { ...story.turn, box: { ...story.box, sales: new Map() } };
    const before = story.told.length;
    waits(story, "charging");
    assert.deepEqual(since(story, before), ["recorded"]);
  });
});

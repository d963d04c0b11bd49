import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { drawGlass } from "../../../src/core/codecs/glass.ts";
import { fenOf } from "../../../src/core/kernel/fen.ts";
import { askRefusal, REFS_MAX } from "../../../src/core/payment/box.ts";
import type { Rules } from "../../../src/core/payment/rules.ts";
import { fixedRules, keypadRules, Story, tillRules } from "./story.ts";

function fen(value: number) {
  const amount = fenOf(value);
  assert.ok(amount.ok);
  return amount.value;
}

function ask(story: Story, amountFen: number, ref = "A-1"): Story {
  return story.post({ type: "amount-asked", ref, amountFen: fen(amountFen) });
}

function refusal(story: Story, amountFen = 1_250, ref = "A-1"): string | null {
  return askRefusal(story.box, { ref, amountFen: fen(amountFen) }, story.rules);
}

/** A till's box whose first sale is at the password. */
function atPassword(): Story {
  const story = ask(Story.ready(tillRules), 1_250).scan().recorded();
  return story.charge({ kind: "pending" });
}

describe("a box beside a till", () => {
  it("waits for the till, in both languages", () => {
    const story = Story.ready(tillRules);
    assert.deepEqual(story.glass, ["Ready           ", "Till: waiting   "]);
    assert.deepEqual(drawGlass(story.turn.screen, "zh", { columns: 16, rows: 2 }), [
      "Jiuxu           ",
      "Deng shouyinji  ",
    ]);
  });

  it("tells a customer who is early that there is no amount yet", () => {
    const story = Story.ready(tillRules).scan();
    assert.deepEqual(story.glass, ["No amount yet   ", "Till: waiting   "]);
    assert.equal(story.box.orders.size, 0);
  });

  it("arms the amount that the till asks for, and charges it under the till's own id", () => {
    const story = ask(Story.ready(tillRules), 1_250);
    assert.deepEqual(story.glass, ["Pay       \u00a512.50", "Show WeChat code"]);
    assert.deepEqual(story.effects, [{ type: "warm" }]);
    story.scan();
    assert.equal(story.order.intent.ref, "A-1");
    assert.equal(story.order.intent.amountFen, 1_250);
    assert.deepEqual([...story.box.refs], [["A-1", story.order.intent.outTradeNo]]);
  });

  it("takes the same wish twice for one", () => {
    const story = ask(Story.ready(tillRules), 1_250);
    const { front } = story.wait(1_000).box;
    assert.equal(ask(story, 1_250).box.front, front);
    assert.equal(story.text, "armed");
  });

  it("says that the amount has changed, with the new one where the old one stood", () => {
    const story = ask(ask(Story.ready(tillRules), 1_250), 1_350);
    assert.deepEqual(story.glass, ["New       \u00a513.50", "Amount changed  "]);
    assert.equal(story.turn.screen.light, "wait");
    assert.equal(story.turn.screen.sound, "changed");
    assert.equal(story.wait(3_000).text, "armed");
    assert.equal(story.scan().order.intent.amountFen, 1_350);
  });

  it("goes on with another sale that the till asks for instead", () => {
    const story = ask(ask(Story.ready(tillRules), 1_250), 1_250, "A-2");
    assert.equal(story.text, "amount-changed");
    assert.equal(story.scan().order.intent.ref, "A-2");
  });

  it("never alters a payment that runs: the till is busy with the first sale", () => {
    const story = atPassword();
    const before = story.box.orders;
    assert.equal(refusal(story, 900, "A-2"), "busy");
    ask(story, 900, "A-2");
    assert.deepEqual(story.glass, ["Busy      \u00a512.50", "Sale still open "]);
    assert.deepEqual(story.box.orders, before);
    assert.equal(story.wait(3_000).text, "password");
  });

  it("hides neither a charge on its way nor an unknown result behind the busy till", () => {
    const charging = ask(Story.ready(tillRules), 1_250).scan().recorded();
    assert.equal(ask(charging, 900, "A-2").text, "submitting");
    const story = atPassword().keys("X").recorded().wait(20_000);
    assert.equal(story.text, "unknown");
    assert.equal(refusal(story, 900, "A-2"), "busy");
    assert.equal(ask(story, 900, "A-2").text, "unknown");
  });

  it("does not arm a sale again that has an order, whatever became of it", () => {
    const story = atPassword().wait(5_000).query({ kind: "paid", transactionId: "4200" });
    story.recorded();
    assert.equal(story.text, "paid");
    assert.equal(refusal(story), "ref-used");
    assert.equal(ask(story, 1_250).text, "paid");
    story.wait(10_000);
    assert.equal(ask(story, 1_250).text, "till-idle");
  });

  it("takes the next sale while the last result still stands", () => {
    const story = atPassword().wait(5_000).query({ kind: "paid", transactionId: "4200" });
    story.recorded();
    assert.equal(ask(story, 900, "A-2").text, "armed");
  });

  it("keeps a declined sale armed for the next code, with its id", () => {
    const story = ask(Story.ready(tillRules), 1_250).scan().recorded();
    story.charge({ kind: "declined", reason: "funds", code: "NOTENOUGH" }).recorded().wait(5_000);
    assert.equal(story.text, "armed");
    const first = story.box.refs.get("A-1");
    story.scan("134567890123456780");
    assert.equal(story.order.intent.ref, "A-1");
    assert.notEqual(story.box.refs.get("A-1"), first);
    assert.equal(story.box.refs.get("A-1"), story.order.intent.outTradeNo);
  });

  it("forgets an amount that nobody pays", () => {
    const story = ask(Story.ready(tillRules), 1_250).wait(180_000);
    assert.equal(story.text, "till-idle");
    assert.equal(refusal(story), null);
  });

  it("knows after a restart which sales have orders", () => {
    const story = new Story(tillRules, [], [], [], new Map([["A-1", "order"]]));
    story.post({ type: "scanner-changed", ready: true });
    story.post({ type: "probed", answer: { kind: "passed" } });
    assert.equal(refusal(story), "ref-used");
    assert.equal(ask(story, 1_250).text, "till-idle");
  });

  it("remembers a bounded number of sales, the newest", () => {
    const refs = new Map(Array.from({ length: REFS_MAX }, (_, index) => [`B-${index}`, `order ${index}`]));
    const story = new Story(tillRules, [], [], [], refs);
    story.post({ type: "scanner-changed", ready: true });
    story.post({ type: "probed", answer: { kind: "passed" } });
    ask(story, 1_250).scan();
    assert.equal(story.box.refs.size, REFS_MAX);
    assert.equal(story.box.refs.has("B-0"), false);
    assert.equal(story.box.refs.has("B-1"), true);
    assert.equal(story.box.refs.has("A-1"), true);
  });

  it("refuses what it cannot take", () => {
    assert.equal(refusal(Story.ready(keypadRules)), "not-offered");
    assert.equal(refusal(Story.ready(tillRules), 300_001), "amount-too-large");
    assert.equal(refusal(new Story(tillRules)), "not-ready");
    const relay = { fenPerPulse: 100, onAmbiguous: "hold" } as const;
    const rules: Rules = { ...tillRules, relay };
    const story = Story.ready(rules);
    assert.equal(refusal(story, 1_250), "amount-uneven");
    story.post({ type: "relay-changed", ready: true });
    assert.equal(refusal(story, 1_200), null);
    assert.deepEqual(ask(story, 1_200).scan().order.intent.pulses, 12);
    for (const other of [keypadRules, fixedRules]) {
      const { front } = Story.ready(other).box;
      assert.deepEqual(ask(Story.ready(other), 500).box.front.name, front.name);
    }
  });
});

describe("a sale that the till withdraws", () => {
  const withdraw = (story: Story, ref = "A-1"): Story => story.post({ type: "amount-withdrawn", ref });

  it("ends where nobody has paid it yet", () => {
    const story = withdraw(ask(Story.ready(tillRules), 1_250));
    assert.equal(story.text, "till-idle");
    assert.equal(story.scan().box.orders.size, 0);
  });

  it("is reversed where it is under way", () => {
    const story = withdraw(atPassword());
    assert.equal(story.order.phase.name, "booking");
    assert.equal(story.text, "reversing");
  });

  it("does not wait for another code after a declined one", () => {
    const declined = (): Story => {
      const story = ask(Story.ready(tillRules), 1_250).scan().recorded();
      return story.charge({ kind: "declined", reason: "funds", code: "NOTENOUGH" }).recorded();
    };
    assert.equal(withdraw(declined()).wait(5_000).text, "till-idle");
    assert.equal(withdraw(declined(), "A-2").wait(5_000).text, "armed");
  });

  it("is reversed behind the front too, where a restart has put it", () => {
    const before = atPassword();
    const { intent } = before.order;
    const last = before.records().at(-1);
    assert.ok(last !== undefined);
    const story = new Story(tillRules, [{ intent, last }], [], [], before.box.refs);
    assert.equal(story.order.phase.name, "asking");
    assert.equal(withdraw(story).order.phase.name, "booking");
    assert.equal(withdraw(story, "A-2").order.phase.name, "booking");
  });

  it("is none of the others", () => {
    assert.equal(withdraw(ask(Story.ready(tillRules), 1_250), "A-2").text, "armed");
    assert.equal(withdraw(atPassword(), "A-2").text, "password");
    assert.equal(withdraw(Story.ready(tillRules)).text, "till-idle");
  });
});

describe("keys of a box beside a till", () => {
  it("cancel an amount, and type none", () => {
    const story = ask(Story.ready({ ...tillRules, keypad: true }), 1_250).keys("5");
    assert.equal(story.text, "armed");
    assert.equal(story.keys("<").text, "armed");
    assert.equal(story.keys("X").text, "till-idle");
    assert.equal(story.keys("12=").text, "till-idle");
  });

  it("lead on from a result", () => {
    const paid = ask(Story.ready({ ...tillRules, keypad: true }), 1_250)
      .scan()
      .recorded();
    paid.charge({ kind: "paid", transactionId: "4200" }).recorded();
    assert.equal(paid.text, "paid");
    assert.equal(paid.keys("5").text, "till-idle");
  });
});

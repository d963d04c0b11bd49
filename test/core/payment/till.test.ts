import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { drawFrame } from "../../../src/core/codecs/display-frame.ts";
import { fenOf } from "../../../src/core/kernel/fen.ts";
import { REFS_MAX } from "../../../src/core/payment/box.ts";
import type { Decision } from "../../../src/core/payment/command.ts";
import type { Rules } from "../../../src/core/payment/rules.ts";
import { REATTACH_MS, UNSCANNED_MAX } from "../../../src/core/payment/selling.ts";
import { fixedRules, keypadRules, Story, tillRules } from "./story.ts";

function fen(value: number) {
  const amount = fenOf(value);
  assert.ok(amount.ok);
  return amount.value;
}

function ask(story: Story, amountFen: number, ref = "A-1", caller = "till"): Story {
  return story.says({ name: "pay", caller, ref, amountFen: fen(amountFen) });
}

function withdraw(story: Story, ref = "A-1", caller = "till"): Story {
  return story.says({ name: "withdraw", caller, ref });
}

/** What a till would hear if it asked now, and nothing comes of it. */
function refusal(story: Story, amountFen = 1_250, ref = "A-1", caller = "till"): string | null {
  const before = story.turn;
  const told = ask(story, amountFen, ref, caller).told.at(-1);
  story.turn = before;
  return told?.kind === "refused" ? told.why : null;
}

/** The last answer, without what says nothing. */
function said(story: Story): string {
  return sayingOf(story.told.at(-1));
}

function sayingOf(told: Decision | undefined): string {
  switch (told?.kind) {
    case "state":
      return `${told.sale.state}${told.sale.final ? " final" : ""}${told.sale.repeated ? " repeated" : ""}`;
    case "recorded":
      return `recorded${told.over ? " over" : ""}${told.repeated ? " repeated" : ""}`;
    case "refused":
      return `refused ${told.why}`;
    default:
      return told?.kind ?? "nothing";
  }
}

/** How a sale stands, as its till hears it. */
function look(story: Story, ref = "A-1", caller = "till"): string {
  return said(story.says({ name: "sale", caller, ref }));
}

const paid = { kind: "paid", transactionId: "4200" } as const;
const funds = { kind: "declined", reason: "funds", code: "NOTENOUGH" } as const;

/** A till's box whose first sale is at the password. */
function atPassword(): Story {
  const story = ask(Story.ready(tillRules), 1_250).scan().recorded();
  return story.charge({ kind: "pending" });
}

describe("a box beside a till", () => {
  it("waits for the till, in both languages", () => {
    const story = Story.ready(tillRules);
    assert.deepEqual(story.display, ["Ready           ", "Till: waiting   "]);
    assert.deepEqual(drawFrame(story.turn.screen, "zh", { columns: 16, rows: 2 }), [
      "Jiuxu           ",
      "Deng shouyinji  ",
    ]);
  });

  it("tells a customer who is early that there is no amount yet", () => {
    const story = Story.ready(tillRules).scan();
    assert.deepEqual(story.display, ["No amount yet   ", "Till: waiting   "]);
    assert.equal(story.box.orders.size, 0);
  });

  it("arms the amount that the till asks for, and charges it under the till's own id", () => {
    const story = ask(Story.ready(tillRules), 1_250);
    assert.deepEqual(story.display, ["Pay       \u00a512.50", "Show WeChat code"]);
    assert.deepEqual(
      story.effects.map(({ type }) => type),
      ["warm", "answer"],
    );
    assert.equal(said(story), "armed");
    story.scan();
    assert.equal(story.order.intent.ref, "A-1");
    assert.equal(story.order.intent.amountFen, 1_250);
    assert.deepEqual([...story.box.refs], [["till A-1", story.order.intent.outTradeNo]]);
  });

  it("ends a sale that is withdrawn while it waits for another code with the decline of the first", () => {
    const story = ask(Story.ready(tillRules), 1_250).scan().recorded().charge(funds).recorded();
    story.wait(5_000);
    assert.equal(look(story), "armed");
    withdraw(story);
    assert.equal(story.text, "till-idle");
    assert.equal(look(story), "recorded over");
    assert.equal(look(story.wait(1_000)), "recorded over");
  });

  it("takes the same wish twice for one", () => {
    const story = ask(Story.ready(tillRules), 1_250);
    const { foreground } = story.wait(1_000).box;
    assert.equal(ask(story, 1_250).box.foreground, foreground);
    assert.equal(story.text, "armed");
  });

  it("says that the amount has changed, with the new one where the old one stood", () => {
    const story = ask(ask(Story.ready(tillRules), 1_250), 1_350);
    assert.deepEqual(story.display, ["New       \u00a513.50", "Amount changed  "]);
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
    assert.deepEqual(story.display, ["Busy      \u00a512.50", "Sale still open "]);
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
    assert.equal(ask(story, 1_250).text, "paid");
    assert.equal(said(story), "recorded over repeated");
    story.wait(10_000);
    assert.equal(ask(story, 1_250).text, "till-idle");
    assert.equal(said(story), "recorded over repeated");
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
    const first = story.box.refs.get("till A-1");
    story.scan("134567890123456780");
    assert.equal(story.order.intent.ref, "A-1");
    assert.notEqual(story.box.refs.get("till A-1"), first);
    assert.equal(story.box.refs.get("till A-1"), story.order.intent.outTradeNo);
  });

  it("forgets an amount that nobody pays", () => {
    const story = ask(Story.ready(tillRules), 1_250).wait(180_000);
    assert.equal(story.text, "till-idle");
    assert.equal(look(story), "lapsed final");
    assert.equal(refusal(story, 1_250, "A-2"), null);
  });

  it("knows after a restart which sales have orders", () => {
    const story = new Story(tillRules, [], [], [], new Map([["till A-1", "order"]]));
    story.post({ type: "scanner-changed", ready: true });
    story.post({ type: "probed", provider: "wechat", answer: { kind: "passed" } });
    assert.equal(refusal(story), "ref-used");
    assert.equal(ask(story, 1_250).text, "till-idle");
  });

  it("remembers a bounded number of sales, the newest", () => {
    const refs = new Map(
      Array.from({ length: REFS_MAX }, (_, index) => [`till B-${index}`, `order ${index}`]),
    );
    const story = new Story(tillRules, [], [], [], refs);
    story.post({ type: "scanner-changed", ready: true });
    story.post({ type: "probed", provider: "wechat", answer: { kind: "passed" } });
    ask(story, 1_250).scan();
    assert.equal(story.box.refs.size, REFS_MAX);
    assert.equal(story.box.refs.has("till B-0"), false);
    assert.equal(story.box.refs.has("till B-1"), true);
    assert.equal(story.box.refs.has("till A-1"), true);
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
      const { foreground } = Story.ready(other).box;
      assert.deepEqual(ask(Story.ready(other), 500).box.foreground.name, foreground.name);
    }
  });
});

describe("a sale that the till withdraws", () => {
  it("ends where nobody has paid it yet", () => {
    const story = withdraw(ask(Story.ready(tillRules), 1_250));
    assert.equal(story.text, "till-idle");
    assert.equal(story.scan().box.orders.size, 0);
  });

  it("is reversed where it is under way", () => {
    const story = withdraw(atPassword());
    assert.equal(story.order.phase.name, "recording-reversal");
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

  it("is reversed behind the foreground too, where a restart has put it", () => {
    const before = atPassword();
    const { intent } = before.order;
    const last = before.records().at(-1);
    assert.ok(last !== undefined);
    const story = new Story(tillRules, [{ intent, last }], [], [], before.box.refs);
    assert.equal(story.order.phase.name, "asking");
    assert.equal(withdraw(story).order.phase.name, "recording-reversal");
    assert.equal(withdraw(story, "A-2").order.phase.name, "recording-reversal");
  });

  it("is none of the others", () => {
    assert.equal(withdraw(ask(Story.ready(tillRules), 1_250), "A-2").text, "armed");
    assert.equal(withdraw(atPassword(), "A-2").text, "password");
    assert.equal(withdraw(Story.ready(tillRules)).text, "till-idle");
  });
});

describe("what a till is told", () => {
  it("is what the box does at this moment, not what it was before the moment came", () => {
    const paused = Story.ready(tillRules);
    for (const [index, ref] of ["A-1", "A-2", "A-3"].entries()) {
      ask(paused, 1_250, ref).scan(`13456789012345678${index}`).recorded().charge(funds).recorded();
    }
    withdraw(paused, "A-3");
    const until = paused.box.pausedUntil;
    assert.ok(until !== null);
    paused.now = until - 1;
    assert.equal(said(ask(paused, 700, "B-1")), "refused not-ready");
    assert.notEqual(paused.box.foreground.name, "armed");
    // The timer of this very moment is late.
    paused.now = until;
    assert.equal(said(ask(paused, 700, "B-1")), "armed");
    assert.equal(paused.text, "armed");
  });

  it("is armed at the end of RESULT UNKNOWN, where the box arms it", () => {
    const story = withdraw(atPassword()).recorded();
    story.wait(20_000);
    assert.equal(story.text, "unknown");
    const { foreground } = story.box;
    assert.ok(foreground.name === "unknown" && foreground.until !== null);
    story.now = foreground.until - 1;
    assert.equal(said(ask(story, 900, "A-2")), "refused busy");
    story.now = foreground.until;
    assert.equal(said(ask(story, 900, "A-2")), "armed");
    assert.equal(story.text, "armed");
  });

  it("is told once for each command, with its token", () => {
    const story = Story.ready(tillRules);
    for (const command of [
      { name: "pay", caller: "till", ref: "A-1", amountFen: fen(100) },
      { name: "sale", caller: "till", ref: "A-1" },
      { name: "withdraw", caller: "till", ref: "A-1" },
    ] as const) {
      story.effects.length = 0;
      story.says(command);
      assert.equal(story.effects.filter(({ type }) => type === "answer").length, 1);
    }
    assert.deepEqual(story.told.map(sayingOf), ["armed", "armed", "withdrawn final"]);
  });

  it("stands armed for whoever asked, whatever else stands in the way", () => {
    const story = ask(Story.ready(tillRules), 1_250);
    story.post({ type: "scanner-changed", ready: false });
    assert.equal(said(ask(story, 1_250)), "armed repeated");
    assert.equal(look(story), "armed");
  });

  it("is that nothing waits, where a changed amount is refused: the old one is gone", () => {
    const story = ask(Story.ready(tillRules), 1_250);
    assert.equal(said(ask(story, 300_001)), "refused amount-too-large");
    assert.equal(story.text, "till-idle");
    assert.equal(look(story), "no-sale");
    assert.equal(story.scan().box.orders.size, 0);
    // After a refusal it is judged anew.
    assert.equal(said(ask(story, 900)), "armed");
  });

  it("is the declined order, where a changed amount of it is refused", () => {
    const story = ask(Story.ready(tillRules), 1_250).scan().recorded().charge(funds).recorded().wait(5_000);
    assert.equal(story.text, "armed");
    assert.equal(said(ask(story, 300_001)), "refused amount-too-large");
    assert.equal(story.text, "till-idle");
    assert.equal(look(story), "recorded over");
  });

  it("is busy while another caller's amount waits, which stands unchanged; the same caller may replace its own", () => {
    const story = ask(Story.ready(tillRules), 1_250, "1", "north");
    const { foreground } = story.box;
    assert.equal(said(ask(story, 900, "1", "south")), "refused busy");
    assert.equal(story.box.foreground, foreground);
    assert.equal(said(ask(story, 900, "2", "north")), "armed");
    assert.equal(look(story, "1", "north"), "withdrawn final");
    assert.equal(story.text, "amount-changed");
    assert.equal(story.scan().order.intent.caller, "north");
  });

  it("is busy while another caller's sale waits for the next code after a declined one", () => {
    const story = ask(Story.ready(tillRules), 1_250, "1", "north").scan().recorded();
    story.charge(funds).recorded();
    assert.equal(said(ask(story, 900, "1", "south")), "refused busy");
    assert.equal(said(ask(story, 900, "2", "north")), "armed");
    assert.equal(look(story, "1", "north"), "recorded over");
  });

  it("says nothing of another caller's sale, which nobody else withdraws", () => {
    const story = ask(Story.ready(tillRules), 1_250, "1", "north");
    assert.equal(look(story, "1", "south"), "no-sale");
    assert.equal(said(withdraw(story, "1", "south")), "no-sale");
    assert.equal(story.text, "armed");
    story.scan();
    assert.equal(look(story, "1", "south"), "no-sale");
    assert.equal(look(story, "1", "north"), "charging");
    assert.equal(said(ask(story, 1_250, "1", "north")), "charging repeated");
  });

  it("is another amount's, where a sale is asked for again with one after its first code", () => {
    const story = atPassword();
    assert.equal(said(ask(story, 900)), "refused other-amount");
    assert.equal(said(ask(story, 1_250)), "recorded repeated");
    assert.equal(look(story), "recorded");
  });

  it("is the old sale for ten minutes after its end, and then only where nothing is asked for", () => {
    const story = ask(Story.ready(tillRules), 1_250).scan().recorded().charge(paid).recorded();
    story.wait(REATTACH_MS - 1);
    assert.equal(said(ask(story, 1_250)), "recorded over repeated");
    story.wait(1);
    assert.equal(said(ask(story, 1_250)), "refused ref-used");
    assert.equal(story.text, "till-idle");
    assert.equal(look(story), "recorded over");
    assert.equal(story.box.sales.size, 0);
  });

  it("is the same for a sale that nobody scanned for", () => {
    const story = withdraw(ask(Story.ready(tillRules), 1_250));
    assert.equal(said(ask(story, 1_250)), "withdrawn final repeated");
    assert.equal(said(ask(story, 900)), "refused other-amount");
    story.wait(REATTACH_MS);
    assert.equal(said(ask(story, 1_250)), "refused ref-used");
    assert.equal(look(story), "withdrawn final");
    assert.equal(story.text, "till-idle");
  });

  it("is lapsed at the moment at which the amount is over", () => {
    const story = ask(Story.ready(tillRules), 1_250);
    story.now += tillRules.timing.armedMs;
    assert.equal(said(ask(story, 1_250)), "lapsed final repeated");
    assert.equal(story.text, "till-idle");
  });

  it("keeps sales without a code in bounds, the newest", () => {
    const story = Story.ready(tillRules);
    for (let index = 0; index <= UNSCANNED_MAX; index += 1) withdraw(ask(story, 100, `${index}`), `${index}`);
    assert.equal(story.box.sales.size, UNSCANNED_MAX);
    assert.equal(look(story, "0"), "no-sale");
    assert.equal(look(story, "1"), "withdrawn final");
  });

  it("is used for what ended before the start, and attached for what was open then", () => {
    const before = atPassword();
    const { intent } = before.order;
    const last = before.records().at(-1);
    assert.ok(last !== undefined);
    const refs = new Map([...before.box.refs, ["till B-1", "an older order"]]);
    const story = new Story(tillRules, [{ intent, last }], [], [], refs);
    assert.equal(said(ask(story, 1_250)), "recorded repeated");
    assert.equal(said(ask(story, 1_250, "B-1")), "refused ref-used");
    assert.equal(look(story, "B-1"), "recorded over");
  });

  it("is used where another code has paid, though the first one's decline is open again", () => {
    const before = atPassword();
    const { intent } = before.order;
    const last = before.records().at(-1);
    assert.ok(last !== undefined);
    const contradicted = { ...last, state: "reversing", reason: "contradiction" } as const;
    const refs = new Map([["till A-1", "the order that was paid"]]);
    const story = new Story(tillRules, [{ intent, last: contradicted }], [], [], refs);
    assert.equal(said(ask(story, 1_250)), "refused ref-used");
    assert.equal(look(story), "recorded over");
    const forgotten = new Story(tillRules, [{ intent, last: contradicted }]);
    assert.notEqual(said(ask(forgotten, 1_250)), "armed", "what may be open is never begun again");
  });

  it("is never a refusal for a sale that may be open, on a box that offers none any more or holds it", () => {
    const before = atPassword();
    const { intent } = before.order;
    const last = before.records().at(-1);
    assert.ok(last !== undefined);
    const kept = new Story(keypadRules, [{ intent, last }], [], [], before.box.refs);
    assert.equal(said(ask(kept, 1_250)), "recorded repeated");
    const gone: Rules = { ...tillRules, providers: new Map() };
    const held = new Story(gone, [{ intent, last }], [], [], before.box.refs);
    assert.deepEqual(held.box.held, [{ outTradeNo: intent.outTradeNo, wallet: null }]);
    assert.equal(said(ask(held, 1_250)), "recorded repeated");
    const own = { ...intent, ref: null, caller: null };
    assert.equal(new Story(tillRules, [{ intent: own, last }]).box.sales.size, 0);
  });

  it("is over where the order's intent did not become durable", () => {
    const story = ask(Story.ready(tillRules), 1_250).scan();
    story.happens({ type: "record-failed", state: "charging" });
    assert.equal(look(story), "recorded over");
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

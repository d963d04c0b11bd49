/** What rests and when it is armed: nobody pays twice because a phone stayed in the reader (money rule 13). */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BoxEvent } from "../../../src/core/payment/events.ts";
import type { Rules } from "../../../src/core/payment/rules.ts";
import { withProvider } from "./reachable.ts";
import { fixedRules, keypadRules, Story } from "./story.ts";

const A_NEXT = "101234567890123456";
const A_LATER = "111234567890123456";
const paid = { kind: "paid", transactionId: "42" } as const;
const declined = { kind: "declined", reason: "funds", code: "NOTENOUGH" } as const;
const silence = { kind: "unknown", why: "silence", signed: false } as const;
const fixedWithKeys: Rules = { ...fixedRules, keypad: true };
const menuRules: Rules = {
  ...keypadRules,
  amount: {
    source: "menu",
    maximum: 300_000 as never,
    items: [
      { digit: 1, name: "Cola", amountFen: 300 as never, pulses: null },
      { digit: 2, name: "Water", amountFen: 250 as never, pulses: null },
    ],
  },
};

/** Customer A has paid, and the result has left the display. */
function afterPayment(rules: Rules): Story {
  const story = Story.ready(rules);
  if (rules.amount.source === "menu") story.keys("1");
  return story.scan().recorded().charge(paid).recorded().wait(5_000);
}

/** RESULT UNKNOWN, and the box has a signed answer again. */
function atUnknown(rules: Rules): Story {
  const story = Story.ready(rules).scan().recorded().charge(silence).query({ kind: "failed" }).recorded();
  while (story.text !== "unknown") {
    if (story.order.inFlight?.call === "undo") story.reverse({ kind: "again", code: null });
    else if (story.order.inFlight?.call === "query") story.query({ kind: "unpaid", paying: true });
    else story.wait(1_000);
  }
  return story;
}

/** A payment that nobody knows of and that can no longer be taken back. */
function irreversible(story: Story): Story {
  story.scan().recorded().charge(silence).query({ kind: "failed" }).recorded().wait(15_000);
  return story.reverse({ kind: "expired" }).recorded();
}

function reads({ turn }: Story): boolean {
  return turn.reading;
}

describe("the reader", () => {
  it("reads while a code is waited for, while an amount rests and while a menu stands, and else not", () => {
    const typed = Story.ready();
    assert.equal(reads(typed), false, "nobody has said an amount");
    assert.equal(reads(typed.keys("1250")), false);
    assert.equal(reads(typed.keys("=")), true);
    assert.equal(reads(typed.scan()), false, "a payment runs");
    const fixed = afterPayment(fixedRules);
    assert.deepEqual([fixed.text, reads(fixed)], ["resting", true]);
    assert.equal(reads(fixed.wait(5_000)), true);
    const menu = afterPayment(menuRules);
    assert.deepEqual([menu.text, reads(menu)], ["menu", true]);
    assert.equal(reads(menu.keys("1")), true);
  });

  it("goes on reading behind a notice, which people may answer by another code at once", () => {
    const story = Story.ready().keys("1250=").scanOther();
    assert.deepEqual([story.text, reads(story)], ["wallet-not-taken", true]);
    const fixed = afterPayment(fixedRules).wait(5_000).scan();
    assert.deepEqual([fixed.text, reads(fixed)], ["code-used", true]);
  });

  it("does not read for a box that takes nobody's code, but for one that is busy or pauses for a moment", () => {
    const story = Story.ready({ ...fixedRules, inhibit: true });
    assert.deepEqual([story.text, reads(story)], ["machine-busy", true]);
    story.post({ type: "stopping" });
    assert.deepEqual([story.text, reads(story)], ["out-of-service", false]);
    assert.equal(reads(new Story(fixedRules)), false, "nothing is proved yet");
    const paused = Story.ready().keys("1=");
    for (const digit of [1, 2, 3]) {
      paused.scan(`10000000000000000${digit}`).recorded().charge(declined).recorded().keys("=");
    }
    assert.deepEqual([paused.text, reads(paused)], ["paused", true]);
  });
});

describe("a rest", () => {
  it("passes only while a reader reads: not before its start, and not while it is away", () => {
    const story = new Story(fixedRules)
      .post({ type: "probed", provider: "wechat", answer: { kind: "passed" } })
      .wait(60_000);
    assert.equal(story.box.foreground.name, "resting", "there was no reader");
    story.post({ type: "scanner-changed", ready: true }).wait(4_999);
    story.post({ type: "scanner-changed", ready: false }).wait(60_000);
    story.post({ type: "scanner-changed", ready: true }).wait(4_999);
    assert.deepEqual([story.text, story.scan().box.orders.size], ["resting", 0]);
    story.wait(4_999);
    assert.equal(story.text, "resting");
    story.wait(1);
    assert.equal(story.text, "armed");
  });

  it("begins anew when reading was interrupted while the amount was armed", () => {
    const away: readonly (readonly [BoxEvent, BoxEvent])[] = [
      [
        { type: "scanner-changed", ready: false },
        { type: "scanner-changed", ready: true },
      ],
      [
        { type: "relay-changed", ready: false },
        { type: "relay-changed", ready: true },
      ],
    ];
    for (const [gone, back] of away) {
      const story = Story.ready(fixedRules).post(gone).wait(60_000).post(back);
      assert.equal(story.text, "resting");
      story.scan(A_NEXT);
      assert.equal(story.box.orders.size, 0, "it came while nobody could see it");
      assert.equal(story.wait(5_000).text, "armed");
      const typed = Story.ready().keys("1250=").post(gone).post(back);
      assert.equal(typed.text, "armed", "who typed it stands there");
    }
  });

  it("is lengthened by whatever comes of the reader: what was thrown away may be two codes that ran into each other", () => {
    const story = afterPayment(fixedRules);
    for (const refusal of ["not-a-payment-code", "over-long", "unfinished"] as const) {
      story.wait(4_999).post({ type: "scan-refused", refusal });
    }
    story.wait(4_999).scanOther();
    assert.equal(story.wait(4_999).text, "resting");
    assert.equal(story.wait(1).text, "armed");
    story.post({ type: "scan-refused", refusal: "unfinished" });
    assert.equal(story.text, "armed", "nobody is told of so little");
  });

  it("does not end by a process that slept through it: what was read meanwhile may still be on its way", () => {
    const story = afterPayment(fixedRules);
    story.now += 6_001;
    story.post({ type: "woke" });
    assert.equal(story.text, "resting");
    assert.equal(story.scan(A_NEXT).box.orders.size, 0);
    const late = afterPayment(fixedRules);
    late.now += 6_000;
    assert.equal(late.post({ type: "woke" }).text, "armed", "a timer may be late");
  });

  it("ends by a digit or OK that asks for a payment, by no other key, and by none that was meant for the message", () => {
    for (const key of ["=", "5", ".", ":"]) {
      const story = afterPayment(fixedWithKeys).wait(999).keys(key);
      assert.equal(story.text, "resting", key);
      story.wait(1).take();
      story.keys(key);
      assert.deepEqual([story.text, story.take()], ["armed", ["warm"]], key);
    }
    assert.equal(afterPayment(fixedWithKeys).wait(2_000).keys("X<C").text, "resting");
  });

  it("lets a code of ours be asked for, which no phone in the reader pays", () => {
    const story = afterPayment(withProvider(fixedRules, { offersCode: true })).post({ type: "code-wanted" });
    assert.deepEqual([story.order.intent.mode, story.order.intent.amountFen], ["mpm", 500]);
    const broken = Story.ready(withProvider(fixedRules, { offersCode: true })).post({
      type: "scanner-changed",
      ready: false,
    });
    assert.deepEqual([broken.text, broken.turn.screen.amountFen], ["armed-no-scanner", 500]);
    assert.equal(broken.post({ type: "code-wanted" }).box.orders.size, 1);
  });
});

describe("OK on a message", () => {
  it("acknowledges RESULT UNKNOWN and rests: the phone that lies there is not charged", () => {
    const story = atUnknown(fixedWithKeys);
    story.keys("=");
    assert.equal(story.box.foreground.name, "resting");
    story.wait(300).scan(A_NEXT);
    assert.equal(story.records().filter(({ state }) => state === "charging").length, 1);
    story.keys("=");
    assert.equal(story.box.foreground.name, "resting", "a finger that was nervous");
    story.wait(1_000).scan(A_LATER);
    assert.equal(story.box.foreground.name, "resting");
  });

  it("acknowledges a result and rests", () => {
    const story = Story.ready(fixedWithKeys).scan().recorded().charge(paid).recorded().keys("=");
    assert.equal(story.text, "resting");
    assert.equal(story.wait(300).scan(A_NEXT).box.orders.size, 0);
  });
});

describe("a choice of the menu", () => {
  it("is not paid for by the phone of the customer before, which lies in the reader", () => {
    const story = afterPayment(menuRules).keys("2");
    assert.deepEqual([story.text, story.turn.screen.amountFen], ["resting", 250]);
    for (let minute = 0; minute < 10; minute += 1) story.wait(4_000).scan(`1${minute}1234567890123456`);
    assert.equal(story.box.orders.size, 0);
    story.wait(4_999);
    assert.equal(story.text, "resting");
    story.wait(1);
    assert.deepEqual([story.text, story.turn.screen.amountFen], ["armed", 250]);
  });

  it("is armed at once where the menu has stood and nothing was read for a while", () => {
    const story = afterPayment(menuRules).wait(4_999).keys("2");
    assert.equal(story.text, "resting");
    assert.equal(story.wait(1).text, "armed");
    const quiet = afterPayment(menuRules).wait(5_000);
    assert.equal(quiet.keys("2").text, "armed");
    assert.equal(quiet.keys("1").text, "armed", "who chose changes their mind");
  });

  it("waits for a phone that was read just before", () => {
    const story = Story.ready(menuRules).scan(A_NEXT);
    assert.equal(story.text, "no-amount");
    assert.equal(story.wait(3_000).keys("1").text, "resting");
    assert.equal(story.wait(2_000).text, "armed");
  });

  it("can be changed and given up while it rests, and is given up when nobody can have waited for it", () => {
    const story = afterPayment(menuRules).keys("12");
    assert.deepEqual([story.text, story.turn.screen.amountFen], ["resting", 250]);
    assert.equal(story.keys("9=").text, "resting");
    for (const key of ["X", "C"]) {
      const left = afterPayment(menuRules).keys("1").keys(key);
      assert.equal(left.text, "menu", key);
    }
    for (let round = 0; round < 16; round += 1) story.wait(4_000).scan(A_NEXT);
    assert.equal(story.text, "resting");
    story.wait(999);
    assert.equal(story.box.foreground.name, "resting");
    story.wait(1);
    assert.equal(story.box.foreground.name, "idle");
  });

  it("rests when a code comes that was charged before", () => {
    const story = afterPayment(menuRules).wait(5_000).keys("2").scan();
    assert.equal(story.text, "code-used");
    assert.equal(story.scan(A_NEXT).box.orders.size, 0);
    story.wait(5_000);
    assert.deepEqual([story.text, story.turn.screen.amountFen], ["armed", 250]);
  });

  it("is armed again for the same customer after a decline, and rests for another one", () => {
    const story = Story.ready(menuRules).keys("1").scan().recorded().charge(declined).recorded().wait(5_000);
    assert.equal(story.text, "armed", "the same phone may try again");
    assert.equal(story.keys("2").text, "resting");
    assert.equal(story.scan(A_NEXT).box.orders.size, 1, "the order that was declined, for its second look");
  });
});

describe("an end that is one for staff", () => {
  const relay = { fenPerPulse: 100, onAmbiguous: "hold" } as const;
  const ends: readonly (readonly [string, (rules: Rules) => Story])[] = [
    [
      "unknown",
      (rules) => {
        const story = Story.ready(rules);
        if (rules.amount.source === "keypad") story.keys("500=");
        if (rules.amount.source === "menu") story.keys("1");
        return irreversible(story);
      },
    ],
    [
      "vend-unclear",
      (rules) => {
        const story = Story.ready({ ...rules, relay });
        if (rules.amount.source === "keypad") story.keys("500=");
        if (rules.amount.source === "menu") story.keys("1");
        story.scan().recorded().charge(paid).recorded();
        return story.happens({ type: "dispensed", outcome: "unclear" }).recorded();
      },
    ],
  ];
  for (const [text, end] of ends) {
    it(`stands until OK where there are keys: ${text}`, () => {
      for (const rules of [keypadRules, fixedWithKeys]) {
        const story = end(rules);
        const { light, sound } = story.turn.screen;
        assert.deepEqual([story.text, light, sound], [text, "unknown", "unknown"]);
        story.wait(600_000).keys("0123456789.:<CX");
        assert.equal(story.text, text);
        story.keys("=");
        assert.notEqual(story.text, text);
        assert.notEqual(story.box.foreground.name, "armed");
      }
    });

    it(`stands for half a minute where there are none, or those of a menu: ${text}`, () => {
      for (const rules of [fixedRules, menuRules]) {
        const story = end(rules).keys("12").wait(29_999);
        assert.equal(story.text, text);
        assert.notEqual(story.wait(1).text, text);
      }
    });
  }

  it("makes a till wait", () => {
    const story = Story.ready({ ...keypadRules, amount: { source: "till", maximum: 300_000 as never } });
    const ask = (ref: string): Story =>
      story.says({ name: "pay", caller: "till", ref, amountFen: 500 as never });
    irreversible(ask("A-1"));
    assert.equal(ask("A-2").text, "unknown");
    assert.equal(story.box.foreground.name, "result");
    assert.equal(ask("A-2").keys("=").text, "till-idle");
    assert.equal(ask("A-2").text, "armed");
  });
});

/** What people see and hear: text, light and sound of everything that can stand in front of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { instantOf } from "../../../src/core/kernel/instant.ts";
import type { DeclineReason, ProbeFailure } from "../../../src/core/payment/answers.ts";
import type { Box } from "../../../src/core/payment/box.ts";
import { codeOf } from "../../../src/core/payment/outage-code.ts";
import type { Rules } from "../../../src/core/payment/rules.ts";
import { bootScreen, type Screen, screenFor } from "../../../src/core/payment/screen.ts";
import { stampAt, withProvider } from "./reachable.ts";
import { fixedRules, keypadRules, Story, withHealth } from "./story.ts";

const silence = { kind: "unknown", why: "silence", signed: false } as const;
const paid = { kind: "paid", transactionId: "42" } as const;
const pending = { kind: "pending" } as const;
const codeRules: Rules = withProvider(keypadRules, { offersCode: true });
const vendRules: Rules = { ...fixedRules, relay: { fenPerPulse: 100, onAmbiguous: "hold" } };

const nothing = { amountFen: null, typed: null, seconds: null, ref: null, line: null, codeUrl: null };

/** The screen with what it does not show left out, and its wallet: there is one here, `providers.test.ts` has several. */
function pictureOf(story: Story | Screen): Partial<Screen> {
  const screen = story instanceof Story ? story.turn.screen : story;
  const { wallet: _one, ...members } = screen;
  const shown = Object.entries(members).filter(([, value]) => value !== null);
  return Object.fromEntries(shown);
}

/** Left to people: the number is somebody else's. */
function taken(): Story {
  const story = Story.ready().payTo().charge({ kind: "number-conflict", code: "ORDERPAID" }).recorded();
  return story.query({ kind: "foreign", state: "paid" });
}

function vend(): Story {
  return Story.ready(vendRules).post({ type: "relay-changed", ready: true }).scan().recorded().charge(paid);
}

function reversing(): Story {
  return Story.ready().payTo().charge(pending).keys("X").recorded().wait(15_000);
}

test("a box that reads its journal is dark and silent", () => {
  assert.deepEqual(bootScreen, { text: "boot", wallet: null, light: "off", sound: "none", ...nothing });
  assert.deepEqual(new Story().turn.screen, bootScreen, "until the first probe has come back");
});

test("an amount that is typed, armed, or rests", () => {
  const story = Story.ready();
  assert.deepEqual(pictureOf(story), { text: "idle", light: "ready", sound: "none" });
  story.keys("12");
  assert.deepEqual(pictureOf(story), {
    ...{ text: "entering", light: "ready", sound: "none" },
    ...{ amountFen: 12, typed: "0.12" },
  });
  story.keys("=");
  assert.deepEqual(pictureOf(story), { text: "armed", light: "scan", sound: "none", amountFen: 12 });
  const resting = Story.ready(fixedRules).scan().recorded().charge(paid).recorded().wait(5_000);
  assert.deepEqual(pictureOf(resting), { text: "resting", light: "off", sound: "none", amountFen: 500 });
});

test("a payment on its way, from the scan to the question about it", () => {
  const story = Story.ready().keys("1250=").scan();
  const shown = { amountFen: 1_250, ref: story.order.intent.shortRef };
  const submitting = { text: "submitting", light: "wait", sound: "read", ...shown };
  assert.deepEqual(pictureOf(story), submitting);
  story.recorded();
  assert.deepEqual(pictureOf(story), submitting);
  story.charge(pending);
  const password = { text: "password", light: "wait", sound: "none", seconds: 45, ...shown };
  assert.deepEqual(pictureOf(story), password);
  story.wait(5_000).query({ kind: "unpaid", paying: false });
  assert.deepEqual(pictureOf(story), { text: "checking", light: "wait", sound: "none", ...shown });
  story.keys("X");
  const reversing = { text: "reversing", light: "wait", sound: "none", ...shown };
  assert.deepEqual(pictureOf(story), reversing, "before it is durable");
  story.recorded();
  assert.deepEqual(pictureOf(story), reversing);
});

test("a charge that is disputed is being checked", () => {
  const story = Story.ready().payTo().charge({ kind: "refused-unconfirmed", code: "TRADE_ERROR" });
  assert.deepEqual([story.text, story.turn.screen.light], ["checking", "wait"]);
});

test("a code of ours is shown with a light that asks for a scan, for as long as it stands", () => {
  const story = Story.ready(codeRules).keys("1250=").post({ type: "code-wanted" }).recorded();
  story.charge({ kind: "ordered", codeUrl: "weixin://pay" }).wait(1_000);
  const shown = { amountFen: 1_250, ref: story.order.intent.shortRef };
  assert.deepEqual(pictureOf(story), {
    ...{ text: "code-shown", light: "scan", sound: "none", seconds: 299 },
    ...{ codeUrl: "weixin://pay", ...shown },
  });
  story.keys("X").recorded();
  const withdrawn = { text: "code-withdrawn", light: "unknown", sound: "unknown", ...shown };
  assert.deepEqual(pictureOf(story), withdrawn);
});

test("what stood on the display goes on to hold until the end is durable", () => {
  const first = Story.ready().payTo().charge(paid);
  assert.deepEqual([first.text, first.turn.screen.light], ["submitting", "wait"]);
  const asked = Story.ready().payTo().charge(silence).query(paid);
  assert.deepEqual([asked.text, asked.turn.screen.light], ["checking", "wait"]);
  const back = reversing().reverse({ kind: "done" });
  back.query({ kind: "closed", paidOnce: false, transactionId: null });
  assert.deepEqual([back.text, back.turn.screen.light], ["reversing", "wait"]);
});

test("each end has its light and its sound", () => {
  const closed = { kind: "closed", paidOnce: false, transactionId: null } as const;
  const ends: readonly (readonly [Story, string, string, string])[] = [
    [Story.ready().payTo().charge(paid), "paid", "paid", "paid"],
    [Story.ready().payTo().charge({ kind: "not-sent", why: "no-name" }), "not-sent", "refused", "refused"],
    [Story.ready().keys("1250=").scan().keys("X").recorded(), "cancelled", "refused", "refused"],
    [reversing().reverse({ kind: "done" }).query(closed), "cancelled", "refused", "refused"],
    [
      reversing().reverse({ kind: "done" }).query({ kind: "refunded", transactionId: "42" }),
      ...(["refunded", "refused", "refused"] as const),
    ],
    [taken(), "unknown", "unknown", "unknown"],
  ];
  for (const [story, text, light, sound] of ends) {
    story.recorded();
    const shown = { amountFen: 1_250, ref: story.turn.screen.ref };
    assert.match(String(shown.ref), /^\d{4}$/);
    assert.deepEqual(pictureOf(story), { text, light, sound, ...shown });
  }
});

test("a decline says what the customer can do about it", () => {
  const texts: Readonly<Record<DeclineReason, string>> = {
    "code-expired": "code-expired",
    "code-used": "code-expired",
    "code-invalid": "code-not-taken",
    funds: "not-paid-funds",
    card: "not-paid-card",
    configuration: "not-paid",
    request: "not-paid",
  };
  for (const [reason, text] of Object.entries(texts) as readonly (readonly [DeclineReason, string])[]) {
    const story = Story.ready().payTo().charge({ kind: "declined", reason, code: "CODE" }).recorded();
    assert.deepEqual(pictureOf(story), {
      ...{ text, light: "refused", sound: "refused" },
      ...{ amountFen: 1_250, ref: story.turn.screen.ref },
    });
  }
});

test("RESULT UNKNOWN has its own light and sound, and names the order", () => {
  const story = Story.ready().payTo().charge(paid).happens({ type: "record-failed", state: "paid" });
  assert.deepEqual(pictureOf(story), {
    ...{ text: "unknown", light: "unknown", sound: "unknown" },
    ...{ amountFen: 1_250, ref: story.order.intent.shortRef },
  });
});

test("goods on their way, goods that came, goods that did not", () => {
  const story = vend().recorded();
  const shown = { amountFen: 500, ref: story.order.intent.shortRef };
  const dispensing = { text: "dispensing", light: "dispensing", sound: "paid", ...shown };
  assert.deepEqual(pictureOf(story), dispensing);
  story.happens({ type: "dispensed", outcome: "dispensed" });
  assert.deepEqual(pictureOf(story), dispensing, "until it is durable");
  story.recorded();
  assert.deepEqual(pictureOf(story), { text: "paid", light: "paid", sound: "none", ...shown });

  const failed = vend().recorded().happens({ type: "dispensed", outcome: "not-dispensed" });
  const refund = { text: "vend-failed", light: "refused", sound: "unknown", amountFen: 500 };
  assert.deepEqual(pictureOf(failed), { ...refund, ref: failed.order.intent.shortRef });
  failed.recorded().wait(15_000).reverse({ kind: "done" });
  failed.query({ kind: "refunded", transactionId: "42" });
  assert.equal(failed.order.phase.name, "recording-outcome");
  assert.deepEqual(pictureOf(failed), { ...refund, ref: failed.order.intent.shortRef });

  const unclear = vend().recorded().happens({ type: "dispensed", outcome: "unclear" }).recorded();
  assert.deepEqual(pictureOf(unclear), {
    ...{ text: "vend-unclear", light: "unknown", sound: "unknown" },
    ...{ amountFen: 500, ref: unclear.turn.screen.ref },
  });
});

test("a refund that is recorded is promised, also where its reversal has not been sent yet", () => {
  const story = vend().recorded().happens({ type: "dispensed", outcome: "not-dispensed" }).recorded();
  story.turn = {
    ...story.turn,
    box: {
      ...story.box,
      foreground: { name: "unknown", intent: story.order.intent, since: instantOf(0), until: null },
    },
  };
  assert.equal(story.order.counts.reverse, 0);
  assert.equal(story.post({ type: "woke" }).text, "refund-pending");
});

test("a refusal that moves no money is seen and heard, with the amount that is at stake", () => {
  const refused = { light: "refused", sound: "refused" };
  const typed = Story.ready().keys("0=");
  assert.deepEqual(pictureOf(typed), { text: "amount-zero", ...refused });
  const large = Story.ready().keys("300001=");
  assert.deepEqual(pictureOf(large), { text: "amount-too-large", ...refused, amountFen: 300_000 });
  const uneven = Story.ready({ ...keypadRules, relay: vendRules.relay });
  uneven.post({ type: "relay-changed", ready: true }).keys("250=");
  assert.deepEqual(pictureOf(uneven), { text: "amount-uneven", ...refused, amountFen: 100 });
  const early = Story.ready().scan();
  assert.deepEqual(pictureOf(early), { text: "no-amount", ...refused });
  const armed = () => Story.ready().keys("1250=");
  const wallet = armed().scanOther();
  assert.deepEqual(pictureOf(wallet), { text: "wallet-not-taken", ...refused, amountFen: 1_250 });
  const other = armed().post({ type: "scan-refused", refusal: "over-long" });
  assert.deepEqual(pictureOf(other), { text: "not-a-code", ...refused, amountFen: 1_250 });
  const rescan = Story.ready().payTo().charge({ kind: "not-sent", why: "no-name" }).recorded().wait(5_000);
  rescan.scan();
  assert.deepEqual(pictureOf(rescan), { text: "code-used", ...refused, amountFen: 1_250 });
});

test("an outage has its code, and the light of a refusal without a sound", () => {
  const refused = { light: "refused", sound: "none" };
  const codes: Readonly<Record<ProbeFailure, readonly [string, string]>> = {
    "no-network": ["offline", "E41"],
    "no-answer": ["offline", "E42"],
    "no-trust": ["out-of-service", "E33"],
    "api-key": ["out-of-service", "E31"],
    account: ["out-of-service", "E32"],
    request: ["out-of-service", "E34"],
    "certificate-missing": ["out-of-service", "E21"],
    "certificate-mismatch": ["out-of-service", "E22"],
    "certificate-expired": ["out-of-service", "E23"],
    clock: ["out-of-service", "E25"],
  };
  for (const [why, [text, ref]] of Object.entries(codes)) {
    const answer = { kind: "failed", why: why as ProbeFailure } as const;
    const story = Story.ready().post({ type: "probed", provider: "wechat", answer });
    assert.deepEqual(pictureOf(story), { text, ref, ...refused });
  }
  const { box } = Story.ready();
  const boxes: readonly (readonly [Partial<Box>, string])[] = [
    [{ stopping: true }, "E10"],
    [{ journalBroken: true }, "E11"],
    [{ journalDamaged: true }, "E20"],
    [{ held: [{ outTradeNo: "one", wallet: null }] }, "E12"],
    [{ scannerReady: false }, "E14"],
    [{ relayReady: false }, "E15"],
    [{ violation: "I3: broken" }, "E16"],
  ];
  for (const [changed, ref] of boxes) {
    const screen = screenFor({ ...box, ...changed }, stampAt(0).at, keypadRules);
    assert.deepEqual(pictureOf(screen), { text: "out-of-service", ref, ...refused });
  }
  const unclear = withHealth(box, { unclear: true });
  const offline = screenFor(unclear, stampAt(0).at, keypadRules);
  assert.deepEqual(pictureOf(offline), { text: "offline", ...refused });
  for (const blocker of ["unclear", "inhibited", "paused"] as const)
    assert.equal(codeOf(box, { blocker, provider: "wechat" }), null, "what passes by itself has no code");
  const unlooked = screenFor({ ...box, room: null }, stampAt(0).at, keypadRules);
  assert.deepEqual(unlooked, bootScreen, "a disk that nobody has looked at yet");
});

test("a machine that is busy makes people wait, three declines as well", () => {
  const busy = Story.ready().post({ type: "inhibit-changed", inhibited: true });
  assert.deepEqual(pictureOf(busy), { text: "machine-busy", light: "wait", sound: "none" });
  const paused = { ...busy.box, inhibited: false, pausedUntil: stampAt(9_001).at };
  const screen = screenFor(paused, stampAt(0).at, keypadRules);
  assert.deepEqual(pictureOf(screen), { text: "paused", light: "refused", sound: "none", seconds: 10 });
});

test("a till that asks while a customer pays is told to wait, with the amount that is being paid", () => {
  const story = Story.ready({ ...keypadRules, amount: { source: "till", maximum: 300_000 as never } });
  assert.deepEqual(pictureOf(story), { text: "till-idle", light: "ready", sound: "none" });
  story.says({ name: "pay", caller: "till", ref: "1", amountFen: 700 as never });
  story.says({ name: "pay", caller: "till", ref: "1", amountFen: 800 as never });
  assert.deepEqual(pictureOf(story), {
    ...{ text: "amount-changed", light: "wait", sound: "changed", amountFen: 800 },
  });
  story.scan().recorded().charge(pending);
  story.says({ name: "pay", caller: "till", ref: "2", amountFen: 900 as never });
  assert.deepEqual(pictureOf(story), {
    ...{ text: "till-busy", light: "wait", sound: "refused", amountFen: 800 },
  });
  const early = Story.ready(story.rules).scan();
  assert.equal(early.text, "no-amount-of-till");
});

test("a picture that contradicts its box is a defect, not a guess", () => {
  const { box } = Story.ready();
  const { intent } = Story.ready().payTo().order;
  const notice = { name: "amount-uneven", until: stampAt(9).at } as const;
  const boxes: readonly Box[] = [
    { ...box, foreground: { name: "paying", outTradeNo: "nobody's" } },
    { ...box, foreground: { name: "unknown", intent, since: instantOf(0), until: null } },
    { ...box, notice },
  ];
  for (const one of boxes) {
    assert.throws(() => screenFor(one, stampAt(0).at, keypadRules), { name: "Defect" }, one.foreground.name);
  }
});

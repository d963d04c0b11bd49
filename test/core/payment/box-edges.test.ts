/** The box at its edges: what it begins with, what it does not listen to, where its limits are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isBusy, isDispensing, REFS_MAX, USED_CODES_MAX } from "../../../src/core/payment/box.ts";
import type { OpenOrder } from "../../../src/core/payment/order.ts";
import { blockerOf } from "../../../src/core/payment/readiness.ts";
import type { Rules } from "../../../src/core/payment/rules.ts";
import { provider, withProvider } from "./reachable.ts";
import { fixedRules, keypadRules, Story } from "./story.ts";

const silence = { kind: "unknown", why: "silence", signed: false } as const;
const paid = { kind: "paid", transactionId: "42" } as const;
const declined = { kind: "declined", reason: "funds", code: "NOTENOUGH" } as const;
const codeRules: Rules = withProvider(keypadRules, { offersCode: true });
const menuRules: Rules = {
  ...keypadRules,
  amount: {
    source: "menu",
    maximum: 300_000 as never,
    items: [{ digit: 1, name: "Cola", amountFen: 300 as never, pulses: null }],
  },
};

function alarmsOf(story: Story) {
  return story.effects.flatMap((effect) => (effect.type === "alarm" ? [effect] : []));
}

/** An order as the journal holds it after its charge. */
function openOrder(): OpenOrder {
  const story = Story.ready().payTo();
  const [last] = story.records();
  assert.ok(last !== undefined);
  return { intent: story.order.intent, last };
}

/** RESULT UNKNOWN on the display, its order still being reversed. */
function unknownResult(rules: Rules = keypadRules): Story {
  const story = Story.ready(rules);
  if (rules.amount.source === "fixed") story.scan().recorded();
  else story.payTo();
  story.charge(silence).query({ kind: "failed" }).recorded().wait(20_000);
  assert.equal(story.text, "unknown");
  return story;
}

test("a box begins with nothing but its journal, and asks for a probe at once", () => {
  const story = new Story();
  const { numbering, orders, health, ...rest } = story.box;
  assert.equal(orders.size, 0);
  assert.deepEqual(rest, {
    foreground: { name: "idle" },
    notice: null,
    usedCodes: [],
    refs: new Map(),
    sales: new Map(),
    waiters: [],
    untold: [],
    recent: [],
    scannerReady: false,
    quietSince: null,
    keypadReady: true,
    relayReady: true,
    inhibited: false,
    room: true,
    declines: [],
    pausedUntil: null,
    journalBroken: false,
    journalDamaged: false,
    violation: null,
    clockTrusted: true,
    held: [],
    stopping: false,
  });
  assert.equal(numbering.boxTag, keypadRules.boxTag);
  assert.equal(health.get("wechat")?.probe, "inFlight");
  assert.deepEqual(story.take(), ["note", "probe"]);
  assert.equal(story.turn.wakeAt, null);
});

test("a box starts once", () => {
  const again = {
    type: "started",
    open: [],
    unchecked: [],
    usedCodes: [],
    refs: new Map<string, string>(),
    recent: [],
  } as const;
  assert.throws(() => Story.ready().post(again), { name: "Defect" });
});

test("a probe that failed is made again when its time has come, and not while the box stops", () => {
  const story = new Story().post({
    type: "probed",
    provider: "wechat",
    answer: { kind: "failed", why: "no-answer" },
  });
  story.take();
  assert.equal(story.turn.wakeAt, 1_000);
  story.wait(999);
  assert.deepEqual(story.take(), []);
  story.wait(1);
  assert.deepEqual(story.effects, [{ type: "probe", provider: "wechat" }]);
  story
    .post({ type: "probed", provider: "wechat", answer: { kind: "failed", why: "no-answer" } })
    .post({ type: "stopping" });
  assert.equal(story.turn.wakeAt, null);
});

test("a proved box makes no probe whatever happens", () => {
  const story = Story.ready().wait(1).keys("1250").post({ type: "inhibit-changed", inhibited: false });
  assert.deepEqual(story.take(), ["warm"]);
  assert.equal(story.health.probe, null);
});

test("an order of a merchant whose credentials are gone is not taken up, and operators are told", () => {
  const order = openOrder();
  const story = new Story({ ...keypadRules, providers: new Map() }, [order]);
  assert.equal(story.box.orders.size, 0);
  assert.deepEqual(story.box.held, [{ outTradeNo: order.intent.outTradeNo, wallet: null }]);
  assert.deepEqual(alarmsOf(story), [
    { type: "alarm", alarm: "account-unknown", outTradeNo: order.intent.outTradeNo },
  ]);
  const ended = { ...order, last: { ...order.last, state: "paid", final: true } as const };
  assert.equal(new Story(keypadRules, [ended]).box.orders.size, 0, "what has ended is left alone");
});

test("an intent says what is charged, by whom and how, and never changes from one number to the next", () => {
  const story = Story.ready().payTo();
  const { outTradeNo, shortRef, nonce, boot, ...rest } = story.order.intent;
  assert.deepEqual(rest, {
    ref: null,
    caller: null,
    amountFen: 1_250,
    currency: "CNY",
    payee: provider().payee,
    wallet: "wechat",
    mode: "cpm",
    codeHash: "hash of 134567890123456789",
    pulses: null,
    intentAt: 1_800_000_000_000,
    clockTrusted: true,
  });
  assert.equal(outTradeNo, `${keypadRules.boxTag}_${boot}_${Number(shortRef)}`);
  assert.match(nonce, /^[0-9a-z]{12}$/);
  story.charge(paid).recorded().wait(5_000).keys("1=").scan("101234567890123456");
  const next = story.order.intent;
  assert.equal(next.outTradeNo, `${keypadRules.boxTag}_${boot}_${Number(shortRef) + 1}`);
  assert.notEqual(next.nonce, nonce);
  const shown = Story.ready(codeRules).keys("1=").post({ type: "code-wanted" });
  assert.deepEqual([shown.order.intent.mode, shown.order.intent.codeHash], ["mpm", null]);
});

test("the numbers of a boot go on after every answer but one that says somebody else makes them", () => {
  const answers = [
    paid,
    declined,
    { kind: "pending" },
    silence,
    { kind: "not-sent", why: "no-name" },
  ] as const;
  for (const answer of answers) {
    const story = Story.ready().payTo();
    const { bootMark } = story.box.numbering;
    story.charge(answer);
    assert.equal(story.box.numbering.bootMark, bootMark, answer.kind);
  }
});

test("the newest codes are remembered, and an order without a code adds none", () => {
  const many = Array.from({ length: USED_CODES_MAX + 3 }, (_, index) => `hash ${index}`);
  const story = new Story(codeRules, [], many);
  assert.deepEqual(story.box.usedCodes, many.slice(3));
  story
    .post({ type: "scanner-changed", ready: true })
    .post({ type: "probed", provider: "wechat", answer: { kind: "passed" } });
  story.keys("1=").scan();
  assert.deepEqual(story.box.usedCodes, [...many.slice(4), "hash of 134567890123456789"]);
  const shown = Story.ready(codeRules).keys("1=").post({ type: "code-wanted" });
  assert.deepEqual(shown.box.usedCodes, []);
});

test("a code can be asked for only where an amount is armed and the box may charge", () => {
  const idle = Story.ready(codeRules).post({ type: "code-wanted" });
  assert.equal(idle.box.orders.size, 0);
  const blocked = Story.ready(codeRules).keys("1=").post({ type: "stopping" }).post({ type: "code-wanted" });
  assert.equal(blocked.box.orders.size, 0);
});

test("while a payment is on its way only cancel is heard", () => {
  const story = Story.ready().payTo().charge({ kind: "pending" }).keys("0.:<C=");
  assert.equal(story.order.phase.name, "asking");
  story.scan("101234567890123456").scanOther();
  assert.equal(story.box.notice, null);
  story.keys("X");
  assert.equal(story.order.phase.name, "recording-reversal");
});

test("scans while a result stands change nothing", () => {
  const ended = Story.ready().payTo().charge(paid).recorded();
  for (const story of [ended, unknownResult()]) {
    const { foreground } = story.box;
    story.scan("101234567890123456").scanOther();
    story.post({ type: "scan-refused", refusal: "not-a-payment-code" });
    assert.deepEqual([story.box.foreground, story.box.notice], [foreground, null]);
  }
});

test("a box that is out of service says nothing about what is scanned", () => {
  const story = Story.ready().post({ type: "scanner-changed", ready: false });
  story.scanOther().scan();
  assert.equal(story.box.notice, null);
});

test("what is scanned while an amount is typed is answered by asking for the amount", () => {
  const story = Story.ready().keys("12").scan();
  assert.equal(story.text, "no-amount");
});

test("a code of another kind is told apart from another wallet's", () => {
  for (const [refusal, text] of [
    ["not-a-payment-code", "not-a-code"],
    ["over-long", "not-a-code"],
    ["receiving-code", "receiving-code"],
    ["goods-barcode", "goods-barcode"],
    ["card", "card"],
    ["marked-code", "marked-code"],
    ["face-code", "wallet-not-taken"],
    ["jd-code", "wallet-not-taken"],
    ["bestpay-code", "wallet-not-taken"],
  ] as const) {
    assert.equal(Story.ready().keys("1=").post({ type: "scan-refused", refusal }).text, text, refusal);
  }
  for (const wallet of ["alipay", "unionpay", "e-cny", "qq"] as const)
    assert.equal(Story.ready().keys("1=").scan("42", wallet).text, "wallet-not-taken", wallet);
});

test("a refusal stands for its time whatever else happens, but for a key", () => {
  const story = Story.ready().keys("0=").post({ type: "inhibit-changed", inhibited: false });
  assert.equal(story.text, "amount-zero");
  story.wait(2_999);
  assert.equal(story.text, "amount-zero");
  story.wait(1);
  assert.equal(story.text, "entering");
  assert.equal(story.keys("0=").keys("1").text, "entering");
});

test("keys move an amount that is armed only where somebody typed it", () => {
  const fixed = Story.ready(fixedRules).keys("X");
  assert.equal(fixed.text, "armed");
  assert.equal(fixed.keys("C<1=").text, "armed");
  for (const [keys, text] of [
    ["X", "idle"],
    ["C", "idle"],
    ["<", "entering"],
    ["1", "armed"],
    ["=", "armed"],
  ] as const) {
    assert.equal(Story.ready().keys("1250=").keys(keys).text, text, keys);
  }
});

test("the maximum itself can be armed", () => {
  assert.equal(Story.ready().keys("300000=").text, "armed");
});

test("an amount begins with a digit, a double zero or a point, and the connection is opened then", () => {
  const explicit: Rules = {
    ...keypadRules,
    amount: { source: "keypad", entry: "explicit", maximum: 300_000 as never },
  };
  for (const key of ["1", ":", "."]) {
    const story = Story.ready(explicit).keys(key);
    assert.deepEqual([story.text, story.take()], ["entering", ["warm"]], key);
  }
  for (const key of ["<", "C", "X"]) {
    const story = Story.ready(explicit).keys(key);
    assert.deepEqual([story.text, story.take()], ["idle", []], key);
  }
});

test("a digit leaves a result for the next amount, another key only leaves it", () => {
  const next = Story.ready().payTo().charge(paid).recorded();
  next.take();
  next.keys("7");
  assert.deepEqual([next.text, next.turn.screen.amountFen, next.take()], ["entering", 7, ["warm"]]);
  const left = Story.ready().payTo().charge(paid).recorded();
  left.take();
  left.keys("=");
  assert.deepEqual([left.text, left.take()], ["idle", []]);
  const sold = Story.ready(menuRules).keys("1").scan().recorded().charge(paid).recorded();
  sold.keys("1");
  assert.deepEqual([sold.text, sold.turn.screen.amountFen], ["resting", 300]);
});

test("the connection is opened once for an amount that is armed", () => {
  const story = Story.ready(menuRules).keys("1");
  assert.deepEqual(story.take(), ["warm"]);
  story.keys("1");
  assert.deepEqual(story.effects, []);
});

test("a typed amount stays armed for three minutes, one of a menu for one", () => {
  const typed = Story.ready().keys("1=").wait(179_999);
  assert.equal(typed.text, "armed");
  assert.equal(typed.wait(1).text, "idle");
  const chosen = Story.ready(menuRules).keys("1").wait(59_999);
  assert.equal(chosen.text, "armed");
  assert.equal(chosen.wait(1).text, "menu");
  assert.equal(Story.ready(fixedRules).wait(600_000).text, "armed");
});

test("a fixed amount rests after every end, a declined one too, before it arms again", () => {
  const story = Story.ready(fixedRules).scan().recorded().charge(declined).recorded().wait(5_000);
  assert.equal(story.text, "resting");
  story.take();
  story.wait(5_000);
  assert.deepEqual([story.text, story.take()], ["armed", ["warm"]]);
});

test("a box with keys shows RESULT UNKNOWN until somebody confirms, one without for half a minute", () => {
  const keyed = unknownResult();
  assert.equal(keyed.wait(600_000).text, "unknown");
  const fixed = unknownResult(fixedRules);
  if (fixed.order.inFlight !== null) fixed.reverse(silence);
  fixed.query({ kind: "not-sent", why: "no-name" });
  fixed.wait(29_999);
  assert.equal(fixed.text, "unknown", "what happens behind it does not lengthen it");
  fixed.wait(1);
  assert.notEqual(fixed.text, "unknown");
});

test("three declines within a minute pause the box, once", () => {
  const story = Story.ready();
  const decline = (index: number) =>
    story.keys("X1=").scan(`10000000000000000${index}`).recorded().charge(declined).recorded();
  decline(0).wait(30_000);
  decline(1).wait(30_000);
  decline(2);
  assert.equal(story.box.pausedUntil, null, "the first one is a minute old");
  story.wait(10_000);
  decline(3);
  assert.equal(story.box.pausedUntil, 80_000);
  assert.deepEqual(story.box.declines, []);
  story.wait(5_000).keys("X");
  assert.equal(story.text, "paused");
  assert.equal(story.turn.screen.seconds, 5);
  story.wait(4_999);
  assert.equal(story.turn.screen.seconds, 1);
  story.scan("109999999999999999").wait(1);
  assert.notEqual(story.text, "paused");
});

test("an order that is over is forgotten while others are still being resolved", () => {
  const story = unknownResult().keys("=");
  const behind = story.order.intent.outTradeNo;
  story.reverse({ kind: "again", code: null });
  story.keys("1=").scan("101234567890123456").recorded().charge(paid).recorded();
  assert.deepEqual([...story.box.orders.keys()], [behind]);
});

test("a reversal that gets no answer makes trust unclear too", () => {
  const story = Story.ready().payTo().charge({ kind: "pending" }).keys("X").recorded().wait(15_000);
  assert.equal(story.health.unclear, false);
  story.reverse(silence);
  assert.equal(story.health.unclear, true);
});

test("a journal that fails is told of once", () => {
  const story = Story.ready().payTo();
  story.take();
  story.charge(paid).happens({ type: "record-failed", state: "paid" });
  assert.deepEqual(
    alarmsOf(story).map(({ alarm, outTradeNo }) => [alarm, outTradeNo]),
    [
      ["order-unrecorded", story.order.intent.outTradeNo],
      ["journal-broken", null],
    ],
  );
});

test("an answer for an order that nobody knows is a defect", () => {
  const story = Story.ready();
  const event = { type: "charge-answered", host: "a", answer: paid } as const;
  assert.throws(() => story.post({ type: "payment", outTradeNo: "nobody's", event }), { name: "Defect" });
});

test("a fixed amount that is no whole number of pulses is a defect of the configuration", () => {
  const rules: Rules = { ...fixedRules, relay: { fenPerPulse: 300, onAmbiguous: "hold" } };
  assert.throws(() => new Story(rules), { name: "Defect" });
});

test("a stop waits for what may still move money or goods, and for nothing else", () => {
  const story = Story.ready();
  assert.deepEqual([isBusy(story.box), isDispensing(story.box)], [false, false]);
  story.keys("1=").scan();
  assert.equal(isBusy(story.box), true, "the intent is on its way into the journal");
  story.recorded();
  assert.equal(isBusy(story.box), true, "the charge is on its way");
  story.charge({ kind: "pending" });
  assert.equal(isBusy(story.box), false, "an order that is asked about is taken up by the next start");
  story.keys("X");
  assert.equal(isBusy(story.box), true, "the reversal is on its way into the journal");
  story.recorded();
  assert.equal(isBusy(story.box), false);
});

test("a countdown that has ended wakes nobody while the last answer is awaited", () => {
  const story = Story.ready().payTo().charge({ kind: "pending" });
  for (let round = 0; round < 8; round += 1) {
    story.wait(5_000).query({ kind: "unpaid", paying: true });
  }
  assert.equal(story.turn.wakeAt, 41_000, "the next second of the countdown");
  story.wait(5_000);
  assert.equal(story.now, 45_000);
  assert.equal(story.turn.screen.seconds, 0);
  assert.equal(story.turn.wakeAt, null);
  story.now += 1;
  story.post({ type: "woke" });
  assert.equal(story.turn.wakeAt, null);
});

const tillRules: Rules = { ...keypadRules, amount: { source: "till", maximum: 300_000 as never } };

function asked(story: Story, ref: string, amountFen: number): Story {
  return story.says({ name: "pay", caller: "till", ref, amountFen: amountFen as never });
}

test("a till may ask for the maximum itself", () => {
  assert.equal(asked(Story.ready(tillRules), "1", 300_000).text, "armed");
  assert.equal(asked(Story.ready(tillRules), "1", 300_001).text, "till-idle");
});

test("a sale that has ended cannot be withdrawn any more, and one that never was neither", () => {
  const story = asked(Story.ready(tillRules), "1", 500).scan().recorded().charge(paid).recorded();
  assert.equal(story.text, "paid");
  const { foreground } = story.box;
  story
    .says({ name: "withdraw", caller: "till", ref: "1" })
    .says({ name: "withdraw", caller: "till", ref: "2" });
  assert.equal(story.box.foreground, foreground);
  story.wait(5_000).says({ name: "withdraw", caller: "till", ref: "1" });
  assert.equal(story.text, "till-idle");
});

test("a second order for a sale forgets no other one, and an order without a sale adds none", () => {
  const refs = new Map(Array.from({ length: REFS_MAX - 1 }, (_, index) => [`sale ${index}`, `${index}`]));
  const story = Story.ready(tillRules);
  story.turn = { ...story.turn, box: { ...story.box, refs } };
  asked(story, "new", 500).scan();
  const first = story.order.intent.outTradeNo;
  assert.deepEqual([...story.box.refs], [...refs, ["till new", first]]);
  story.recorded().charge(declined).recorded().wait(5_000).scan("101234567890123456");
  const second = story.order.intent.outTradeNo;
  assert.notEqual(second, first);
  assert.deepEqual([...story.box.refs], [...refs, ["till new", second]]);
  assert.equal(Story.ready().payTo().box.refs.size, 0);
});

test("a box whose disk is full asks nobody for a payment, and takes them again by itself", () => {
  const story = Story.ready().post({ type: "room-changed", room: false });
  assert.equal(blockerOf(story.box, story.rules), "disk-full");
  assert.deepEqual([story.text, story.turn.screen.ref], ["out-of-service", "E17"]);
  story.keys("1250=").scan();
  assert.equal(story.box.orders.size, 0);
  story.post({ type: "room-changed", room: true });
  assert.equal(blockerOf(story.box, story.rules), null);
});

test("a box whose journal has failed at something that is no payment asks nobody for one, and says so once", () => {
  const story = Story.ready();
  assert.ok(story.post({ type: "journal-broken" }).take().includes("alarm"));
  assert.equal(blockerOf(story.box, story.rules), "journal-broken");
  assert.equal(story.text, "out-of-service");
  story.keys("1250=").scan();
  assert.equal(story.box.orders.size, 0);
  assert.ok(!story.post({ type: "journal-broken" }).take().includes("alarm"));
});

test("a box whose old rows are found damaged charges nothing more, says so once, and brings what is open to its end", () => {
  const story = Story.ready();
  assert.ok(story.post({ type: "journal-damaged" }).take().includes("alarm"));
  assert.equal(blockerOf(story.box, story.rules), "journal-damaged");
  assert.deepEqual([story.text, story.turn.screen.ref], ["out-of-service", "E20"]);
  story.keys("1250=").scan();
  assert.equal(story.box.orders.size, 0);
  assert.ok(!story.post({ type: "journal-damaged" }).take().includes("alarm"));
  const recording = Story.ready().keys("1250=").scan();
  assert.equal(recording.order.phase.name, "recording");
  recording.post({ type: "journal-damaged" }).take();
  recording.recorded();
  assert.ok(!recording.take().includes("charge"));
});

test("a box whose configuration has mistakes sells nothing, and brings what is open to its end", () => {
  const rules = { ...keypadRules, sells: false };
  const story = Story.ready(rules).keys("1250=").scan();
  assert.deepEqual([story.text, story.turn.screen.ref, story.box.orders.size], ["out-of-service", "E19", 0]);
  const taken = new Story(rules, [openOrder()]);
  taken
    .post({ type: "scanner-changed", ready: true })
    .post({ type: "probed", provider: "wechat", answer: { kind: "passed" } });
  assert.ok(taken.take().includes("query"));
  taken.wait(0).query({ kind: "closed", paidOnce: false, transactionId: null }).recorded();
  assert.equal(taken.box.orders.size, 0);
});

test("a box whose keypad is gone says so where amounts come from keys, and only there", () => {
  const story = Story.ready().post({ type: "keypad-changed", ready: false });
  assert.deepEqual([story.text, story.turn.screen.ref], ["out-of-service", "E18"]);
  assert.equal(story.post({ type: "keypad-changed", ready: true }).text, "idle");
  const fixed = Story.ready(fixedRules).post({ type: "keypad-changed", ready: false });
  assert.equal(fixed.text, "armed");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { drawFrame } from "../../../src/core/codecs/display-frame.ts";
import { instantOf } from "../../../src/core/kernel/instant.ts";
import { isBusy } from "../../../src/core/payment/box.ts";
import { texts, walletNames } from "../../../src/core/payment/texts.ts";
import { wallets } from "../../../src/core/payment/wallet.ts";
import { withProvider } from "./reachable.ts";
import { fixedRules, keypadRules, Story, withHealth } from "./story.ts";

test("a payment goes from the keys to the display, and the journal is asked first each time", () => {
  const story = Story.ready();
  assert.deepEqual(story.display, ["Welcome         ", "Enter amount    "]);
  story.keys("1250");
  assert.deepEqual(story.display, ["Amount     (CNY)", "           12.50"]);
  assert.deepEqual(story.take(), ["warm"]);
  story.keys("=");
  assert.deepEqual(story.display, ["Pay       ¥12.50", "Show WeChat code"]);
  assert.deepEqual(story.take(), ["warm"]);
  story.scan();
  assert.deepEqual(story.display, ["Pay       ¥12.50", "Please wait...  "]);
  assert.deepEqual(story.take(), ["record"]);
  story.recorded();
  assert.deepEqual(story.take(), ["charge"]);
  story.charge({ kind: "paid", transactionId: "42" });
  assert.equal(story.text, "submitting", "nothing is shown before it is durable");
  assert.deepEqual(story.take(), ["record"]);
  story.recorded();
  assert.deepEqual(story.display, ["PAID      ¥12.50", "Thank you       "]);
  assert.deepEqual(story.take(), ["note"]);
  story.wait(5_000);
  assert.equal(story.text, "idle");
  assert.equal(story.box.orders.size, 0);
});

test("while the customer types a password the box counts down to the real deadline and asks every 5 s", () => {
  const story = Story.ready().payTo();
  story.wait(400).charge({ kind: "pending" });
  assert.deepEqual(story.display, ["Password  ¥12.50", "on phone     45s"]);
  story.take();
  story.wait(4_999);
  assert.deepEqual(story.take(), []);
  assert.deepEqual(story.display, ["Password  ¥12.50", "on phone     40s"]);
  story.wait(1);
  assert.deepEqual(story.take(), ["query"]);
  story.query({ kind: "unpaid", paying: true }).wait(5_000);
  assert.deepEqual(story.take(), ["query"]);
  story.query({ kind: "paid", transactionId: "42" });
  assert.deepEqual(story.display, ["Checking  ¥12.50", "Do NOT pay again"]);
  story.recorded();
  assert.equal(story.text, "paid");
});

test("an order nobody pays is asked about a last time after 45 s, then reversed, then confirmed by a query", () => {
  const story = Story.ready().payTo().charge({ kind: "unknown", why: "silence", signed: false });
  assert.deepEqual(story.display, ["Checking  ¥12.50", "Do NOT pay again"]);
  for (let round = 0; round < 9; round += 1) story.query({ kind: "unpaid", paying: false }).wait(5_000);
  assert.equal(story.now, 45_000);
  story.take();
  story.query({ kind: "unpaid", paying: false });
  assert.deepEqual(story.take(), ["note", "record"]);
  assert.deepEqual(story.display, ["Undoing   ¥12.50", "Do NOT pay again"]);
  story.recorded();
  assert.deepEqual(story.take(), ["undo"]);
  story.reverse({ kind: "done" });
  assert.deepEqual(story.take(), ["query"]);
  story.query({ kind: "closed", paidOnce: false, transactionId: null });
  assert.equal(story.text, "reversing", "not before it is durable");
  story.recorded();
  assert.deepEqual(story.display, ["TIMED OUT       ", "Nothing charged "]);
});

test("paid between the last query and the reversal ends refunded, and the customer is told", () => {
  const story = Story.ready().payTo().charge({ kind: "pending" });
  story.keys("X").recorded();
  story.wait(15_000);
  story.reverse({ kind: "done" }).wait(1);
  story.query({ kind: "closed", paidOnce: true, transactionId: "42" }).recorded();
  assert.deepEqual(story.display, ["Refunded  ¥12.50", "See WeChat msg  "]);
  const last = story.records().at(-1);
  assert.equal(last?.state, "refunded");
  assert.equal(last?.charged, "no");
  assert.equal(last?.transactionId, "42");
});

test("cancelling before the charge leaves ends it, afterwards it asks for a reversal no sooner than 15 s", () => {
  const early = Story.ready().keys("1250=").scan().keys("X").recorded();
  assert.deepEqual(early.records().at(-1)?.state, "cancelled");
  early.recorded();
  assert.deepEqual(early.display, ["CANCELLED       ", "Nothing charged "]);

  const later = Story.ready().payTo().keys("X");
  later.charge({ kind: "pending" });
  assert.equal(later.order.phase.name, "recording-reversal");
  later.recorded().take();
  later.wait(14_999);
  assert.deepEqual(later.take(), []);
  later.wait(1);
  assert.deepEqual(later.take(), ["undo"]);
});

test("a payment proved before a cancellation could become durable stays a payment", () => {
  const story = Story.ready().payTo().keys("X").charge({ kind: "paid", transactionId: "42" }).recorded();
  assert.equal(story.text, "paid");
});

test("a declined code leaves the amount armed for the next scan, which is another order", () => {
  const story = Story.ready().payTo();
  const first = story.order.intent.outTradeNo;
  story.charge({ kind: "declined", reason: "funds", code: "NOTENOUGH" }).recorded();
  assert.deepEqual(story.display, ["NOT PAID  ¥12.50", "Low balance     "]);
  story.wait(5_000);
  assert.equal(story.text, "armed");
  story.scan("101234567890123456");
  assert.notEqual(story.order.intent.outTradeNo, first);
  assert.equal(story.order.intent.amountFen, 1250);
});

test("a code that was charged once is refused for good", () => {
  const story = Story.ready()
    .payTo()
    .charge({ kind: "declined", reason: "card", code: "NOTSUPORTCARD" })
    .recorded();
  story.wait(5_000).take();
  story.scan();
  assert.deepEqual(story.display, ["Code used before", "Refresh + rescan"]);
  assert.deepEqual(story.take(), []);
  const restarted = new Story(keypadRules, [], ["hash of 134567890123456789"]);
  restarted
    .post({ type: "scanner-changed", ready: true })
    .post({ type: "probed", provider: "wechat", answer: { kind: "passed" } });
  restarted.keys("1=").scan();
  assert.equal(restarted.text, "code-used");
});

test("what people do at the wrong moment moves no money and gets a clear text", () => {
  const story = Story.ready().scan();
  assert.deepEqual(story.display, ["No amount yet   ", "Enter amount    "]);
  story.wait(3_000);
  assert.equal(story.text, "idle");
  story.keys("0=");
  assert.deepEqual(story.display, ["Amount is zero  ", "Enter amount    "]);
  story.keys("C300001=");
  assert.deepEqual(story.display, ["Max     ¥3000.00", "Clear and retry "]);
  story.keys("C1250=");
  story.scanOther();
  assert.deepEqual(story.display, ["Not WeChat code ", "Open pay code   "]);
  story.post({ type: "scan-refused", refusal: "over-long" });
  assert.deepEqual(story.display, ["Not a pay code  ", "Scan again      "]);
  assert.equal(story.records().length, 0);
  story.scan();
  const order = story.order.intent.outTradeNo;
  story.keys("0123456789.:<C=").scan("109999999999999999").scanOther();
  assert.equal(story.box.orders.size, 1);
  assert.equal(story.order.intent.outTradeNo, order);
  assert.equal(story.records().length, 1);
});

test("an armed amount can be mended, cancelled, and dies of age", () => {
  const story = Story.ready().keys("1250=<");
  assert.deepEqual(story.display, ["Amount     (CNY)", "            1.25"]);
  story.keys("=9");
  assert.deepEqual(story.display, ["Pay        ¥1.25", "Show WeChat code"]);
  story.keys("X");
  assert.equal(story.text, "idle");
  story.keys("5=").wait(180_000);
  assert.equal(story.text, "idle");
  story.keys("5").wait(30_000);
  assert.equal(story.text, "idle");
  const explicit = Story.ready({
    ...keypadRules,
    amount: { source: "keypad", entry: "explicit", maximum: 300_000 as never },
  });
  explicit.keys("12.5=<");
  assert.deepEqual(explicit.display, ["Amount     (CNY)", "           12.5_"], "12.50 stood on the display");
  explicit.keys("3");
  assert.deepEqual(explicit.display, ["Amount     (CNY)", "          12.53_"]);
  explicit.keys("X<C");
  assert.equal(explicit.text, "idle");
});

test("a charge that could not be sent is declined at once, and an old scan is not sent at all", () => {
  const unsent = Story.ready().payTo().charge({ kind: "not-sent", why: "no-connection" }).recorded();
  assert.deepEqual(unsent.display, ["NOT PAID  ¥12.50", "No network      "]);
  assert.equal(unsent.records().at(-1)?.chargeCount, 0);

  const slowDisk = Story.ready().keys("1250=").scan();
  slowDisk.now += 10_000;
  slowDisk.recorded();
  assert.equal(slowDisk.records().at(-1)?.reason, "stale");
  assert.equal(slowDisk.records().at(-1)?.chargeCount, 0);
  slowDisk.recorded();
  assert.deepEqual(slowDisk.display, ["Code expired    ", "Refresh + rescan"]);

  const slowNet = Story.ready().payTo().charge({ kind: "not-sent", why: "too-late" });
  assert.equal(slowNet.records().at(-1)?.reason, "stale");
});

test("a number that somebody else has is never paid and never reversed; new numbers are drawn", () => {
  const story = Story.ready().payTo();
  const { bootMark } = story.box.numbering;
  story.take();
  story.charge({ kind: "number-conflict", code: "ORDERPAID" });
  assert.deepEqual(story.take(), ["record"]);
  story.recorded();
  assert.deepEqual(story.take(), ["query"]);
  assert.deepEqual(story.display, ["Checking  ¥12.50", "Do NOT pay again"]);
  story.query({ kind: "foreign", state: "paid" });
  assert.deepEqual(story.take(), ["record", "alarm"]);
  assert.notEqual(story.box.numbering.bootMark, bootMark);
  story.recorded();
  assert.deepEqual(story.display, [`RESULT UNKNOWN  `, `Ask staff  #${story.turn.screen.ref}`]);
  story.wait(600_000);
  assert.ok(!story.take().includes("undo"));
});

test("a decline by code is asked about once more; money found there goes back and somebody is told", () => {
  const story = Story.ready()
    .payTo()
    .charge({ kind: "declined", reason: "code-expired", code: "AUTHCODEEXPIRE" });
  story.recorded().take();
  story.wait(30_000);
  assert.deepEqual(story.take(), ["warm", "query"]);
  story.query({ kind: "unknown", why: "silence", signed: false }).wait(30_000);
  assert.ok(story.take().includes("query"), "a check that got no answer is made again");
  story.query({ kind: "paid", transactionId: "42" });
  assert.deepEqual(story.take(), ["note", "record", "alarm"]);
  story.recorded().wait(15_000);
  assert.ok(story.take().includes("undo"));
  story.reverse({ kind: "done" }).wait(1).query({ kind: "refunded", transactionId: "42" }).recorded();
  assert.equal(story.box.orders.size, 0);
});

test("a reversal that stays open becomes RESULT UNKNOWN until OK, then is resolved behind the next payment", () => {
  const story = Story.ready().payTo().charge({ kind: "pending" }).keys("X").recorded();
  for (let now = 0; story.text !== "unknown" && now < 120; now += 1) {
    story.wait(1_000);
    if (story.order.inFlight?.call === "undo") story.reverse({ kind: "again", code: "USERPAYING" });
    if (story.order.inFlight?.call === "query") story.query({ kind: "unpaid", paying: true });
  }
  assert.equal(story.now, 20_000);
  story.keys("1");
  assert.equal(story.text, "unknown", "only OK takes it away");
  story.keys("=");
  assert.equal(story.text, "idle");
  const behind = story.order.intent.outTradeNo;
  story
    .keys("500=")
    .scan("101234567890123456")
    .recorded()
    .charge({ kind: "paid", transactionId: "43" })
    .recorded();
  assert.equal(story.text, "paid");
  story.wait(60_000);
  const payment = story.box.orders.get(behind);
  assert.ok(payment !== undefined && payment.counts.reverse >= 1);
});

test("a key that went down before a message came up is no answer to it", () => {
  const story = Story.ready().payTo().charge({ kind: "pending" }).keys("X").recorded();
  for (let now = 0; story.text !== "unknown" && now < 120; now += 1) {
    story.wait(1_000);
    if (story.order.inFlight?.call === "undo") story.reverse({ kind: "again", code: "USERPAYING" });
    if (story.order.inFlight?.call === "query") story.query({ kind: "unpaid", paying: true });
  }
  const { foreground } = story.box;
  assert.ok(foreground.name === "unknown");
  const ok = { type: "key-pressed", key: { name: "confirm" } } as const;
  story.wait(30).post({ ...ok, downAt: instantOf(foreground.since - 1) });
  assert.equal(story.text, "unknown", "nobody could have read it");
  story.post({ ...ok, downAt: foreground.since });
  assert.equal(story.text, "idle");
});

test("a reversal that succeeds while RESULT UNKNOWN stands shows its end", () => {
  const story = Story.ready(fixedRules).scan().recorded();
  story.charge({ kind: "unknown", why: "silence", signed: false }).query({ kind: "failed" }).recorded();
  story.wait(15_000).reverse({ kind: "unknown", why: "silence", signed: false }).wait(1);
  story.query({ kind: "not-sent", why: "no-name" });
  story.wait(5_000);
  assert.equal(story.text, "unknown");
  if (story.order.inFlight?.call === "undo") story.reverse({ kind: "done" }).wait(1);
  story.query({ kind: "closed", paidOnce: false, transactionId: null }).recorded();
  assert.deepEqual(story.display, ["NOT PAID   ¥5.00", "Nothing charged "]);
});

test("without keys RESULT UNKNOWN leaves after 30 s", () => {
  const story = Story.ready(fixedRules).scan().recorded();
  story.charge({ kind: "unknown", why: "silence", signed: false }).query({ kind: "failed" }).recorded();
  story.wait(15_000).wait(5_000);
  assert.equal(story.text, "unknown");
  story.wait(30_000);
  assert.notEqual(story.text, "unknown");
});

test("no new charge leaves until a signed answer has come after the last unknown one", () => {
  const story = Story.ready().payTo().charge({ kind: "unknown", why: "silence", signed: false });
  story.keys("X").query({ kind: "not-sent", why: "no-connection" }).recorded().wait(20_000);
  story.reverse({ kind: "unknown", why: "silence", signed: false }).wait(1);
  assert.equal(story.text, "unknown");
  story.keys("=");
  assert.equal(story.text, "offline");
  story.keys("500=").scan("101234567890123456");
  assert.equal(story.box.orders.size, 1);
  story.query({ kind: "unpaid", paying: false });
  assert.equal(story.text, "armed");
});

test("an unsigned refusal takes the box out of service until a probe has passed", () => {
  const story = Story.ready().payTo().charge({ kind: "unknown", why: "unsigned-refusal", signed: false });
  story.take();
  story.wait(1).query({ kind: "unknown", why: "unsigned-refusal", signed: false });
  assert.equal(story.health.proved, false);
  story.keys("X").recorded().wait(20_000).keys("=");
  story.post({ type: "probed", provider: "wechat", answer: { kind: "failed", why: "api-key" } });
  assert.deepEqual(story.display, ["OUT OF SERVICE  ", "Ask staff    E31"]);
  story.wait(2_000);
  story.post({ type: "probed", provider: "wechat", answer: { kind: "passed" } });
  assert.equal(story.text, "idle");
});

test("a merchant that WeChat refuses takes the box out of service", () => {
  const story = Story.ready()
    .payTo()
    .charge({ kind: "declined", reason: "configuration", code: "NOAUTH" })
    .recorded();
  assert.deepEqual(story.display, ["NOT PAID  ¥12.50", "Nothing charged "]);
  story.wait(5_000);
  assert.deepEqual(story.display, ["OUT OF SERVICE  ", "Ask staff    E32"]);
});

test("a box that cannot record does not charge", () => {
  const story = Story.ready().keys("1250=").scan();
  story.take();
  story.happens({ type: "record-failed", state: "charging" });
  assert.deepEqual(story.display, ["OUT OF SERVICE  ", "Ask staff    E11"]);
  assert.deepEqual(story.take(), ["alarm"]);
  assert.equal(story.box.orders.size, 0);
  story.keys("500=").scan("101234567890123456");
  assert.equal(story.box.orders.size, 0);
});

test("a verdict that cannot be recorded is not shown: RESULT UNKNOWN, and the order is only asked about", () => {
  const story = Story.ready().payTo().charge({ kind: "paid", transactionId: "42" });
  story.happens({ type: "record-failed", state: "paid" });
  assert.equal(story.text, "unknown");
  story.take();
  story.wait(30_000);
  assert.deepEqual(story.take(), ["query"]);
  story.query({ kind: "paid", transactionId: "42" }).wait(30_000);
  assert.deepEqual(story.take(), ["query"]);
  assert.equal(story.order.phase.name, "unrecorded");
  story.keys("X=");
  assert.equal(story.text, "out-of-service");
});

test("four unresolved orders behind the foreground close the box until one is resolved", () => {
  const codes = ["10", "11", "12", "13"].map((prefix) => `${prefix}0000000000000000`);
  const story = Story.ready();
  for (const code of codes) {
    story.keys("100=").scan(code).recorded().charge({ kind: "pending" }).keys("X").recorded();
    story.wait(15_000).reverse({ kind: "again", code: null }).wait(1).query({ kind: "unpaid", paying: true });
    story.wait(5_000);
    assert.equal(story.text, "unknown");
    if (story.order.inFlight?.call === "undo") {
      story.reverse({ kind: "again", code: null }).wait(1).query({ kind: "unpaid", paying: true });
    }
    for (const payment of story.box.orders.values()) {
      const { outTradeNo } = payment.intent;
      const answer = { kind: "unpaid", paying: true } as const;
      if (payment.inFlight?.call === "query") {
        story.post({ type: "payment", outTradeNo, event: { type: "query-answered", host: "a", answer } });
      }
    }
    story.keys("=");
  }
  assert.equal(story.box.orders.size, 4);
  assert.deepEqual(story.display, ["OUT OF SERVICE  ", "Ask staff    E13"]);
});

test("the outage that stops the box is the one it shows", () => {
  const story = new Story();
  assert.deepEqual(story.display, ["ScanBox         ", "Starting...     "]);
  story.post({ type: "probed", provider: "wechat", answer: { kind: "failed", why: "no-network" } });
  assert.deepEqual(story.display, ["No network      ", "Use other way   "]);
  story.wait(1_000);
  story.post({ type: "probed", provider: "wechat", answer: { kind: "failed", why: "certificate-expired" } });
  assert.deepEqual(story.display, ["OUT OF SERVICE  ", "Ask staff    E23"]);
  for (let round = 0; round < 8; round += 1) {
    story
      .wait(60_000)
      .post({ type: "probed", provider: "wechat", answer: { kind: "failed", why: "no-answer" } });
  }
  assert.equal(story.health.failures, 10);
  story.wait(60_000).post({ type: "probed", provider: "wechat", answer: { kind: "passed" } });
  assert.deepEqual(story.display, ["OUT OF SERVICE  ", "Ask staff    E14"]);
  story.post({ type: "scanner-changed", ready: true });
  assert.equal(story.text, "idle");
  story.post({ type: "stopping" });
  assert.deepEqual(story.display, ["OUT OF SERVICE  ", "Ask staff    E10"]);
});

test("a stop cancels what has not been charged and leaves what has", () => {
  const waiting = Story.ready().keys("1250=").scan().post({ type: "stopping" }).recorded();
  assert.equal(waiting.records().at(-1)?.state, "cancelled");
  const charged = Story.ready().payTo().post({ type: "stopping" });
  assert.equal(charged.order.phase.name, "charging");
});

test("a fixed amount rests until the last phone has left the reader", () => {
  const story = Story.ready(fixedRules);
  assert.deepEqual(story.display, ["Pay        ¥5.00", "Show WeChat code"]);
  story.scan().recorded().charge({ kind: "paid", transactionId: "42" }).recorded().wait(5_000);
  assert.deepEqual(story.display, ["Pay        ¥5.00", "One moment...   "]);
  story.wait(4_000).scan("101234567890123456").wait(4_999);
  assert.equal(story.text, "resting");
  assert.equal(story.box.orders.size, 0);
  story.wait(1);
  assert.equal(story.text, "armed");
  story.scan("111234567890123456");
  assert.equal(story.box.orders.size, 1);
});

test("a fixed amount rests after a start and while the scanner comes back: the last phone may be there still", () => {
  const story = new Story(fixedRules).post({
    type: "probed",
    provider: "wechat",
    answer: { kind: "passed" },
  });
  story.wait(2_000).post({ type: "scanner-changed", ready: true });
  assert.equal(story.text, "resting");
  story.scan().wait(4_999).scan("101234567890123456").wait(4_999);
  assert.deepEqual([story.text, story.box.orders.size], ["resting", 0]);
  story.wait(1);
  assert.equal(story.text, "armed");
  story.post({ type: "scanner-changed", ready: true });
  assert.equal(story.text, "armed", "it was there all the time");
  story.post({ type: "scanner-changed", ready: false });
  assert.equal(story.text, "out-of-service");
  story.post({ type: "scanner-changed", ready: true });
  assert.equal(story.text, "resting");
  const typing = Story.ready().keys("12").post({ type: "scanner-changed", ready: false });
  assert.equal(typing.post({ type: "scanner-changed", ready: true }).text, "entering");
});

test("a fixed amount rests when a code comes that was charged before, and after RESULT UNKNOWN", () => {
  const story = Story.ready(fixedRules).scan().recorded().charge({ kind: "paid", transactionId: "42" });
  story.recorded().wait(10_000);
  assert.equal(story.text, "armed");
  assert.equal(story.scan().text, "code-used");
  story.scan("101234567890123456");
  assert.equal(story.box.orders.size, 0, "the phone of the last payment is still there, with its next code");
  const silence = { kind: "unknown", why: "silence", signed: false } as const;
  const unknown = Story.ready(fixedRules).scan().recorded().charge(silence).query(silence);
  while (unknown.text !== "unknown") {
    if (unknown.order.inFlight?.call === "query") unknown.query(silence);
    else if (unknown.order.inFlight?.call === "undo") unknown.reverse(silence);
    else if (unknown.order.phase.name === "recording-reversal") unknown.recorded();
    else unknown.wait(1_000);
  }
  unknown.post({ type: "probed", provider: "wechat", answer: { kind: "passed" } }).wait(30_000);
  assert.equal(unknown.box.foreground.name, "resting");
});

test("a key brings a fixed amount back at once, and an idle key does nothing to it", () => {
  const story = Story.ready({ ...fixedRules, keypad: true });
  story.keys("5");
  assert.equal(story.text, "armed");
  story.scan().recorded().charge({ kind: "paid", transactionId: "42" }).recorded().wait(6_000).keys("5");
  assert.equal(story.text, "armed");
  story
    .scan("101234567890123456")
    .recorded()
    .charge({ kind: "paid", transactionId: "43" })
    .recorded()
    .keys("1");
  assert.equal(story.text, "resting");
});

test("a digit after a result begins the next amount, another key only puts the result away", () => {
  const story = Story.ready().payTo().charge({ kind: "paid", transactionId: "42" }).recorded().keys("7");
  assert.deepEqual(story.display, ["Amount     (CNY)", "            0.07"]);
  const put = Story.ready().payTo().charge({ kind: "paid", transactionId: "42" }).recorded().keys("=");
  assert.equal(put.text, "idle");
});

test("recovered orders are resolved behind the foreground; found paid they are late", () => {
  const crashed = Story.ready().payTo();
  const [last] = crashed.records();
  assert.ok(last !== undefined);
  const story = new Story(keypadRules, [{ intent: crashed.order.intent, last }]);
  story
    .post({ type: "scanner-changed", ready: true })
    .post({ type: "probed", provider: "wechat", answer: { kind: "passed" } });
  story.wait(1);
  story.query({ kind: "paid", transactionId: "42" });
  const record = story.records().at(-1);
  assert.equal(record?.state, "paid");
  assert.equal(record?.late, true);
  story.recorded();
  assert.equal(story.text, "earlier-paid", "a late payment is not shown as that of whoever stands there now");
});

test("an order of a merchant whose credentials are gone is held, and nobody is charged", () => {
  const crashed = Story.ready().payTo();
  const [last] = crashed.records();
  assert.ok(last !== undefined);
  const other = { ...crashed.order.intent, payee: { ...crashed.order.intent.payee, key: "another" } };
  const story = new Story(keypadRules, [{ intent: other, last }]);
  story
    .post({ type: "scanner-changed", ready: true })
    .post({ type: "probed", provider: "wechat", answer: { kind: "passed" } });
  assert.deepEqual(story.display, ["OUT OF SERVICE  ", "Ask staff    E12"]);
  assert.ok(story.take().includes("alarm"));
});

test("after a restart an absence counts only when both hosts have said it, late enough", () => {
  const crashed = Story.ready().payTo();
  const [last] = crashed.records();
  assert.ok(last !== undefined);
  const story = new Story(keypadRules, [
    { intent: crashed.order.intent, last: { ...last, state: "reversing", reason: "gave-up" } },
  ]);
  story.wait(15_000).reverse({ kind: "again", code: "INVALID_TRANSACTIONID" }).wait(1);
  story.query({ kind: "absent" }, "a");
  story.wait(44_999);
  assert.equal(story.order.inFlight?.call, "query");
  story.query({ kind: "absent" }, "b").wait(1_000);
  story.query({ kind: "absent" }, "b").wait(1_000);
  assert.equal(story.order.phase.name, "reversing", "the other host has not said so yet");
  story.query({ kind: "absent" }, "a");
  assert.equal(story.order.phase.name, "recording-outcome");
});

test("a reversal that is too old for WeChat goes to people", () => {
  const story = Story.ready().payTo().charge({ kind: "pending" }).keys("X").recorded().wait(15_000);
  story.take();
  story.reverse({ kind: "expired" });
  assert.deepEqual(story.take(), ["record", "alarm"]);
  assert.equal(story.recorded().text, "unknown");
});

test("a second start of the same box is a defect", () => {
  assert.throws(
    () =>
      Story.ready().post({
        type: "started",
        open: [],
        unchecked: [],
        usedCodes: [],
        refs: new Map(),
        recent: [],
      }),
    {
      name: "Defect",
    },
  );
});

test("a reversal whose reason the journal does not tell is one that gave up", () => {
  const crashed = Story.ready().payTo();
  const [last] = crashed.records();
  assert.ok(last !== undefined);
  const story = new Story(keypadRules, [
    { intent: crashed.order.intent, last: { ...last, state: "reversing" } },
  ]);
  assert.equal(story.order.phase.name === "reversing" && story.order.phase.reason, "gave-up");
});

test("without a list of hosts the choice is the provider's", () => {
  const story = Story.ready(withProvider(keypadRules, { hosts: [] }))
    .payTo()
    .charge({ kind: "pending" })
    .keys("X")
    .recorded();
  story.take();
  story.wait(15_000);
  const [reversal] = story.turn.effects;
  assert.ok(reversal?.type === "undo" && reversal.host === null);
});

test("a box is busy while the journal or a charge is under way", () => {
  const story = Story.ready();
  assert.equal(isBusy(story.box), false);
  story.payTo();
  assert.equal(isBusy(story.box), true);
  story.charge({ kind: "pending" });
  assert.equal(isBusy(story.box), false);
});

test("while the box is out of service a scan at the idle screen says nothing new", () => {
  const story = Story.ready().post({ type: "scanner-changed", ready: false }).scan();
  assert.deepEqual(story.display, ["OUT OF SERVICE  ", "Ask staff    E14"]);
});

test("a box with a fixed amount takes no other from its keys", () => {
  const story = Story.ready(fixedRules);
  story.turn = { ...story.turn, box: { ...story.box, foreground: { name: "idle" } } };
  story.keys("123=");
  assert.equal(story.box.foreground.name, "idle");
});

test("each refusal has the text that says what to do", () => {
  const invalid = Story.ready()
    .payTo()
    .charge({ kind: "declined", reason: "code-invalid", code: "AUTH_CODE_INVALID" });
  assert.equal(invalid.recorded().text, "code-not-taken");
  const stopped = Story.ready().payTo().charge({ kind: "pending" }).keys("X").recorded().wait(15_000);
  stopped
    .reverse({ kind: "done" })
    .query({ kind: "closed", paidOnce: false, transactionId: null })
    .recorded();
  assert.deepEqual(stopped.display, ["CANCELLED       ", "Nothing charged "]);
});

test("a refused merchant while a probe is under way waits for its answer", () => {
  const story = Story.ready().payTo();
  story.turn = { ...story.turn, box: withHealth(story.box, { probe: "inFlight" }) };
  story.charge({ kind: "declined", reason: "configuration", code: "NOAUTH" });
  assert.equal(story.health.probe, "inFlight");
  story.recorded().post({ type: "probed", provider: "wechat", answer: { kind: "passed" } });
  assert.equal(story.health.proved, true);
});

test("a larger display shows the same two lines and leaves the others empty", () => {
  const { screen } = Story.ready().keys("1250=").turn;
  const rows = drawFrame(screen, "zh", { columns: 20, rows: 4 });
  assert.deepEqual(rows, ["Fukuan        ¥12.50", "Chushi fukuanma     ", " ".repeat(20), " ".repeat(20)]);
});

test("every text fits sixteen cells in every language, with the longest amount and every wallet's name", () => {
  for (const [name, languages] of Object.entries(texts)) {
    // A code of ours is offered for WeChat alone.
    const named = name === "code-shown" ? (["wechat"] as const) : ([...wallets, "any"] as const);
    for (const language of ["en", "zh"] as const) {
      for (const [line, wallet] of languages[language].flatMap((one) =>
        named.map((who) => [one, who] as const),
      )) {
        const longest = line.replace("{amount}", "¥3000.00").replace("{yuan}", "99999.99");
        const counted = longest.replace("{seconds}", "999").replace("{ref}", "1234").replace("|", "");
        const filled = counted.replace("{wallet}", walletNames[wallet][language]);
        assert.ok(filled.length <= 16, `${name}: ${filled}`);
      }
    }
  }
});

test("a box whose reversals get no answer charges nobody until one does", () => {
  const story = Story.ready().payTo().charge({ kind: "pending" }).keys("X").recorded().wait(15_000);
  for (let round = 0; round < 3; round += 1) {
    story.reverse({ kind: "unknown", why: "http-status", signed: false });
    story.query({ kind: "unpaid", paying: false }).wait(6_500);
  }
  story.keys("=");
  assert.deepEqual(story.display, ["OUT OF SERVICE  ", "Ask staff    E24"]);
  story.reverse({ kind: "again", code: null });
  assert.equal(story.text, "idle");
});

const scanRules = withProvider(keypadRules, { offersCode: true });

test("a customer who scans our code pays while it stands on the screen", () => {
  const story = Story.ready(scanRules).keys("1250=");
  story.take();
  story.post({ type: "code-wanted" });
  assert.equal(story.records()[0]?.state, "charging");
  story.recorded();
  assert.deepEqual(story.take(), ["record", "charge"]);
  story.charge({ kind: "ordered", codeUrl: "weixin://wxpay/bizpayurl?pr=42" });
  assert.deepEqual(story.display, ["Scan us   ¥12.50", "with WeChat 300s"]);
  assert.equal(story.turn.screen.codeUrl, "weixin://wxpay/bizpayurl?pr=42");
  story.wait(5_000).query({ kind: "unpaid", paying: false });
  assert.equal(story.text, "code-shown");
  story.wait(5_000).query({ kind: "unpaid", paying: true });
  assert.equal(story.text, "password");
  assert.equal(story.turn.screen.codeUrl, null);
  story.wait(5_000).query({ kind: "paid", transactionId: "42" }).recorded();
  assert.equal(story.text, "paid");
});

test("a code that is withdrawn is closed after five minutes, behind the next payment", () => {
  const story = Story.ready(scanRules).keys("1250=").post({ type: "code-wanted" }).recorded();
  story.charge({ kind: "ordered", codeUrl: "weixin://wxpay/bizpayurl?pr=42" }).keys("X").recorded();
  assert.deepEqual(story.display, [
    "Code withdrawn  ",
    `Do NOT scan${`#${story.order.intent.shortRef}`.padStart(5)}`,
  ]);
  story.keys("=");
  assert.equal(story.text, "idle");
  story.take();
  story.wait(299_999);
  assert.deepEqual(story.take(), []);
  story.wait(1);
  assert.deepEqual(story.take(), ["undo"]);
  story.reverse({ kind: "done" }).query({ kind: "closed", paidOnce: false, transactionId: null }).recorded();
  assert.equal(story.box.orders.size, 0);
});

test("money that came for a withdrawn code goes back by a refund, and only its arrival ends the order", () => {
  const story = Story.ready(scanRules).keys("1250=").post({ type: "code-wanted" }).recorded();
  story
    .charge({ kind: "ordered", codeUrl: "weixin://wxpay/bizpayurl?pr=42" })
    .keys("X")
    .recorded()
    .wait(300_000);
  story.take();
  story.reverse({ kind: "paid" });
  assert.ok(
    !story.order.seenPaid && story.take().includes("query"),
    "whose payment it is a query tells first",
  );
  story.query({ kind: "paid", transactionId: "42" }).wait(1_500);
  const [refund] = story.effects.filter(({ type }) => type === "undo");
  assert.ok(refund?.type === "undo" && refund.way === "refund");
  story.reverse({ kind: "done" }).query({ kind: "refunded", transactionId: null }).recorded();
  assert.equal(story.box.orders.size, 0);
});

test("a booking whose reply is lost shows no code, and one that is cancelled meanwhile is taken back", () => {
  const lost = Story.ready(scanRules).keys("1250=").post({ type: "code-wanted" }).recorded();
  lost.charge({ kind: "unknown", why: "silence", signed: false });
  assert.equal(lost.order.phase.name, "recording-reversal");
  const cancelled = Story.ready(scanRules).keys("1250=").post({ type: "code-wanted" }).recorded().keys("X");
  cancelled.charge({ kind: "ordered", codeUrl: "weixin://wxpay/bizpayurl?pr=42" });
  assert.equal(cancelled.order.phase.name, "recording-reversal");
});

test("where customers may scan, a broken scanner does not close the box", () => {
  const story = Story.ready(scanRules).post({ type: "scanner-changed", ready: false }).keys("1250=");
  assert.deepEqual(story.display, ["Pay       ¥12.50", "Ask staff for QR"]);
  story.post({ type: "code-wanted" });
  assert.equal(story.box.orders.size, 1);
  const without = Story.ready().keys("1250=").post({ type: "code-wanted" });
  assert.equal(without.box.orders.size, 0);
});

test("a decline is looked at once more after half a minute, and that it was stands in the journal", () => {
  const story = Story.ready().payTo().charge({ kind: "declined", reason: "funds", code: "NOTENOUGH" });
  story.recorded().take();
  story.wait(29_999);
  assert.deepEqual(story.take(), ["warm"], "the amount is armed again");
  story.wait(1);
  assert.deepEqual(story.take(), ["query"]);
  story.query({ kind: "unknown", why: "silence", signed: false });
  assert.deepEqual(story.take(), []);
  story.wait(30_000).query({ kind: "closed", paidOnce: false, transactionId: null });
  const note = story.effects.at(-1);
  assert.ok(note?.type === "note" && note.entry.kind === "checked");
  assert.equal(story.box.orders.size, 0);
});

test("a start looks at declines that the last process did not come to, and takes back what was paid after all", () => {
  const story = Story.ready().payTo().charge({ kind: "declined", reason: "funds", code: "NOTENOUGH" });
  const { intent } = story.order;
  const last = story.records().at(-1);
  assert.ok(last?.state === "declined");
  const next = new Story(keypadRules, [], [], [{ intent, last }]);
  assert.deepEqual([...next.box.orders.keys()], [intent.outTradeNo]);
  next.wait(30_000);
  assert.ok(next.take().includes("query"));
  next.query({ kind: "paid", transactionId: "42" });
  assert.deepEqual(next.take(), ["record", "alarm"]);
  next.recorded();
  assert.equal(next.order.phase.name, "reversing");
  const gone = { ...keypadRules, providers: new Map() };
  assert.equal(new Story(gone, [], [], [{ intent, last }]).box.orders.size, 0);
});

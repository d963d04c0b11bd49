/**
 * Two accounts at one box: a code goes to its own, everything of an order stays there, and what is wrong with one takes nothing
 * from the other (money rules 4, 12, 15, 18 and 19).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProbeFailure } from "../../../src/core/payment/answers.ts";
import type { OpenOrder } from "../../../src/core/payment/order.ts";
import type { ProviderFacts } from "../../../src/core/payment/provider.ts";
import { blockerOf, mayMoveOn, outageOf, providerBlockerOf } from "../../../src/core/payment/readiness.ts";
import type { Rules } from "../../../src/core/payment/rules.ts";
import { screenFor } from "../../../src/core/payment/screen.ts";
import { provider, providerOf, withProvider } from "./reachable.ts";
import { keypadRules, Story, withHealth } from "./story.ts";

const second: ProviderFacts = provider(["c", "d"], {
  payee: { provider: "second", account: "2", key: "wechat-v2 wx2 2 - -" },
  wallets: ["alipay"],
});

const twoRules: Rules = withProviders(providerOf(keypadRules), second);

const silence = { kind: "unknown", why: "silence", signed: false } as const;
const passed = { kind: "passed" } as const;
const failed = { kind: "failed", why: "no-network" } as const;

function withProviders(...facts: readonly ProviderFacts[]): Rules {
  return { ...keypadRules, providers: new Map(facts.map((one) => [one.payee.provider, one])) };
}

/** What stands against each of the two, and against the box. */
function blockers({ box, rules }: Story): readonly (string | null)[] {
  const own = [...rules.providers.values()].map((facts) => providerBlockerOf(box, facts));
  return [...own, blockerOf(box, rules)];
}

/** How many charges were asked for, by provider, since the last look. */
function charged(story: Story): readonly string[] {
  return story.effects
    .splice(0)
    .flatMap((effect) => (effect.type === "charge" ? [effect.intent.payee.provider] : []));
}

/** A payment of the first provider that stands behind the front. */
function leaveBehind(story: Story, digits: string): Story {
  return story.keys("1250=").scan(digits).recorded().charge({ kind: "pending" }).keys("X").recorded();
}

/** Nobody waits in front any more. */
function lookAway(story: Story): Story {
  return story.wait(20_000).keys("=");
}

/** An order of the journal, charged through this account. */
function orderOf(facts: ProviderFacts): OpenOrder {
  const story = Story.ready(withProviders(facts)).keys("1250=");
  story.scan("134567890123456789", facts.wallets[0]);
  return { intent: story.order.intent, last: { n: 1, state: "charging", final: false } as never };
}

test("a code goes to the provider that takes its wallet, and nothing of the order names another's hosts", () => {
  const story = Story.ready(twoRules).keys("1250=").scanOther().recorded();
  const { payee, wallet } = story.order.intent;
  assert.deepEqual([payee, wallet], [second.payee, "alipay"]);
  story.charge({ kind: "pending" }, "c").keys("X").recorded().wait(15_000);
  for (let round = 0; round < 4; round += 1) {
    story.reverse({ kind: "again", code: null }).query({ kind: "unpaid", paying: false }, "d").wait(61_000);
  }
  const hosts = story.effects.flatMap((one) =>
    one.type === "query" || one.type === "undo" ? [one.host] : [],
  );
  assert.deepEqual(new Set(hosts), new Set(["c", "d"]));
});

test("the display asks for the only wallet by name, for several by none, and says which one is out", () => {
  const story = Story.ready(twoRules).keys("1250=");
  const { advertMs } = twoRules.timing;
  for (const words of ["Show pay code   ", "WeChat / Alipay ", "Show pay code   "]) {
    assert.deepEqual(
      story.display,
      ["Pay       ¥12.50", words],
      "what to do comes first, and the amount stands",
    );
    assert.equal(story.turn.wakeAt, story.now + advertMs);
    story.wait(advertMs);
  }
  story.scan("911234567890123456", "qq");
  assert.equal(story.text, "wallet-not-taken-here");
  assert.deepEqual(story.display, ["Not taken. Use: ", "WeChat / Alipay "]);
  story.post({ type: "probed", provider: "wechat", answer: { kind: "failed", why: "certificate-expired" } });
  story.wait(3_000);
  assert.deepEqual(story.display, ["Pay       ¥12.50", "Show Alipay code"]);
  story.scan("911234567890123456", "qq");
  assert.deepEqual(
    [story.text, ...story.display],
    ["wallet-not-taken", "Not Alipay code ", "Open pay code   "],
  );
  story.scan();
  assert.deepEqual([story.text, ...story.display], ["wallet-out", "WeChat is down  ", "Use another  E23"]);
  assert.deepEqual([story.turn.screen.light, story.turn.screen.sound], ["refused", "refused"]);
  assert.equal(story.turn.screen.amountFen, 1_250, "the amount waits for another wallet");
  // It works again while the refusal stands.
  story.post({ type: "probed", provider: "wechat", answer: passed });
  assert.deepEqual(story.display, ["WeChat is down  ", "Use another     "]);
  story.wait(3_000).scanOther().recorded();
  assert.equal(story.order.intent.wallet, "alipay");
  story.charge({ kind: "declined", reason: "code-invalid", code: "CODE" }, "c").recorded();
  assert.deepEqual(story.display, ["Not Alipay code ", "Open pay code   "]);
});

test("a code that was charged before is told of before its provider is", () => {
  const story = Story.ready(twoRules).payTo().charge({ kind: "paid", transactionId: "1" }).recorded();
  story.post({ type: "probed", provider: "wechat", answer: failed }).keys("500=").scan();
  assert.equal(story.text, "code-used");
});

test("a wallet is named by nobody where none can pay", () => {
  const story = Story.ready(twoRules).payTo().charge({ kind: "pending" });
  const notice = { name: "wallet-not-taken", until: story.turn.wakeAt } as never;
  const { box } = story;
  const out = withHealth({ ...box, notice }, { proved: false });
  const { text, wallet } = screenFor(out, story.now as never, twoRules);
  assert.deepEqual([text, wallet], ["wallet-not-taken-here", null]);
});

test("who only finishes orders charges nobody, and its wallet is refused on the screen", () => {
  const former = withProviders(providerOf(keypadRules), { ...second, charges: false });
  const story = Story.ready(former).keys("1250=").scanOther();
  assert.deepEqual([story.text, story.box.orders.size], ["wallet-not-taken", 0]);
});

test("where an absence proves nothing, an order is reversed for as long as it takes", () => {
  const story = Story.ready(withProvider(keypadRules, { absence: null })).payTo();
  story.charge({ kind: "pending" }).keys("X").recorded().wait(15_000);
  for (let round = 0; round < 20; round += 1) {
    story
      .reverse({ kind: "done" })
      .query({ kind: "absent" }, round % 2 === 0 ? "a" : "b")
      .wait(120_000);
    assert.equal(story.order.phase.name, "reversing");
  }
});

test("a charge does not leave whose own provider became unclear while its intent was written, however well the other is", () => {
  for (const sick of ["wechat", "second"] as const) {
    const story = leaveBehind(Story.ready(twoRules), "134567890123456701");
    lookAway(story).post({ type: "probed", provider: "wechat", answer: passed });
    const { outTradeNo } = story.order.intent;
    story.keys("500=");
    if (sick === "wechat") story.scan();
    else story.scanOther();
    story.take();
    // An answer to the order behind makes its provider, the first one, unclear.
    const answered = { type: "undo-answered", host: "a", answer: silence } as const;
    story.post({ type: "payment", outTradeNo, event: answered });
    assert.deepEqual(blockers(story), ["unclear", null, null]);
    story.recorded();
    assert.deepEqual(charged(story), sick === "wechat" ? [] : ["second"]);
    assert.equal(mayMoveOn(story.box, story.order.intent, twoRules), sick === "second");
    // The charge of the other one is unclear, too: then the box is.
    if (sick === "second")
      assert.deepEqual(blockers(story.charge(silence, "c")), ["unclear", "unclear", "unclear"]);
  }
});

test("an answer of one provider says nothing about the other, for better or worse", () => {
  const story = Story.ready(twoRules).payTo().charge(silence);
  assert.deepEqual(blockers(story), ["unclear", null, null]);
  story.keys("X").recorded().wait(20_000).keys("=").keys("500=").scanOther().recorded();
  assert.deepEqual(charged(story).includes("second"), true, "the other one is charged meanwhile");
  story.charge({ kind: "paid", transactionId: "1" }, "c").recorded();
  assert.deepEqual(blockers(story), ["unclear", null, null], "its word does not lift the doubt");
  story.post({ type: "probed", provider: "wechat", answer: passed });
  assert.deepEqual(blockers(story), [null, null, null]);
});

test("an order of somebody who only finishes makes nobody unclear", () => {
  const former: ProviderFacts = { ...second, charges: false };
  const story = new Story(withProviders(providerOf(keypadRules), former), [orderOf(second)]);
  story.post({ type: "scanner-changed", ready: true });
  story.post({ type: "probed", provider: "wechat", answer: passed });
  assert.equal(story.order.inFlight?.call, "query");
  story.query(silence, "c");
  assert.deepEqual(blockers(story), [null, "unproved", null]);
  assert.deepEqual([...story.box.health.keys()], ["wechat"]);
  story.wait(600_000);
  assert.ok(story.effects.every((effect) => effect.type !== "probe" || effect.provider === "wechat"));
});

test("each is probed alone, and the box goes out of service only when both are out, with the word of the nearer one", () => {
  const story = new Story(twoRules).post({ type: "scanner-changed", ready: true });
  const probes = (): readonly string[] =>
    story.effects.splice(0).flatMap((effect) => (effect.type === "probe" ? [effect.provider] : []));
  assert.deepEqual(probes(), ["wechat", "second"]);
  assert.deepEqual(outageOf(story.box, twoRules), { blocker: "unproved", provider: "wechat" });
  story.post({ type: "probed", provider: "second", answer: passed });
  assert.deepEqual(blockers(story), ["unproved", null, null]);
  story.post({ type: "probed", provider: "wechat", answer: failed }).wait(1_000);
  assert.deepEqual(probes(), ["wechat"], "who has failed is asked again, who has passed is not");
  story.keys("1250=").scanOther().recorded().charge(silence, "c");
  assert.deepEqual(outageOf(story.box, twoRules), { blocker: "unclear", provider: "second" });
  story.post({ type: "probed", provider: "wechat", answer: passed });
  assert.deepEqual(blockers(story), [null, "unclear", null]);
  const before = story.box;
  story.post({ type: "probed", provider: "third", answer: failed });
  assert.deepEqual(story.box.health, before.health, "nobody of this name is known");
  story.post({ type: "stopping" });
  assert.deepEqual(blockers(story), [null, "unclear", "stopping"]);
});

test("the display has the code of the provider that is nearest to service, of the first where they are alike", () => {
  const story = Story.ready(twoRules);
  const says = (provider: string, why: ProbeFailure): readonly (string | null)[] => {
    story.post({ type: "probed", provider, answer: { kind: "failed", why } });
    return [story.text, story.turn.screen.ref];
  };
  assert.deepEqual(says("second", "account"), ["idle", null]);
  assert.deepEqual(says("wechat", "certificate-expired"), ["out-of-service", "E23"]);
  story.post({ type: "probed", provider: "second", answer: passed });
  story
    .keys("500=")
    .scanOther()
    .recorded()
    .charge({ kind: "pending" }, "c")
    .keys("X")
    .recorded()
    .wait(15_000);
  for (let round = 0; round < 3; round += 1)
    story.reverse(silence).query({ kind: "unpaid", paying: true }, "c").wait(15_000);
  lookAway(story);
  assert.deepEqual([story.text, story.turn.screen.ref], ["out-of-service", "E24"]);
});

test("four unresolved orders of one provider leave the other free, and four of each block the box", () => {
  const story = Story.ready(twoRules);
  for (let order = 1; order <= 4; order += 1) {
    lookAway(leaveBehind(story, `13456789012345670${order}`));
    story.post({ type: "probed", provider: "wechat", answer: passed });
  }
  const unresolved = ["unresolved", null, null];
  assert.deepEqual(blockers(story), unresolved);
  story.keys("700=").scan("134567890123456709");
  assert.deepEqual([story.text, story.turn.screen.ref], ["wallet-out", "E13"]);
  for (let order = 1; order <= 4; order += 1) {
    if (story.box.foreground.name !== "armed") story.keys("700=");
    story
      .scan(`28123456789012345${order}`, "alipay")
      .recorded()
      .charge({ kind: "pending" }, "c")
      .keys("X")
      .recorded();
    lookAway(story).post({ type: "probed", provider: "second", answer: passed });
  }
  assert.equal(story.box.orders.size, 8);
  assert.deepEqual(blockers(story), ["unresolved", "unresolved", "unresolved"]);
  assert.equal(story.box.violation, null);
});

test("who cannot take back is out, and the other is charged", () => {
  const story = Story.ready(twoRules).payTo().charge({ kind: "pending" }).keys("X").recorded().wait(15_000);
  for (let round = 0; round < 3; round += 1)
    story.reverse(silence).query({ kind: "unpaid", paying: true }).wait(15_000);
  assert.deepEqual(blockers(story), ["cannot-reverse", null, null]);
});

test("an order for whose account nobody speaks blocks its wallet, and everything where the id is gone", () => {
  const order = orderOf(second);
  const other: ProviderFacts = { ...second, payee: { ...second.payee, key: "wechat-v2 wx3 3 - -" } };
  const changed = new Story(withProviders(providerOf(keypadRules), other), [order]);
  for (const provider of ["wechat", "second"]) changed.post({ type: "probed", provider, answer: passed });
  changed.post({ type: "scanner-changed", ready: true });
  assert.deepEqual(changed.box.held, [{ outTradeNo: order.intent.outTradeNo, wallet: "alipay" }]);
  assert.deepEqual(blockers(changed), [null, "account-gone", null]);
  const gone = new Story(keypadRules, [order]);
  gone
    .post({ type: "probed", provider: "wechat", answer: passed })
    .post({ type: "scanner-changed", ready: true });
  assert.deepEqual(gone.box.held, [{ outTradeNo: order.intent.outTradeNo, wallet: null }]);
  assert.deepEqual(blockers(gone), [null, "account-gone"]);
});

test("without a scanner the box sells only while somebody who offers a code of ours is free", () => {
  const offering: ProviderFacts = provider(["c"], {
    ...second,
    offersCode: true,
    undo: provider(["c"]).undo,
  });
  const rules = withProviders(providerOf(keypadRules), offering);
  const story = Story.ready(rules).keys("1250=").post({ type: "scanner-changed", ready: false });
  assert.deepEqual([story.text, blockerOf(story.box, rules)], ["armed-no-scanner", null]);
  story.post({ type: "probed", provider: "second", answer: failed });
  assert.deepEqual(outageOf(story.box, rules), { blocker: "no-scanner", provider: null });
  story.post({ type: "code-wanted" });
  assert.equal(story.box.orders.size, 0);
  story.post({ type: "probed", provider: "second", answer: passed }).post({ type: "code-wanted" });
  assert.equal(story.order.intent.payee.provider, "second");
});

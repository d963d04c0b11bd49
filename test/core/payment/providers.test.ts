/** Two accounts at one box: a code goes to its own, and everything of an order stays there (money rules 15, 18 and 19). */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProviderFacts } from "../../../src/core/payment/provider.ts";
import type { Rules } from "../../../src/core/payment/rules.ts";
import { provider, providerOf, withProvider } from "./reachable.ts";
import { keypadRules, Story } from "./story.ts";

const second: ProviderFacts = provider(["c", "d"], {
  payee: { provider: "second", account: "2", key: "wechat-v2 wx2 2 - -" },
  wallets: ["alipay"],
});

const twoRules: Rules = {
  ...keypadRules,
  providers: new Map([
    ["wechat", providerOf(keypadRules)],
    ["second", second],
  ]),
};

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

test("who only finishes orders charges nobody, and its wallet is refused on the screen", () => {
  const former: Rules = {
    ...twoRules,
    providers: new Map([...twoRules.providers, ["second", { ...second, charges: false }]]),
  };
  const story = Story.ready(former).keys("1250=").scanOther();
  assert.deepEqual([story.text, story.box.orders.size], ["code-not-taken", 0]);
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

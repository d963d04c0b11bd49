import assert from "node:assert/strict";
import { test } from "node:test";
import type { BoxParts } from "../../src/composed/parts.ts";
import { rulesOf } from "../../src/composed/rules.ts";
import { boxTag } from "../../src/config/box-tag.ts";
import { checkConfig } from "../../src/config/device-config.ts";
import { standardTiming } from "../../src/core/payment/rules.ts";
import { wechatEntry } from "../config-text.ts";
import { keypadRules } from "../core/payment/story.ts";

const providers = [
  wechatEntry({
    appId: "wx1",
    merchantId: "19",
    apiKey: { credential: "api-key" },
    certificate: { cert: { file: "/c" }, key: { file: "/k" } },
  }),
];
const keypad = {
  rows: [5, 6, 13, 19],
  columns: [12, 16, 20, 21],
  keys: ["789C", "456<", "123X", "0.:="],
};

/** The rules of a configuration with these sections. */
function rulesFor(sections: object, more: Partial<BoxParts> = {}) {
  const checked = checkConfig(JSON.stringify({ version: 1, box: { id: "box-1" }, providers, ...sections }));
  assert.ok(checked.ok, checked.ok ? "" : checked.problems.join("\n"));
  return rulesOf({ config: checked.config, version: "1.2.3", ...more } as BoxParts, keypadRules.providers);
}

test("a box that sells one thing has its price, and its providers as they were made", () => {
  const rules = rulesFor({ amount: { source: "fixed", fixed: "2.00" } });
  assert.deepEqual(rules.amount, { source: "fixed", maximum: 200 });
  assert.equal(rules.providers, keypadRules.providers);
  assert.deepEqual([rules.boxId, rules.boxTag, rules.version], ["box-1", boxTag("box-1"), "1.2.3"]);
  assert.deepEqual([rules.keypad, rules.relay, rules.inhibit, rules.sells], [false, null, false, true]);
});

test("each source of amounts is told as the core knows it", () => {
  const typed = rulesFor({ amount: { source: "keypad", maximum: "50.00" }, keypad });
  assert.deepEqual([typed.amount.source, typed.amount.maximum, typed.keypad], ["keypad", 5_000, true]);
  assert.ok(typed.amount.source === "keypad" && typed.amount.entry !== undefined);
  const menu = { source: "menu", menu: [{ key: "1", name: "Tea", price: "3.00" }] };
  const sold = rulesFor({ amount: menu, keypad });
  assert.ok(sold.amount.source === "menu");
  assert.deepEqual(
    sold.amount.items.map(({ digit, name, amountFen }) => [digit, name, amountFen]),
    [[1, "Tea", 300]],
  );
  const till = rulesFor({ amount: { source: "till", maximum: "9.00" } });
  assert.deepEqual(till.amount, { source: "till", maximum: 900 });
});

test("a configuration with mistakes sells nothing, and waits come from it or from whoever asks for others", () => {
  const amount = { source: "fixed", fixed: "2.00" };
  assert.equal(rulesFor({ amount }, { mistakes: ["amount: none"] }).sells, false);
  assert.equal(rulesFor({ amount }, { mistakes: [] }).sells, true);
  const usual = rulesFor({ amount }).timing;
  assert.deepEqual({ ...standardTiming, sendWithinMs: usual.sendWithinMs, restMs: usual.restMs }, usual);
  const other = rulesFor({ amount, timing: { restMs: 7_000 } }, { timing: { offerMs: 7 } }).timing;
  assert.deepEqual([other.restMs, other.offerMs], [7_000, 7]);
});

test("a relay and a machine's own word are told where they are wired", () => {
  const amount = { source: "fixed", fixed: "2.00" };
  const rules = rulesFor({
    ...{ amount, outputs: { relay: { pin: 26, fenPerPulse: 100 } } },
    inputs: { inhibit: { pin: 17, activeLow: true } },
  });
  assert.equal(rules.relay?.fenPerPulse, 100);
  assert.equal(rules.inhibit, true);
});

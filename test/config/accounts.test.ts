/** The list of accounts: what each says by itself, and what one demands of another. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { accountProblems } from "../../src/config/accounts.ts";
import { problemsOf, sentenceOf } from "../../src/config/problem.ts";
import { accountKeyOf, providerSettings } from "../../src/providers/settings.ts";

const given = {
  id: "wechat",
  kind: "wechat-v2",
  appId: "wx1234567890abcdef",
  merchantId: "1900000109",
  apiKey: { credential: "wechat-key" },
  certificate: { cert: { file: "/c.pem" }, key: { file: "/k.pem" } },
} as const;

/** What is wrong with this list, by itself or among its entries. */
function problems(...entries: readonly object[]): readonly string[] {
  return accountProblems(
    entries.map((entry) => providerSettings.parse({ ...given, ...entry })),
    { store: "Example store", giveUpAfterMs: 45_000 },
  );
}

/** What is wrong with one entry before it is compared with others. */
function refused(entry: object): readonly string[] {
  const parsed = providerSettings.safeParse({ ...given, ...entry }, { error: sentenceOf });
  return parsed.success ? [] : problemsOf(parsed.error.issues);
}

test("an account that says only who it is charges for every wallet of its kind", () => {
  const parsed = providerSettings.parse(given);
  assert.ok(parsed.kind === "wechat-v2");
  const { id, wallets, charges, hosts, notifyUrl } = parsed;
  assert.deepEqual([id, wallets, charges, notifyUrl], ["wechat", ["wechat"], true, null]);
  assert.deepEqual(hosts, ["https://api.mch.weixin.qq.com", "https://api2.mch.weixin.qq.com"]);
  assert.deepEqual(problems({}), []);
});

const refusals: readonly (readonly [entry: object, problem: string])[] = [
  [{ id: "WeChat" }, "id: must be 1 to 32 small letters, digits or -, and not begin with -."],
  [{ id: "-a" }, "id: must be 1 to 32 small letters, digits or -, and not begin with -."],
  [{ id: "a".repeat(33) }, "id: must be 1 to 32 small letters, digits or -, and not begin with -."],
  [{ kind: "wechat-v3" }, 'kind: must be "wechat-v2" or "alipay".'],
  [{ kind: undefined }, 'kind: must be "wechat-v2" or "alipay".'],
  [{ wallets: [] }, "wallets: must have at least 1 entry."],
  [{ wallets: ["alipay"] }, 'wallets[0]: must be "wechat", got a text.'],
  [{ charges: "no" }, "charges: must be true or false, got a text."],
  [{ charge: false }, 'charge: is not a known key; did you mean "charges"?'],
  [{ hosts: [] }, "hosts: must have at least 1 entry."],
];

for (const [entry, problem] of refusals) {
  test(`an account is refused: ${problem} (${JSON.stringify(entry)})`, () => {
    assert.deepEqual(refused(entry), [problem]);
  });
}

test("two accounts differ by id and by what names them at the provider", () => {
  const other = { id: "other", merchantId: "1900000110", charges: false };
  assert.deepEqual(problems({}, other), []);
  assert.deepEqual(problems({}, { ...other, id: "wechat" }), ["providers[1].id: is listed before."]);
  assert.deepEqual(problems({}, { id: "other", charges: false }), [
    "providers[1]: names an account that is named before.",
  ]);
  const sub = { id: "other", charges: false, subMerchantId: "1900000111" };
  assert.deepEqual(problems({}, sub), [], "a sub-merchant is another account");
});

test("a wallet is charged through one account, and something is charged", () => {
  const other = { id: "other", merchantId: "1900000110" };
  assert.deepEqual(problems({}, other), [
    "providers[1].wallets: names wechat, which providers[0] takes; set charges to false in the one that is not charged any more.",
  ]);
  assert.deepEqual(problems({ charges: false }, other), []);
  assert.deepEqual(problems({ charges: false }), [
    "providers: at least one must charge; set charges to true in it.",
  ]);
  assert.deepEqual(problems({ wallets: ["wechat", "wechat"] }), [], "said twice is said once");
});

test("what the keys of one account demand of each other is said with its place", () => {
  const other = { id: "other", merchantId: "1900000110", charges: false };
  assert.deepEqual(problems({}, { ...other, subAppId: "wx2" }), [
    "providers[1].subMerchantId: must be given where subAppId is (service-provider mode).",
  ]);
  const host = "https://api.mch.weixin.qq.com";
  assert.deepEqual(problems({ hosts: [host, host, "http://api.example"] }), [
    "providers[0].hosts[1]: is listed before.",
    "providers[0].hosts[2]: must begin with https:// unless every host is loopback.",
  ]);
});

test("an account is known by all that names it, and by its kind", () => {
  assert.equal(accountKeyOf(providerSettings.parse(given)), "wechat-v2 wx1234567890abcdef 1900000109 - -");
  const sub = providerSettings.parse({ ...given, subAppId: "wx2", subMerchantId: "1900000111" });
  assert.equal(accountKeyOf(sub), "wechat-v2 wx1234567890abcdef 1900000109 wx2 1900000111");
});

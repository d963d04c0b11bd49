/** What an entry of the configuration may say of an account at Alipay. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { problemsOf, sentenceOf } from "../../../src/config/problem.ts";
import { ownProblems, providerSettings } from "../../../src/providers/settings.ts";

const given = {
  id: "alipay",
  kind: "alipay",
  appId: "2026000000000001",
  privateKey: { file: "/app.pem" },
  alipayPublicKey: { file: "/alipay.pem" },
} as const;

const certificates = { app: { file: "/a" }, alipay: { file: "/b" }, root: { file: "/c" } };
const terms = { store: "Example store", giveUpAfterMs: 45_000 };

function parsed(entry: object = {}) {
  const config = providerSettings.parse({ ...given, ...entry });
  assert.ok(config.kind === "alipay");
  return config;
}

/** What is wrong with an entry by itself. */
function refused(entry: object): readonly string[] {
  const result = providerSettings.safeParse({ ...given, ...entry }, { error: sentenceOf });
  return result.success ? [] : problemsOf(result.error.issues);
}

/** What its keys demand of each other. */
function problems(entry: object = {}, changed: Partial<typeof terms> = {}): readonly string[] {
  return ownProblems(parsed(entry), "providers[0]", { ...terms, ...changed });
}

test("an account that says only who it is has the usual host, wallet and time-out", () => {
  const { wallets, hosts, timeoutExpress, charges, certificates: none, sellerId, subject } = parsed();
  assert.deepEqual([wallets, hosts], [["alipay"], ["https://openapi.alipay.com"]]);
  assert.deepEqual([timeoutExpress, charges, none, sellerId, subject], ["2m", true, null, null, null]);
  assert.deepEqual(problems(), []);
  assert.deepEqual(problems({ alipayPublicKey: null, certificates }), []);
});

const seller = "must be 16 digits that begin with 2088.";
const number = "must be 1 to 32 Latin characters without blanks.";

const refusals: readonly (readonly [entry: object, problem: string])[] = [
  [{ appId: "wx1" }, "appId: must be 1 to 32 digits, as text."],
  [{ appId: "" }, "appId: must be 1 to 32 digits, as text."],
  [{ sellerId: "1088000000000009" }, `sellerId: ${seller}`],
  [{ sellerId: "20880000000000091" }, `sellerId: ${seller}`],
  [{ sysServiceProviderId: "2088" }, `sysServiceProviderId: ${seller}`],
  [{ storeId: "店" }, `storeId: ${number}`],
  [{ storeId: "x".repeat(33) }, `storeId: ${number}`],
  [{ terminalId: "a b" }, `terminalId: ${number}`],
  [{ subject: "a/b" }, "subject: must not hold /, = or &."],
  [{ subject: "a&b=c" }, "subject: must not hold /, = or &."],
  [{ subject: " " }, "subject: must not be blank."],
  [{ timeoutExpress: "0m" }, "timeoutExpress: must be 1m to 60m."],
  [{ timeoutExpress: "61m" }, "timeoutExpress: must be 1m to 60m."],
  [{ timeoutExpress: "2h" }, "timeoutExpress: must be 1m to 60m."],
  [
    { hosts: ["https://openapi.alipay.com/"] },
    "hosts[0]: must be an origin such as https://openapi.alipay.com, without a path or a closing slash.",
  ],
  [{ wallets: ["wechat"] }, 'wallets[0]: must be "alipay", got a text.'],
  [{ merchantId: "1" }, "merchantId: is not a known key."],
];

for (const [entry, problem] of refusals) {
  test(`an account is refused: ${problem} (${JSON.stringify(entry)})`, () => {
    assert.deepEqual(refused(entry), [problem]);
  });
}

test("no key stands in the configuration itself", () => {
  for (const key of ["privateKey", "alipayPublicKey", "appAuthToken", "ca"] as const)
    assert.equal(refused({ [key]: "MIIE" }).length, 1, key);
});

test("an account is in one mode, key or certificate", () => {
  const one = ["providers[0].alipayPublicKey: must be given, or certificates instead; not both."];
  assert.deepEqual(problems({ alipayPublicKey: null }), one);
  assert.deepEqual(problems({ certificates }), one);
});

test("a shop that its service provider charges for is named", () => {
  const appAuthToken = { credential: "token" };
  assert.deepEqual(problems({ appAuthToken }), [
    "providers[0].sellerId: must be given where appAuthToken is (service providers).",
  ]);
  assert.deepEqual(problems({ appAuthToken, sellerId: "2088000000000009" }), []);
});

test("the store's name stands for a subject where Alipay takes it", () => {
  const missing = ["providers[0].subject: must be given, because box.store holds what Alipay does not take."];
  assert.deepEqual(problems({}, { store: "Fish & Chips" }), missing);
  assert.deepEqual(problems({}, { store: "x".repeat(257) }), missing);
  assert.deepEqual(problems({ subject: "Fish" }, { store: "Fish & Chips" }), []);
});

test("Alipay closes an order only after the box has given up and asked once more", () => {
  const early = ["providers[0].timeoutExpress: must be 15 s or more beyond timing.giveUpAfterMs."];
  assert.deepEqual(problems({ timeoutExpress: "1m" }, { giveUpAfterMs: 45_000 }), []);
  assert.deepEqual(problems({ timeoutExpress: "1m" }, { giveUpAfterMs: 45_001 }), early);
  assert.deepEqual(problems({}, { giveUpAfterMs: 105_000 }), []);
  assert.deepEqual(problems({}, { giveUpAfterMs: 105_001 }), early);
});

test("hosts are each named once and reached over TLS", () => {
  const host = "https://openapi.alipay.com";
  assert.deepEqual(problems({ hosts: [host, host, "http://openapi.example"] }), [
    "providers[0].hosts[1]: is listed before.",
    "providers[0].hosts[2]: must begin with https:// unless every host is loopback.",
  ]);
});

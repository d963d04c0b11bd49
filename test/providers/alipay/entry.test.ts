/**
 * Every key of an entry does what it says: two accounts that differ in it alone charge the same order, and exactly this is different
 * in what they send and believe.
 */
import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { test } from "node:test";
import { instantOf } from "../../../src/core/kernel/instant.ts";
import { PaymentCode } from "../../../src/core/payment/payment-code.ts";
import { alipayKind } from "../../../src/providers/alipay/kind.ts";
import { methods } from "../../../src/providers/alipay/requests.ts";
import { appPrivateKey } from "../../../src/providers/alipay/sandbox/sandbox-keys.ts";
import { stringToSign } from "../../../src/providers/alipay/signature.ts";
import type { HttpsSettings } from "../../../src/providers/kind.ts";
import { providerSettings } from "../../../src/providers/settings.ts";
import type { HttpsRequest } from "../../../src/runtime/ports.ts";
import { Random } from "../../../src/simulator/outside/random.ts";
import { SimulatedClock, SimulatedTime } from "../../../src/simulator/outside/time.ts";
import { answered, fixtureMoment, intent, replyOf } from "./account.ts";
import { fixtureKeys } from "./fixtures.ts";

const { alipay } = fixtureKeys;
const others = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const other = {
  own: others.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  theirs: others.publicKey.export({ type: "spki", format: "pem" }).toString(),
};

/** What the files hold that entries name. */
const files: Readonly<Record<string, string>> = {
  "/own": appPrivateKey,
  "/other-own": other.own,
  "/theirs": alipay.alipayPublicKey,
  "/other-theirs": other.theirs,
  "/app": alipay.certificates.app,
  "/alipay": alipay.certificates.alipay,
  "/root": alipay.certificates.root,
  "/one-root": alipay.certificates.root.split(/(?<=-----END CERTIFICATE-----\n)/)[0] ?? "",
  "/token": "202603BBtoken",
  "/ca": "authorities",
};

const file = (path: string) => ({ file: path });
const keyMode = { alipayPublicKey: file("/theirs") };
const certificates = { app: file("/app"), alipay: file("/alipay"), root: file("/root") };
const seller = "2088000000000009";

/** One charge of an account: what it sent, what came of it, how it was connected. */
function charged(entry: object) {
  const config = providerSettings.parse({
    ...{ id: "alipay", kind: "alipay", appId: alipay.appId, privateKey: file("/own") },
    ...entry,
  });
  assert.ok(config.kind === "alipay");
  const time = new SimulatedTime();
  const requests: HttpsRequest[] = [];
  const connected: HttpsSettings[] = [];
  const paths = new Map(
    alipayKind.secrets(config).map(({ key, source }) => [key, "file" in source ? source.file : ""]),
  );
  const maker = alipayKind.make(config, {
    ...{ boxId: "BOX-000123", store: "Example store", pairFault: () => null },
    timing: {
      ...{ queryEveryMs: 5_000, giveUpAfterMs: 45_000, reverseNotBeforeMs: 15_000 },
      ...{ confirmNotBeforeMs: 60_000, connectTimeoutMs: 6_000, answerTimeoutMs: 10_000 },
    },
    secret: (key) => files[paths.get(key) ?? ""] ?? "",
    https: (settings) => {
      connected.push(settings);
      return {
        exchange: (request, done) => {
          requests.push(request);
          const said = { code: "10003", out_trade_no: intent.outTradeNo };
          time.after(1, () => done(answered(replyOf(methods.charge, JSON.stringify(said)))));
        },
        ...{ warm: () => {}, localAddress: () => null, close: () => {} },
      };
    },
  });
  const note = (): void => {};
  const provider = maker({
    clock: new SimulatedClock(time, fixtureMoment),
    entropy: new Random(1),
    log: { debug: note, info: note, warn: note, error: note },
  });
  const answers: string[] = [];
  const { payee, charges, wallets } = provider.facts;
  const code = new PaymentCode("281234567890123456", "alipay");
  provider.charge(
    { intent: { ...intent, payee }, code, sendBefore: instantOf(10_000), mayLeave: () => true },
    (_, { kind }) => void answers.push(kind),
  );
  time.runUntil(1_000);
  const [request] = requests;
  const query = new URL(request?.path ?? "/", "https://x").searchParams;
  const body = new URLSearchParams(request?.body ?? "");
  const content = JSON.parse(body.get("biz_content") ?? "{}");
  const text = Buffer.from(stringToSign(new Map([...query, ...body])));
  const signature = Buffer.from(query.get("sign") ?? "", "base64");
  const signedBy = (key: string) => verify("sha256", text, createPublicKey(key), signature);
  return {
    query,
    content,
    host: request?.host,
    answers,
    connected,
    facts: { payee, charges, wallets },
    signedBy,
  };
}

type Charged = ReturnType<typeof charged>;

/** A key of the entry, two entries that differ in it, and what is different to see. */
const rows: readonly (readonly [
  key: string,
  entries: readonly [object, object],
  see: (charge: Charged) => unknown,
  seen: readonly [unknown, unknown],
])[] = [
  ["id", [keyMode, { ...keyMode, id: "shop" }], ({ facts }) => facts.payee.provider, ["alipay", "shop"]],
  ["charges", [keyMode, { ...keyMode, charges: false }], ({ facts }) => facts.charges, [true, false]],
  [
    "appId",
    [keyMode, { ...keyMode, appId: "2026000000000002" }],
    ({ query, facts }) => [query.get("app_id"), facts.payee.account],
    [
      [alipay.appId, alipay.appId],
      ["2026000000000002", "2026000000000002"],
    ],
  ],
  [
    "sellerId",
    [keyMode, { ...keyMode, sellerId: seller }],
    ({ content, facts }) => [content.seller_id ?? null, facts.payee.account],
    [
      [null, alipay.appId],
      [seller, seller],
    ],
  ],
  [
    "privateKey",
    [keyMode, { ...keyMode, privateKey: file("/other-own") }],
    ({ signedBy }) => [signedBy(alipay.appPublicKey), signedBy(other.theirs)],
    [
      [true, false],
      [false, true],
    ],
  ],
  [
    "alipayPublicKey",
    [keyMode, { alipayPublicKey: file("/other-theirs") }],
    ({ answers }) => answers,
    [["pending"], ["unknown"]],
  ],
  [
    "certificates.app",
    [{ certificates }, { certificates: { ...certificates, app: file("/alipay") } }],
    ({ query }) => query.get("app_cert_sn"),
    [alipay.appCertSn, alipay.alipayCertSn],
  ],
  [
    "certificates.alipay",
    [{ certificates }, { certificates: { ...certificates, alipay: file("/one-root") } }],
    ({ answers }) => answers,
    [["pending"], ["unknown"]],
  ],
  [
    "certificates.root",
    [{ certificates }, { certificates: { ...certificates, root: file("/one-root") } }],
    ({ query }) => query.get("alipay_root_cert_sn"),
    [alipay.alipayRootCertSn, alipay.alipayRootCertSn.split("_")[0]],
  ],
  [
    "appAuthToken",
    [keyMode, { ...keyMode, appAuthToken: file("/token") }],
    ({ query }) => query.get("app_auth_token"),
    [null, "202603BBtoken"],
  ],
  [
    "sysServiceProviderId",
    [keyMode, { ...keyMode, sysServiceProviderId: seller }],
    ({ content }) => content.extend_params ?? null,
    [null, { sys_service_provider_id: seller }],
  ],
  [
    "subject",
    [keyMode, { ...keyMode, subject: "Tea" }],
    ({ content }) => content.subject,
    ["Example store", "Tea"],
  ],
  [
    "storeId",
    [keyMode, { ...keyMode, storeId: "S1" }],
    ({ content }) => content.store_id ?? null,
    [null, "S1"],
  ],
  [
    "terminalId",
    [keyMode, { ...keyMode, terminalId: "T1" }],
    ({ content }) => content.terminal_id,
    ["BOX-000123", "T1"],
  ],
  [
    "timeoutExpress",
    [keyMode, { ...keyMode, timeoutExpress: "5m" }],
    ({ content }) => content.timeout_express,
    ["2m", "5m"],
  ],
  [
    "hosts",
    [keyMode, { ...keyMode, hosts: ["https://gateway.example"] }],
    ({ host }) => host,
    ["https://openapi.alipay.com", "https://gateway.example"],
  ],
  [
    "ca",
    [keyMode, { ...keyMode, ca: file("/ca") }],
    ({ connected }) => connected.map(({ ca }) => ca),
    [[null], ["authorities"]],
  ],
];

for (const [key, [first, second], see, seen] of rows) {
  test(`an account does what its key says: ${key}`, () => {
    assert.deepEqual([see(charged(first)), see(charged(second))], seen);
    assert.notDeepEqual(seen[0], seen[1]);
  });
}

test("every key of an entry has its row", () => {
  const config = providerSettings.parse({
    ...{ id: "alipay", kind: "alipay", appId: "1", privateKey: file("/own") },
    ...keyMode,
  });
  const oneValue = ["kind", "wallets"];
  const inModes = ["certificates.alipay", "certificates.app", "certificates.root"];
  const keys = Object.keys(config).filter((key) => key !== "certificates" && !oneValue.includes(key));
  assert.deepEqual(rows.map(([key]) => key).sort(), [...keys, ...inModes].sort());
});

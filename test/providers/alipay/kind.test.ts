/** How an account is made of an entry, and what is said of its keys before anything is charged. */
import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { test } from "node:test";
import { judgeKey } from "../../../src/cli/doctor/api-key.ts";
import { doctorWords } from "../../../src/providers/alipay/doctor.ts";
import { accountOf, alipayKind } from "../../../src/providers/alipay/kind.ts";
import { appPrivateKey, appPublicKey } from "../../../src/providers/alipay/sandbox/sandbox-keys.ts";
import { setupQuestions } from "../../../src/providers/alipay/setup.ts";
import type { EntryParts } from "../../../src/providers/kind.ts";
import { providerSettings } from "../../../src/providers/settings.ts";
import { fixtureKeys } from "./fixtures.ts";

const { alipay } = fixtureKeys;
const now = Date.UTC(2026, 2, 15);

const texts: Readonly<Record<string, string>> = {
  privateKey: appPrivateKey,
  alipayPublicKey: alipay.alipayPublicKey,
  "certificates.app": alipay.certificates.app,
  "certificates.alipay": alipay.certificates.alipay,
  "certificates.root": alipay.certificates.root,
  appAuthToken: "token",
  ca: "authorities",
};

const source = { file: "/x" };
const inKeyMode = { alipayPublicKey: source };
const inCertificateMode = { certificates: { app: source, alipay: source, root: source } };

function entryOf(changes: object) {
  const entry = providerSettings.parse({
    ...{ id: "alipay", kind: "alipay", appId: alipay.appId, privateKey: source },
    ...changes,
  });
  assert.ok(entry.kind === "alipay");
  return entry;
}

function made(
  changes: object,
  wrong: Readonly<Record<string, string>> = {},
  pairFault: EntryParts["pairFault"] = () => null,
) {
  const connected: unknown[] = [];
  const account = accountOf(entryOf(changes), {
    ...{ boxId: "BOX-000123", store: "Example store", pairFault },
    timing: {
      ...{ queryEveryMs: 1, giveUpAfterMs: 2, reverseNotBeforeMs: 3 },
      ...{ confirmNotBeforeMs: 4, connectTimeoutMs: 5, answerTimeoutMs: 6 },
    },
    secret: (key) => wrong[key] ?? texts[key] ?? "",
    https: (settings) => {
      connected.push(settings);
      return { exchange: () => {}, warm: () => {}, localAddress: () => null, close: () => {} };
    },
  });
  return { account, connected };
}

test("an entry names the secrets of its mode, and what nobody can do without", () => {
  const named = (changes: object) =>
    alipayKind.secrets(entryOf(changes)).map(({ key, kind, vital }) => `${key} ${kind} ${vital}`);
  assert.deepEqual(named(inKeyMode), ["privateKey secret true", "alipayPublicKey public true"]);
  assert.deepEqual(
    named({ ...inCertificateMode, appAuthToken: source, ca: source, sellerId: "2088000000000009" }),
    [
      "privateKey secret true",
      "certificates.app public true",
      "certificates.alipay public true",
      "certificates.root public true",
      "appAuthToken secret true",
      "ca public false",
    ],
  );
});

test("an account speaks for its entry; what is not said comes from the box", () => {
  const { account, connected } = made(inKeyMode);
  const { settings } = account;
  assert.deepEqual(
    [settings.subject, settings.terminalId, settings.storeId],
    ["Example store", "BOX-000123", null],
  );
  assert.deepEqual([settings.timeoutMinutes, settings.appAuthToken], [2, null]);
  assert.deepEqual(connected, [{ connectTimeoutMs: 5, ca: null, certificate: null }]);
  assert.equal(account.fault(), null);
  const said = {
    subject: "Tea",
    terminalId: "T1",
    storeId: "S1",
    timeoutExpress: "5m",
    appAuthToken: source,
    ca: source,
  };
  const other = made({ ...inCertificateMode, ...said, sellerId: "2088000000000009" });
  const all = other.account.settings;
  assert.deepEqual([all.subject, all.terminalId, all.storeId, all.timeoutMinutes], ["Tea", "T1", "S1", 5]);
  assert.deepEqual([all.appAuthToken, all.seller.sellerId], ["token", "2088000000000009"]);
  assert.equal(all.keys?.certificates?.appSerial, alipay.appCertSn);
  assert.deepEqual(other.connected, [{ connectTimeoutMs: 5, ca: "authorities", certificate: null }]);
});

test("keys that cannot be used are a fault before anything is charged", () => {
  for (const wrong of [{ privateKey: "x" }, { alipayPublicKey: "x" }, { alipayPublicKey: appPublicKey }]) {
    const { account } = made(inKeyMode, wrong);
    assert.equal(account.settings.keys, null);
    assert.equal(account.fault(), "api-key");
  }
  assert.equal(made(inCertificateMode, { "certificates.root": "" }).account.fault(), "api-key");
});

test("in certificate mode the app's certificate and its key are looked at together, whichever form the key has", () => {
  const pairs: boolean[] = [];
  const { account } = made(inCertificateMode, {}, (cert, key) => {
    pairs.push(new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)));
    return "certificate-expired";
  });
  assert.equal(account.fault(), "certificate-expired");
  assert.deepEqual(pairs, [true]);
  assert.equal(made(inKeyMode, {}, () => "certificate-expired").account.fault(), null, "key mode has none");
});

/** What the doctor finds: the level and the sentence. */
function inspected(changed: Readonly<Record<string, string | null>>, at = now): readonly string[] {
  const read = { ...texts, ...changed };
  const findings = doctorWords.inspect?.((key) => read[key] ?? null, at) ?? [];
  return findings.map((finding) => {
    const { level, found, remedy } = judgeKey("providers[1]", finding);
    assert.equal(remedy === null, level === "ok");
    return `${level}: ${found}`;
  });
}

const keyOnly = { "certificates.app": null, "certificates.alipay": null, "certificates.root": null };
const certificatesOnly = { alipayPublicKey: null };

test("the doctor says which key is wrong, and how", () => {
  assert.deepEqual(inspected(keyOnly), [
    "ok: providers[1].privateKey can be used, and so can alipayPublicKey.",
  ]);
  assert.deepEqual(inspected({ ...keyOnly, alipayPublicKey: appPublicKey }), [
    "fault: providers[1].alipayPublicKey is the app's own, and Alipay's belongs here.",
  ]);
  assert.deepEqual(inspected({ ...keyOnly, privateKey: "x" }), [
    "fault: providers[1].privateKey holds no RSA key.",
  ]);
  assert.deepEqual(inspected(certificatesOnly), [
    "ok: providers[1].privateKey can be used, and so can certificates.",
  ]);
  assert.deepEqual(inspected({ ...certificatesOnly, "certificates.root": "x" }), [
    "fault: providers[1].certificates.root holds no certificate that can be used.",
  ]);
});

test("what cannot be read is told elsewhere", () => {
  assert.deepEqual(inspected({ privateKey: null }), []);
  assert.deepEqual(inspected({ ...keyOnly, alipayPublicKey: null }), []);
  assert.deepEqual(inspected({ ...certificatesOnly, "certificates.root": null }), []);
});

test("the end of Alipay's certificate is told a month before", () => {
  const end = Date.parse("2030-01-01T00:00:00Z");
  const day = 86_400_000;
  const at = (moment: number) => inspected(certificatesOnly, moment).slice(1);
  assert.deepEqual(at(end - 31 * day), []);
  assert.deepEqual(at(end - 29 * day), ["warning: providers[1].certificates.alipay ends on 2030-01-01."]);
  assert.deepEqual(at(end + day), ["fault: providers[1].certificates.alipay ended on 2030-01-01."]);
});

test("the doctor's remedies name the keys of the entry", () => {
  const remedies = doctorWords.remedies("providers[1]");
  for (const remedy of Object.values(remedies)) assert.match(remedy, /providers\[1\].*\.$/s);
  const [pair] = doctorWords.pairs;
  assert.deepEqual([pair?.cert, pair?.key], ["certificates.app", "privateKey"]);
});

test("an entry of nobody can be read, and every question is about a key of the entry", () => {
  const { nobody, questions, id } = setupQuestions;
  const keys = Object.keys(providerSettings.parse({ id, kind: "alipay", ...nobody }));
  for (const { key } of questions) assert.ok(keys.includes(key.split(".")[0] ?? ""), key);
});

test("bills are not read, and no code of ours is shown", () => {
  assert.equal(alipayKind.bills, null);
  assert.equal(alipayKind.codeKey(entryOf(inKeyMode)), null);
});

import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { test } from "node:test";
import { inspect } from "node:util";
import { certificatesIn, certSerialOf, rootSerialOf } from "../../../src/providers/alipay/certificates.ts";
import { accountKeys, privateKeyOf, privatePemOf, publicKeyOf } from "../../../src/providers/alipay/keys.ts";
import {
  appPrivateKey,
  appPublicKey,
  gatewayPublicKey,
} from "../../../src/providers/alipay/sandbox/sandbox-keys.ts";
import { certificateMode } from "./account.ts";
import { fixtureKeys } from "./fixtures.ts";

const { alipay } = fixtureKeys;
const own = createPrivateKey({ key: Buffer.from(appPrivateKey, "base64"), format: "der", type: "pkcs8" });

function text(key: KeyObject, type: "pkcs1" | "pkcs8", format: "pem" | "der"): string {
  const exported = format === "pem" ? key.export({ type, format }) : key.export({ type, format });
  return typeof exported === "string" ? exported : exported.toString("base64");
}

test("a private key is read as PEM and as bare base64, in both of its forms, with blanks around it", () => {
  for (const type of ["pkcs1", "pkcs8"] as const)
    for (const format of ["pem", "der"] as const) {
      const written = text(own, type, format);
      for (const form of [
        written,
        `\n ${written}\r\n`,
        format === "der" ? written.replace(/(.{64})/g, "$1\n") : written,
      ])
        assert.ok(privateKeyOf(form)?.equals(own), `${type} ${format}`);
    }
});

test("a public key is read as PEM and as bare base64", () => {
  const pem = publicKeyOf(alipay.alipayPublicKey);
  assert.ok(pem !== null && publicKeyOf(gatewayPublicKey)?.equals(pem));
});

test("what is no RSA key of 2048 bits is none", () => {
  const short = generateKeyPairSync("rsa", { modulusLength: 1_024 });
  const curve = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const others = ["", "x", "AAAA", alipay.alipayPublicKey, text(short.privateKey, "pkcs8", "pem")];
  for (const other of [...others, text(curve.privateKey, "pkcs8", "pem")])
    assert.equal(privateKeyOf(other), null);
  const locked = own
    .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" })
    .toString();
  assert.equal(privateKeyOf(locked), null);
  const spki = (key: KeyObject) => key.export({ type: "spki", format: "pem" }).toString();
  // The public key that is in a private one is not what was asked for.
  for (const other of [
    "",
    "AAAA",
    text(own, "pkcs8", "pem"),
    text(own, "pkcs8", "der"),
    spki(short.publicKey),
    spki(curve.publicKey),
  ])
    assert.equal(publicKeyOf(other), null);
});

test("what is wrong with a text is said of that text", () => {
  const short = text(generateKeyPairSync("rsa", { modulusLength: 1_024 }).privateKey, "pkcs8", "pem");
  const faults = (mode: Partial<{ own: string; alipay: string }>) =>
    accountKeys({ mode: "key", own: appPrivateKey, alipay: alipay.alipayPublicKey, ...mode }).faults.map(
      ({ key, is }) => `${key} ${is}`,
    );
  assert.deepEqual(faults({}), []);
  assert.deepEqual(faults({ own: "" }), ["privateKey no-key"]);
  assert.deepEqual(faults({ own: short }), ["privateKey too-short"]);
  assert.deepEqual(faults({ alipay: "" }), ["alipayPublicKey no-key"]);
  assert.deepEqual(faults({ own: "", alipay: "" }), ["privateKey no-key", "alipayPublicKey no-key"]);
  assert.deepEqual(faults({ alipay: appPublicKey }), ["alipayPublicKey own"], "the usual mistake");
});

test("in certificate mode each of the three files has its say", () => {
  const texts = { mode: "certificate", own: appPrivateKey, ...alipay.certificates } as const;
  const faults = (changes: Partial<typeof alipay.certificates>) => {
    const { keys, faults: found } = accountKeys({ ...texts, ...changes });
    assert.equal(keys === null, found.length > 0);
    return found.map(({ key, is }) => `${key} ${is}`);
  };
  assert.deepEqual(faults({}), []);
  assert.deepEqual(faults({ app: "" }), ["certificates.app no-certificate"]);
  assert.deepEqual(faults({ alipay: "x" }), ["certificates.alipay no-certificate"]);
  assert.deepEqual(faults({ alipay: alipay.certificates.app }), ["certificates.alipay own"]);
  assert.deepEqual(faults({ root: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----" }), [
    "certificates.root no-certificate",
  ]);
  const [, curve = ""] = alipay.certificates.root.split(/(?<=-----END CERTIFICATE-----\n)/);
  assert.deepEqual(faults({ root: curve }), ["certificates.root no-certificate"], "no root is signed by RSA");
  // A certificate whose key is no RSA key would end the process where a signature is looked at.
  assert.deepEqual(faults({ alipay: curve }), ["certificates.alipay no-key"]);
});

test("beside the present certificate of Alipay's there may be the one before it", () => {
  const both = `${alipay.certificates.alipay}${alipay.certificates.root}`
    .split(/(?<=-----END CERTIFICATE-----\n)/)
    .slice(0, 2);
  const { keys } = accountKeys({
    mode: "certificate",
    own: appPrivateKey,
    ...alipay.certificates,
    alipay: both.join(""),
  });
  assert.ok(keys?.alipay.mode === "certificate");
  assert.equal(keys.alipay.bySerial.size, 2);
});

test("certificates have the numbers that Alipay gives them", () => {
  const [app, theirs] = [alipay.certificates.app, alipay.certificates.alipay].flatMap(certificatesIn);
  assert.ok(app !== undefined && theirs !== undefined);
  assert.equal(certSerialOf(app), alipay.appCertSn);
  assert.match(alipay.appCertSn, /^0/, "a leading zero is kept");
  assert.equal(certSerialOf(theirs), alipay.alipayCertSn);
  assert.equal(rootSerialOf(alipay.certificates.root), alipay.alipayRootCertSn);
  assert.deepEqual(certificateMode.certificates, {
    appSerial: alipay.appCertSn,
    rootSerial: alipay.alipayRootCertSn,
  });
});

test("a root that cannot be read is left out like one of another algorithm", () => {
  const strange =
    "-----BEGIN CERTIFICATE-----\nMIIBfjCCATCgAwIBAgICRqwwBQYDK2Vw\n-----END CERTIFICATE-----\n";
  assert.equal(rootSerialOf(`${strange}${alipay.certificates.root}`), alipay.alipayRootCertSn);
  assert.equal(rootSerialOf(""), "");
});

test("what reads PEM alone is given PEM, and keys show themselves to nobody", () => {
  assert.ok(createPrivateKey(privatePemOf(appPrivateKey)).equals(own));
  assert.equal(privatePemOf("x"), "");
  assert.doesNotMatch(inspect(certificateMode, { depth: 9 }), /MII|PRIVATE/);
});

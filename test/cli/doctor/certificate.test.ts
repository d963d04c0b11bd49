import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { type CertificateFacts, inspectPair, judgeCertificate } from "../../../src/cli/doctor/certificate.ts";
import { makeCertificates, pem } from "../../e2e/certificates.ts";
import { levelsOf, the } from "./sound.ts";

const DAY = 86_400_000;
const now = Date.UTC(2026, 10, 21);
const where = { cert: "providers[0].certificate.cert", key: "providers[0].certificate.key" };
const words = { again: "Fetch both anew.", renew: "Renew it." };

function matching(fromDays: number, toDays: number): CertificateFacts["pair"] {
  return {
    kind: "matching",
    subject: "CN=1900000109",
    validFrom: now + fromDays * DAY,
    validTo: now + toDays * DAY,
  };
}

const level = (pair: CertificateFacts["pair"]): string =>
  the("certificate.validity", judgeCertificate({ ...where, ...words, pair }, now)).level;

test("a certificate with its key and a month left is in order", () => {
  const findings = judgeCertificate({ ...where, ...words, pair: matching(-1, 400) }, now);
  assert.deepEqual(levelsOf(findings), ["certificate.pair ok", "certificate.validity ok"]);
  assert.equal(findings[1]?.data?.daysLeft, 400);
});

test("the last month is a warning, the day after it and the day before the first a fault", () => {
  assert.equal(level(matching(-1, 30)), "ok");
  assert.equal(level(matching(-1, 29)), "warning");
  assert.equal(level(matching(-1, 0)), "warning");
  assert.equal(level(matching(-2, -1)), "fault");
  assert.equal(level(matching(1, 400)), "fault");
});

test("a pair that does not fit or is no pair at all is a fault, one that could not be read a note", () => {
  const of = (kind: "unread" | "no-certificate" | "no-key" | "mismatch") =>
    levelsOf(judgeCertificate({ ...where, ...words, pair: { kind } }, now));
  for (const kind of ["no-certificate", "no-key", "mismatch"] as const) {
    assert.deepEqual(of(kind), ["certificate.pair fault"], kind);
  }
  assert.deepEqual(of("unread"), ["certificate.pair note"]);
});

test("certificates and keys are told apart from everything else", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-doctor-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const { merchant, stranger } = await makeCertificates(folder);
  const [cert, key] = [pem(merchant.certFile), pem(merchant.keyFile)];
  const pair = inspectPair(cert, key);
  assert.ok(pair.kind === "matching" && pair.subject === "CN=merchant");
  assert.ok(pair.validFrom < Date.now() && pair.validTo > Date.now());
  assert.equal(inspectPair(cert, pem(stranger.keyFile)).kind, "mismatch");
  assert.equal(inspectPair(key, key).kind, "no-certificate");
  assert.equal(inspectPair(cert, "").kind, "no-key");
  assert.equal(inspectPair(null, key).kind, "unread");
  assert.equal(inspectPair(cert, null).kind, "unread");
  const locked = generateKeyPairSync("ec", {
    namedCurve: "prime256v1",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" },
  }).privateKey;
  assert.equal(inspectPair(cert, locked).kind, "no-key");
});

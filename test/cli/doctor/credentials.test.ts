import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { loadConfig } from "../../../src/cli/config.ts";
import { judgeApiKey } from "../../../src/cli/doctor/api-key.ts";
import { judgeConfig } from "../../../src/cli/doctor/config.ts";
import { judgeCredentials } from "../../../src/cli/doctor/credentials.ts";
import type { NamedSecret } from "../../../src/cli/doctor/subject.ts";
import { readSecret, type SecretSource } from "../../../src/links/machine/secret.ts";
import { levelsOf, the } from "./sound.ts";

const folder = mkdtempSync(join(tmpdir(), "scanbox-doctor-"));
test.after(() => rmSync(folder, { recursive: true }));

function secret(source: SecretSource, kind: NamedSecret["kind"] = "secret"): NamedSecret {
  return { key: "providers[0].apiKey", source, kind, read: readSecret(source, undefined) };
}

test("secrets that only their owner can read are one line without a word of their content", () => {
  const file = join(folder, "private");
  writeFileSync(file, "extremely secret", { mode: 0o600 });
  const findings = judgeCredentials([secret({ file })]);
  assert.deepEqual(levelsOf(findings), ["credentials.readable ok"]);
  assert.doesNotMatch(JSON.stringify(findings), /extremely/);
});

test("a secret that others can read is a warning; a certificate that others can read is not", () => {
  const file = join(folder, "open");
  writeFileSync(file, "extremely secret");
  chmodSync(file, 0o644);
  const finding = the("credentials.private", judgeCredentials([secret({ file })]));
  assert.equal(finding.level, "warning");
  assert.equal(finding.remedy, `chmod 600 ${file}.`);
  assert.deepEqual(levelsOf(judgeCredentials([secret({ file }, "public")])), ["credentials.readable ok"]);
});

test("a secret that is not there, or cannot be read, is a fault", () => {
  const finding = the("credentials.readable", judgeCredentials([secret({ file: join(folder, "none") })]));
  assert.equal(finding.level, "fault");
  assert.equal(finding.remedy, "Create it, or correct the path in the configuration.");
  const read = { ok: false, problem: `${folder} cannot be read (EIO).` } as const;
  const unreadable = judgeCredentials([{ ...secret({ file: folder }), read }]);
  assert.deepEqual(levelsOf(unreadable), ["credentials.readable fault"]);
});

test("a credential of the service that a person cannot see proves nothing", () => {
  assert.deepEqual(levelsOf(judgeCredentials([secret({ credential: "wxpay-key" })])), [
    "credentials.readable note",
  ]);
});

test("a credential that systemd did pass on, but not this one, is a fault", () => {
  const source = { credential: "wxpay-key" };
  const one = { ...secret(source), read: readSecret(source, folder) };
  assert.deepEqual(levelsOf(judgeCredentials([one])), ["credentials.readable fault"]);
});

test("without a configuration there is nothing to read", () => {
  assert.deepEqual(levelsOf(judgeCredentials([])), ["credentials.none note"]);
});

test("an API key is judged by its length and by blanks, and never shown", () => {
  const facts = {
    where: "providers[0].apiKey",
    length: 32,
    blanks: false,
    usual: { length: 32, remedy: "Is it?" },
  };
  const level = (changes: object): string => levelsOf([judgeApiKey({ ...facts, ...changes })])[0] ?? "";
  assert.equal(level({}), "api-key.shape ok");
  assert.equal(level({ length: 43 }), "api-key.shape warning");
  assert.equal(level({ blanks: true }), "api-key.shape warning");
});

test("each problem of a configuration is a fault of its own, a missing file is one, and a sound one is in order", () => {
  const missing = join(folder, "none.json");
  assert.deepEqual(levelsOf(judgeConfig(missing, loadConfig(missing))), ["config.problem fault"]);
  const wrong = join(folder, "wrong.json");
  writeFileSync(wrong, '{"version": 1, "lates": "keep"}');
  const findings = judgeConfig(wrong, loadConfig(wrong));
  assert.ok(findings.length >= 3);
  assert.deepEqual(new Set(levelsOf(findings)), new Set(["config.problem fault"]));
  const sound = join(import.meta.dirname, "../../../device.config.json");
  const check = loadConfig(sound);
  assert.deepEqual(levelsOf(judgeConfig(sound, check)), ["config.file ok"]);
  assert.ok(check.ok);
  const loopback = { ok: true, config: { ...check.config, loopbackOnly: true } } as const;
  assert.deepEqual(levelsOf(judgeConfig(sound, loopback)), ["config.file ok", "config.loopback note"]);
});

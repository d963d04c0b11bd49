import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { readSecret, secretText } from "../../src/links/machine/secret.ts";

function folderWith(t: TestContext, name: string, text: string, mode: number): string {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), text);
  chmodSync(join(folder, name), mode);
  return folder;
}

test("a file that only its owner can read is read without a warning", (t) => {
  const folder = folderWith(t, "api-key", "s3cret\r\n", 0o600);
  const read = readSecret({ file: join(folder, "api-key") });
  assert.ok(read.ok);
  assert.equal(read.warning, null);
  assert.equal(secretText(read.bytes), "s3cret");
});

test("a file that others can read is read with a warning that says what to do", (t) => {
  const folder = folderWith(t, "api-key", "s3cret", 0o640);
  const read = readSecret({ file: join(folder, "api-key") });
  assert.ok(read.ok);
  assert.equal(read.warning, `${folder}/api-key can be read by others: chmod 600 ${folder}/api-key`);
});

test("a credential comes from the directory that systemd names", (t) => {
  const folder = folderWith(t, "api-key", "s3cret", 0o444);
  const read = readSecret({ credential: "api-key" }, folder);
  assert.ok(read.ok);
  assert.deepEqual([secretText(read.bytes), read.warning], ["s3cret", null]);
});

test("what is missing, empty, a directory or far too large is refused with a remedy", (t) => {
  const folder = folderWith(t, "empty", "", 0o600);
  writeFileSync(join(folder, "large"), "");
  truncateSync(join(folder, "large"), 2 ** 20 + 1);
  const problem = (read: ReturnType<typeof readSecret>) => (read.ok ? null : read.problem);
  assert.match(problem(readSecret({ file: `${folder}/none` })) ?? "", /none does not exist: create it/);
  assert.match(problem(readSecret({ file: `${folder}/empty` })) ?? "", /empty is empty: write the secret/);
  assert.match(problem(readSecret({ file: folder })) ?? "", /is a directory: name the file/);
  assert.match(problem(readSecret({ file: `${folder}/large` })) ?? "", /larger than 1048576 bytes/);
  assert.match(
    problem(readSecret({ credential: "api-key" }, folder)) ?? "",
    /api-key does not exist: add LoadCredential=api-key:PATH/,
  );
  assert.match(
    problem(readSecret({ credential: "api-key" }, undefined)) ?? "",
    /systemd passed no credentials/,
  );
});

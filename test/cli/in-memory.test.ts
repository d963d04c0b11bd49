import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { liesInMemory } from "../../src/cli/doctor/disk.ts";
import { readMounts } from "../../src/cli/doctor/mounts.ts";
import { readTextIfAny } from "../../src/links/proc-files.ts";
import { RunningBox } from "./running-box.ts";

const inMemory = readMounts(readTextIfAny("/proc/self/mountinfo") ?? "").find(({ point, type, readOnly }) => {
  return type === "tmpfs" && point === "/dev/shm" && !readOnly;
});

test("a box whose journal lies in memory says so when it starts", async (t) => {
  if (inMemory === undefined) return t.skip("no file system in memory is mounted at /dev/shm");
  const directory = mkdtempSync(join(inMemory.point, "scanbox-memory-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  assert.ok(liesInMemory(join(directory, "not", "there", "yet")));
  const box = await RunningBox.prepare(directory, "http://127.0.0.1:9");
  await box.run("journal.in-memory");
  await box.end("SIGKILL");
  return undefined;
});

test("what cannot be told is not called memory", () => {
  assert.equal(liesInMemory("/proc/scanbox"), false);
  assert.equal(typeof liesInMemory(tmpdir()), "boolean");
});

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { liesInMemory, readMounts } from "../../src/links/machine/mounts.ts";
import { readTextIfAny } from "../../src/links/machine/proc-files.ts";
import { RunningBox } from "./running-box.ts";

const inMemory = readMounts(readTextIfAny("/proc/self/mountinfo") ?? "").find(({ point, type, readOnly }) => {
  return type === "tmpfs" && point === "/dev/shm" && !readOnly;
});

test("a box whose journal lies in memory says so when it starts, and to who asks for its status", async (t) => {
  if (inMemory === undefined) return t.skip("no file system in memory is mounted at /dev/shm");
  const directory = mkdtempSync(join(inMemory.point, "scanbox-memory-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  assert.ok(liesInMemory(join(directory, "not", "there", "yet")));
  const box = await RunningBox.prepare(directory, "http://127.0.0.1:9");
  await box.run("journal.in-memory");
  const running = JSON.parse((await box.command("status", "--json")).stdout);
  assert.deepEqual([running.running, running.journal.inMemory], [true, true]);
  await box.end("SIGKILL");
  const asleep = await box.command("status");
  assert.match(asleep.stdout, /^service +(?:NOT RUNNING|NO ANSWER)/m);
  assert.match(asleep.stdout, /^ +IT LIES IN MEMORY: /m);
  return undefined;
});

test("what cannot be told is not called memory", () => {
  assert.equal(liesInMemory("/proc/scanbox"), false);
  assert.equal(typeof liesInMemory(tmpdir()), "boolean");
});

test("a journal below a folder in which nothing can be made ends run with a sentence, and the signal ends it before", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "scanbox-nowhere-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const journal = { directory: "/proc/scanbox/journal" };
  const box = await RunningBox.prepare(directory, "http://127.0.0.1:9", { journal });
  const said = await box.command("run");
  assert.notEqual(said.status, 0);
  assert.match(said.stderr, /^journal: .*no folder can be made in \/proc/m);
  // A mistake is told before the journal is opened: the signal arrives while that is tried.
  const other = join(directory, "other");
  const mistaken = await RunningBox.prepare(other, "http://127.0.0.1:9", { journal, lates: 1 });
  const asked = await mistaken.leave(["run"], "lates", (child) => child.kill("SIGTERM"));
  assert.ok(asked.status === null || asked.status === said.status, asked.stderr);
});

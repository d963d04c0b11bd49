/** The script of the checks: what its last line says, and that it is honest about what could not run. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { countsOf } from "../scripts/run-tests.ts";

const root = join(import.meta.dirname, "..");

test("the last line counts what passed and what failed, and what did not run only where there was such", () => {
  assert.equal(countsOf({ passed: 12, failed: 0, notRun: 0 }), "12 passed, 0 failed");
  assert.equal(countsOf({ passed: 12, failed: 3, notRun: 2 }), "12 passed, 3 failed, 2 not run");
});

test("checks that have no kernel to run in are counted as not run", async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["scripts/run-tests.ts", "kernel", "power cuts"],
    { cwd: root, env: { ...process.env, HIL_KERNEL: "/nowhere/linux" } },
  );
  assert.equal(stdout.match(/not run: .*there is no kernel at \/nowhere\/linux/g)?.length, 2);
  assert.equal(stdout.trimEnd().split("\n").at(-1), "0 passed, 0 failed, 2 not run");
});

test("the documents name the packages that the kernel of the tests is made with", () => {
  const packages = /apt-get install (.+)/.exec(read("test/hil/build-uml"))?.[1] ?? "";
  assert.match(packages, /^linux-source/);
  for (const name of ["SAFETY.md", "CONTRIBUTING.md"]) {
    assert.ok(read(name).includes(`sudo apt-get install ${packages}\n`), name);
    assert.match(read(name), /^test\/hil\/build-uml .*export HIL_KERNEL=/m, name);
  }
});

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** Nothing stands beside the log of a box: a child process of its own says what it can, and every line is JSON. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { PATIENCE_MS } from "../e2e/until.ts";

const root = new URL("../../", import.meta.url).pathname;

/** A box's process that warns and then meets what `fault` does. */
function words(fault: string) {
  const program = `
    import { strayWordsInto } from "${root}src/cli/run/stray-words.ts";
    import { PinoLog } from "${root}src/links/log/pino-log.ts";
    strayWordsInto(new PinoLog({ level: "info", fd: 1, strict: true }));
    process.emitWarning("a library is old", "DeprecationWarning");
    new Buffer(3);
    setTimeout(() => { ${fault} }, 1);
  `;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--input-type=module-typescript", "--eval", program],
    { encoding: "utf8", timeout: PATIENCE_MS },
  );
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  return { status, stderr, lines };
}

for (const [what, fault] of [
  ["an error that nobody catches", 'throw new TypeError("it broke");'],
  ["a promise that nobody waits for", 'void Promise.reject(new TypeError("it broke"));'],
] as const)
  test(`warnings and ${what} are lines of the log`, () => {
    const { status, stderr, lines } = words(fault);
    assert.deepEqual([status, stderr], [70, ""]);
    const warnings = lines.filter(({ event }) => event === "node.warning");
    assert.deepEqual(
      warnings.map(({ kind }) => kind),
      ["DeprecationWarning", "DeprecationWarning"],
    );
    assert.equal(warnings[0]?.warning, "a library is old");
    const defect = lines.filter(({ event }) => event === "run.defect");
    assert.match(String(defect[0]?.detail), /^TypeError: it broke/);
    assert.ok(defect.length > 1, "with its stack");
  });

test("a code in a stray word is masked as it is everywhere", () => {
  const { lines } = words('throw new Error("code 134567890123456789");');
  const said = JSON.stringify(lines);
  assert.ok(!said.includes("134567890123456789"), said);
});

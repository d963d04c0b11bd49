/** What scripts/mutate is told about files stays true when they move; it runs too rarely to say so in time. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { explanations, isSentenceOfDefect } from "./explained.ts";
import { leftOut, loadedBy, mutatedSources, slowTests, testsOf } from "./sources.ts";

test("sources that are left out and tests that are slow exist", () => {
  for (const file of [...Object.keys(leftOut), ...slowTests]) assert.ok(existsSync(file), file);
});

test("every explanation is about a line that stands in a source that is mutated", () => {
  const sources = mutatedSources();
  for (const { source, line, because } of explanations) {
    assert.ok(sources.includes(source), source);
    const lines = readFileSync(source, "utf8").split("\n");
    assert.ok(
      lines.some((one) => one.trim() === line),
      `${source}: ${line}`,
    );
    assert.match(because, /\.$/);
  }
});

test("every source that is mutated is loaded by tests of the core", () => {
  const sources = mutatedSources();
  assert.ok(sources.length > 30, `${sources.length} sources`);
  for (const source of sources) assert.ok(testsOf(source).length > 0, source);
});

test("a test is asked about what it loads in any way of writing it, directly or not, and about nothing else", () => {
  const loaded = loadedBy("test/core/kernel/fen.test.ts");
  assert.ok(loaded.has("src/core/kernel/fen.ts") && loaded.has("src/core/kernel/result.ts"));
  assert.ok(!loaded.has("src/core/payment/box.ts"));
  assert.ok(loadedBy("test/core/payment/box.test.ts").has("src/core/payment/box.ts"));
  const [own, ...others] = testsOf("src/core/payment/box.ts");
  assert.equal(own, "test/core/payment/box.test.ts", "the test of its own name comes first");
  assert.ok(others.includes("test/core/payment/dispensing.test.ts"));
  assert.ok(!others.includes("test/core/codecs/charlcd.test.ts"), "it asks for types alone");
});

test("what is installed for it is pinned, by a lock that names no registry", () => {
  const folder = "test/mutation/tools";
  const { devDependencies } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  for (const version of Object.values(devDependencies)) assert.match(version, /^\d+\.\d+\.\d+$/);
  const lock = readFileSync(`${folder}/package-lock.json`, "utf8");
  assert.doesNotMatch(lock, /"resolved"|https?:\/\/[^"]*registry/);
});

test("only the words of a defect are taken for such", () => {
  assert.ok(isSentenceOfDefect("  invariant(a.b(c, d) === null, "));
  assert.ok(isSentenceOfDefect("  invariant(\n    known,\n    "));
  assert.ok(isSentenceOfDefect("  throw new Defect("));
  assert.ok(isSentenceOfDefect("  invariant(/^[a-z]{8}$/.test(mark), "));
  assert.ok(!isSentenceOfDefect("  invariant(state === "));
  assert.ok(!isSentenceOfDefect("  invariant(known, words);\n  return notice(box, "));
});

/** What scripts/mutate is told about files stays true when they move; it runs too rarely to say so in time. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { isWanted, nameOf } from "./chosen.ts";
import { explanations, isSentenceOfDefect } from "./explained.ts";
import {
  leftOut,
  loadedBy,
  mutatedSources,
  notAsked,
  partOf,
  parts,
  slowTests,
  testsOf,
  testsOfAll,
} from "./sources.ts";

test("sources that are left out and tests that are slow or not asked exist", () => {
  const files = [...Object.keys(leftOut), ...Object.keys(notAsked), ...slowTests];
  for (const file of files) assert.ok(existsSync(file), file);
  for (const reason of [...Object.values(leftOut), ...Object.values(notAsked)]) assert.match(reason, /\.$/);
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

test("every source that is mutated belongs to one part and is loaded by tests of it", () => {
  for (const part of parts) {
    const sources = mutatedSources([part]);
    assert.ok(sources.length > 0, part.name);
    for (const source of sources) {
      assert.equal(partOf(source), part, source);
      assert.ok(testsOf(source).length > 0, source);
    }
  }
  const all = mutatedSources();
  assert.equal(new Set(all).size, all.length, "no source is in two parts");
  assert.ok(all.length > 120, `${all.length} sources`);
});

test("what moves money or says that it has moved is in a part", () => {
  const all = mutatedSources();
  for (const source of [
    ...["src/core/payment/readiness.ts", "src/compose.ts", "src/composed/handlers.ts", "src/runtime/loop.ts"],
    ...["src/journal/journal.ts", "src/providers/wechat-v2/provider.ts", "src/drivers/relay.ts"],
    ...["src/commands/callers.ts", "src/control/server.ts", "src/reporting/outbox.ts", "src/devices.ts"],
  ]) {
    assert.ok(all.includes(source), source);
  }
  assert.ok(
    !all.some((source) => source.includes("/sandbox/")),
    "a folder that is left out is left out whole",
  );
});

test("a part of the defects is each so many-th one, and what is looked at again is found by its name", () => {
  const place = { start: { line: 4, column: 2 }, end: { line: 4, column: 9 } };
  const defect = (id: string) => ({
    id,
    mutatorName: "BooleanLiteral",
    replacement: "true",
    location: place,
  });
  const taken = (every: number, names: readonly string[] | null) =>
    ["0", "1", "2", "3", "4", "5", "6"].filter((id) => isWanted({ every, names }, defect(id)));
  assert.deepEqual(taken(1, null).length, 7);
  assert.deepEqual(taken(3, null), ["0", "3", "6"]);
  // A report counts lines and columns from 1.
  const reported = { start: { line: 5, column: 3 }, end: { line: 5, column: 10 } };
  const name = nameOf("BooleanLiteral", "true", reported.start, reported.end);
  assert.equal(taken(1, [name]).length, 7);
  assert.deepEqual(taken(1, [nameOf("BooleanLiteral", "false", reported.start, reported.end)]), []);
});

test("a test is asked about what it loads in any way of writing it, directly or not, and about nothing else", () => {
  const loaded = loadedBy("test/core/kernel/fen.test.ts");
  assert.ok(loaded.has("src/core/kernel/fen.ts") && loaded.has("src/core/kernel/result.ts"));
  assert.ok(!loaded.has("src/core/payment/readiness.ts"));
  assert.ok(loadedBy("test/core/payment/readiness.test.ts").has("src/core/payment/readiness.ts"));
  const [own, ...others] = testsOf("src/core/payment/readiness.ts");
  assert.equal(own, "test/core/payment/readiness.test.ts", "the test of its own name comes first");
  assert.ok(others.includes("test/core/payment/dispensing.test.ts"));
  assert.ok(!others.includes("test/core/codecs/charlcd.test.ts"), "it asks for types alone");
});

test("tests of several sources begin with those of their own names and end with the slow ones", () => {
  const sources = mutatedSources(parts.filter(({ name }) => name === "journal"));
  const tests = testsOfAll(sources);
  assert.equal(new Set(tests).size, tests.length);
  const own = ["chain", "entry", "lost-rows", "recovered", "row"].map(
    (name) => `test/journal/${name}.test.ts`,
  );
  const slow = tests.filter((one) => slowTests.includes(one));
  assert.ok(slow.length > 0);
  assert.deepEqual(tests.slice(-slow.length), slow);
  const last = Math.max(...own.map((one) => tests.indexOf(one)));
  assert.ok(own.every((one) => tests.includes(one)) && last < sources.length, tests.join(" "));
});

for (const folder of ["test/mutation/tools", "test/bench/peers"])
  test(`what is installed of ${folder} is pinned, by a lock that names no registry`, () => {
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

/** The catalogue has every row, and each test that it names stands in the file that it names. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { catalogue, type FaultRow, groups, type TestName } from "./catalogue.ts";

const root = join(import.meta.dirname, "../..");

/** The functions that tests are made with: Node's own, and those that wrap them. */
const makers = "it|test|inWorld|withBank|inFaults";
const call = new RegExp(
  `\\b(?:${makers})\\(\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|\`((?:[^\`\\\\]|\\\\.)*)\`|([a-z]\\w*),)`,
  "g",
);

/** The names of the tests in a source, as it has them; one that is a variable is `${variable}`. */
function testNames(source: string): readonly string[] {
  return [...source.matchAll(call)].map(
    ([, plain, template, variable]) => plain ?? template ?? `\${${variable}}`,
  );
}

/** Every test that a row names, the one that shows it first. */
function named({ proof }: FaultRow): readonly TestName[] {
  return "test" in proof ? [proof.test, ...(proof.also ?? [])] : [];
}

function key({ file, name, of }: TestName): string {
  return `${file}: ${name} [${of ?? ""}]`;
}

/** What is wrong with a catalogue, a sentence each. */
function faultsOf(rows: readonly FaultRow[], read: (file: string) => string | null): readonly string[] {
  const ids = rows.map(({ id }) => id);
  const wanted = groups.flatMap(({ letter, rows: count }) =>
    Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
  );
  const missing = wanted.filter((id) => !ids.includes(id)).map((id) => `${id} is missing`);
  const strange = ids.filter((id) => !wanted.includes(id)).map((id) => `${id} is in no group`);
  const twice = ids.filter((id, index) => ids.indexOf(id) < index).map((id) => `${id} comes twice`);
  const firsts = rows.flatMap(({ proof }) => ("test" in proof ? [key(proof.test)] : []));
  const shared = firsts
    .filter((first, index) => firsts.indexOf(first) < index)
    .map((first) => `two rows are shown by ${first}`);
  const repeated = rows.flatMap((row) => {
    const keys = named(row).map(key);
    return keys.filter((one, index) => keys.indexOf(one) < index).map((one) => `${row.id} repeats ${one}`);
  });
  const unknown = rows.flatMap((row) => named(row).flatMap((one) => problemOf(row.id, one, read)));
  return [...missing, ...strange, ...twice, ...shared, ...repeated, ...unknown];
}

function problemOf(
  id: string,
  { file, name, of, casesIn = file }: TestName,
  read: (file: string) => string | null,
): readonly string[] {
  const source = read(file);
  if (source === null) return [`${id}: ${file} does not exist`];
  const times = testNames(source).filter((one) => one === name).length;
  if (times === 0) return [`${id}: ${file} has no test "${name}"`];
  if (times > 1) return [`${id}: ${file} has ${times} tests "${name}"`];
  if (of !== undefined && read(casesIn)?.includes(`"${of}"`) !== true)
    return [`${id}: ${casesIn} has no case "${of}"`];
  return [];
}

function readSource(file: string): string | null {
  const path = join(root, file);
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}

test("every row is there once, and each test that is named exists", (t) => {
  assert.deepEqual(faultsOf(catalogue, readSource), []);
  const kinds = Map.groupBy(catalogue, ({ proof }) => proof.kind);
  const counts = [...kinds].map(([kind, rows]) => `${rows.length} ${kind}`);
  t.diagnostic(`note: ${catalogue.length} rows of the catalogue: ${counts.join(", ")}`);
});

test("every sentence ends, and says something", () => {
  for (const { id, fails, must, proof } of catalogue) {
    const others = "open" in proof ? [proof.open] : "why" in proof ? [proof.why] : [];
    for (const sentence of [fails, must, ...others]) assert.match(sentence, /^[A-Z`].{3,}\.$/, id);
  }
});

test("a catalogue with a hole, a repetition or an invention is noticed", () => {
  const [first, second, ...rest] = catalogue;
  assert.ok(first !== undefined && second !== undefined);
  const noticed = (rows: readonly FaultRow[]): readonly string[] => faultsOf(rows, readSource);
  assert.deepEqual(noticed([first, ...rest]), ["P2 is missing"]);
  assert.deepEqual(
    noticed([...catalogue, { ...second, id: "X1", proof: { kind: "not tested", why: "No." } }]),
    ["X1 is in no group"],
  );
  assert.ok(noticed([...catalogue, second]).includes("P2 comes twice"));
  assert.match(
    noticed([first, { ...second, proof: first.proof }, ...rest])[0] ?? "",
    /^two rows are shown by/,
  );
  const invented = (named: TestName): readonly string[] =>
    noticed([first, { ...second, proof: { kind: "tested", test: named } }, ...rest]);
  assert.deepEqual(invented({ file: "test/none.test.ts", name: "x" }), [
    "P2: test/none.test.ts does not exist",
  ]);
  const here = "test/faults/catalogue.test.ts";
  assert.deepEqual(invented({ file: here, name: "that nobody wrote" }), [
    `P2: ${here} has no test "that nobody wrote"`,
  ]);
});

test("names are found however a test is written", () => {
  const source = [
    'it("plain", () => {});',
    `test(\`for \${one}\`, () => {});`,
    'inWorld(\n  "on a line of its own",\n  "none", async () => {});',
    "it(what, async () => {});",
    'describe("no test", () => {});',
  ].join("\n");
  assert.deepEqual(testNames(source), ["plain", `for \${one}`, "on a line of its own", `\${what}`]);
});

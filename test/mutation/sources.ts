/** Which sources are mutated, and which tests look at each. */
import { globSync, readFileSync } from "node:fs";
import { posix } from "node:path";

/** Sources that are not mutated, with the reason. */
export const leftOut: Readonly<Record<string, string>> = {
  "src/core/no-packages.d.ts": "Types alone.",
  "src/core/payment/answers.ts": "Types alone.",
  "src/core/payment/effects.ts": "Types alone.",
  "src/core/payment/events.ts": "Types alone.",
  "src/core/payment/till-sale.ts": "Types alone.",
  "src/core/payment/texts.ts":
    "A table of texts and nothing else: what each letter should be is decided there, and README.md prints them all.",
};

/** Tests that take seconds each: asked last, about what the others did not notice. */
export const slowTests: readonly string[] = [
  "test/core/payment/dispensing-states.test.ts",
  "test/core/codecs/key-matrix-chance.test.ts",
  "test/core/payment/payment.test.ts",
];

/** All sources that are mutated, in the order of their names. */
export function mutatedSources(): readonly string[] {
  return globSync("src/core/**/*.ts")
    .filter((source) => leftOut[source] === undefined)
    .sort();
}

/** The tests of the core that load `source`, the quick ones first, one of its own name before all. */
export function testsOf(source: string): readonly string[] {
  const own = `/${posix.basename(source, ".ts")}.test.ts`;
  const rank = (test: string) => (slowTests.includes(test) ? 2 : test.endsWith(own) ? 0 : 1);
  return globSync("test/core/**/*.test.ts")
    .filter((test) => loadedBy(test).has(source))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/** A file of the project and every one that it loads when it runs, directly or not. */
export function loadedBy(file: string, found: Set<string> = new Set()): ReadonlySet<string> {
  if (found.has(file)) return found;
  found.add(file);
  const imports = /^(?:import|export)(?! type\b)\s[^;"]*?from "(\.[^"]+\.ts)";$/gm;
  for (const [, path] of readFileSync(file, "utf8").matchAll(imports)) {
    if (path !== undefined) loadedBy(posix.join(posix.dirname(file), path), found);
  }
  return found;
}

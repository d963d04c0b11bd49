import assert from "node:assert/strict";
import { test } from "node:test";
import { runWorld } from "../../src/simulator/world.ts";
import { plantedDefects } from "./planted.ts";

/** How far the search for a planted defect goes behind its stored seed, in worlds. */
const SEARCH_MAX = 2_000;

/** Longer than usual, so that most are found in the first few worlds. */
const MINUTES = 4;

test("one seed gives one world, to the last line of its story", () => {
  const tell = (): readonly string[] => {
    const lines: string[] = [];
    const report = runWorld({ seed: 11, minutes: MINUTES, tell: (at, line) => lines.push(`${at} ${line}`) });
    return [...lines, JSON.stringify(report)];
  };
  const first = tell();
  assert.ok(first.length > 50);
  assert.deepEqual(tell(), first);
});

test("other seeds give other worlds", () => {
  const reports = [1, 2, 3, 2 ** 40].map((seed) => JSON.stringify(runWorld({ seed, minutes: 1 }).swarm));
  assert.equal(new Set(reports).size, 4);
});

test("a world in which an order ends at the last moment goes on until its event is reported", () => {
  // In these an event became durable within the millisecond in which the world was looked at.
  for (const seed of [12_751, 44_174]) assert.deepEqual(runWorld({ seed, minutes: 1 }).findings, []);
});

for (const { name, defect, caughtBy, seed: first } of plantedDefects) {
  test(`the witness notices when ${name}`, () => {
    for (let seed = first; seed < first + SEARCH_MAX; seed += 1) {
      const { findings } = runWorld({ seed, minutes: MINUTES, defect });
      if (findings.length === 0) continue;
      const checks = findings.map(({ check }) => check);
      assert.ok(
        checks.some((check) => caughtBy.includes(check)),
        `seed ${seed} found ${JSON.stringify(findings[0])}`,
      );
      return;
    }
    assert.fail(`nothing was found in ${SEARCH_MAX} seeds`);
  });
}

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { simulatedProviders } from "../../src/providers/sandboxes.ts";
import { runWorld } from "../../src/simulator/seeded/world.ts";
import { failedSeeds } from "./failed-seeds.ts";
import { plantedAtTheLinks } from "./planted.ts";
import { plantedAccounts } from "./planted-accounts.ts";
import { plantedForAlipay } from "./planted-alipay.ts";
import { plantedInCore } from "./planted-core.ts";
import { plantedOutside } from "./planted-outside.ts";
import { plantedSettings } from "./planted-settings.ts";
import { plantedSmall } from "./planted-small.ts";
import { plantedForTills } from "./planted-till.ts";
import { plantedOnTheWire } from "./planted-wire.ts";

/** How far the search for a planted defect goes behind its stored seed, in worlds. */
const SEARCH_MAX = 2_000;

/** Longer than usual, so that most are found in the first few worlds. */
const MINUTES = 4;

const planted = [
  ...plantedAtTheLinks,
  ...plantedInCore,
  ...plantedOnTheWire,
  ...plantedOutside,
  ...plantedAccounts,
  ...plantedForAlipay,
  ...plantedForTills,
  ...plantedSettings,
];

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

for (const { seed, minutes, found } of failedSeeds) {
  test(`what seed ${seed} once found is not found any more (${found})`, () => {
    assert.deepEqual(runWorld({ seed, minutes }).findings, []);
  });
}

test("no promise is broken twice in the same way, and none of the first twenty-five is forgotten", (t) => {
  const names = [...planted, ...plantedSmall].map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.length >= 25, String(names.length));
  t.diagnostic(`note: ${names.length} planted defects`);
});

test("every check of the invariant checker is shown to fail, by a defect that it finds", () => {
  const caught = new Set(planted.flatMap(({ caughtBy }) => caughtBy));
  const sources = ["checker", "seeded"].flatMap((name) => {
    const folder = new URL(`../../src/simulator/${name}/`, import.meta.url);
    return readdirSync(folder).map((file) => readFileSync(new URL(file, folder), "utf8"));
  });
  const checks = new Set(
    Array.from(sources.join("").matchAll(/\bfound\(\s*"([^"]+)"/g), ([, check = ""]) => check),
  );
  assert.ok(checks.size >= 20, [...checks].join(" "));
  assert.deepEqual(
    [...checks].filter((check) => !caught.has(check)),
    [],
  );
});

/** Where nothing else is said a defect is sought in worlds of the first provider alone: its stored seed was found there. */
const usual = simulatedProviders.slice(0, 1);

for (const { name, defect, caughtBy, seed: first, providers = usual } of planted) {
  test(`the checker notices when ${name}`, () => {
    for (let seed = first; seed < first + SEARCH_MAX; seed += 1) {
      const { findings } = runWorld({ seed, minutes: MINUTES, defect, providers });
      const checks = findings.map(({ check }) => check);
      if (caughtBy.every((check) => checks.includes(check))) return;
    }
    assert.fail(`${caughtBy.join(" and ")} did not find it in ${SEARCH_MAX} worlds`);
  });
}

test("the worlds in which planted defects are found are sound without them", () => {
  for (const { seed, providers = usual } of planted) {
    assert.deepEqual(runWorld({ seed, minutes: MINUTES, providers }).findings, [], String(seed));
  }
});

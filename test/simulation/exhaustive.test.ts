import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Choice,
  choicesText,
  readChoices,
  type Way,
  ways,
} from "../../src/simulator/exhaustive/choices.ts";
import { type Bounds, explore, root } from "../../src/simulator/exhaustive/exploration.ts";
import { type SmallSetup, setups } from "../../src/simulator/exhaustive/setups.ts";
import { runSmallWorld } from "../../src/simulator/exhaustive/small-world.ts";
import { plantedSmall } from "./planted-small.ts";

function setupNamed(name: SmallSetup["name"]): SmallSetup {
  const setup = setups.find((one) => one.name === name);
  assert.ok(setup !== undefined);
  return setup;
}

function story(setup: SmallSetup, choices: readonly Choice[], unmet: readonly Way[] = []): string {
  const lines: string[] = [];
  const report = runSmallWorld({ setup, choices, unmet, tell: (at, line) => lines.push(`${at} ${line}`) });
  return [...lines, JSON.stringify(report)].join("\n");
}

/** The first finding that the worlds of these bounds have, and how many worlds there were until then. */
function firstFinding(
  bounds: Bounds,
  from = root,
): { readonly worlds: number; readonly check: string | null } {
  let worlds = 0;
  let check: string | null = null;
  explore(bounds, from, (_, { findings }) => {
    worlds += 1;
    check = findings[0]?.check ?? null;
    return check === null;
  });
  return { worlds, check };
}

test("the same choices give the same small world, to the last line of its story", () => {
  const choices = readChoices("2:5 6:2");
  assert.ok(choices !== null);
  const first = story(setupNamed("one"), choices);
  assert.match(first, /the charge: arrives after 59 s/);
  assert.equal(story(setupNamed("one"), choices), first);
});

test("choices are read as they are written, and nothing else is", () => {
  const text = "2:5 6:2 31:auto-revoke";
  assert.equal(choicesText(readChoices(text) ?? []), text);
  for (const wrong of ["2", "2:x", "x:2", "2:1:1", "6:2 2:5", "2:5 2:5", "-1:2"]) {
    assert.equal(readChoices(wrong), null, wrong);
  }
});

test("choices that a world does not meet are a finding, not a world", () => {
  for (const text of ["99999:1", "2:99", "3:auto-revoke"]) {
    const { findings } = runSmallWorld({ setup: setupNamed("one"), choices: readChoices(text) ?? [] });
    assert.equal(findings[0]?.check, "no-defect", text);
  }
});

// With one fault the worlds at the second provider take minutes: `scanbox simulate --exhaustive` runs them on all cores.
for (const setup of setups.filter(({ payments, at }) => payments === 1 && at === 0)) {
  test(`one fault breaks no invariant in any world, of which no two are the same: ${setup.title}`, () => {
    const seen = new Set<string>();
    let worlds = 0;
    explore({ setup, faults: 1 }, root, ({ choices }, { findings }) => {
      worlds += 1;
      seen.add(choicesText(choices));
      assert.deepEqual(findings, [], choicesText(choices));
      return true;
    });
    assert.equal(seen.size, worlds);
    assert.ok(worlds > 1_000, String(worlds));
  });
}

test("without a fault no invariant is broken at the second provider, however the payment goes", () => {
  const met = new Set<string>();
  explore({ setup: setupNamed("other"), faults: 0 }, root, ({ choices }, { findings, points }) => {
    assert.deepEqual(findings, [], choicesText(choices));
    const story = points.findIndex(({ what }) => what === "the payment at the sandbox");
    met.add(points[story]?.options[choices.find(({ point }) => point === story)?.option ?? 0] ?? "");
    return true;
  });
  for (const story of ["success", "rolled-back", "cancel-late", "cancel-late-unpaid"])
    assert.ok(met.has(story));
});

test("a way that a world never meets does not change it", () => {
  const setup = setupNamed("goods");
  let compared = 0;
  explore({ setup, faults: 1 }, root, ({ choices }, { points }) => {
    // Long worlds wait; they meet nothing that short ones do not.
    if (points.length >= 30) return true;
    const met = new Set(points.flatMap(({ way }) => (way === null ? [] : [way])));
    const unmet = ways.filter((way) => !met.has(way));
    compared += 1;
    assert.equal(story(setup, choices, unmet), story(setup, choices), choicesText(choices));
    return true;
  });
  assert.ok(compared > 100, String(compared));
});

for (const { name, defect, kind, faults, from, caughtBy } of plantedSmall) {
  const setup = setupNamed(kind);
  test(`all small worlds show that ${name}`, () => {
    const begun = from === undefined ? root : { choices: readChoices(from) ?? [], faults: 1 };
    const { check, worlds } = firstFinding({ setup, faults, defect }, begun);
    assert.ok(check !== null && caughtBy.includes(check), `after ${worlds} worlds: ${check}`);
  });
  test(`${faults - 1} faults do not show that ${name}`, () => {
    assert.equal(firstFinding({ setup, faults: faults - 1, defect }).check, null);
  });
}

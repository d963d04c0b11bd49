/**
 * Every setting does what it says: two boxes that differ in one key of the configuration live through the same story, and
 * exactly this is different to see. A key of the schema that no row shows must be named with the test that does.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { configSchema } from "../../src/config/device-config.ts";
import { elsewhere, nothingToSee } from "./elsewhere.ts";
import { leavesOf } from "./leaves.ts";
import { pays, type Row, Together } from "./rows.ts";
import { deviceRows } from "./settings-devices.ts";
import { linkRows } from "./settings-links.ts";
import { formerRows, wireRows } from "./settings-wire.ts";
import { type Files, type Keys, makeFiles, Stand } from "./stand.ts";

const rows = [...wireRows, ...deviceRows];

describe("a setting does what it says", () => {
  let files: Files;
  before(async () => {
    files = await makeFiles();
  });
  after(() => files.remove());

  function seenWith(row: Row, index: 0 | 1): unknown {
    const { key, earlier, also = {}, values, codesKept = null, story = pays, see } = row;
    const value = (typeof values === "function" ? values(files) : values)[index];
    const keys = { ...also, ...changed(key, value) };
    const stand = new Stand(files, earlier?.(files) ?? keys);
    stand.codesKept = codesKept;
    stand.start();
    if (earlier !== undefined) stand.scan("never").pass(3_000).crash().pass(1_000).start(keys);
    story(stand);
    return see(stand);
  }

  for (const row of rows) {
    it(row.key, () => {
      assert.deepEqual([seenWith(row, 0), seenWith(row, 1)], row.seen);
    });
  }

  for (const row of formerRows) {
    it(`${row.key} of an account whose orders are only finished`, () => {
      assert.deepEqual([seenWith(row, 0), seenWith(row, 1)], row.seen);
    });
  }

  for (const row of linkRows) {
    it(row.key, async (t) => {
      const { key, also, values, see, seen } = row;
      const configs = values(files).map((value) => {
        return new Stand(files, { ...also?.(files), ...changed(key, value) }).config;
      });
      const found: unknown[] = [];
      for (const config of configs) found.push(await see(config, t));
      assert.deepEqual(found, seen(files));
    });
  }
});

describe("the table of settings", () => {
  const leaves = leavesOf(configSchema());
  const shown = [...rows, ...linkRows].map(({ key }) => key);
  const named = [...Object.keys(elsewhere), ...Object.keys(nothingToSee)];

  it("has a row for each key of the schema, or the name of another test", () => {
    assert.ok(leaves.length > 90, String(leaves.length));
    assert.deepEqual([...shown, ...named].sort(), [...leaves].sort());
  });

  it("has two values in each row that are seen to be different", () => {
    for (const { key, seen } of rows) assert.notDeepEqual(seen[0], seen[1], key);
  });

  it("names tests that are there", () => {
    for (const [key, { file, says }] of Object.entries(elsewhere)) {
      const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
      assert.ok(text.includes(says), `${key}: ${file} says nothing of "${says}"`);
    }
  });
});

function changed(key: string, value: unknown): Keys {
  return value instanceof Together ? value.keys : { [key.replace("providers[]", "providers.0")]: value };
}

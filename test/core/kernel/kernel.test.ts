import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { invariant, unreachable } from "../../../src/core/kernel/defect.ts";
import { after, earlier, earliest, instantOf, later, wallTimeOf } from "../../../src/core/kernel/instant.ts";
import { rfc3339 } from "../../../src/core/kernel/rfc3339.ts";
import { waitAfter } from "../../../src/core/kernel/waits.ts";

test("rfc3339 agrees with Date on every moment from 1970 to 2199", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.UTC(2199, 11, 31) }), (milliseconds) => {
      assert.equal(rfc3339(wallTimeOf(milliseconds)), new Date(milliseconds).toISOString());
    }),
    { numRuns: 5_000 },
  );
  for (const day of ["2000-02-29", "2100-02-28", "2100-03-01", "2024-12-31", "1970-01-01"]) {
    const milliseconds = Date.parse(`${day}T23:59:59.999Z`);
    assert.equal(rfc3339(wallTimeOf(milliseconds)), `${day}T23:59:59.999Z`);
  }
});

test("moments are compared and moved", () => {
  const one = instantOf(1);
  const two = instantOf(2);
  assert.equal(after(one, 1), two);
  assert.equal(earlier(one, two), one);
  assert.equal(earlier(two, one), one);
  assert.equal(later(one, two), two);
  assert.equal(later(two, one), two);
  assert.equal(earliest([null, two, one, null]), one);
  assert.equal(earliest([null]), null);
});

test("a broken invariant and an impossible value are defects", () => {
  assert.throws(() => invariant(false, "the claim"), { name: "Defect", message: "the claim" });
  invariant(true, "the claim");
  assert.throws(() => unreachable("value" as never), { name: "Defect" });
});

test("the last wait repeats, and no waits are none", () => {
  assert.deepEqual(
    [0, 1, 2, 9].map((failures) => waitAfter([1, 2, 5], failures)),
    [1, 2, 5, 5],
  );
  assert.equal(waitAfter([], 3), 0);
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { changedRuns } from "../../src/drivers/display-runs.ts";

describe("the runs that change a picture into another", () => {
  it("are none where nothing changes", () => {
    assert.deepEqual(changedRuns(["abc", "def"], ["abc", "def"]), []);
  });

  it("hold only what changes", () => {
    const runs = changedRuns(
      ["on phone     45s", "Please wait...  "],
      ["on phone     44s", "Please wait...  "],
    );
    assert.deepEqual(runs, [{ row: 0, column: 14, text: "4" }]);
  });

  it("are one run across two unchanged cells, and two runs across three", () => {
    assert.deepEqual(changedRuns(["a__b"], ["A__B"]), [{ row: 0, column: 0, text: "A__B" }]);
    assert.deepEqual(changedRuns(["a___b"], ["A___B"]), [
      { row: 0, column: 0, text: "A" },
      { row: 0, column: 4, text: "B" },
    ]);
  });

  it("go from row to row, each row for itself", () => {
    assert.deepEqual(changedRuns(["x.", ".."], ["X.", ".Y"]), [
      { row: 0, column: 0, text: "X" },
      { row: 1, column: 1, text: "Y" },
    ]);
  });

  it("make the one picture of the other, never twice the same cell, and never longer than both rows", () => {
    const picture = fc.array(
      fc.string({ unit: fc.constantFrom("a", "b", " "), minLength: 20, maxLength: 20 }),
      {
        minLength: 4,
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(picture, picture, (before, after) => {
        const cells = before.map((row) => [...row]);
        const written = new Set<string>();
        for (const { row, column, text } of changedRuns(before, after)) {
          assert.ok(text.length > 0);
          for (const [index, character] of [...text].entries()) {
            const place = `${row},${column + index}`;
            assert.ok(!written.has(place), `${place} is written twice`);
            written.add(place);
            assert.ok(column + index < 20);
            const line = cells[row];
            assert.ok(line !== undefined);
            line[column + index] = character;
          }
        }
        assert.deepEqual(
          cells.map((row) => row.join("")),
          after,
        );
      }),
      { numRuns: 300 },
    );
  });
});

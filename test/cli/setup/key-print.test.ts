import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { arrange, labelsOf } from "../../../src/cli/setup/key-print.ts";

const rows = [5, 6, 13, 19];
const columns = [12, 16, 20, 21];
const keys = ["789C", "456<", "123X", "0.:="];
const printed = { rows, columns, keys };

/** The pins that each label joins. */
function contacts({ rows: r, columns: c, keys: k }: typeof printed): ReadonlyMap<string, string> {
  return new Map(
    k.flatMap((text, row) =>
      text
        .split("")
        .flatMap((label, column) => (label === " " ? [] : [[label, `${r[row]}-${c[column]}`] as const])),
    ),
  );
}

test("whatever joins what, the result joins exactly what was pressed", () => {
  const wired = fc.shuffledSubarray(
    Array.from({ length: 16 }, (_, position) => position),
    { minLength: 16, maxLength: 16 },
  );
  const present = fc.subarray([...labelsOf(keys)]);
  fc.assert(
    fc.property(wired, present, (positions, labels) => {
      const learnt = new Map(labels.map((label, index) => [label, positions[index] ?? 0]));
      const { keypad } = arrange(printed, learnt);
      const pressed = new Map(
        [...learnt].map(([label, position]) => [
          label,
          `${rows[Math.floor(position / 4)]}-${columns[position % 4]}`,
        ]),
      );
      const made = contacts({ rows: [...keypad.rows], columns: [...keypad.columns], keys: [...keypad.keys] });
      assert.deepEqual(made, pressed);
    }),
  );
});

test("wires in another order keep the print", () => {
  const order = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(order, order, (byRow, byColumn) => {
      const learnt = new Map(
        labelsOf(keys).map((label, index) => [
          label,
          (byRow[Math.floor(index / 4)] ?? 0) * 4 + (byColumn[index % 4] ?? 0),
        ]),
      );
      const { keypad, wiring } = arrange(printed, learnt);
      assert.deepEqual(keypad.keys, keys);
      assert.deepEqual(
        keypad.rows,
        byRow.map((wire) => rows[wire]),
      );
      assert.equal(wiring, String([byRow, byColumn]) === "0,1,2,3,0,1,2,3" ? "as-printed" : "reordered");
    }),
  );
});

test("rows that are wired as columns are said to be turned", () => {
  const learnt = new Map(
    labelsOf(keys).map((label, index) => [label, (index % 4) * 4 + Math.floor(index / 4)]),
  );
  const { keypad, wiring } = arrange(printed, learnt);
  assert.equal(wiring, "turned");
  assert.deepEqual(keypad.keys, ["7410", "852.", "963:", "C<X="]);
});

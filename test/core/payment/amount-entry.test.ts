import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FEN_MAX } from "../../../src/core/kernel/fen.ts";
import {
  type AmountEntry,
  emptyEntry,
  enteredFen,
  enteredText,
  type Key,
  typeKey,
} from "../../../src/core/payment/amount-entry.ts";

/** Keys as in the configuration: digits, `.` point, `:` double zero, `<` backspace, `C` clear. */
function keysOf(text: string): readonly Key[] {
  const named: Readonly<Record<string, Key["name"]>> = {
    ".": "point",
    ":": "double-zero",
    "<": "backspace",
    C: "clear",
    X: "cancel",
    "=": "confirm",
  };
  return [...text].map((character) => {
    const name = named[character];
    return name === undefined || name === "digit" ? { name: "digit", digit: Number(character) } : { name };
  });
}

function typed(habit: "implied" | "explicit", text: string): AmountEntry {
  return keysOf(text).reduce(typeKey, emptyEntry(habit));
}

test("implied cents move in from the right", () => {
  const cases: readonly (readonly [string, number])[] = [
    ["", 0],
    ["1", 1],
    ["1250", 1250],
    ["12:", 1200],
    ["1.2", 12],
    ["1250<", 125],
    ["1250C", 0],
    ["0012", 12],
    ["9999999", FEN_MAX],
    ["99999999", FEN_MAX],
    ["9999:", 999_900],
    ["99999::", 9_999_900],
    ["12X", 12],
    ["12=", 12],
  ];
  for (const [keys, fen] of cases) assert.equal(enteredFen(typed("implied", keys)), fen, keys);
});

test("an explicit point is typed by people who are used to it", () => {
  const cases: readonly (readonly [string, number])[] = [
    ["", 0],
    ["12", 1200],
    ["12.5", 1250],
    ["12.50", 1250],
    ["12.505", 1250],
    ["12.5.0", 1250],
    [".5", 50],
    ["0012", 1200],
    ["0", 0],
    ["00", 0],
    ["1:", 10_000],
    ["12.:", 1200],
    ["12.5:", 1250],
    ["12.5<<", 1200],
    ["12.5C", 0],
    ["99999.99", FEN_MAX],
    ["100000", 1_000_000],
  ];
  for (const [keys, fen] of cases) assert.equal(enteredFen(typed("explicit", keys)), fen, keys);
});

test("whatever is typed is a whole number of fen within the hard limit", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("implied" as const, "explicit" as const),
      fc.string({ unit: fc.constantFrom(..."0123456789.:<CX="), maxLength: 30 }),
      (habit, keys) => {
        const fen = enteredFen(typed(habit, keys));
        assert.ok(Number.isSafeInteger(fen) && fen >= 0 && fen <= FEN_MAX, `${keys} gave ${fen}`);
      },
    ),
  );
});

test("leading zeros are not shown, and a point means nothing where cents are implied", () => {
  assert.equal(enteredText(typed("explicit", "0:5")), "5_");
  assert.equal(enteredText(typed("explicit", "0:.5")), "0.5_");
  const entry: AmountEntry = { habit: "implied", fen: 12 };
  assert.deepEqual(typeKey(entry, { name: "point" }), entry);
});

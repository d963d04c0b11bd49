import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readKeyName } from "../../../src/core/codecs/key-names.ts";

const names: readonly (readonly [characters: string, expected: readonly string[]])[] = [
  ["0123456789", ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]],
  [".:<CX= ", ["point", "double-zero", "backspace", "clear", "cancel", "confirm", "none"]],
];

test("the characters of the configuration are the keys they stand for", () => {
  for (const [characters, expected] of names) {
    const read = [...characters].map((character) => {
      const key = readKeyName(character);
      assert.ok(key.ok, character);
      return key.value === null
        ? "none"
        : key.value.name === "digit"
          ? String(key.value.digit)
          : key.value.name;
    });
    assert.deepEqual(read, expected);
  }
});

test("every other text is refused", () => {
  for (const text of ["12", "x1", "1x", "CX", ""]) assert.equal(readKeyName(text).ok, false, text);
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 3 }), (text) => {
      fc.pre(!/^[0-9.:<CX= ]$/.test(text));
      assert.deepEqual(readKeyName(text), { ok: false, reason: "not-a-key" });
    }),
  );
});

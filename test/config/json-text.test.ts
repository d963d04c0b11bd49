import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { readJson } from "../../src/config/json-text.ts";

const faults: readonly (readonly [string, number, number, RegExp])[] = [
  ["", 1, 1, /value is expected/],
  ["{", 1, 2, /key in double quotes/],
  ["{'a': 1}", 1, 2, /key in double quotes/],
  ['{\n  "a": 1,\n}', 3, 1, /key in double quotes/],
  ['{\n  "a": 1\n  "b": 2\n}', 3, 3, /comma/],
  ['{"a" 1}', 1, 6, /colon/],
  ["[1,]", 1, 4, /value is expected/],
  ["[1 2]", 1, 4, /comma/],
  ['{"a": 1, "a": 2}', 1, 10, /second time/],
  ['{"a": 1, "\\u0061": 2}', 1, 10, /the key "a" stands here a second time/],
  ['{"\x9b2J": 1, "\x9b2J": 2}', 1, 12, /the key "\\u009b2J" stands here a second time/],
  ['{"a": tru}', 1, 7, /value is expected/],
  ['{"a": 01}', 1, 7, /value is expected/],
  ['{"a": "x\n"}', 1, 7, /not closed/],
  ["{} {}", 1, 4, /should end here/],
  ["[".repeat(40), 1, 34, /deeper/],
];

for (const [text, line, column, sentence] of faults) {
  test(`${JSON.stringify(text).slice(0, 40)} is refused at line ${line}, column ${column}`, () => {
    const read = readJson(text);
    assert.ok("fault" in read);
    assert.deepEqual([read.fault.line, read.fault.column], [line, column]);
    assert.match(read.fault.sentence, sentence);
  });
}

test("what JSON.stringify writes is read back, with a byte order mark too", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom("", "\ufeff"), (value, mark) => {
      const text = JSON.stringify(value, null, 2);
      assert.deepEqual(readJson(mark + text), { value: JSON.parse(text) });
    }),
  );
});

test("it takes no text that JSON.parse refuses, and refuses none but for repeated keys and depth", () => {
  const pieces = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"a"',
    '"b"',
    "1",
    "-",
    "0",
    ".5",
    "e3",
    "true",
    "null",
    " ",
    "\n",
    "\\",
    '"',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (chosen) => {
      const text = chosen.join("");
      const read = readJson(text);
      if ("fault" in read && /second time|deeper/.test(read.fault.sentence)) return;
      let parses = true;
      try {
        JSON.parse(text);
      } catch {
        parses = false;
      }
      assert.equal("value" in read, parses, text);
    }),
    { numRuns: 3_000 },
  );
});

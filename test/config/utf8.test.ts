import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readUtf8 } from "../../src/config/utf8.ts";

test("UTF-8 is read as it is, with its byte order mark or without", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()),
      (text) => {
        assert.deepEqual(readUtf8(Buffer.from(text)), { text });
      },
    ),
  );
  assert.deepEqual(readUtf8(Buffer.from("\ufeff{}")), { text: "\ufeff{}" });
});

test("a text in GBK, in Latin-1 or cut off in a character is told with its line", () => {
  // 小店 in GBK, é in Latin-1, the first byte of 店.
  for (const bytes of [[0xd0, 0xa1, 0xb5, 0xea, 0x22], [0xe9, 0x22], [0xe5]]) {
    const text = Buffer.concat([Buffer.from('{\n  "a": "\ufffd\u5e97",\n  "store": "'), Buffer.from(bytes)]);
    assert.deepEqual(readUtf8(text), {
      fault: "is not UTF-8 in line 3, perhaps GBK: save it as UTF-8.",
    });
  }
});

test("UTF-16 is told by its name", () => {
  for (const bytes of [Buffer.from("\ufeff{}", "utf16le"), Buffer.from("\ufeff{}", "utf16le").swap16()])
    assert.deepEqual(readUtf8(bytes), { fault: "is UTF-16 and not UTF-8: save it as UTF-8." });
});

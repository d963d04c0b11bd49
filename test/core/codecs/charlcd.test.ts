import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { charlcdCells, charlcdStart } from "../../../src/core/codecs/charlcd.ts";

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

describe("what the kernel's driver of displays is told", () => {
  it("starts the module anew, hides the cursor, and draws the signs", () => {
    const e = "\u001b[L";
    const drawn = ["G1110a1f041f040400;", "G20e001f0a0a0b1300;", "G3000103161c080000;"];
    assert.equal(text(charlcdStart()), [`I`, "c", "b", "+", ...drawn].map((one) => `${e}${one}`).join(""));
    // The driver forgets a sequence that becomes longer than 24 characters.
    assert.ok(drawn.every((one) => one.length + 2 <= 24));
  });

  it("goes to each run and writes it, signs as their places", () => {
    const runs = [
      { row: 0, column: 10, text: "\u00a512.50" },
      { row: 1, column: 0, text: "Thank you" },
    ];
    assert.equal(text(charlcdCells(runs)), "\u001b[Lx10y0;\u000112.50\u001b[Lx0y1;Thank you");
    assert.equal(charlcdCells([]).length, 0);
  });
});

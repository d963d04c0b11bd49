import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { characterCodes, glyphs } from "../../../src/core/codecs/character-rom.ts";
import { DISPLAY_ALPHABET } from "../../../src/core/codecs/display-frame.ts";
import { Defect } from "../../../src/core/kernel/defect.ts";

describe("the codes of the characters", () => {
  it("are those of ASCII, and places in the generator's RAM for the three signs", () => {
    for (const character of DISPLAY_ALPHABET) {
      const [code, ...more] = characterCodes(character);
      assert.deepEqual(more, []);
      const drawn = glyphs.find((glyph) => glyph.character === character);
      assert.equal(code, drawn?.place ?? character.charCodeAt(0));
    }
    assert.deepEqual(characterCodes("PAID \u00a512"), [0x50, 0x41, 0x49, 0x44, 0x20, 1, 0x31, 0x32]);
  });

  it("differ for all characters, and none is 0, a control character of a terminal, or one that modules disagree on", () => {
    const codes = [...DISPLAY_ALPHABET].flatMap((character) => characterCodes(character));
    assert.equal(new Set(codes).size, DISPLAY_ALPHABET.size);
    for (const code of codes)
      assert.ok((code >= 1 && code <= 7) || (code >= 0x20 && code <= 0x7d && code !== 0x5c));
  });

  it("are not made for what is not in the alphabet", () => {
    for (const text of ["\\", "~", "\n", "\u0000", "\u4e07", "a\u00e9"]) {
      assert.throws(() => characterCodes(text), Defect, text);
    }
  });
});

describe("the drawn signs", () => {
  it("have a place of their own each and leave the cursor's row empty", () => {
    assert.equal(new Set(glyphs.map(({ place }) => place)).size, glyphs.length);
    for (const { dots, place } of glyphs) {
      assert.equal(dots.length, 8);
      assert.equal(dots[7], 0);
      assert.ok(place > 0 && place < 8);
      assert.ok(dots.every((row) => row >= 0 && row < 32));
    }
  });

  it("look like what they stand for", () => {
    const picture = glyphs.map(({ dots }) =>
      dots.map((row) => row.toString(2).padStart(5, "0").replaceAll("0", ".").replaceAll("1", "#")),
    );
    assert.deepEqual(picture, [
      ["#...#", ".#.#.", "#####", "..#..", "#####", "..#..", "..#..", "....."],
      [".###.", ".....", "#####", ".#.#.", ".#.#.", ".#.##", "#..##", "....."],
      [".....", "....#", "...##", "#.##.", "###..", ".#...", ".....", "....."],
    ]);
  });
});

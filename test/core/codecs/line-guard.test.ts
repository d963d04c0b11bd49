import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  CODE_SILENCE_MS,
  LINE_BYTES_MAX,
  LINE_PAUSE_MS,
  LineGuard,
} from "../../../src/core/codecs/line-guard.ts";
import { after, instantOf } from "../../../src/core/kernel/instant.ts";

/** Mostly what scanners send, with enough terminators, noise and length to reach every border. */
const wire = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.stringMatching(/^1[0-5]\d{16}$/).map((code) => Buffer.from(code)) },
      {
        weight: 4,
        arbitrary: fc.constantFrom("\r", "\n", "\r\n", "\n\r", "\r\r").map((end) => Buffer.from(end)),
      },
      { weight: 2, arbitrary: fc.uint8Array({ maxLength: 40 }).map((noise) => Buffer.from(noise)) },
      {
        weight: 1,
        arbitrary: fc
          .integer({ min: LINE_BYTES_MAX - 1, max: 3 * LINE_BYTES_MAX })
          .map((n) => Buffer.alloc(n, "7")),
      },
    ),
    { maxLength: 30 },
  )
  .map((parts) => Buffer.concat(parts));

/** The same rule in the plainest words: split at CR and LF, forget what is empty or too long. */
function linesOf(bytes: Buffer): { readonly lines: readonly string[]; readonly overLong: number } {
  const all = bytes.toString("latin1").split(/[\r\n]/);
  const ended = all.slice(0, -1).filter((line) => line.length > 0);
  const overLong = all.filter((line) => line.length > LINE_BYTES_MAX).length;
  return { lines: ended.filter((line) => line.length <= LINE_BYTES_MAX), overLong };
}

const now = instantOf(5_000);

function passed(guard: LineGuard, chunks: readonly Uint8Array[]): string {
  return Buffer.concat(chunks.map((chunk) => Buffer.from(guard.pass(chunk, now)))).toString("latin1");
}

describe("the line guard", () => {
  it("gives the same lines however the wire cuts them", () => {
    fc.assert(
      fc.property(wire, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (bytes, sizes) => {
        const chunks: Uint8Array[] = [];
        for (let from = 0, turn = 0; from < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          chunks.push(bytes.subarray(from, from + size));
          from += size;
        }
        const expected = linesOf(bytes);
        for (const cut of [[bytes], chunks, [...bytes].map((byte) => Uint8Array.of(byte))]) {
          const guard = new LineGuard();
          assert.equal(passed(guard, cut), expected.lines.map((line) => `${line}\n`).join(""));
          assert.equal(guard.discarded["over-long"], expected.overLong);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("takes CR, LF and CRLF for one end of line each", () => {
    const guard = new LineGuard();
    assert.equal(passed(guard, [Buffer.from("a\rb\nc\r\nd\n\re\r\r")]), "a\nb\nc\nd\ne\n");
  });

  it("lets a line of the greatest length pass and throws a longer one away whole", () => {
    const guard = new LineGuard();
    const longest = "1".repeat(LINE_BYTES_MAX);
    assert.equal(passed(guard, [Buffer.from(`${longest}\n`)]), `${longest}\n`);
    assert.equal(guard.discarded["over-long"], 0);
    assert.equal(passed(guard, [Buffer.from(`${longest}1\nnext\n`)]), "next\n");
    assert.equal(guard.discarded["over-long"], 1);
  });

  it("does not keep what a sender without terminators sends", () => {
    const guard = new LineGuard();
    for (let chunk = 0; chunk < 1_024; chunk += 1) {
      assert.equal(guard.pass(Buffer.alloc(64, "9"), now).length, 0);
    }
    assert.equal(guard.discarded["over-long"], 1);
    assert.equal(passed(guard, [Buffer.from("\r134567890123456789\r")]), "134567890123456789\n");
  });

  /** A guard on a clock of its own: what comes when `text` arrives so late, and what silence brings up to then. */
  const heardBy = (guard: LineGuard) => ({
    at: (milliseconds: number, text: string): string =>
      Buffer.from(guard.pass(Buffer.from(text), after(now, milliseconds))).toString("latin1"),
    rest: (milliseconds: number): string =>
      Buffer.from(guard.rest(after(now, milliseconds))).toString("latin1"),
  });

  for (const [name, end] of [
    ["nothing", ""],
    ["Tab", "\t"],
    ["ETX", "\u0003"],
    ["a blank", " "],
  ] as const) {
    it(`takes a whole code with ${name} behind it after a short silence, and not before`, () => {
      const guard = new LineGuard();
      const { at, rest } = heardBy(guard);
      assert.equal(guard.endsAt, null);
      assert.equal(at(0, `]Q3131100000000000001${end}`), "");
      assert.equal(guard.endsAt, after(now, CODE_SILENCE_MS));
      assert.equal(rest(CODE_SILENCE_MS - 1), "");
      assert.equal(rest(CODE_SILENCE_MS), `]Q3131100000000000001${end}\n`);
      assert.equal(rest(LINE_PAUSE_MS), "", "once");
      assert.equal(guard.endsAt, null);
      assert.equal(at(LINE_PAUSE_MS, "\r"), "", "an end that comes late is the end of nothing");
      assert.deepEqual(guard.discarded, { "over-long": 0, unfinished: 0 });
    });
  }

  it("takes a whole code before what comes after the silence, though nobody asked meanwhile", () => {
    const { at } = heardBy(new LineGuard());
    assert.equal(at(0, "\r131100000000000001"), "");
    assert.equal(at(CODE_SILENCE_MS, "\r132200000000000002"), "131100000000000001\n");
    assert.equal(at(CODE_SILENCE_MS + 10, "\r"), "132200000000000002\n");
  });

  it("never takes a part of a code, nor two codes without silence between them", () => {
    const { at, rest } = heardBy(new LineGuard());
    for (let digits = 1; digits < 18; digits += 1) {
      const from = digits * 10_000;
      assert.equal(at(from, "131100000000000001".slice(0, digits)), "");
      assert.equal(rest(from + LINE_PAUSE_MS - 1), "");
      const line = rest(from + LINE_PAUSE_MS);
      assert.ok(line === "" || line === `${"131100000000000001".slice(0, digits)}\n`);
      assert.equal(at(from + 5_000, `${"131100000000000001".slice(digits)}\r`).length, 18 - digits + 1);
    }
    assert.equal(at(900_000, "131100000000000001"), "");
    assert.equal(at(900_000 + CODE_SILENCE_MS - 1, "132200000000000002"), "");
    assert.equal(
      rest(900_000 + 2 * LINE_PAUSE_MS),
      "131100000000000001132200000000000002\n",
      "which is no code",
    );
  });

  it("tells of a code of another wallet whose end does not come, and counts noise", () => {
    const guard = new LineGuard();
    const { at, rest } = heardBy(guard);
    at(0, "281234567890123456\t");
    assert.equal(rest(LINE_PAUSE_MS), "281234567890123456\t\n");
    assert.deepEqual(guard.discarded, { "over-long": 0, unfinished: 0 });
    at(5_000, "\u0000~x12");
    assert.equal(rest(5_000 + LINE_PAUSE_MS), "");
    assert.deepEqual(guard.discarded, { "over-long": 0, unfinished: 1 });
    at(9_000, "\u0000 \u0006");
    assert.equal(rest(9_000 + LINE_PAUSE_MS), "");
    assert.deepEqual(guard.discarded, { "over-long": 0, unfinished: 1 }, "blanks and controls are no loss");
  });

  it("forgets a line that its sender does not go on with, a longer one than any too", () => {
    const guard = new LineGuard();
    const { at } = heardBy(guard);
    assert.equal(at(0, "ab"), "");
    assert.equal(at(LINE_PAUSE_MS, `13${"9".repeat(LINE_BYTES_MAX)}`), "");
    assert.equal(at(9 * LINE_PAUSE_MS, "134400000000000004\r"), "134400000000000004\n");
    assert.deepEqual(guard.discarded, { "over-long": 1, unfinished: 1 });
  });

  it("waits for the rest of a line that comes in pieces", () => {
    const guard = new LineGuard();
    const pieces = ["1344", "0000", "0000", "0000", "04\r"];
    const read = pieces.map((piece, index) =>
      Buffer.from(guard.pass(Buffer.from(piece), after(now, index * (LINE_PAUSE_MS - 1)))).toString("latin1"),
    );
    assert.equal(read.join(""), "134400000000000004\n");
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { KEY_RECORD_BYTES, KeyText } from "../../../src/core/codecs/key-text.ts";
import { LineGuard } from "../../../src/core/codecs/line-guard.ts";
import { readPaymentCode } from "../../../src/core/codecs/scan.ts";
import { instantOf } from "../../../src/core/kernel/instant.ts";

const SHIFT = 42;
const ENTER = 28;
const KEYPAD_ENTER = 96;

/** One `struct input_event` as a 64-bit kernel writes it; the time is none of ours. */
function event(type: number, code: number, value: number): Buffer {
  const bytes = Buffer.alloc(KEY_RECORD_BYTES);
  bytes.writeBigInt64LE(1_700_000_000n, 0);
  bytes.writeBigInt64LE(123_456n, 8);
  bytes.writeUInt16LE(type, 16);
  bytes.writeUInt16LE(code, 18);
  bytes.writeInt32LE(value, 20);
  return bytes;
}

const sync = event(0, 0, 0);
const dropped = event(0, 3, 0);
const down = (code: number): Buffer => Buffer.concat([event(4, 4, 0x7001e), event(1, code, 1), sync]);
const up = (code: number): Buffer => Buffer.concat([event(4, 4, 0x7001e), event(1, code, 0), sync]);
const tap = (code: number): Buffer => Buffer.concat([down(code), up(code)]);
const shifted = (code: number): Buffer => Buffer.concat([down(SHIFT), tap(code), up(SHIFT)]);

/** The codes of the digits 0 to 9 in the upper row and on the keypad. */
const row = [11, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const keypad = [82, 79, 80, 81, 75, 76, 77, 71, 72, 73];

function typed(digits: string, codes: readonly number[]): Buffer {
  return Buffer.concat([...digits].map((digit) => tap(codes[Number(digit)] ?? 0)));
}

function textOf(...records: readonly Uint8Array[]): string {
  const keys = new KeyText();
  return Buffer.concat(records.map((one) => Buffer.from(keys.pass(one)))).toString("latin1");
}

describe("the keys of a scanner", () => {
  it("make the same text in the upper row and on the keypad, with either Enter as its end", () => {
    for (const codes of [row, keypad]) {
      for (const end of [ENTER, KEYPAD_ENTER]) {
        assert.equal(textOf(typed("0123456789", codes), tap(end)), "0123456789\r");
      }
    }
  });

  it("make a payment code of what a scanner types, however the kernel hands it over", () => {
    const code = fc.stringMatching(/^1[0-5]\d{16}$/);
    fc.assert(
      fc.property(code, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (digits, sizes) => {
        const records = Buffer.concat([typed(digits, row), tap(ENTER)]);
        const keys = new KeyText();
        const guard = new LineGuard();
        let lines = "";
        for (let from = 0, turn = 0; from < records.length; turn += 1) {
          const size = (sizes[turn % sizes.length] ?? 1) * KEY_RECORD_BYTES;
          lines += Buffer.from(
            guard.pass(keys.pass(records.subarray(from, from + size)), instantOf(0)),
          ).toString("latin1");
          from += size;
        }
        assert.equal(lines, `${digits}\n`);
      }),
      { numRuns: 50 },
    );
  });

  it("are those of a US keyboard, plain and with either shift", () => {
    const codes = [
      ...[2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13],
      ...[16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27],
      ...[30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41],
      ...[43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 57],
    ];
    const plain = "1234567890-=qwertyuiop[]asdfghjkl;'`\\zxcvbnm,./ ";
    const withShift = '!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"~|ZXCVBNM<>? ';
    assert.equal(textOf(...codes.map(tap)), plain);
    assert.equal(textOf(...codes.map(shifted)), withShift);
    assert.equal(textOf(down(54), ...codes.map(tap), up(54), tap(30)), `${withShift}a`);
    assert.equal(textOf(down(SHIFT), down(54), tap(30), up(54), tap(30), up(SHIFT), tap(30)), "AAa");
  });

  it("type the signs of the keypad and a tab", () => {
    assert.equal(textOf(...[55, 98, 74, 78, 83, 15].map(tap)), "*/-+.\t");
    const same = [55, 98, 74, 78, 83, 15, 57, ...keypad, KEYPAD_ENTER];
    assert.equal(textOf(...same.map(shifted)), "*/-+.\t 0123456789\r", "with shift they are the same");
    const scan = readPaymentCode(textOf(tap(15), typed("134567890123456789", row)));
    assert.equal(scan.ok, true, "a tab in front of a code is taken off");
  });

  it("count when they go down, not while they repeat or come up", () => {
    assert.equal(textOf(down(2), event(1, 2, 2), event(1, 2, 2), up(2), up(3)), "1");
    assert.equal(textOf(down(ENTER), event(1, ENTER, 2), up(ENTER)), "\r");
  });

  it("type nothing where they are locks, lights, times or movements", () => {
    assert.equal(textOf(tap(58), tap(69), tap(70), event(0x11, 0, 1), event(2, 0, 5), sync), "");
  });

  it("stand as ? where they are unknown, or where they are commands", () => {
    assert.equal(textOf(tap(59), tap(103), tap(240), tap(0)), "????");
    for (const command of [29, 97, 56, 100, 125, 126]) {
      assert.equal(textOf(down(command), tap(2), shifted(3), up(command), tap(4)), "??3");
    }
  });

  it("are no code where the kernel lost some of them, and modifiers are up after that", () => {
    const text = textOf(typed("1345678", row), down(SHIFT), dropped, typed("90123456789", row), tap(ENTER));
    assert.equal(text, "1345678?90123456789\r");
    assert.equal(readPaymentCode(text).ok, false);
  });

  it("of a record that is not whole are none", () => {
    assert.equal(textOf(Buffer.concat([tap(2), event(1, 3, 1).subarray(0, 20)])), "1");
    assert.equal(textOf(Buffer.alloc(0)), "");
  });

  it("are read at the place of the chunk in its buffer", () => {
    const buffer = Buffer.concat([Buffer.alloc(7), tap(5)]);
    assert.equal(textOf(buffer.subarray(7)), "4");
  });

  it("are no text where each is Alt and a number, which is told", () => {
    const keys = new KeyText();
    const alt = 56;
    const number = (digits: string): Buffer => Buffer.concat([down(alt), typed(digits, keypad), up(alt)]);
    assert.equal(keys.takeAltNumbers(), false);
    const text = Buffer.from(keys.pass(Buffer.concat([number("0049"), number("0051"), tap(ENTER)])));
    assert.equal(text.toString("latin1"), "????????\r");
    assert.equal(keys.takeAltNumbers(), true);
    assert.equal(keys.takeAltNumbers(), false, "once for what was asked about");
    keys.pass(Buffer.concat([down(alt), tap(16), up(alt), typed("12", keypad)]));
    assert.equal(keys.takeAltNumbers(), false, "a letter with Alt is a command, a digit without it a digit");
  });
});

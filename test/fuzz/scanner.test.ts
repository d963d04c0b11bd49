/** What a scanner sends, over a wire or as keys, with all that damages it on the way. */
import assert from "node:assert/strict";
import { KEY_RECORD_BYTES, KeyText } from "../../src/core/codecs/key-text.ts";
import { LINE_BYTES_MAX, LineGuard } from "../../src/core/codecs/line-guard.ts";
import { readPaymentCode } from "../../src/core/codecs/scan.ts";
import { type ScannerProfileName, scannerProfiles } from "../../src/core/codecs/scanner-profile.ts";
import { instantOf } from "../../src/core/kernel/instant.ts";
import { type Case, fuzz } from "./fuzz.ts";

/** What the fastest line brings in half a minute of noise. */
const WIRE_BYTES_MAX = 1 << 18;

const lines = [
  "134567890123456789\r",
  "]C1100000000000000001\r\n",
  "\u0002150000000000000002\u0003\n",
  "281234567890123456\r",
  "6212345678901234567\r",
  "https://example.org/?q=1\r\n",
  "7".repeat(LINE_BYTES_MAX + 1),
];

const profiles = ["plain", "gm65", "gm72"] as const;

for (const profile of profiles) {
  const { replies } = scannerProfiles[profile];
  const examples = [...lines.map((line) => Buffer.from(line, "latin1")), ...replies];
  fuzz(`a ${profile} scanner invents no code`, (one) => {
    const wire = one.damaged(traffic(one, examples), examples, WIRE_BYTES_MAX);
    const guard = new LineGuard(replies);
    const chunks = one.chunks(wire);
    const read = one.timed(() =>
      chunks.map((chunk) => Buffer.from(guard.pass(chunk, instantOf(0))).toString("latin1")).join(""),
    );
    checkLines(read, withoutReplies(wire, profile));
    const atOnce = new LineGuard(replies);
    assert.equal(
      Buffer.from(atOnce.pass(wire, instantOf(0))).toString("latin1"),
      read,
      "cuts of the wire change nothing",
    );
    assert.deepEqual(atOnce.discarded, guard.discarded);
  });
}

function traffic(one: Case, examples: readonly Uint8Array[]): Uint8Array {
  const [first = new Uint8Array(), ...rest] = examples;
  return Buffer.concat(
    Array.from({ length: one.random.between(1, 8) }, () => one.random.pick([first, ...rest])),
  );
}

/** What the wire says beside the frames of its scanner, in plain words: the first frame from the left is taken out. */
function withoutReplies(wire: Uint8Array, profile: ScannerProfileName): string {
  const frames = scannerProfiles[profile].replies.map((reply) =>
    [...reply].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join(""),
  );
  const text = Buffer.from(wire).toString("latin1");
  return frames.length === 0 ? text : text.replace(new RegExp(frames.join("|"), "g"), "");
}

function checkLines(read: string, sent: string): void {
  assert.ok(read === "" || read.endsWith("\n"));
  for (const line of read.split("\n").slice(0, -1)) {
    assert.ok(line.length > 0 && line.length <= LINE_BYTES_MAX && !line.includes("\r"));
    const scan = readPaymentCode(line);
    if (!scan.ok) continue;
    const digits = scan.value.reveal();
    assert.match(digits, /^\d{16,24}$/);
    assert.ok(sent.includes(digits), "the code was sent as one piece");
    assert.ok(!scan.value.toString().includes(digits.slice(2, -3)), "and does not show itself");
  }
}

/** The records of a scanner that types: each key down, then up, then the end of a report. */
function typed(text: string): Uint8Array {
  const codes = new Map([..."1234567890"].map((digit, index) => [digit, index + 2]));
  const record = (type: number, code: number, value: number): Buffer => {
    const bytes = Buffer.alloc(KEY_RECORD_BYTES);
    bytes.writeUInt16LE(type, 16);
    bytes.writeUInt16LE(code, 18);
    bytes.writeInt32LE(value, 20);
    return bytes;
  };
  return Buffer.concat(
    [...text].flatMap((character) => {
      const code = codes.get(character) ?? 28;
      return [record(1, code, 1), record(0, 0, 0), record(1, code, 0), record(0, 0, 0)];
    }),
  );
}

const keys = ["134567890123456789\r", "100000000000000001\r", "281234567890123456\r"].map(typed);

fuzz("a keyboard scanner invents no code", (one) => {
  const records = one.damaged(traffic(one, keys), keys, WIRE_BYTES_MAX);
  const whole = records.subarray(0, records.length - (records.length % KEY_RECORD_BYTES));
  const text = one.timed(() => new KeyText().pass(records));
  assert.ok(text.length <= whole.length / KEY_RECORD_BYTES, "a record is one character at most");
  assert.ok(text.every((byte) => byte < 0x80));
  // The kernel hands over whole records, as many as it likes at a time.
  const keyboard = new KeyText();
  const guard = new LineGuard();
  let read = "";
  for (let at = 0; at < whole.length; ) {
    const length = one.random.between(1, 64) * KEY_RECORD_BYTES;
    read += Buffer.from(guard.pass(keyboard.pass(whole.subarray(at, at + length)), instantOf(0))).toString(
      "latin1",
    );
    at += length;
  }
  checkLines(read, Buffer.from(text).toString("latin1"));
  for (const line of read.split("\n")) {
    const scan = readPaymentCode(line);
    if (scan.ok) assert.ok(pressed(whole).includes(scan.value.reveal()), "every digit of it was pressed");
  }
});

/** The digits whose keys went down, one after the other, and `.` for everything that comes between them. */
function pressed(records: Uint8Array): string {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  const above = new Map([..."789-456+1230"].map((digit, index) => [71 + index, digit]));
  let text = "";
  for (let at = 0; at < records.length; at += KEY_RECORD_BYTES) {
    const [type, code] = [view.getUint16(at + 16, true), view.getUint16(at + 18, true)];
    if (type === 0 && code === 3) text += ".";
    if (type !== 1 || view.getInt32(at + 20, true) !== 1) continue;
    const digit = code >= 2 && code <= 11 ? String((code - 1) % 10) : above.get(code);
    // Shift and locks type nothing by themselves.
    if (![42, 54, 58, 69, 70].includes(code)) text += digit ?? ".";
  }
  return text;
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { LINE_BYTES_MAX, LineGuard } from "../../../src/core/codecs/line-guard.ts";
import { ReplyFilter } from "../../../src/core/codecs/reply-filter.ts";
import { readPaymentCode } from "../../../src/core/codecs/scan.ts";
import { type ScannerProfileName, scannerProfiles } from "../../../src/core/codecs/scanner-profile.ts";
import { instantOf } from "../../../src/core/kernel/instant.ts";

const CODE = "134567890123456789";

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** CRC-16 of the GM65 family: polynomial 0x1021 from 0, most significant bit first. */
function crc16(bytes: readonly number[]): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc;
}

/** Whether length and checksum are those of an SSI frame. */
function isSsiFrame(frame: Uint8Array): boolean {
  const body = [...frame.subarray(0, -2)];
  const sum = body.reduce((total, byte) => total + byte, 0);
  const checksum = ((frame.at(-2) ?? 0) << 8) | (frame.at(-1) ?? 0);
  return body[0] === body.length && ((sum + checksum) & 0xffff) === 0;
}

const triggering = (["gm65", "gm72"] as const).map((name) => {
  const { trigger, replies } = scannerProfiles[name];
  assert.ok(trigger);
  return { name, trigger, replies };
});

/** What the wire brings, cut at the given sizes, as the lines that come of it. */
function linesOf(profile: ScannerProfileName, wire: Uint8Array, sizes: readonly number[]): readonly string[] {
  const guard = new LineGuard(scannerProfiles[profile].replies);
  const out: Buffer[] = [];
  for (let from = 0, turn = 0; from < wire.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    out.push(Buffer.from(guard.pass(wire.subarray(from, from + size), instantOf(0))));
    from += size;
  }
  assert.deepEqual(guard.discarded, { "over-long": 0, unfinished: 0 });
  return Buffer.concat(out).toString("latin1").split("\n").slice(0, -1);
}

describe("the profiles", () => {
  it("send nothing and expect nothing where a scanner reads by itself", () => {
    assert.equal(scannerProfiles.plain.trigger, null);
    assert.deepEqual(scannerProfiles.plain.replies, []);
  });

  it("have the frames of the GM65 manual", () => {
    const { trigger, replies } = scannerProfiles.gm65;
    assert.equal(hex(trigger?.start ?? new Uint8Array()), "7e000801000201abcd");
    assert.deepEqual([trigger?.wake, trigger?.stop], [null, null]);
    assert.deepEqual(replies.map(hex), ["02000001003331"]);
  });

  it("have a GM65 trigger that is one write of one byte, and a reply whose checksum is right", () => {
    const { trigger, replies } = scannerProfiles.gm65;
    const [head, zero, type, length, , , ...rest] = trigger?.start ?? [];
    assert.deepEqual([head, zero, type], [0x7e, 0x00, 0x08]);
    assert.equal(rest.length, (length ?? 0) + 2, "so much data and two bytes of checksum");
    assert.deepEqual(rest.slice(-2), [0xab, 0xcd], "the checksum that is taken for right unseen");
    const example = [0x08, 0x01, 0x00, 0x0a, 0x3e];
    assert.equal(crc16(example), 0x4ccf, "the manual's own example of a write");
    const [reply = new Uint8Array()] = replies;
    assert.equal(crc16([...reply.subarray(2, -2)]), ((reply[5] ?? 0) << 8) | (reply[6] ?? 0));
  });

  it("have the frames of the GM72 manual", () => {
    const { trigger, replies } = scannerProfiles.gm72;
    assert.equal(hex(trigger?.start ?? new Uint8Array()), "04e40400ff14");
    assert.equal(hex(trigger?.stop ?? new Uint8Array()), "04e50400ff13");
    assert.deepEqual(trigger?.wake, { bytes: Uint8Array.of(0x00), beforeMs: 50 });
    assert.deepEqual(replies.map(hex), [
      "04d00000ff2c",
      "05d1000001ff29",
      "05d1000002ff28",
      "05d1000006ff24",
      "05d100000aff20",
    ]);
  });

  it("have SSI frames whose length and checksum are right", () => {
    const { trigger, replies } = scannerProfiles.gm72;
    const frames = [trigger?.start, trigger?.stop, ...replies];
    assert.equal(frames.length, 7);
    for (const frame of frames) {
      assert.ok(frame && isSsiFrame(frame), hex(frame ?? new Uint8Array()));
      assert.equal(isSsiFrame(frame.with(1, (frame[1] ?? 0) ^ 1)), false);
    }
  });

  it("never write to a scanner's flash", () => {
    for (const { trigger } of triggering) {
      for (const frame of [trigger.start, trigger.stop ?? new Uint8Array()]) {
        assert.doesNotMatch(hex(frame), /^7e00(?!08010002)/, "only zone bit 0x0002, which is not kept");
        assert.doesNotMatch(hex(frame), /^..c6/, "no SSI parameter is sent");
      }
    }
  });
});

describe("the replies of a scanner", () => {
  for (const { name, replies } of triggering) {
    it(`of the ${name} family vanish wherever they stand, and however the wire cuts them`, () => {
      const piece = fc.oneof(
        fc.constantFrom(...replies).map((reply) => ({ bytes: Buffer.from(reply), text: "" })),
        fc.stringMatching(/^1[0-5]\d{16}$/).map((code) => ({ bytes: Buffer.from(code), text: code })),
        fc.constantFrom("\r", "\n", "]Q0").map((text) => ({ bytes: Buffer.from(text), text })),
      );
      fc.assert(
        fc.property(
          fc.array(piece, { maxLength: 20 }),
          fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
          (pieces, sizes) => {
            const lines = pieces
              .map(({ text }) => text)
              .join("")
              .split(/[\r\n]/);
            fc.pre(lines.every((line) => line.length <= LINE_BYTES_MAX));
            const wire = Buffer.concat(pieces.map(({ bytes }) => bytes));
            const expected = lines.slice(0, -1).filter((line) => line !== "");
            assert.deepEqual(linesOf(name, wire, sizes), expected);
            assert.deepEqual(linesOf(name, wire, [Math.max(1, wire.length)]), expected);
          },
        ),
        { numRuns: 300 },
      );
    });

    it(`of the ${name} family leave a code alone that comes right behind, or long after`, () => {
      for (const reply of replies) {
        const glued = Buffer.concat([reply, Buffer.from(`${CODE}\r`)]);
        for (let cut = 1; cut < glued.length; cut += 1) {
          const [line = "", ...more] = linesOf(name, glued, [cut, glued.length]);
          assert.deepEqual(more, []);
          const scan = readPaymentCode(line);
          assert.equal(scan.ok && scan.value.reveal(), CODE, `cut after ${cut} bytes`);
        }
      }
    });
  }

  it("would spoil the code behind them if they stayed", () => {
    const [reply = new Uint8Array()] = scannerProfiles.gm65.replies;
    const [line = ""] = linesOf("plain", Buffer.concat([reply, Buffer.from(`${CODE}\r`)]), [99]);
    assert.equal(readPaymentCode(line).ok, false);
  });

  it("that are cut short stay in the line, which is then no code", () => {
    const [reply = new Uint8Array()] = scannerProfiles.gm65.replies;
    const wire = Buffer.concat([reply.subarray(0, 6), Buffer.from(`${CODE}\r${CODE}\r`)]);
    const [first = "", second] = linesOf("gm65", wire, [4]);
    assert.equal(readPaymentCode(first).ok, false);
    assert.equal(second, CODE);
  });
});

describe("the filter", () => {
  it("passes on what only begins like a reply, once that is clear, and finds one that begins inside it", () => {
    const filter = new ReplyFilter([Uint8Array.of(1, 1, 2), Uint8Array.of(1, 3)]);
    const passed = (...bytes: readonly number[]) => [...filter.pass(Uint8Array.from(bytes))];
    assert.deepEqual(passed(1), []);
    assert.deepEqual(passed(1), []);
    assert.deepEqual(passed(1, 2), [1], "1 then the reply 1 1 2");
    assert.deepEqual(passed(9, 1, 3, 8), [9, 8]);
    assert.deepEqual(passed(1, 1, 3, 7), [1, 7]);
    assert.deepEqual(passed(1), [], "held until the next byte decides");
    assert.deepEqual(passed(5), [1, 5]);
  });

  it("hands every byte on where there are no replies", () => {
    const bytes = Uint8Array.of(2, 0, 0, 1, 0, 0x33, 0x31, 255);
    assert.equal(new ReplyFilter([]).pass(bytes), bytes, "the chunk itself, not a copy");
  });
});

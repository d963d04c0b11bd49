import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  cellAddress,
  cellTransfers,
  EXECUTION_US,
  glyphTransfers,
  POWER_ON_WAIT_US,
  startTransfers,
} from "../../../src/core/codecs/hd44780.ts";
import { Defect } from "../../../src/core/kernel/defect.ts";

const small = { columns: 16, rows: 2 };
const large = { columns: 20, rows: 4 };

describe("the start of a module", () => {
  it("is the one of the data sheet for four lines, with waits that are long enough for a slow oscillator", () => {
    assert.ok(POWER_ON_WAIT_US >= 40_000);
    const [first, second, third, fourth, ...bytes] = startTransfers();
    assert.deepEqual(
      [first, second, third, fourth].map((half) => [half?.rs, half?.width, half?.value]),
      [3, 3, 3, 2].map((value) => [0, "half", value]),
    );
    assert.ok((first?.waitUs ?? 0) > 4_100);
    assert.ok((second?.waitUs ?? 0) > 100);
    assert.deepEqual(
      bytes.slice(0, 5).map(({ rs, width, value }) => [rs, width, value]),
      [0x28, 0x08, 0x01, 0x06, 0x0c].map((value) => [0, "byte", value]),
    );
    const cleared = bytes[2];
    assert.ok((cleared?.waitUs ?? 0) >= 1_520 * (270 / 190));
    assert.ok([...bytes].every(({ waitUs }) => waitUs >= EXECUTION_US));
    assert.ok(EXECUTION_US >= 41 * (270 / 190));
    assert.deepEqual(bytes.slice(5), glyphTransfers());
  });

  it("draws each sign in its place", () => {
    const transfers = glyphTransfers();
    assert.equal(transfers.length, 3 * 9);
    const addresses = transfers.filter(({ rs }) => rs === 0).map(({ value }) => value);
    assert.deepEqual(addresses, [0x48, 0x50, 0x58]);
  });
});

describe("the cells of a module", () => {
  it("have the addresses of the folded lines", () => {
    const first = (size: { columns: number; rows: number }) =>
      Array.from({ length: size.rows }, (_, row) => cellAddress(row, 0, size));
    assert.deepEqual(first(small), [0x00, 0x40]);
    assert.deepEqual(first(large), [0x00, 0x40, 0x14, 0x54]);
    assert.deepEqual(first({ columns: 16, rows: 4 }), [0x00, 0x40, 0x10, 0x50]);
    assert.equal(cellAddress(3, 19, large), 0x67);
  });

  it("are written behind their address", () => {
    assert.deepEqual(
      cellTransfers({ row: 1, column: 14, text: "4s" }, small).map(({ rs, width, value }) => [
        rs,
        width,
        value,
      ]),
      [
        [0, "byte", 0xce],
        [1, "byte", 0x34],
        [1, "byte", 0x73],
      ],
    );
    assert.equal(cellTransfers({ row: 0, column: 0, text: "a" }, small)[0]?.value, 0x80);
  });

  it("are not written beyond the display", () => {
    assert.throws(() => cellTransfers({ row: 2, column: 0, text: "a" }, small), Defect);
    assert.throws(() => cellTransfers({ row: -1, column: 0, text: "a" }, small), Defect);
    assert.throws(() => cellTransfers({ row: 0, column: 15, text: "ab" }, small), Defect);
    assert.throws(() => cellTransfers({ row: 0, column: -1, text: "ab" }, small), Defect);
  });
});

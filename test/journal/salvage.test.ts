import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readEntry } from "../../src/journal/entry.ts";
import type { JournalEntry, QuarantineEntry } from "../../src/journal/own-entry.ts";
import { genesis, type Head, readRow, writeRow } from "../../src/journal/row.ts";
import { Salvage } from "../../src/journal/salvage.ts";
import type { StoredRow } from "../../src/runtime/ports.ts";
import { boot, charging, money, numberOf, shown, txOf } from "./entries.ts";

function rowsOf(entries: readonly JournalEntry[]): readonly StoredRow[] {
  let head: Head = genesis("0123456789abcdef");
  return entries.map((entry) => {
    const written = writeRow(entry, head, {
      journal: "0123456789abcdef",
      at: "2026-03-15T09:30:12.000Z",
      boot: "b",
    });
    head = written.head;
    return written.row;
  });
}

/** Boot, a paid order, one being reversed, one being charged, and one that was opened again. */
const rows = rowsOf([
  boot,
  charging(1),
  shown(1, "PAID"),
  money(1, "paid"),
  charging(2),
  money(2, "reversing"),
  charging(3),
  charging(4),
  money(4, "declined"),
  money(4, "reversing"),
]);
const listed = [2, 3, 4].map(numberOf);
const first: QuarantineEntry = {
  kind: "quarantine",
  at: "2026-03-16T00:00:00.000Z",
  folder: "damaged-x",
  from: null,
  codes: [],
};

function salvaged(change: (row: StoredRow) => StoredRow | null): Salvage {
  const salvage = new Salvage();
  for (const row of rows) {
    const found = change(row);
    if (found !== null) salvage.take(found);
  }
  return salvage;
}

const damage = (row: StoredRow): StoredRow => ({ ...row, body: row.body.replace("CNY", "CNX") });

describe("what is saved of a journal", () => {
  it("is every open order as it stood, the codes, and nothing of what has ended", () => {
    const salvage = salvaged((row) => row);
    const { carried, lost, codes, damaged, newest } = salvage.result(listed);
    assert.deepEqual(
      carried.map(({ outTradeNo, state, doubtful }) => [outTradeNo, state, doubtful]),
      [
        [numberOf(2), "reversing", false],
        [numberOf(3), "charging", false],
        [numberOf(4), "reversing", false],
      ],
    );
    assert.deepEqual([lost, damaged, newest?.n], [[], [], 10]);
    assert.deepEqual(
      codes,
      [1, 2, 3, 4].map((index) => `code-hash-${index}`),
    );
  });

  it("begins a chain of its own in which each order has its intent and its newest state", () => {
    const made = salvaged((row) => row).rowsFor("fedcba9876543210", first);
    assert.deepEqual(
      made.map(({ n, seq, kind, outTradeNo }) => [n, seq, kind, outTradeNo]),
      [
        [1, null, "quarantine", null],
        [2, 1, "charging", numberOf(2)],
        [3, 2, "money", numberOf(2)],
        [4, 3, "charging", numberOf(3)],
        [5, 4, "charging", numberOf(4)],
        [6, 5, "money", numberOf(4)],
      ],
    );
    assert.ok(made.every((row) => readRow(row, "fedcba9876543210").ok));
  });

  it("carries an order whose end is damaged as open, and says that it is doubtful", () => {
    const { carried, damaged } = salvaged((row) => (row.n === 4 ? damage(row) : row)).result(listed);
    assert.deepEqual(
      carried.filter(({ doubtful }) => doubtful).map(({ outTradeNo, state }) => [outTradeNo, state]),
      [[numberOf(1), "charging"]],
    );
    assert.deepEqual(damaged, [
      { n: 4, what: "its hash does not match what it says", outTradeNo: numberOf(1) },
    ]);
  });

  it("names an open order whose intent cannot be read, and one that was opened again by such a row", () => {
    for (const [gone, order] of [
      [5, 2],
      [7, 3],
      [10, 4],
    ] as const) {
      const damagedOne = salvaged((row) => (row.n === gone ? damage(row) : row)).result(listed);
      assert.deepEqual(damagedOne.lost, [numberOf(order)], `row ${gone} damaged`);
      assert.ok(damagedOne.carried.every(({ outTradeNo }) => outTradeNo !== numberOf(order)));
      const missing = salvaged((row) => (row.n === gone ? null : row)).result(listed);
      assert.deepEqual(missing.lost, [numberOf(order)], `row ${gone} missing`);
    }
  });

  it("is every declined order that wants its second look, too, and none that had it", () => {
    const checked = rowsOf([
      boot,
      ...[charging(1), money(1, "declined")],
      ...[
        charging(2),
        money(2, "declined"),
        { kind: "checked", outTradeNo: numberOf(2), at: first.at } as const,
      ],
      ...[charging(3), { kind: "money", tx: { ...txOf(3, "declined"), reason: "not-sent" } } as const],
      charging(4),
    ]);
    const salvage = new Salvage();
    for (const row of checked) salvage.take(row);
    const { unchecked, carried, lost } = salvage.result([numberOf(4)]);
    assert.deepEqual([unchecked, carried.length, lost], [[numberOf(1)], 1, []]);
    assert.deepEqual(
      salvage
        .rowsFor("fedcba9876543210", first)
        .map(({ kind, outTradeNo, final }) => [kind, outTradeNo, final]),
      [
        ["quarantine", null, false],
        ["charging", numberOf(1), false],
        ["money", numberOf(1), true],
        ["charging", numberOf(4), false],
      ],
    );
  });

  it("is which order each sale of the till has, out of a journal that was saved before, too", () => {
    const { refs } = salvaged((row) => row).result(listed);
    assert.deepEqual(
      refs,
      [1, 2, 3, 4].map((index) => [`till-${index}`, numberOf(index)]),
    );
    const again = new Salvage();
    const made = rowsOf([{ ...first, refs: [["till-9", "order-9"]] }, boot, charging(1)]);
    for (const row of made) again.take(row);
    assert.deepEqual(again.result([]).refs, [
      ["till-9", "order-9"],
      ["till-1", numberOf(1)],
    ]);
    for (const wrong of [[["till-9"]], [["till-9", 9]], ["till-9"], "till-9"]) {
      assert.equal(readEntry({ ...first, refs: wrong }), null, JSON.stringify(wrong));
    }
    assert.notEqual(readEntry(first), null);
  });

  it("goes by the rows alone where the list cannot be read", () => {
    const { carried, lost } = salvaged((row) => row).result(null);
    assert.deepEqual([carried.length, carried.some(({ doubtful }) => doubtful), lost], [3, false, []]);
  });
});

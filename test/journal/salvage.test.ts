import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readEntry } from "../../src/journal/entry.ts";
import type { JournalEntry, QuarantineEntry } from "../../src/journal/own-entry.ts";
import { genesis, type Head, readRow, unsentEvent, writeRow } from "../../src/journal/row.ts";
import { type Beside, Salvage } from "../../src/journal/salvage.ts";
import { txEvent } from "../../src/reporting/event.ts";
import { CODES_REMEMBERED, type StoredRow } from "../../src/runtime/ports.ts";
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
  refs: [],
};

function salvaged(change: (row: StoredRow) => StoredRow | null): Salvage {
  const salvage = new Salvage();
  for (const row of rows) {
    const found = change(row);
    if (found !== null) salvage.take(found);
  }
  return salvage;
}

/** The list of open orders, and nothing else that tells of lost rows. */
function beside(list: readonly string[] | null, more: Partial<Beside> = {}): Beside {
  return { listed: list, unreadable: [], newestSeq: 0, ...more };
}

const damage = (row: StoredRow): StoredRow => ({ ...row, body: row.body.replace("CNY", "CNX") });

describe("what is saved of a journal", () => {
  it("doubts a decline that a damaged row of its own follows, also where the list of open orders is lost", () => {
    const reopened = salvaged((row) => (row.n === 10 ? damage(row) : row));
    const { carried } = reopened.result(beside(null, { newestSeq: 7 }));
    const four = carried.find(({ outTradeNo }) => outTradeNo === numberOf(4));
    assert.deepEqual([four?.state, four?.doubtful], ["charging", true]);
    const declined = salvaged((row) => (row.n === 10 ? null : row)).result(beside(null, { newestSeq: 6 }));
    assert.equal(
      declined.carried.some(({ outTradeNo }) => outTradeNo === numberOf(4)),
      false,
    );
  });

  it("is every open order as it stood, the codes, and nothing of what has ended", () => {
    const salvage = salvaged((row) => row);
    const { carried, lost, codes, damaged, newest } = salvage.result(beside(listed));
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
      made.map(({ n, seq, kind, subject }) => [n, seq, kind, subject]),
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
    const { carried, damaged } = salvaged((row) => (row.n === 4 ? damage(row) : row)).result(beside(listed));
    assert.deepEqual(
      carried.filter(({ doubtful }) => doubtful).map(({ outTradeNo, state }) => [outTradeNo, state]),
      [[numberOf(1), "charging"]],
    );
    assert.deepEqual(damaged, [
      { n: 4, what: "its hash does not match what it says", outTradeNo: numberOf(1) },
    ]);
  });

  it("keeps what is known of an order that is being reversed, and of no other one", () => {
    const known = (absences: number) => {
      return { chargedHost: "https://example.test", paid: false, absences, runMs: 60_000 };
    };
    const told = (index: number, absences: number): JournalEntry => {
      return { kind: "evidence", outTradeNo: numberOf(index), at: first.at, evidence: known(absences) };
    };
    const salvage = new Salvage();
    const entries = [
      boot,
      charging(1),
      money(1, "reversing"),
      charging(2),
      told(1, 1),
      told(9, 5),
      told(1, 2),
    ];
    for (const row of rowsOf(entries)) salvage.take(row);
    salvage.result(beside([1, 2].map(numberOf), { newestSeq: 3 }));
    const kept = salvage
      .rowsFor("fedcba9876543210", first)
      .map((row) => JSON.parse(row.body))
      .filter(({ kind }) => kind === "evidence");
    assert.deepEqual(
      kept.map(({ outTradeNo, evidence, at }) => ({ outTradeNo, evidence, at })),
      [{ outTradeNo: numberOf(1), evidence: known(2), at: first.at }],
    );
  });

  it("names an open order whose intent cannot be read", () => {
    for (const [gone, order] of [
      [5, 2],
      [7, 3],
    ] as const) {
      const damagedOne = salvaged((row) => (row.n === gone ? damage(row) : row)).result(beside(listed));
      assert.deepEqual(damagedOne.lost, [numberOf(order)], `row ${gone} damaged`);
      assert.ok(damagedOne.carried.every(({ outTradeNo }) => outTradeNo !== numberOf(order)));
      const missing = salvaged((row) => (row.n === gone ? null : row)).result(beside(listed));
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
    const { unchecked, carried, lost } = salvage.result(beside([numberOf(4)]));
    assert.deepEqual([unchecked, carried.length, lost], [[numberOf(1)], 1, []]);
    assert.deepEqual(
      salvage.rowsFor("fedcba9876543210", first).map(({ kind, subject, final }) => [kind, subject, final]),
      [
        ["quarantine", null, false],
        ["charging", numberOf(1), false],
        ["money", numberOf(1), true],
        ["charging", numberOf(4), false],
      ],
    );
  });

  it("knows the last 4,096 orders that ended: an older decline has no second look", () => {
    const others = (count: number) => Array.from({ length: count }, (_, index) => index + 10);
    for (const [count, wanted] of [
      [4_095, [numberOf(1)]],
      [4_096, []],
    ] as const) {
      const ended = others(count).flatMap((index) => [charging(index), money(index, "paid")]);
      const salvage = new Salvage();
      for (const row of rowsOf([boot, charging(1), money(1, "declined"), ...ended])) salvage.take(row);
      assert.deepEqual(salvage.result(beside([])).unchecked, wanted, `${count} later ones`);
    }
  });

  it("has the newest codes, however many there were", () => {
    const codes = (begin: string, count: number) =>
      Array.from({ length: count }, (_, index) => `${begin}-${index}`);
    const salvage = new Salvage();
    for (const row of rowsOf([
      ...["a", "b", "c"].map((begin) => ({ ...first, codes: codes(begin, CODES_REMEMBERED) })),
      ...[boot, charging(1)],
    ])) {
      salvage.take(row);
    }
    assert.deepEqual(salvage.result(beside([numberOf(1)])).codes, [
      ...codes("c", CODES_REMEMBERED).slice(1),
      "code-hash-1",
    ]);
  });

  it("is which order each sale of the till has, out of a journal that was saved before, too", () => {
    const { refs } = salvaged((row) => row).result(beside(listed));
    assert.deepEqual(
      refs,
      [1, 2, 3, 4].map((index) => [`socket till-${index}`, numberOf(index)]),
    );
    const again = new Salvage();
    const made = rowsOf([{ ...first, refs: [["till-9", "order-9"]] }, boot, charging(1)]);
    for (const row of made) again.take(row);
    assert.deepEqual(again.result(beside([])).refs, [
      ["till-9", "order-9"],
      ["socket till-1", numberOf(1)],
    ]);
    for (const wrong of [[["till-9"]], [["till-9", 9]], ["till-9"], "till-9"]) {
      assert.equal(readEntry({ ...first, refs: wrong }), null, JSON.stringify(wrong));
    }
    assert.notEqual(readEntry(first), null);
  });

  it("has the newest sales of the till, however many there were, one that came again among them", () => {
    const salvage = new Salvage();
    const orders = Array.from({ length: CODES_REMEMBERED + 2 }, (_, index) => index + 1);
    for (const row of rowsOf([boot, ...[...orders, 3].map(charging)])) salvage.take(row);
    const { refs } = salvage.result(beside([]));
    const newest = [...orders.slice(3), 3];
    assert.deepEqual(
      refs,
      newest.slice(-CODES_REMEMBERED).map((index) => [`socket till-${index}`, numberOf(index)]),
    );
  });

  it("doubts every order that is not being reversed where the list cannot be read: the end of any may be lost", () => {
    const { carried, lost } = salvaged((row) => row).result(beside(null));
    assert.deepEqual(
      carried.map(({ state, doubtful }) => [state, doubtful]),
      [
        ["reversing", false],
        ["charging", true],
        ["reversing", false],
      ],
    );
    assert.deepEqual(lost, []);
  });
});

/** Two orders that are being charged, one of them after the other was paid, and what people were shown of it. */
const two = rowsOf([boot, charging(1), charging(2), money(2, "paid"), shown(2, "PAID"), charging(3)]);

describe("an order with a lost row that may have been its last", () => {
  const open = [1, 3].map(numberOf);

  /** The doubtful orders where some rows are changed, or lost. */
  function doubtfulOf(
    all: readonly StoredRow[],
    change: (row: StoredRow) => StoredRow | null,
    found: Beside,
  ): readonly string[] {
    const salvage = new Salvage();
    for (const row of all) {
      const kept = change(row);
      if (kept !== null) salvage.take(kept);
    }
    return salvage.result(found).carried.flatMap((one) => (one.doubtful ? [one.outTradeNo] : []));
  }

  const without =
    (...gone: readonly number[]) =>
    (row: StoredRow) =>
      gone.includes(row.n) ? null : row;

  it("is none of a journal that only lost what says nothing about money", () => {
    assert.deepEqual(
      doubtfulOf(two, (row) => row, beside(open)),
      [],
    );
    assert.deepEqual(
      doubtfulOf(two, (row) => (row.n === 5 ? damage({ ...row, body: `${row.body} ` }) : row), beside(open)),
      [],
    );
    assert.deepEqual(doubtfulOf(two, without(5), beside(open, { unreadable: [[5, 5]] })), []);
  });

  it("is every one that was open when an event was lost of which nobody knows whose it was", () => {
    const found = beside(open, { unreadable: [[4, 4]] });
    assert.deepEqual(doubtfulOf(two, without(4), found), [numberOf(1), numberOf(2)]);
    const renamed = (row: StoredRow) => (row.n === 4 ? { ...row, subject: numberOf(9) } : row);
    assert.deepEqual(doubtfulOf(two, renamed, beside(open)), [numberOf(1), numberOf(2)]);
  });

  it("is the one alone that a damaged row names in its column and in its text", () => {
    const changed = (row: StoredRow) => (row.n === 4 ? damage(row) : row);
    assert.deepEqual(doubtfulOf(two, changed, beside(open)), [numberOf(2)]);
    const both = (row: StoredRow) => (row.n === 4 ? damage(row) : row.n === 6 ? damage(row) : row);
    assert.deepEqual(doubtfulOf(two, both, beside(open)), [numberOf(2)]);
  });

  it("is each of the open ones where rows are missing at the end, by whatever tells of them", () => {
    const all = [numberOf(1), numberOf(3)];
    assert.deepEqual(
      doubtfulOf(two, (row) => row, beside(open, { unreadable: [[7, 7]] })),
      all,
    );
    assert.deepEqual(
      doubtfulOf(two, (row) => row, beside(open, { newestSeq: 5 })),
      all,
    );
    assert.deepEqual(
      doubtfulOf(two, (row) => row, beside(open, { newestSeq: 4 })),
      [],
    );
  });

  it("is one that the list does not name, and not one whose newer row can be read", () => {
    assert.deepEqual(
      doubtfulOf(two, (row) => row, beside([numberOf(3)])),
      [numberOf(1)],
    );
    const later = rowsOf([boot, charging(1), money(1, "reversing"), charging(2), money(1, "reversing")]);
    assert.deepEqual(doubtfulOf(later, without(3), beside([1, 2].map(numberOf))), []);
  });

  it("is a decline that is listed as open, for its contradiction is lost", () => {
    const salvage = salvaged((row) => (row.n === 10 ? damage(row) : row));
    const { carried, lost } = salvage.result(beside(listed));
    assert.deepEqual(lost, []);
    assert.deepEqual(
      carried.map(({ outTradeNo, doubtful }) => [outTradeNo, doubtful]),
      [
        [numberOf(2), false],
        [numberOf(3), false],
        [numberOf(4), true],
      ],
    );
  });

  it("goes on with its intent alone, which says so, through a second quarantine too", () => {
    const goods = { pulses: 1, outcome: null };
    const sold = { kind: "money", tx: { ...txOf(1, "paid"), final: false, dispense: goods } } as const;
    const salvage = new Salvage();
    for (const row of rowsOf([boot, charging(1), sold])) salvage.take(row);
    salvage.result(beside([numberOf(1)], { newestSeq: 3 }));
    const made = salvage.rowsFor("fedcba9876543210", first);
    assert.deepEqual(
      made.map(({ kind, final }) => [kind, final]),
      [
        ["quarantine", false],
        ["charging", false],
      ],
    );
    assert.match(made[1]?.body ?? "", /"doubted":true/);
    assert.deepEqual(
      doubtfulOf(made, (row) => row, beside([numberOf(1)])),
      [numberOf(1)],
    );
    for (const wrong of [false, 1, "true"])
      assert.equal(readEntry({ ...charging(1), doubted: wrong }), null, String(wrong));
  });
});

describe("events that nobody has confirmed", () => {
  const old = "0123456789abcdef";

  function saved(journal: string | null, confirmed: number | null, reported = true): Salvage {
    const salvage = new Salvage(journal, confirmed, reported);
    for (const row of two) salvage.take(row);
    return salvage;
  }

  it("go along with the journal and the number that they had, before this one's own", () => {
    const salvage = saved(old, 2);
    const { unsent, unnamed } = salvage.result(beside([1, 3].map(numberOf)));
    assert.deepEqual([unsent, unnamed], [2, 0]);
    const made = salvage.rowsFor("fedcba9876543210", first, two);
    assert.deepEqual(
      made.map(({ kind, seq }) => [kind, seq]),
      [
        ["quarantine", null],
        ["unsent", -1],
        ["unsent", 0],
        ["charging", 1],
        ["charging", 2],
      ],
    );
    const [, sold] = made;
    assert.ok(sold !== undefined);
    const read = readRow(sold, "fedcba9876543210");
    assert.ok(read.ok && read.value.entry.kind === "unsent");
    const event = unsentEvent(read.value.entry, -1);
    const before = two.find(({ seq }) => seq === 3);
    assert.ok(before !== undefined);
    const was = readRow(before, old);
    assert.ok(was.ok && was.value.event !== null);
    assert.equal(txEvent(event, "fedcba9876543210"), txEvent(was.value.event, old));
    assert.ok(!readRow({ ...sold, seq: 1 }, "fedcba9876543210").ok);
  });

  it("keep their names through a second quarantine, and what was confirmed meanwhile goes", () => {
    const salvage = saved(old, 2);
    salvage.result(beside([1, 3].map(numberOf)));
    const made = salvage.rowsFor("fedcba9876543210", first, two);
    const again = new Salvage("fedcba9876543210", -1, true);
    for (const row of made) again.take(row);
    assert.equal(again.result(beside([1, 3].map(numberOf))).unsent, 3);
    const third = again.rowsFor("1111111111111111", first, made);
    const names = third.flatMap(({ kind, body }) => {
      const { journal, seq } = JSON.parse(body) as { journal?: string; seq?: number };
      return kind === "unsent" ? [[journal, seq]] : [];
    });
    assert.deepEqual(names, [
      [old, 4],
      ["fedcba9876543210", 1],
      ["fedcba9876543210", 2],
    ]);
  });

  it("are counted as lost where their journal's id is, or is another one", () => {
    for (const journal of [null, "0123456789abcdee"]) {
      const salvage = saved(journal, 2);
      const { unsent, unnamed } = salvage.result(beside([1, 3].map(numberOf)));
      assert.deepEqual([unsent, unnamed], [0, 2], String(journal));
      assert.ok(salvage.rowsFor("fedcba9876543210", first, two).every(({ kind }) => kind !== "unsent"));
    }
  });

  it("are all there are where the cursor cannot be read, and none where nobody is told of events", () => {
    assert.equal(saved(old, null).result(beside([])).unsent, 4);
    assert.equal(saved(old, 0, false).result(beside([])).unsent, 0);
  });
});

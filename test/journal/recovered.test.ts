/** What a start concludes from the rows it is handed, and each lie of a store or a disk that it does not believe. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { JournalEntry } from "../../src/journal/own-entry.ts";
import { recover } from "../../src/journal/recovered.ts";
import { genesis, type Head, writeRow } from "../../src/journal/row.ts";
import { type StoredRow, type StoreOpened, TAIL_ROWS } from "../../src/runtime/ports.ts";
import { boot, charging, intentOf, money, numberOf, shown, txOf } from "./entries.ts";

type Opened = Extract<StoreOpened, { kind: "opened" }>;

const journal = "0123456789abcdef";
const at = "2026-03-15T09:30:12.000Z";
const evidence: JournalEntry = {
  ...{ kind: "evidence", outTradeNo: numberOf(2), at },
  evidence: { chargedHost: "https://example.test", paid: false, absences: 1, runMs: 60_000 },
};

/** A chain of rows with these entries, from a head on. */
function chain(entries: readonly JournalEntry[], from: Head = genesis(journal)) {
  let head = from;
  const rows = entries.map((entry) => {
    const written = writeRow(entry, head, { journal, at, boot: "b" });
    head = written.head;
    return written.row;
  });
  return { rows, head };
}

/** What an honest store says of these rows, of which `open` belong to orders that are open. */
function told(rows: readonly StoredRow[], open: readonly StoredRow[] = []): Opened {
  return {
    kind: "opened",
    journal,
    salt: new Uint8Array(32),
    tail: rows,
    lastMoney: rows.findLast(({ seq }) => seq !== null) ?? null,
    open,
    first: rows[0] ?? null,
    segment: rows.findLast(({ kind }) => kind === "segment") ?? null,
    charged: rows.filter(({ kind }) => kind === "charging" || kind === "quarantine").reverse(),
    cursors: {},
  };
}

function refusalOf(opened: Opened): string {
  const recovered = recover(opened);
  return recovered.ok ? "" : recovered.reason;
}

/** A boot, an order that is paid, and one that is being reversed. */
const usual = chain([boot, charging(1), money(1, "paid"), charging(2), evidence, money(2, "reversing")]);
const ofTwo = usual.rows.slice(3);
const honest = told(usual.rows, ofTwo);

test("an empty journal and one with a boot alone are begun where they end", () => {
  const none = recover(told([]));
  assert.ok(none.ok);
  assert.deepEqual(none.value.head, genesis(journal));
  assert.deepEqual(
    [none.value.open, none.value.recent, none.value.segment, none.value.droppedSeq],
    [[], [], null, 0],
  );
  assert.deepEqual(none.value.first, { n: 1, before: genesis(journal).hash });
  const booted = chain([boot]);
  const one = recover(told(booted.rows));
  assert.deepEqual(one.ok && one.value.head, booted.head);
});

test("open orders are given back with their evidence, ended ones with the last that was said of them", () => {
  const recovered = recover(honest);
  assert.ok(recovered.ok);
  const { head, open, codeHashes, refs, recent, unchecked } = recovered.value;
  assert.deepEqual(head, usual.head);
  assert.equal(evidence.kind, "evidence");
  assert.deepEqual(open, [
    {
      intent: intentOf(2),
      last: txOf(2, "reversing"),
      evidence: evidence.kind === "evidence" && evidence.evidence,
    },
  ]);
  assert.deepEqual(codeHashes, ["code-hash-1", "code-hash-2"]);
  assert.deepEqual([...refs.values()], [numberOf(1), numberOf(2)]);
  assert.deepEqual(
    recent.map(({ outTradeNo, state }) => [outTradeNo, state]),
    [
      [numberOf(2), "reversing"],
      [numberOf(1), "paid"],
    ],
  );
  assert.deepEqual(unchecked, []);
});

test("an order whose last row may be lost says so, and no other one", () => {
  const { rows } = chain([
    boot,
    { kind: "charging", tx: txOf(1, "charging"), intent: intentOf(1), doubted: true },
  ]);
  const doubted = recover(told(rows, rows.slice(1)));
  assert.equal(doubted.ok && doubted.value.open[0]?.doubted, true);
  const sure = recover(honest);
  assert.equal(sure.ok && sure.value.open[0] !== undefined && "doubted" in sure.value.open[0], false);
});

test("of more orders than can be looked back at the newest are told, the newest first", () => {
  const { rows } = chain([
    boot,
    ...[1, 2, 3, 4, 5, 6, 7].flatMap((index) => [charging(index), money(index, "paid")]),
  ]);
  const recovered = recover(told(rows));
  assert.deepEqual(
    recovered.ok && recovered.value.recent.map(({ outTradeNo }) => outTradeNo),
    [7, 6, 5, 4, 3].map(numberOf),
  );
});

test("a list of open orders that does not agree with the rows is not believed", () => {
  const [, one, paid, two, , reversing] = usual.rows;
  assert.ok(one && paid && two && reversing);
  const disagrees = /the list of open orders does not agree with its newest row/;
  assert.match(refusalOf({ ...honest, open: [] }), disagrees, "an open one is missing");
  assert.match(refusalOf({ ...honest, open: [two] }), disagrees, "its newest row is missing");
  assert.match(refusalOf({ ...honest, open: [one, ...ofTwo] }), disagrees, "an ended one is among them");
  assert.match(
    refusalOf({ ...honest, open: [one, paid, ...ofTwo] }),
    /order .*0000001: it is listed as open but has ended/,
  );
  assert.match(refusalOf({ ...honest, open: [reversing] }), /row 6: order .* has no intent that fits/);
  assert.match(
    refusalOf({ ...honest, open: [two, two, reversing] }),
    /row 4: the intent of .* does not stand alone/,
  );
  assert.match(refusalOf({ ...honest, open: ofTwo.slice(1) }), /row 5: order .* has no intent$/);
});

test("an intent that is about another order or amount than its record is not believed", () => {
  for (const intent of [
    { ...intentOf(1), outTradeNo: numberOf(9) },
    { ...intentOf(1), amountFen: intentOf(2).amountFen },
  ]) {
    const { rows } = chain([boot, { kind: "charging", tx: txOf(1, "charging"), intent }]);
    assert.match(refusalOf(told(rows, rows.slice(1))), /does not stand alone/);
  }
  const other = { ...txOf(1, "reversing"), amountFen: intentOf(2).amountFen };
  const { rows } = chain([boot, charging(1), { kind: "money", tx: other }]);
  assert.match(refusalOf(told(rows, rows.slice(1))), /has no intent that fits/);
});

test("the newest event is the one of the tail: none that is missing, older, damaged, or no event", () => {
  const [first, one, paid] = usual.rows;
  assert.ok(first && one && paid);
  assert.match(refusalOf({ ...honest, lastMoney: null }), /the newest money event is missing/);
  assert.match(refusalOf({ ...honest, lastMoney: paid }), /row 3: it is not the newest money event/);
  assert.match(refusalOf({ ...honest, lastMoney: first }), /row 1: it is not the newest money event/);
  const damaged = { ...paid, body: paid.body.replace("CNY", "CNX") };
  assert.match(refusalOf({ ...honest, lastMoney: damaged }), /row 3: its hash does not match/);
});

test("a tail that begins in the middle is believed only where there are too many rows to read all", () => {
  const { rows } = usual;
  assert.match(refusalOf({ ...honest, tail: rows.slice(1) }), /row 1: the rows before it are not complete/);
  assert.match(
    refusalOf({ ...honest, tail: [...rows.slice(0, 2), ...rows.slice(3)] }),
    /row 4: the rows before it/,
  );
  const notes = Array.from({ length: TAIL_ROWS }, (_, index) => shown(index % 7, "PAID"));
  const long = chain([boot, charging(1), money(1, "paid"), ...notes]);
  const opened = { ...told(long.rows), tail: long.rows.slice(-TAIL_ROWS) };
  const recovered = recover(opened);
  assert.ok(recovered.ok, refusalOf(opened));
  assert.deepEqual(recovered.value.head, long.head, "the newest event is older than the tail");
  assert.deepEqual(recovered.value.recent, []);
  const short = { ...opened, tail: opened.tail.slice(1) };
  assert.match(refusalOf(short), /the rows before it are not complete/);
});

test("codes and sales are read of rows older than the tail, too, and damage among them is told", () => {
  const notes = Array.from({ length: TAIL_ROWS }, (_, index) => shown(index % 7, "PAID"));
  const long = chain([boot, charging(1), money(1, "paid"), ...notes]);
  const opened = { ...told(long.rows), tail: long.rows.slice(-TAIL_ROWS) };
  const recovered = recover(opened);
  assert.deepEqual(recovered.ok && recovered.value.codeHashes, ["code-hash-1"]);
  assert.deepEqual(recovered.ok && [...recovered.value.refs.values()], [numberOf(1)]);
  const charged = opened.charged.map((row) => ({ ...row, body: row.body.replace("code-hash", "code-HASH") }));
  assert.match(refusalOf({ ...opened, charged }), /row 2: its hash does not match/);
});

test("where rows were dropped, the journal begins where its newest segment says, and nowhere else", () => {
  const old = chain([boot, charging(1), money(1, "paid")]);
  const segment = (first: { readonly n: number; readonly before: string }): JournalEntry => ({
    ...{ kind: "segment", at, clockTrusted: true, first },
    events: { seq: old.head.seq, hash: old.head.eventHash },
  });
  const here = { n: old.head.n + 1, before: old.head.hash };
  const { rows } = chain([segment(here), charging(2)], old.head);
  const kept = told(rows, rows.slice(1));
  const recovered = recover(kept);
  assert.ok(recovered.ok, refusalOf(kept));
  assert.deepEqual([recovered.value.first, recovered.value.droppedSeq], [here, 2]);
  assert.equal(recovered.value.segment?.n, here.n);

  const elsewhere = /the journal does not begin where its newest segment says/;
  const { rows: wrong } = chain([segment({ ...here, n: here.n - 1 }), charging(2)], old.head);
  assert.match(refusalOf(told(wrong, wrong.slice(1))), elsewhere);
  const { rows: other } = chain([segment({ ...here, before: "0".repeat(64) }), charging(2)], old.head);
  assert.match(refusalOf(told(other, other.slice(1))), elsewhere);
  assert.match(refusalOf({ ...kept, first: null }), elsewhere);
  assert.match(refusalOf({ ...kept, first: rows[1] ?? null }), elsewhere);
  assert.match(refusalOf({ ...kept, segment: null }), elsewhere, "rows are gone and nothing says so");
  assert.match(refusalOf({ ...kept, segment: rows[1] ?? null }), /it is not the beginning of a segment/);
  const [begin] = rows;
  assert.ok(begin);
  assert.match(refusalOf({ ...kept, segment: { ...begin, hash: "" } }), /row 4: its hash does not match/);

  const whole = chain([boot, charging(1), money(1, "paid")]);
  const inside = chain([segment({ n: 1, before: genesis(journal).hash })], whole.head);
  const all = told([...whole.rows, ...inside.rows]);
  const undropped = recover(all);
  assert.ok(undropped.ok, refusalOf(all));
  assert.deepEqual(
    [undropped.value.first.n, undropped.value.droppedSeq, undropped.value.segment?.n],
    [1, 0, 4],
  );
});

/** A journal whose rows, or whose file, somebody or something has changed: it is refused, or says what it always said. */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { after } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { journalCommand } from "../../src/cli/journal/journal.ts";
import type { Entry } from "../../src/core/payment/order.ts";
import { readEntry } from "../../src/journal/entry.ts";
import type { JournalEntry } from "../../src/journal/own-entry.ts";
import { type Recovered, recover } from "../../src/journal/recovered.ts";
import { genesis, type Head, writeRow } from "../../src/journal/row.ts";
import { Salvage } from "../../src/journal/salvage.ts";
import { readWhatCan } from "../../src/links/sqlite/sqlite-salvage.ts";
import { SqliteWriter } from "../../src/links/sqlite/sqlite-writer.ts";
import type { StoredRow, StoreOpened } from "../../src/runtime/ports.ts";
import { boot, charging, money, numberOf, shown } from "../journal/entries.ts";
import { type Case, fuzz } from "./fuzz.ts";

type Opened = Extract<StoreOpened, { kind: "opened" }>;

/** An order that stays open is the oldest of all; then come as many that end as are wanted, and two that are open again. */
function entriesOf(orders: number): readonly Entry[] {
  const ended = Array.from({ length: orders }, (_, index) => index + 2).flatMap((index) => [
    charging(index),
    money(index, index % 3 === 0 ? "declined" : "paid"),
    shown(index, "PAID"),
  ]);
  const reopened = orders + 2;
  return [
    ...[boot, charging(1), money(1, "reversing"), ...ended],
    ...[
      charging(reopened),
      money(reopened, "declined"),
      money(reopened, "reversing"),
      charging(reopened + 1),
    ],
  ];
}

function rowsOf(journal: string, entries: readonly JournalEntry[]): readonly StoredRow[] {
  let head: Head = genesis(journal);
  return entries.map((entry) => {
    const written = writeRow(entry, head, { journal, at: "2026-03-15T09:30:12.000Z", boot: "b" });
    head = written.head;
    return written.row;
  });
}

const JOURNAL = "0123456789abcdef";
const few = rowsOf(JOURNAL, entriesOf(12));

/** What a store makes of these rows, in plain words. */
function openedOf(rows: readonly StoredRow[]): Opened {
  const moneyRows = rows.filter(({ seq }) => seq !== null);
  const newest = new Map(moneyRows.map((row) => [row.subject, row.final]));
  return {
    kind: "opened",
    journal: JOURNAL,
    salt: new Uint8Array(32),
    tail: rows,
    lastMoney: moneyRows.at(-1) ?? null,
    open: rows.filter(({ subject }) => newest.get(subject) === false),
    first: rows[0] ?? null,
    segment: rows.findLast(({ kind }) => kind === "segment") ?? null,
    charged: rows.filter(({ kind }) => kind === "charging" || kind === "quarantine").reverse(),
    cursors: {},
  };
}

/** What recovery may find: what it found at any earlier moment, by the row that was the newest then. */
function momentsOf(rows: readonly StoredRow[]): ReadonlyMap<number, Recovered> {
  const moments = new Map<number, Recovered>();
  for (let n = 0; n <= rows.length; n += 1) {
    const found = recover(openedOf(rows.slice(0, n)));
    assert.ok(found.ok);
    moments.set(n, found.value);
  }
  return moments;
}

const momentsOfFew = momentsOf(few);

type Money = Pick<Recovered, "head" | "open" | "unchecked">;

function moneyIn({ head, open, unchecked }: Money): Money {
  return { head, open, unchecked };
}

fuzz("rows that were changed are refused, or say what the journal once said", (one) => {
  // Either the disk has other rows, and the store sees just those, or what the store hands out does not fit together.
  const changed = one.random.chance(0.5) ? openedOf(otherRows(one, few)) : otherAnswer(one, openedOf(few));
  const found = one.timed(() => recover(changed));
  if (!found.ok) {
    assert.match(found.reason, /\S/);
    return;
  }
  const moment = momentsOfFew.get(found.value.head.n);
  assert.ok(moment !== undefined);
  assert.deepEqual(moneyIn(found.value), moneyIn(moment));
  const codes = new Set(momentsOfFew.get(few.length)?.codeHashes);
  assert.ok(found.value.codeHashes.every((code) => codes.has(code)));
});

fuzz(
  "rows that were changed and sealed again end no open order twice and open none that has ended",
  (one) => {
    const rows = otherRows(one, few);
    const bodies = rows.map(({ body }) => entryIn(body));
    const sealed = rowsOf(
      JOURNAL,
      bodies.filter((entry) => entry !== null),
    );
    const found = one.timed(() => recover(openedOf(sealed)));
    if (!found.ok) return;
    const numbers = found.value.open.map(({ intent }) => intent.outTradeNo);
    assert.equal(new Set(numbers).size, numbers.length);
    for (const { intent, last } of found.value.open) {
      assert.ok(!last.final);
      assert.deepEqual([intent.outTradeNo, intent.amountFen], [last.outTradeNo, last.amountFen]);
    }
  },
);

fuzz("what is saved of changed rows is of the journal, and a journal again", (one) => {
  const rows = otherRows(one, few);
  const salvage = new Salvage();
  one.timed(() => {
    for (const row of rows) salvage.take(row);
  });
  const listed = one.random.chance(0.5) ? null : [numberOf(1), one.text(numberOf(2))];
  const { carried, codes } = salvage.result({ listed, unreadable: [], newestSeq: null });
  const known = new Set(few.map(({ subject }) => subject));
  for (const { outTradeNo } of carried) assert.ok(known.has(outTradeNo));
  const first = {
    kind: "quarantine",
    at: "2026-03-16T00:00:00.000Z",
    folder: "damaged",
    from: null,
    codes,
    refs: [],
  } as const;
  const again = recover({
    ...openedOf(salvage.rowsFor("fedcba9876543210", first)),
    journal: "fedcba9876543210",
  });
  assert.ok(again.ok);
  assert.deepEqual(
    again.value.open.map(({ intent }) => intent.outTradeNo),
    carried.map(({ outTradeNo }) => outTradeNo),
  );
});

/** The entry of a body, wherever it still is one. */
function entryIn(body: string): JournalEntry | null {
  try {
    const { before: _, at: __, boot: ___, prev: ____, ...entry } = JSON.parse(body);
    // Entries beside those of money have an `at` and a `boot` of their own.
    return readEntry(entry) ?? readEntry({ ...JSON.parse(body), before: undefined });
  } catch {
    return null;
  }
}

/** The rows with one to three of them changed, taken away, doubled, moved, or missing from one on. */
function otherRows(one: Case, rows: readonly StoredRow[]): readonly StoredRow[] {
  const changed = [...rows];
  for (let change = one.random.between(1, 3); change > 0 && changed.length > 0; change -= 1) {
    const at = one.random.between(0, changed.length - 1);
    const row = changed[at];
    const other = changed[one.random.between(0, changed.length - 1)];
    if (row === undefined || other === undefined) break;
    const kind = one.random.between(0, 9);
    if (kind === 0) changed.splice(at, 1);
    else if (kind === 1) changed.splice(at, 0, row);
    else if (kind === 2) changed.splice(at, 1, other);
    else if (kind === 3) changed.length = at;
    else changed.splice(at, 1, otherRow(one, row, other));
  }
  return changed;
}

/** Something else than what these rows make a store say. */
function otherAnswer(one: Case, opened: Opened): Opened {
  const lists = one.random.pick(["tail", "open", "charged"] as const);
  switch (one.random.between(0, 5)) {
    case 0:
      return { ...opened, journal: one.text(opened.journal) };
    case 1:
      return { ...opened, lastMoney: one.random.pick([null, ...otherRows(one, few).slice(-1)]) };
    case 2:
      return { ...opened, first: one.random.pick([null, ...otherRows(one, few).slice(0, 1)]) };
    case 3:
      return { ...opened, segment: one.random.pick([null, ...otherRows(one, few)]) };
    default:
      return { ...opened, [lists]: otherRows(one, opened[lists]) };
  }
}

function otherRow(one: Case, row: StoredRow, other: StoredRow): StoredRow {
  const number = one.random.pick([0, -1, row.n + 1, row.n - 1, 2 ** 53 - 1, other.n]);
  const pieces = [other.body, '{"kind":"money","tx":null}', '{"__proto__":{"kind":"boot"}}', "[]", "null"];
  switch (one.random.between(0, 8)) {
    case 0:
      return { ...row, n: number };
    case 1:
      return { ...row, seq: one.random.pick([null, number, row.seq]) };
    case 2:
      return { ...row, kind: one.random.pick([other.kind, one.text(row.kind), "__proto__"]) };
    case 3:
      return {
        ...row,
        subject: one.random.pick([null, other.subject, one.text(row.subject ?? "")]),
      };
    case 4:
      return { ...row, final: !row.final };
    case 5:
      return { ...row, hash: one.random.pick([other.hash, one.text(row.hash)]) };
    default:
      return { ...row, body: one.damagedText(row.body, pieces) };
  }
}

const folder = mkdtempSync(join(tmpdir(), "scanbox-fuzz-"));
after(() => rmSync(folder, { recursive: true }));

/** A real journal on disk. */
interface Written {
  readonly directory: string;
  readonly bytes: Buffer;
  readonly rows: readonly StoredRow[];
  /** What an undamaged start finds. */
  readonly found: Recovered;
  /** Where the numbers of open orders stand in the file: rows, indexes and the list of what is open. */
  readonly places: readonly number[];
}

function writtenJournal(name: string, orders: number): Written {
  const directory = join(folder, name);
  const writer = new SqliteWriter(directory);
  const opened = writer.open();
  assert.ok(opened.kind === "opened");
  const rows = rowsOf(opened.journal, entriesOf(orders));
  assert.equal(writer.append(rows), null);
  writer.moveCursor("mqtt", 3);
  writer.close();
  const found = startedIn(directory);
  assert.ok(typeof found !== "string");
  const bytes = readFileSync(join(directory, "journal.db"));
  const places: number[] = [];
  for (const { intent } of found.open) {
    for (let at = bytes.indexOf(intent.outTradeNo); at >= 0; at = bytes.indexOf(intent.outTradeNo, at + 1))
      places.push(at + (at % intent.outTradeNo.length));
  }
  return { directory, bytes, rows, found, places };
}

/** What a start finds in a folder: the state, or the sentence of a refusal. */
function startedIn(directory: string): Recovered | string {
  const writer = new SqliteWriter(directory);
  try {
    const opened = writer.open();
    if (opened.kind === "refused") return opened.detail;
    const found = recover(opened);
    return found.ok ? found.value : found.reason;
  } finally {
    writer.close();
  }
}

const short = writtenJournal("short", 12);
/** Longer than what a start reads of the rows, so that its oldest open order is known by the list alone. */
const long = writtenJournal("long", 700);

/** A journal's file with other bytes in it. */
function otherFile(one: Case, { bytes, places }: Written): Uint8Array {
  const damaged = Buffer.from(bytes);
  switch (one.random.between(0, 10)) {
    case 0:
      // An empty file is what a start that was cut off left behind: a new journal begins in it.
      return damaged.subarray(0, one.random.between(1, bytes.length - 1));
    case 1:
      return damaged.fill(0, ...pages(one, bytes.length));
    case 2: {
      const [from, to] = pages(one, bytes.length);
      damaged.copy(damaged, pages(one, bytes.length)[0], from, to);
      return damaged;
    }
    case 3:
      return one.bytes(bytes);
    case 4:
      return Buffer.concat([damaged, one.random.bytes(one.random.between(1, 9_000))]);
    case 5:
    case 6: {
      const [first = 0, ...rest] = places;
      return flipped(damaged, one, () => one.random.pick([first, ...rest]), 1);
    }
    case 7:
      // The header of a page says where its cells are.
      return flipped(damaged, one, () => pages(one, bytes.length)[0] + one.random.between(0, 40));
    case 8:
      return flipped(damaged, one, () => one.random.between(0, PAGE_BYTES - 1));
    case 9: {
      // In front of a body stand the number of its row and the lengths of its columns, seven bits a byte.
      const body = bytes.indexOf('{"before"', one.random.between(0, bytes.length - 1));
      const at = Math.max(0, body - one.random.between(20, 60));
      return damaged.fill(one.random.pick([0x80, 0xff, 0x81]), at, at + one.random.between(1, 9));
    }
    default:
      return flipped(damaged, one, () => one.random.between(0, bytes.length - 1));
  }
}

function flipped(
  bytes: Buffer,
  one: Case,
  place: () => number,
  flips: number = one.random.pick([1, 1, 1, 2, 8]),
): Uint8Array {
  for (let flip = flips; flip > 0; flip -= 1) {
    const at = Math.min(place(), bytes.length - 1);
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << one.random.between(0, 7)), at);
  }
  return bytes;
}

const PAGE_BYTES = 4_096;

function pages(one: Case, length: number): readonly [from: number, to: number] {
  const page = one.random.between(0, Math.floor(length / PAGE_BYTES) - 1);
  return [page * PAGE_BYTES, (page + 1) * PAGE_BYTES];
}

fuzz("a damaged file is refused, or has every open order as it was", async (one) => {
  const written = one.random.chance(0.9) ? short : long;
  const directory = damagedCopy(one, written);
  const found = one.timed(() => startedIn(directory));
  if (typeof found === "string") {
    assert.match(found, /\S/);
    return;
  }
  assert.deepEqual(moneyIn(found), moneyIn(written.found));
  if (isDeepStrictEqual(found.codeHashes, written.found.codeHashes)) return;
  // A row older than those whose chain a start checks may have lost its kind: its code is missing, and no other comes in.
  const unheard = { stdout: new PassThrough(), stderr: new PassThrough() };
  assert.equal(await journalCommand(["verify", "--directory", directory], unheard), 1);
  assert.ok(found.codeHashes.every((hash) => written.found.codeHashes.includes(hash)));
});

const readings: readonly [readonly string[], ...(readonly string[])[]] = [
  ["verify"],
  ["list"],
  ["list", "--open", "--json"],
  ["show", numberOf(2)],
];

fuzz("a damaged file is read by people without a crash, and called whole only where it is", async (one) => {
  const written = one.random.chance(0.95) ? short : long;
  const directory = damagedCopy(one, written);
  const words = one.random.pick(readings);
  const stdout = new PassThrough({ encoding: "utf8" });
  const stderr = new PassThrough({ encoding: "utf8" });
  const status = await journalCommand([...words, "--directory", directory], { stdout, stderr });
  assert.ok(status === 0 || status === 1);
  assert.doesNotMatch(String(stderr.read() ?? ""), /\n\s+at /);
  if (status === 0 && words[0] === "verify" && written === short)
    assert.equal(stdout.read(), "The journal is whole: 43 rows, 30 money events, 3 open orders.\n");
});

fuzz("what can be read of a damaged file is read in bounded time", (one) => {
  const directory = damagedCopy(one, short);
  const salvage = new Salvage();
  let rows = 0;
  one.timed(() => {
    readWhatCan(directory, (row) => {
      rows += 1;
      salvage.take(row);
    });
  });
  assert.ok(rows <= 4 * short.rows.length);
  const known = new Set(short.rows.map(({ subject }) => subject));
  for (const { outTradeNo } of salvage.result({ listed: null, unreadable: [], newestSeq: null }).carried)
    assert.ok(known.has(outTradeNo));
});

function damagedCopy(one: Case, written: Written): string {
  const directory = join(folder, "damaged");
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  copyFileSync(join(written.directory, "journal.lock"), join(directory, "journal.lock"));
  writeFileSync(join(directory, "journal.db"), otherFile(one, written));
  return directory;
}

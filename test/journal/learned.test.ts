/** What the journal's own thread learns of random journals, against what their entries say and what the rows say that it would hand over. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Entry } from "../../src/core/payment/order.ts";
import type { StartLearned } from "../../src/journal/journal.ts";
import { recover } from "../../src/journal/recovered.ts";
import { genesis, type Head, writeRow } from "../../src/journal/row.ts";
import { openAhead, SqliteStore, startJournalThread } from "../../src/links/sqlite/sqlite-store.ts";
import { SqliteWriter } from "../../src/links/sqlite/sqlite-writer.ts";
import { CODES_REMEMBERED, type StoreOpened, TAIL_ROWS } from "../../src/runtime/ports.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { boot, charging, intentOf, money, numberOf, shown, txOf } from "./entries.ts";

/** Orders in a journal: none, a few, about as many as the tail holds, and more than codes are remembered. */
const SIZES = [0, 1, 7, 60, 667, TAIL_ROWS, CODES_REMEMBERED - 1, CODES_REMEMBERED + 300];

/** Entries of so many orders, of which some end late or never, and up to four at a time stand open. */
function randomEntries(orders: number, random: Random): readonly Entry[] {
  const entries: Entry[] = [boot];
  const open: number[] = [];
  const end = (index: number): void => {
    entries.push(money(index, random.chance(0.8) ? "paid" : "declined"));
    if (random.chance(0.7)) entries.push(shown(index, "PAID\n12.80"));
  };
  for (let index = 1; index <= orders; index += 1) {
    entries.push(charging(index));
    if (random.chance(0.02)) open.push(index);
    else end(index);
    if (open.length > 4 || random.chance(0.02)) {
      const late = open.shift();
      if (late !== undefined) end(late);
    }
    if (random.chance(0.01)) entries.push(boot);
  }
  for (const index of open) if (random.chance(0.5)) entries.push(money(index, "reversing"));
  return entries;
}

async function withJournal(entries: readonly Entry[], look: (directory: string) => Promise<void>) {
  const directory = mkdtempSync(join(tmpdir(), "scanbox-learned-"));
  try {
    const writer = new SqliteWriter(directory);
    const opened = writer.open();
    assert.ok(opened.kind === "opened");
    let head: Head = genesis(opened.journal);
    const rows = entries.map((entry) => {
      const written = writeRow(entry, head, {
        journal: opened.journal,
        at: "2026-03-15T09:30:12.000Z",
        boot: "b",
      });
      head = written.head;
      return written.row;
    });
    for (let begin = 0; begin < rows.length; begin += 1_000)
      assert.equal(writer.append(rows.slice(begin, begin + 1_000)), null);
    writer.close();
    await look(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function handedOver(directory: string): Extract<StoreOpened, { kind: "opened" }> {
  const writer = new SqliteWriter(directory);
  const opened = writer.open();
  writer.close();
  assert.ok(opened.kind === "opened");
  return opened;
}

async function learnedOf(store: SqliteStore<StartLearned>) {
  const outcome = await new Promise<StartLearned>((resolve) => {
    store.open(resolve);
  });
  await new Promise<void>((resolve) => {
    store.close(resolve);
  });
  assert.ok(outcome.kind === "learned");
  return outcome;
}

function died(cause: string): never {
  throw new Error(cause);
}

const random = new Random(15);
for (const orders of SIZES)
  test(`of a journal with ${orders} orders the thread learns what is in it, and hands over no row`, async () => {
    const entries = randomEntries(orders, random);
    await withJournal(entries, async (directory) => {
      const handed = handedOver(directory);
      const { journal, salt, cursors } = handed;
      const store = new SqliteStore<StartLearned>({ directory, onDeath: died });
      const { learned, ...rest } = await learnedOf(store);
      assert.deepEqual(rest, { kind: "learned", journal, salt, cursors });
      assert.deepEqual(learned, recover(handed));
      assert.ok(learned.ok);
      const charged = entries.flatMap((entry) => (entry.kind === "charging" ? [entry.intent] : []));
      const newest = charged.slice(-CODES_REMEMBERED);
      assert.deepEqual(
        learned.value.codeHashes,
        newest.map(({ codeHash }) => codeHash),
      );
      assert.deepEqual(
        [...learned.value.refs],
        newest.map(({ ref, outTradeNo }) => [`socket ${ref}`, outTradeNo]),
      );
      assert.deepEqual(learned.value.open, openIn(entries));
      assert.equal(learned.value.head.n, entries.length);
    });
  });

/** The orders without an end, by their entries alone. */
function openIn(entries: readonly Entry[]): readonly object[] {
  const open = new Map<string, object>();
  for (const entry of entries) {
    if (entry.kind === "charging") open.set(entry.tx.outTradeNo, { intent: entry.intent, last: entry.tx });
    else if (entry.kind === "money" && entry.tx.final) open.delete(entry.tx.outTradeNo);
    else if (entry.kind === "money")
      open.set(entry.tx.outTradeNo, { ...open.get(entry.tx.outTradeNo), last: entry.tx });
  }
  return [...open.values()];
}

for (const [when, first] of [
  ["before a store waits for it", true],
  ["after", false],
] as const)
  test(`a thread that was asked to open ahead is heard, whether it answers ${when}`, async () => {
    await withJournal([boot, charging(1)], async (directory) => {
      const thread = startJournalThread();
      const opened = openAhead<StartLearned>(thread, directory);
      if (first) {
        thread.ref();
        await opened;
      }
      const store = new SqliteStore<StartLearned>({ directory, onDeath: died, thread, opened });
      const { learned } = await learnedOf(store);
      assert.deepEqual(learned.ok && learned.value.open, [
        { intent: intentOf(1), last: txOf(1, "charging") },
      ]);
      assert.deepEqual(learned.ok && learned.value.recent.map(({ outTradeNo }) => outTradeNo), [numberOf(1)]);
    });
  });

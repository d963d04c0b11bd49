import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import type { TxData } from "../../src/core/payment/order.ts";
import { isMoneyEntry } from "../../src/journal/entry.ts";
import { genesis, writeRow } from "../../src/journal/row.ts";
import type { StoredRow } from "../../src/runtime/ports.ts";
import { Account, type Finding } from "./account.ts";
import { type Ask, bootName, entryOf, isMoney } from "./ask.ts";
import type { Opened, Told } from "./told.ts";

const JOURNAL = "0123456789abcdef";
const AT = "2026-03-15T09:30:12.000Z";

const asks: readonly Ask[] = [
  { index: 1, step: "boot" },
  { index: 10_001, step: "charging" },
  { index: 10_002, step: "charging" },
  { index: 10_001, step: "paid" },
  { index: 10_001, step: "shown" },
  { index: 10_002, step: "reversing" },
];

type Found = Extract<Opened, { kind: "opened" }>;

/** A disk on which these entries stand. */
function diskWith(entries: readonly Ask[], journal = JOURNAL): Found {
  const rows: StoredRow[] = [];
  const orders = new Map<string, TxData>();
  let head = genesis(journal);
  for (const ask of entries) {
    const entry = entryOf(ask);
    const written = writeRow(entry, head, { journal, at: AT, boot: bootName(1) });
    rows.push(written.row);
    head = written.head;
    if (isMoneyEntry(entry)) orders.set(entry.tx.outTradeNo, entry.tx);
  }
  const open = [...orders.values()].filter(({ final }) => !final);
  return {
    kind: "opened",
    journal,
    n: head.n,
    seq: head.seq,
    open: Object.fromEntries(open.map((tx) => [tx.outTradeNo, JSON.stringify(tx)])),
    codeHashes: entries.filter(({ step }) => step === "charging").map(({ index }) => `code-hash-${index}`),
    cursor: 0,
    damage: null,
    rows,
  };
}

/** What the guest told: it asked for all, and so many money entries were acknowledged. */
function toldOf(acked: number): readonly Told[] {
  const told: Told[] = asks.map((ask) => ({ asks: ask }));
  let left = acked;
  const n = 1 + asks.findIndex((ask) => isMoney(ask) && --left === 0);
  return acked === 0 ? told : [...told, { acked, n }];
}

describe("the account of a disk", () => {
  let account: Account;
  beforeEach(() => {
    account = new Account();
    account.hear(1, toldOf(3));
  });

  function assertFault(finding: Finding, fault: RegExp, lost = 0): void {
    assert.equal(finding.lost, lost);
    assert.match(finding.faults.join("\n"), fault);
  }

  it("is content with everything that was asked for", () => {
    assert.deepEqual(account.look(diskWith(asks)), { lost: 0, faults: [] });
  });

  it("is content without what was not acknowledged, which must not come later", () => {
    assert.deepEqual(account.look(diskWith(asks.slice(0, 4))), { lost: 0, faults: [] });
    assert.equal(account.acknowledged, 3);
    assertFault(account.look(diskWith(asks)), /ever asked for/);
  });

  it("misses an acknowledged record", () => {
    assertFault(account.look(diskWith(asks.slice(0, 3))), /Acknowledged records are missing/, 1);
  });

  it("misses what an earlier look has seen, acknowledged or not", () => {
    assert.deepEqual(account.look(diskWith(asks)).faults, []);
    assertFault(account.look(diskWith(asks.slice(0, 5))), /Acknowledged records are missing/, 1);
  });

  it("misses everything where the journal is refused or another one", () => {
    assertFault(account.look({ kind: "refused", why: "damaged" }), /does not open/, 3);
    assert.deepEqual(account.look(diskWith(asks)).faults, []);
    assertFault(account.look(diskWith(asks, "fedcba9876543210")), /another journal/, 4);
  });

  it("finds a record that nobody asked for, and one that says something else", () => {
    const more: Ask = { index: 10_002, step: "reversed" };
    assertFault(account.look(diskWith([...asks, more])), /5 records, and 4 were ever asked for/);
    assertFault(account.look(diskWith([...asks.slice(0, 5), more])), /Record 4 is/);
  });

  it("finds a note that nobody asked for", () => {
    assertFault(
      account.look(diskWith([...asks, { index: 10_002, step: "shown" }])),
      /Nobody asked for row 7/,
    );
  });

  it("finds an order that is open and not listed, and one that is listed and has ended", () => {
    assertFault(account.look({ ...diskWith(asks), open: {} }), /is open as null/);
    const [paid] = Object.keys(diskWith(asks.slice(0, 2)).open);
    assert.ok(paid !== undefined);
    const { open } = diskWith(asks);
    assertFault(account.look({ ...diskWith(asks), open: { ...open, [paid]: "{}" } }), /should be as null/);
  });

  it("finds a used code that is forgotten", () => {
    assertFault(
      account.look({ ...diskWith(asks), codeHashes: ["code-hash-10001"] }),
      /code of .* is forgotten/,
    );
  });

  it("finds a beginning that is gone without a rotation, or before its events were confirmed", () => {
    const disk = diskWith(asks);
    const cut: Found = { ...disk, rows: disk.rows.slice(2) };
    assertFault(account.look(cut), /without a rotation/);
    assertFault(account.look(cut), /are gone; 0 are confirmed/);
    assertFault(account.look(cut), /its charge was dropped|1 of 2 charges are left/);
  });

  it("finds a cursor that is ahead of what was confirmed", () => {
    assertFault(account.look({ ...diskWith(asks), cursor: 2 }), /cursor is at 2/);
  });

  it("repeats what the verification found", () => {
    assertFault(account.look({ ...diskWith(asks), damage: "row 3: it is torn" }), /row 3: it is torn/);
  });
});

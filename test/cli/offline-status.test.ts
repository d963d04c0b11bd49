import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, it } from "node:test";
import { offlineStatusFrom } from "../../src/cli/offline-status.ts";
import { offlineStatusText } from "../../src/cli/status.ts";
import type { Entry } from "../../src/core/payment/order.ts";
import { boot, charging, money, numberOf } from "../journal/entries.ts";
import { realJournal } from "../journal/real.ts";

const NOT_KNOWN = /^orders {3}not known: .*; run "scanbox journal verify"$/m;

describe("the status of a box that does not run", () => {
  let directory = "";

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "scanbox-asleep-"));
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  async function left(entries: readonly Entry[]): Promise<void> {
    const { journal } = await realJournal(directory);
    journal.note(boot);
    for (const entry of entries)
      await new Promise((resolve) => {
        journal.append(entry, resolve);
      });
    await new Promise<void>((resolve) => {
      journal.close(resolve);
    });
  }

  function change(sql: string): void {
    const database = new DatabaseSync(join(directory, "journal.db"));
    for (const name of ["rows_stay", "rows_last"]) database.exec(`DROP TRIGGER ${name}`);
    database.exec(sql);
    database.close();
  }

  function looked() {
    const asleep = { ...offlineStatusFrom(directory, null), config: "/etc/scanbox/device.config.json" };
    return { ...asleep, text: offlineStatusText(asleep) };
  }

  it("knows that no order is open where there is no journal, and where a whole one has none", async () => {
    const none = looked();
    assert.deepEqual([none.orders, none.journal.problem], [[], null]);
    await left([charging(1), money(1, "paid")]);
    const { orders, journal, text } = looked();
    assert.deepEqual([orders, journal.problem, journal.rows], [[], null, 3]);
    assert.match(text, /^orders {3}none is open$/m);
  });

  it("knows of no order where the journal cannot be read, and says why", () => {
    writeFileSync(join(directory, "journal.db"), "this is not a database".repeat(1_000));
    const { orders, journal, text } = looked();
    assert.equal(orders, null);
    assert.match(journal.problem ?? "", /journal\.db cannot be read: file is not a database\.$/);
    assert.match(text, NOT_KNOWN);
    assert.match(text, /^ {9}.*file is not a database\.$/m);
  });

  it("knows of no order where only the log of a journal is left, or one is half moved aside", async () => {
    writeFileSync(join(directory, "journal.db-wal"), "a log");
    assert.equal(looked().orders, null);
    rmSync(join(directory, "journal.db-wal"));
    writeFileSync(join(directory, "journal.quarantine"), "damaged-x");
    const { orders, text } = looked();
    assert.equal(orders, null);
    assert.match(text, /half moved aside.*"scanbox journal quarantine"/);
  });

  it("names an open order whose newest row cannot be read, beside those that can", async () => {
    await left([charging(1), charging(2), money(2, "reversing")]);
    change("UPDATE rows SET body = replace(body, '1252', '9252') WHERE n = 4");
    const { orders, journal, text } = looked();
    assert.deepEqual(
      orders?.map(({ outTradeNo, state, problem }) => [outTradeNo, state, problem]),
      [
        [numberOf(2), null, "row 4: its hash does not match what it says"],
        [numberOf(1), "charging", null],
      ],
    );
    assert.equal(journal.problem, "row 4: its hash does not match what it says");
    assert.match(text, /^journal .* DAMAGED at row 4: its hash does not match what it says$/m);
    assert.match(text, /^orders {3}2 open at least; run "scanbox journal verify"$/m);
    assert.match(text, /^ {9}order k3b9x0aaQ7dV2mTz0000002: row 4: its hash does not match what it says$/m);
    assert.match(text, /^ {9}#0001 12\.51 charging since /m);
  });

  it("names an open order of which no row is left", async () => {
    await left([charging(1), charging(2)]);
    change("DELETE FROM rows WHERE n = 3");
    const { orders, text } = looked();
    assert.match(text, /^orders {3}2 open at least;/m);
    assert.deepEqual(
      orders?.map(({ outTradeNo, problem }) => [outTradeNo, problem]),
      [
        [numberOf(1), null],
        [numberOf(2), "no row of it is there"],
      ],
    );
  });

  it("does not believe an empty list of open orders in a damaged journal", async () => {
    await left([charging(1), charging(2), money(2, "paid")]);
    change("DELETE FROM open_subjects; UPDATE rows SET body = replace(body, '1251', '9251') WHERE n = 2");
    const { orders, text } = looked();
    assert.equal(orders, null);
    assert.match(text, NOT_KNOWN);
    assert.match(text, /DAMAGED at row 2/);
  });
});

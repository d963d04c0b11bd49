import assert from "node:assert/strict";
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, it } from "node:test";
import type { Entry } from "../../src/core/payment/order.ts";
import type { MoneyEvent } from "../../src/journal/event.ts";
import { NEXT_FOLDER } from "../../src/links/sqlite/journal-folder.ts";
import { DAMAGED_FILE } from "../../src/links/sqlite/sqlite-schema.ts";
import { txEvent } from "../../src/reporting/event.ts";
import { startEmbeddedBroker } from "../../src/simulator/outside/embedded-broker.ts";
import { boot, charging, money, numberOf, shown } from "../journal/entries.ts";
import { realJournal } from "../journal/real.ts";
import { RunningBox } from "./running-box.ts";

/** Nobody listens there: what is asked stays open. */
const NO_BANK = "http://127.0.0.1:9";

describe("journal quarantine of the real program", () => {
  const directory = mkdtempSync(join(tmpdir(), "scanbox-quarantine-"));
  after(() => rmSync(directory, { recursive: true, force: true }));
  let boxes = 0;

  /** A box that has left these entries behind. */
  async function left(entries: readonly Entry[]): Promise<RunningBox> {
    boxes += 1;
    const box = await RunningBox.prepare(join(directory, String(boxes)), NO_BANK);
    const { journal } = await realJournal(box.journal);
    journal.note(boot);
    for (const entry of entries)
      await new Promise((resolve) => {
        journal.append(entry, resolve);
      });
    await new Promise<void>((resolve) => {
      journal.close(resolve);
    });
    return box;
  }

  const story: readonly Entry[] = [
    charging(1),
    shown(1, "PAID"),
    money(1, "paid"),
    charging(2),
    money(2, "reversing"),
    charging(3),
  ];

  function change(box: RunningBox, sql: string): void {
    const database = new DatabaseSync(join(box.journal, "journal.db"));
    for (const name of ["rows_stay", "rows_last"]) database.exec(`DROP TRIGGER ${name}`);
    database.exec(sql);
    database.close();
  }

  function folderOf(box: RunningBox): string {
    const [folder, ...more] = readdirSync(box.journal).filter((name) => name.startsWith("damaged-"));
    assert.ok(folder !== undefined && more.length === 0);
    return join(box.journal, folder);
  }

  it("is pointed to by a box that does not start, and lets its orders go on", async () => {
    const box = await left(story);
    change(box, "UPDATE rows SET body = replace(body, '1251', '9251') WHERE n = 2");
    const before = readFileSync(join(box.journal, "journal.db"));
    const refused = await box.command("run");
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /row 2: its hash does not match.*\n.*"scanbox journal quarantine"/);

    const { status, stdout, stderr } = await box.command("journal", "quarantine");
    assert.equal(status, 3, stderr);
    assert.match(stdout, /A new one has begun with 2 open orders and 2 used codes\./);
    assert.match(stdout, /#0002 12\.52 reversing, order/);
    assert.match(stderr, /^Row 2 of order k3b9x0aaQ7dV2mTz0000001: its hash/m);
    const folder = folderOf(box);
    assert.deepEqual(readFileSync(join(folder, "journal.db")), before, "nothing of it is changed");
    const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8")) as Record<string, unknown>;
    assert.deepEqual([report.rows, report.lost, report.unreadable, report.codes], [7, [], [], 2]);

    const open = await box.command("journal", "list", "--open", "--json");
    const orders = open.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      orders.map(({ outTradeNo, state }) => [outTradeNo, state]),
      [
        [numberOf(3), "charging"],
        [numberOf(2), "reversing"],
      ],
    );
    assert.equal((await box.command("journal", "verify")).status, 0);
    const old = await realJournal(box.journal);
    assert.ok(old.outcome.kind === "opened");
    assert.deepEqual(old.outcome.codeHashes, ["code-hash-2", "code-hash-3", "code-hash-2", "code-hash-3"]);
    assert.deepEqual(
      [...old.outcome.refs],
      [
        ["socket till-2", numberOf(2)],
        ["socket till-3", numberOf(3)],
      ],
    );
    await new Promise<void>((resolve) => {
      old.journal.close(resolve);
    });
    await box.run("order.resumed");
    await box.end("SIGKILL");
  });

  it("puts aside what a box has found damaged while it ran, which no start, status, verification or doctor calls whole", async () => {
    const box = await left(story);
    const sentence = "row 2: its hash does not match what it says";
    writeFileSync(join(box.journal, DAMAGED_FILE), `${sentence}\n`);
    const refused = await box.command("run");
    assert.deepEqual([refused.status, refused.stderr.includes(sentence)], [2, true]);
    assert.match((await box.command("status")).stdout, /row 2: its hash does not match/);
    const verified = await box.command("journal", "verify");
    assert.deepEqual([verified.status, verified.stdout.includes(sentence)], [1, true]);
    assert.match((await box.command("doctor")).stdout, /found the journal damaged: row 2: its hash/);
    assert.equal((await box.command("journal", "quarantine")).status, 0);
    const [folder = ""] = readdirSync(box.journal).filter((name) => name.startsWith("damaged-"));
    assert.equal(readFileSync(join(box.journal, folder, DAMAGED_FILE), "utf8"), `${sentence}\n`);
    assert.ok(!existsSync(join(box.journal, DAMAGED_FILE)));
    await box.run("order.resumed");
    await box.end("SIGKILL");
  });

  it("leaves nothing that the user of the service cannot open, though root ran it", async (t) => {
    if (process.getuid?.() !== 0) return t.skip("only root can give files away");
    const box = await left(story);
    change(box, "UPDATE rows SET body = replace(body, '1251', '9251') WHERE n = 2");
    rmSync(join(box.journal, "journal.lock"));
    const inside = (): string[] => [".", ...readdirSync(box.journal, { recursive: true, encoding: "utf8" })];
    const owner = { uid: 65_533, gid: 65_532 };
    for (const name of inside()) chownSync(join(box.journal, name), owner.uid, owner.gid);
    assert.equal((await box.command("journal", "quarantine")).status, 3);
    const foreign = inside().filter((name) => {
      const { uid, gid } = statSync(join(box.journal, name));
      return uid !== owner.uid || gid !== owner.gid;
    });
    assert.deepEqual(foreign, []);
    return undefined;
  });

  it("does nothing to a whole journal, to one that a box writes, and where there is none", async () => {
    const box = await left(story);
    const whole = await box.command("journal", "quarantine");
    assert.deepEqual([whole.status, whole.stderr], [1, "The journal is whole; nothing was done.\n"]);
    const { journal } = await realJournal(box.journal);
    const busy = await box.command("journal", "quarantine");
    assert.equal(busy.status, 1);
    assert.match(busy.stderr, /^another scanbox is writing the journal in .*; nothing was done\.$/m);
    const second = await box.command("run");
    assert.equal(second.status, 1);
    assert.match(
      second.stderr,
      /^journal: another scanbox is writing .*\njournal: stop the other one; "scanbox status" names it\.$/m,
    );
    await new Promise<void>((resolve) => {
      journal.close(resolve);
    });
    rmSync(box.journal, { recursive: true });
    const none = await box.command("journal", "quarantine");
    assert.deepEqual([none.status, existsSync(box.journal)], [1, false]);
    assert.match(none.stderr, /^There is no journal in /);
  });

  it("saves what stands before and behind torn pages, and lists the rows between", async () => {
    const many = Array.from({ length: 300 }, (_, index) => [charging(index + 1), money(index + 1, "paid")]);
    const box = await left([charging(900), ...many.flat(), charging(901)]);
    const path = join(box.journal, "journal.db");
    const bytes = readFileSync(path);
    const at = Math.floor(bytes.indexOf(`"outTradeNo":"${numberOf(150)}"`) / 4_096) * 4_096;
    bytes.fill(0xff, at, at + 4_096);
    writeFileSync(path, bytes);
    const { status, stdout } = await box.command("journal", "quarantine", "--json");
    assert.equal(status, 3);
    const report = JSON.parse(stdout) as {
      carried: { outTradeNo: string }[];
      unreadable: [number, number][];
      rows: number;
    };
    const carried = new Set(report.carried.map(({ outTradeNo }) => outTradeNo));
    assert.ok(carried.has(numberOf(900)) && carried.has(numberOf(901)));
    const missing = report.unreadable.reduce((sum, [from, to]) => sum + to - from + 1, 0);
    assert.ok(missing > 0 && missing < 20, `${missing} rows of one page`);
    assert.equal(report.rows + missing, 603);
    assert.equal((await box.command("journal", "verify")).status, 0);
  });

  it("begins empty, and says so, where nothing can be read", async () => {
    const box = await left(story);
    writeFileSync(join(box.journal, "journal.db"), "this is not a database".repeat(1_000));
    const { status, stderr } = await box.command("journal", "quarantine");
    assert.equal(status, 3);
    assert.match(stderr, /The list of open orders cannot be read: compare/);
    assert.equal((await box.command("journal", "verify")).status, 0);
  });

  it("finds what stands in the log alone, where the journal's own file has been emptied or is missing", async () => {
    for (const how of ["emptied", "missing"]) {
      boxes += 1;
      const box = await RunningBox.prepare(join(directory, String(boxes)), NO_BANK);
      const { journal } = await realJournal(box.journal);
      journal.note(boot);
      for (const entry of story)
        await new Promise((resolve) => {
          journal.append(entry, resolve);
        });
      const copy = join(directory, how);
      // The log as a power cut leaves it: no page of it has been moved yet.
      mkdirSync(copy);
      for (const name of ["journal.db-wal", "journal.lock"])
        copyFileSync(join(box.journal, name), join(copy, name));
      await new Promise<void>((resolve) => {
        journal.close(resolve);
      });
      rmSync(box.journal, { recursive: true });
      renameSync(copy, box.journal);
      if (how === "emptied") writeFileSync(join(box.journal, "journal.db"), "");
      const refused = await box.command("run");
      assert.equal(refused.status, 2);
      assert.match(refused.stderr, /journal\.db is (empty|missing), .*\n.*"scanbox journal quarantine"/);
      const status = await box.command("status", "--json");
      assert.match(status.stdout, /there was a journal/);
      const { status: exit, stdout, stderr } = await box.command("journal", "quarantine");
      assert.equal(exit, 3, stderr);
      assert.match(stdout, /A new one has begun with 2 open orders/);
      assert.ok(existsSync(join(folderOf(box), "journal.db-wal")), "the log is put aside, and kept");
      assert.equal((await box.command("journal", "verify")).status, 0);
    }
  });

  it("reports what nobody had confirmed, in the bytes that it always had, and what it doubts to people alone", async (t) => {
    const broker = await startEmbeddedBroker({ port: 0 });
    t.after(() => broker.close());
    const heard: string[] = [];
    let tell: () => void = () => undefined;
    broker.onMessage(({ topic, payload }) => {
      if (topic.endsWith("/tx")) heard.push(payload);
      tell();
    });
    boxes += 1;
    const more = { mqtt: { url: broker.url } };
    const box = await RunningBox.prepare(join(directory, String(boxes)), NO_BANK, more);
    const { journal, outcome } = await realJournal(box.journal);
    assert.ok(outcome.kind === "opened");
    journal.note(boot);
    for (const entry of [charging(1), money(1, "paid"), charging(2), charging(3), money(3, "paid")])
      await new Promise((resolve) => {
        journal.append(entry, resolve);
      });
    const events = await new Promise<readonly MoneyEvent[] | null>((resolve) => {
      journal.follow(0, 10, resolve);
    });
    journal.moveCursor("mqtt", 1);
    await new Promise<void>((resolve) => {
      journal.close(resolve);
    });
    change(box, "UPDATE rows SET body = replace(body, '1253', '9253') WHERE n = 6");
    const { status, stdout } = await box.command("journal", "quarantine", "--json");
    assert.equal(status, 3);
    const report = JSON.parse(stdout) as {
      unsent: number;
      unnamed: number;
      carried: { outTradeNo: string; doubtful: boolean }[];
    };
    assert.deepEqual([report.unsent, report.unnamed], [3, 0]);
    assert.deepEqual(
      report.carried.map(({ outTradeNo, doubtful }) => [outTradeNo, doubtful]),
      [
        [numberOf(2), false],
        [numberOf(3), true],
      ],
    );
    await box.run();
    while (heard.length < 5)
      await new Promise<void>((resolve) => {
        tell = resolve;
      });
    await box.end("SIGKILL");
    const old = (events ?? []).slice(1, 4).map((event) => txEvent(event, outcome.journal));
    assert.deepEqual(heard.slice(0, 3), old);
    const own = heard
      .slice(3, 5)
      .map((text) => JSON.parse(text) as { journal: string; seq: number; type: string });
    assert.ok(
      own.every((event) => event.journal !== outcome.journal && event.type === "scanbox.tx.charging.v1"),
    );
    assert.deepEqual(
      own.map(({ seq }) => seq),
      [1, 2],
    );
    assert.equal((await box.command("journal", "verify")).status, 0);
  });

  it("carries orders where the end of the file is gone", async () => {
    const many = Array.from({ length: 100 }, (_, index) => [charging(index + 1), money(index + 1, "paid")]);
    const box = await left([charging(900), ...many.flat()]);
    const path = join(box.journal, "journal.db");
    truncateSync(path, Math.floor(readFileSync(path).length / 4_096 / 2) * 4_096);
    const { status } = await box.command("journal", "quarantine");
    assert.equal(status, 3);
    const verified = await box.command("journal", "verify");
    assert.equal(verified.status, 0, verified.stdout + verified.stderr);
  });

  it("goes on from wherever a crash left it, and no box starts before that", async () => {
    const moves: readonly ((from: string, to: string, next: string) => void)[] = [
      () => undefined,
      (from, to) => renameSync(join(from, "journal.db"), join(to, "journal.db")),
      (from, to) => renameSync(join(from, "journal.db-wal"), join(to, "journal.db-wal")),
      (from, _, next) => renameSync(join(next, "journal.db"), join(from, "journal.db")),
    ];
    for (let done = 1; done <= moves.length; done += 1) {
      const box = await left(story);
      const { journal } = box;
      // The new journal is one that has the open orders of a smaller story.
      const fresh = await left([charging(2)]);
      const [folder, next] = [join(journal, "damaged-x"), join(journal, NEXT_FOLDER)];
      for (const made of [folder, next]) mkdirSync(made);
      copyFileSync(join(fresh.journal, "journal.db"), join(next, "journal.db"));
      writeFileSync(join(journal, "journal.db-wal"), "a log that belongs to the damaged one");
      writeFileSync(join(journal, "journal.quarantine"), "damaged-x");
      for (const move of moves.slice(0, done)) move(journal, folder, next);
      const refused = await box.command("run");
      assert.equal(refused.status, 2);
      assert.match(refused.stderr, /half moved aside/);
      const finished = await box.command("journal", "quarantine");
      assert.equal(finished.status, 3, finished.stderr);
      assert.deepEqual(readdirSync(folder).sort(), ["journal.db", "journal.db-wal"]);
      assert.ok(!existsSync(next) && !existsSync(join(journal, "journal.quarantine")));
      const open = await box.command("journal", "list", "--open");
      assert.match(open.stdout, /^\S+ \S+ {2}#0002 {2}charging .*\n$/);
      assert.equal((await box.command("journal", "verify")).status, 0);
    }
  });
});

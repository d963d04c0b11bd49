import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Writable } from "node:stream";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { journalMembers } from "../../scripts/documents/local-parts.ts";
import { type DirectoryFound, journalCommand } from "../../src/cli/journal/journal.ts";
import { UsageError } from "../../src/cli/usage.ts";
import type { Journal } from "../../src/journal/journal.ts";
import { boot, charging, money, numberOf, shown } from "./entries.ts";
import { realJournal } from "./real.ts";

class Heard extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }

  get lines(): readonly string[] {
    return this.text.split("\n").slice(0, -1);
  }
}

interface Run {
  readonly status: number;
  readonly out: readonly string[];
  readonly complaints: readonly string[];
}

async function run(
  args: readonly string[],
  found: DirectoryFound = { ok: false, problems: [] },
): Promise<Run> {
  const stdout = new Heard();
  const stderr = new Heard();
  const status = await journalCommand(args, { stdout, stderr }, () => found);
  return { status, out: stdout.lines, complaints: stderr.lines };
}

function parsed(lines: readonly string[]): readonly unknown[] {
  return lines.map((line) => JSON.parse(line));
}

describe("the journal command", () => {
  let directory = "";
  let journal: Journal;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "scanbox-journal-"));
    const real = await realJournal(directory);
    assert.equal(real.outcome.kind, "opened");
    journal = real.journal;
    journal.note(boot);
    const entries = [
      charging(1),
      shown(1, "PAID\n12.51"),
      money(1, "paid"),
      charging(2),
      money(2, "reversing"),
      charging(3),
    ];
    for (const entry of entries) {
      const ok = await new Promise((resolve) => {
        journal.append(entry, resolve);
      });
      assert.equal(ok, true);
    }
  });

  after(async () => {
    await new Promise<void>((resolve) => {
      journal.close(resolve);
    });
    rmSync(directory, { recursive: true, force: true });
  });

  it("lists the orders that moved last while the daemon runs", async () => {
    const { status, out } = await run(["list", "--directory", directory, "--json"]);
    assert.equal(status, 0);
    const orders = parsed(out).map((order) => JSON.stringify(order));
    assert.equal(orders.length, 3);
    for (const [index, state] of [
      [0, "charging"],
      [1, "reversing"],
      [2, "paid"],
    ] as const) {
      assert.match(
        orders[index] ?? "",
        new RegExp(`"outTradeNo":"${numberOf(3 - index)}".*"state":"${state}"`),
      );
    }
  });

  it("lists open orders alone, and no more than were asked for", async () => {
    const open = await run(["list", "--open", "--directory", directory]);
    assert.equal(open.out.length, 2);
    assert.ok(
      open.out.every((line) => /charging|reversing/.test(line)),
      open.out.join("\n"),
    );
    const one = await run(["list", "--limit", "1", "--directory", directory]);
    assert.equal(one.out.length, 1);
    assert.match(
      one.out[0] ?? "",
      /#0003 {2}charging {6}12\.53 {2}k3b9x0aaQ7dV2mTz0000003 {2}till-3 {2}charged\?$/,
      "with the till's own id",
    );
  });

  it("tells times as the clock on the wall has them, and lists the orders of one day of it", async () => {
    const zone = process.env.TZ;
    try {
      // 09:30:12 in UTC, and in one of the two places the day before is not over.
      process.env.TZ = "Pacific/Kiritimati";
      const shown = await run(["show", "0001", "--directory", directory]);
      assert.match(shown.out[1] ?? "", /^2026-03-15 23:30:12 {2}shown: /);
      process.env.TZ = "Etc/GMT+10";
      const again = await run(["show", "0001", "--directory", directory]);
      assert.match(again.out[1] ?? "", /^2026-03-14 23:30:12 {2}shown: /);
      const day = await run(["list", "--date", "2026-03-14", "--directory", directory]);
      assert.equal(day.out.length, 3);
      const before = await run(["list", "--date", "2026-03-15", "--directory", directory]);
      assert.deepEqual(before.out, ["There are no orders."]);
      const two = await run(["list", "--date", "2026-03-14", "--limit", "2", "--directory", directory]);
      assert.equal(two.out.length, 2);
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  it("finds an order by what the screen shows, sign and zeros or not", async () => {
    const whole = await run(["show", "0001", "--directory", directory]);
    for (const name of ["#0001", "#1", "1", "001"])
      assert.deepEqual(await run(["show", name, "--directory", directory]), whole, name);
  });

  it("shows one order by its number, by its short form and by the till's id", async () => {
    const shownBy = await Promise.all(
      [numberOf(1), "0001", "till-1"].map((name) => run(["show", name, "--directory", directory])),
    );
    for (const { status, out } of shownBy) {
      assert.equal(status, 0);
      assert.equal(out.length, 3);
      assert.match(out[1] ?? "", /shown: PAID \/ 12\.51$/);
      assert.match(out[2] ?? "", /paid/);
    }
    const { out } = await run(["show", "0001", "--json", "--directory", directory]);
    const rows = parsed(out).map((row) => JSON.stringify(row));
    assert.deepEqual(
      rows.map((row) => /"kind":"(\w+)"/.exec(row)?.[1]),
      ["charging", "shown", "money"],
    );
  });

  it("says no where an order is not there", async () => {
    const { status, complaints } = await run(["show", "0009", "--directory", directory]);
    assert.deepEqual([status, complaints], [1, ["The journal has no order 0009."]]);
  });

  it("finds a whole journal whole", async () => {
    const { status, out } = await run(["verify", "--directory", directory]);
    assert.deepEqual([status, out], [0, ["The journal is whole: 7 rows, 5 money events, 2 open orders."]]);
    const { out: json } = await run(["verify", "--json", "--directory", directory]);
    assert.match(
      json[0] ?? "",
      /^\{"ok":true,"first":1,"rows":7,"events":5,"segments":1,"open":2,"head":"[0-9a-f]{64}","damage":null\}$/,
    );
  });

  it("prints lines whose members stand in the table of the documents", async () => {
    const table = [...journalMembers().matchAll(/^\| (.+?) +\| `(\w+)`/gm)];
    const told = (line: string): readonly string[] =>
      table.flatMap(([, of, member = ""]) => (of === line ? [member] : []));
    const [order] = await linesOf("list");
    assert.deepEqual(Object.keys(order ?? {}).slice(0, 3), [...told("list"), "outTradeNo"]);
    const [verdict] = await linesOf("verify");
    assert.deepEqual(Object.keys(verdict ?? {}), told("verify"));
    const rows = await linesOf("show", "0001");
    for (const row of rows) {
      const known = [...told("show"), ...told(`show, kind \`${String(row.kind)}\``)];
      const always = known.filter((member) => member !== "doubted");
      assert.deepEqual(Object.keys(row).sort(), always.sort());
    }
    assert.deepEqual(
      rows.map(({ kind }) => kind),
      ["charging", "shown", "money"],
    );
  });

  async function linesOf(...args: readonly string[]): Promise<readonly Record<string, unknown>[]> {
    const { out } = await run([...args, "--json", "--directory", directory]);
    return parsed(out).map((line) => z.record(z.string(), z.unknown()).parse(line));
  }

  it("finds the directory by the configuration, and says what is wrong with that", async () => {
    const there = await run(["verify"], { ok: true, directory });
    assert.equal(there.status, 0);
    const wrong = await run(["verify"], { ok: false, problems: ["journal.directory is missing."] });
    assert.deepEqual([wrong.status, wrong.complaints], [2, ["journal.directory is missing."]]);
    const missing = await run(["verify"], { ok: true, directory: join(directory, "nowhere") });
    assert.equal(missing.status, 1);
    assert.match(missing.complaints[0] ?? "", /^There is no journal in /);
  });

  it("refuses what it does not know with a sentence", async () => {
    for (const args of [
      [],
      ["rotat"],
      ["rotate", "--directory", "."],
      ["rotate", "now"],
      ["quarantine", "--limit", "1"],
      ["show"],
      ["verify", "0001"],
      ["verify", "--open"],
      ["list", "--limit", "0"],
      ["list", "--all"],
      ["show", "0001", "0002"],
    ])
      await assert.rejects(run(args), UsageError, args.join(" "));
  });
});

describe("journal verify on a journal that somebody changed", () => {
  const tampering: readonly (readonly [string, string, RegExp])[] = [
    [
      "changed a row",
      "UPDATE rows SET body = replace(body, '1251', '9251') WHERE n = 2",
      /at row 2: its hash/,
    ],
    [
      "took the last row of an order out",
      "DELETE FROM rows WHERE n = 4",
      /at row 5: the rows before it are not/,
    ],
    ["took the newest row away", "DELETE FROM rows WHERE n = 5", /list of open orders/],
    ["emptied the list of open orders", "DELETE FROM open_subjects", /list of open orders/],
    [
      "exchanged two rows",
      "UPDATE rows SET n = -n WHERE n IN (2, 3); UPDATE rows SET n = 5 + n WHERE n < 0",
      /at row 2/,
    ],
    [
      "gave it another name",
      "UPDATE meta SET journal = '0123456789abcdef'",
      /at row 1: it does not continue/,
    ],
  ];

  for (const [what, sql, words] of tampering) {
    it(`says where, after somebody ${what}`, async () => {
      const directory = mkdtempSync(join(tmpdir(), "scanbox-tampered-"));
      try {
        const { journal } = await realJournal(directory);
        journal.note(boot);
        for (const entry of [charging(1), shown(1, "WAIT"), money(1, "paid"), charging(2)])
          await new Promise((resolve) => {
            journal.append(entry, resolve);
          });
        await new Promise<void>((resolve) => {
          journal.close(resolve);
        });
        const database = new DatabaseSync(join(directory, "journal.db"));
        for (const name of ["rows_stay", "rows_last", "meta_stays"]) database.exec(`DROP TRIGGER ${name}`);
        database.exec(sql);
        database.close();
        const { status, out } = await run(["verify", "--directory", directory]);
        assert.equal(status, 1);
        assert.match(out[0] ?? "", words);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    });
  }
});

describe("journal list --open on a journal from which rows were taken", () => {
  it("names an open order of which no row is left, and does not say that none is open", async () => {
    const directory = mkdtempSync(join(tmpdir(), "scanbox-gone-"));
    try {
      const { journal } = await realJournal(directory);
      journal.note(boot);
      await new Promise((resolve) => {
        journal.append(charging(2), resolve);
      });
      await new Promise<void>((resolve) => {
        journal.close(resolve);
      });
      const database = new DatabaseSync(join(directory, "journal.db"));
      for (const name of ["rows_stay", "rows_last"]) database.exec(`DROP TRIGGER ${name}`);
      database.exec("DELETE FROM rows WHERE n = 2");
      database.close();
      const { status, out, complaints } = await run(["list", "--open", "--directory", directory]);
      assert.deepEqual([status, out], [1, []]);
      assert.deepEqual(complaints, [`order ${numberOf(2)} is open, and no row of it is there`]);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { boot, charging, money, numberOf } from "../journal/entries.ts";
import { realJournal } from "../journal/real.ts";
import { RunningBox } from "./running-box.ts";

const published = readFileSync(new URL("../gateway/fixtures/bill-all.txt", import.meta.url), "utf8");

/** The published bill, its two orders under other numbers. */
function billWith(paid: string, revoked: string): string {
  return published
    .replaceAll("BX0123-20260315-000042", paid)
    .replaceAll("BX0123-20260315-000051", revoked)
    .replaceAll("BOX-000123", "box-000123");
}

let directory = "";
let box: RunningBox;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), "scanbox-reconcile-"));
  box = await RunningBox.prepare(join(directory, "box"), "http://127.0.0.1:1");
  const { journal } = await realJournal(box.journal);
  // 12.80, as the bill has it.
  const [paidIndex, reversedIndex] = [30, 31];
  for (const entry of [
    boot,
    ...[charging(paidIndex), money(paidIndex, "paid")],
    ...[charging(reversedIndex), money(reversedIndex, "reversing"), money(reversedIndex, "reversed")],
  ]) {
    await new Promise((resolve) => {
      journal.append(entry, resolve);
    });
  }
  await new Promise<void>((resolve) => {
    journal.close(resolve);
  });
});
after(() => rmSync(directory, { recursive: true }));

function bill(text: string): string {
  const path = join(directory, "bill.txt");
  writeFileSync(path, text);
  return path;
}

test("a bill and the journal of a box agree", async () => {
  const path = bill(billWith(numberOf(30), numberOf(31)));
  const said = await box.command("journal", "reconcile", "--bill", path);
  assert.deepEqual([said.status, said.stdout], [0, ""], said.stderr);
  assert.equal(
    said.stderr,
    "2026-03-15: 2 orders of box-000123 in the bill, 1 payments in the journal: they agree.\n",
  );
});

test("what does not agree is listed, for people and for programs, and the status is 1", async () => {
  const path = bill(billWith("somebody-elses", numberOf(30)));
  const said = await box.command("journal", "reconcile", "--bill", path);
  assert.equal(said.status, 1);
  assert.match(
    said.stdout,
    /^unknown: order somebody-elses \(42\d+\): bill SUCCESS 1280, journal nothing; /m,
  );
  assert.match(said.stdout, /^taken-back: order .*30 \(42\d+\): bill REVOKED 0, journal paid 12\.80; /m);
  assert.match(said.stderr, /: 2 exceptions\.$/m);
  const json = await box.command("journal", "reconcile", "--bill", path, "--json");
  const kinds = json.stdout
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { readonly kind: string }).kind);
  assert.deepEqual([json.status, kinds], [1, ["unknown", "taken-back"]]);
  assert.ok(!json.stdout.includes("oFIXTURE"), "no customer is named");
});

test("what is no bill is refused with the reason", async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["--bill", join(directory, "none")], /cannot be read: ENOENT/],
    [
      ["--bill", bill(published.replace("`2,", "`3,"))],
      /is no bill: it does not have as many rows as it says/,
    ],
    [[], /--bill is missing/],
    [["--bill", "x", "--date", "15.03.2026"], /--date is a day such as/],
    [["--bill", "x", "--open"], /takes --bill, --date, --config and --json alone/],
  ];
  for (const [args, sentence] of cases) {
    const said = await box.command("journal", "reconcile", ...args);
    assert.deepEqual([said.status, said.stdout], [2, ""], args.join(" "));
    assert.match(said.stderr, sentence);
  }
  const list = await box.command("journal", "list", "--bill", "x");
  assert.equal(list.status, 2);
  assert.match(list.stderr, /belong to "journal reconcile"/);
});

test("the bill of a day without payments is compared for the day that is named", async () => {
  const empty = published
    .split("\n")
    .filter((line) => !line.startsWith("`2026"))
    .join("\n")
    .replace(/^`2,.*$/m, "`0,`0.00,`0.00,`0.00,`0.00,`0.00,`0.00");
  const path = bill(empty);
  const unnamed = await box.command("journal", "reconcile", "--bill", path);
  assert.equal(unnamed.status, 2);
  assert.match(unnamed.stderr, /The bill is empty: say its day with --date/);
  const named = await box.command("journal", "reconcile", "--bill", path, "--date", "2026-03-16");
  assert.equal(named.status, 0, named.stderr);
});

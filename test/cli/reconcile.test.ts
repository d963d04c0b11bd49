import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { boot, charging, money, numberOf } from "../journal/entries.ts";
import { realJournal } from "../journal/real.ts";
import { RunningBox } from "./running-box.ts";

const published = readFileSync(
  new URL("../providers/wechat-v2/fixtures/bill-all.txt", import.meta.url),
  "utf8",
);

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
    "2026-03-15: 2 orders of box-000123 in the bill, 1 payment in the journal: they agree.\n",
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

test("the ordinary bill is compared by its amounts, and one exception is called one", async () => {
  const text = billWith(numberOf(30), numberOf(31))
    .split("\n")
    .map((line, index) =>
      line
        .split(",")
        .slice(0, index < 3 ? 24 : 5)
        .join(","),
    )
    .join("\n");
  const agreed = await box.command("journal", "reconcile", "--bill", bill(text));
  assert.deepEqual([agreed.status, agreed.stdout], [0, ""], agreed.stderr);
  const other = text.replaceAll("`12.80", "`0.02");
  const said = await box.command("journal", "reconcile", "--bill", bill(other));
  assert.equal(said.status, 1);
  assert.match(said.stdout, /^amount: order .*30 \(42\d+\): bill SUCCESS 2, journal paid 12\.80; /);
  assert.match(said.stderr, /: 1 exception\.$/m);
});

test("a bill that does not tell what went back is not compared, and the status is 3", async () => {
  const lines = billWith(numberOf(30), numberOf(31)).split("\n");
  const refunds = /退款/;
  const names = (lines[0] ?? "").split(",");
  const kept = names.flatMap((name, index) => (refunds.test(name) ? [] : [index]));
  const rows = lines.slice(0, 2).map((line) => kept.map((index) => line.split(",")[index]).join(","));
  const text = [...rows, "总交易单数,应结订单总金额,手续费总金额,订单总金额", "`1,`12.80,`0.08,`12.80"].join(
    "\n",
  );
  const said = await box.command("journal", "reconcile", "--bill", bill(text));
  assert.equal(said.status, 3, said.stderr);
  assert.equal(said.stdout, "not compared: the bill does not tell what went back: fetch the kind ALL.\n");
  assert.match(said.stderr, /: not compared, for 1 reason\.$/m);
  const json = await box.command("journal", "reconcile", "--bill", bill(text), "--json");
  assert.equal(json.stdout, '{"kind":"not-compared","why":"refunds","about":null}\n');
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
  assert.match(list.stderr, /belongs to "journal reconcile"/);
});

test("a bill of another merchant, of another day or of several days is refused", async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [published.replaceAll("1900000109", "1900000108"), /is the bill of account 1900000108, which is none of/],
    [published.replaceAll("2026-03-15", "2026-03-14"), /is the bill of 2026-03-14, not of 2026-03-15/],
    [published.replace("`2026-03-15", "`2026-03-14"), /has payments of several days/],
  ];
  for (const [text, sentence] of cases) {
    const said = await box.command("journal", "reconcile", "--bill", bill(text), "--date", "2026-03-15");
    assert.deepEqual([said.status, said.stdout], [2, ""], said.stderr);
    assert.match(said.stderr, sentence);
  }
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

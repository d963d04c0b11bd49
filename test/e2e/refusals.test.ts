import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Entry } from "../../src/core/payment/order.ts";
import { genesis, writeRow } from "../../src/journal/row.ts";
import { SqliteWriter } from "../../src/links/sqlite/sqlite-writer.ts";
import { CODES_REMEMBERED } from "../../src/runtime/ports.ts";
import { withEntry } from "../config-text.ts";
import { boot, charging, money, shown } from "../journal/entries.ts";
import type { Box } from "./box.ts";
import { Stand } from "./stand.ts";

/** As SQLite makes them. */
const PAGE_BYTES = 4_096;

const stand = await Stand.start();
after(() => stand.end());

/** Starts a box that must end by itself; gives what it said on stderr. Status 2 is for what no new start mends. */
async function refused(box: Box, status: 1 | 2 = 2): Promise<string> {
  const program = box.launch();
  assert.equal(await program.ended(), status, program.tail());
  return program.stderr;
}

/** Starts a box that must come up and stay out of service with this code, whatever is scanned. */
async function outOfService(box: Box, outage: string): Promise<void> {
  const program = box.launch();
  const line = await program.line(`out of service, ${outage}`, ({ event, screen, code }) => {
    return event === "screen.shown" && screen === "out-of-service" && code === outage;
  });
  assert.equal(line.level, "info");
  await box.scan(stand.code());
  await sleep(200);
  assert.deepEqual(stand.orders(box), []);
  assert.ok(!program.log.some(({ event, screen }) => event === "screen.shown" && screen === "armed"));
  await box.stop();
  assert.deepEqual(await box.journal(), []);
}

describe("a box that must not start, or must not charge", { concurrency: 4 }, () => {
  it("sells nothing with keys that nobody knows, and says so, a sentence for each", async () => {
    const box = await stand.box("unknown-keys", {
      extra: { lates: "keep", till: {}, timing: { queryEveryMS: 1 } },
    });
    await outOfService(box, "E19");
    const mistakes = box.program.log.filter(({ event }) => event === "config.mistake");
    const file = join(stand.directory, "unknown-keys", "device.config.json");
    assert.deepEqual(
      mistakes.map(({ problem }) => String(problem).replace(`${file}: `, "")),
      [
        'timing.queryEveryMS: is not a known key; did you mean "queryEveryMs"?',
        'lates: is not a known key; did you mean "late"?',
        "till: is not offered by this version yet.",
      ],
    );
  });

  it("refuses secrets that are not there, all of them at once", async () => {
    const box = await stand.box("no-secrets", {
      apiKeyFile: join(stand.directory, "no-key"),
      certificate: { certFile: "/nowhere/cert.pem", keyFile: "/nowhere/key.pem" },
    });
    const said = await refused(box);
    assert.match(said, /providers\[0\]\.apiKey: .*no-key does not exist: create it, or correct the path/m);
    assert.match(said, /providers\[0\]\.certificate\.cert: \/nowhere\/cert\.pem does not exist/m);
    assert.match(said, /providers\[0\]\.certificate\.key: \/nowhere\/key\.pem does not exist/m);
    assert.equal(said.trimEnd().split("\n").length, 3, said);
  });

  it("refuses a configuration that is not there", async () => {
    const box = await stand.box("no-config");
    const { status, stderr } = await box.command("config", "check", join(stand.directory, "none.json"));
    assert.equal(status, 2);
    assert.match(stderr, /none\.json/);
  });

  it("is out of service with E31 where the API key is wrong", async () => {
    const file = join(stand.directory, "other-api-key");
    const key = "0123456789abcdef0123456789abcdef";
    stand.hide("the wrong API key", key);
    writeFileSync(file, key, { mode: 0o600 });
    await outOfService(await stand.box("wrong-key", { apiKeyFile: file }), "E31");
  });

  it("is out of service with E22 where the certificate is of another key", async () => {
    const { merchant, stranger } = stand.certificates;
    const certificate = { certFile: merchant.certFile, keyFile: stranger.keyFile };
    await outOfService(await stand.box("mismatch", { certificate }), "E22");
  });

  it("is out of service with E23 where the certificate has expired", async () => {
    await outOfService(await stand.box("expired", { certificate: stand.certificates.expired }), "E23");
  });

  it("is out of service with E21 where the certificate is none", async () => {
    const file = join(stand.directory, "not.pem");
    writeFileSync(file, "none\n", { mode: 0o600 });
    await outOfService(await stand.box("no-pem", { certificate: { certFile: file, keyFile: file } }), "E21");
  });

  it("is out of service with E33 where it does not trust the provider's certificate", async () => {
    const box = await stand.box("no-trust");
    const ca = { file: stand.certificates.stranger.certFile };
    box.configure(withEntry(stand.config(box, {}), { ca }));
    await outOfService(box, "E33");
  });

  it("goes on reversing where the provider does not know its certificate, and ends when it does", async () => {
    const wishes = { fixed: "1.14", certificate: stand.certificates.stranger };
    const box = await stand.box("foreign", wishes);
    await box.start();
    await box.scan(stand.code());
    await box.program.screen("reversing");
    await box.program.line("a reversal", ({ kind }) => kind === "undo-answered:unknown");
    const [order] = stand.orders(box);
    assert.equal(order?.state, "userpaying");
    await box.stop();
    box.configure(stand.config(box, { fixed: "1.14" }));
    await box.start();
    await stand.settled(box);
    await box.stop();
    const [row] = await stand.assertOneStory(box);
    assert.equal(row?.state, "reversed");
  });

  it("refuses a journal that a newer version wrote, and leaves it as it is", async () => {
    const box = await stand.box("newer");
    await box.start();
    await box.stop();
    const file = join(box.journalDirectory, "journal.db");
    const database = new DatabaseSync(file);
    database.exec("PRAGMA user_version = 99");
    database.close();
    const said = await refused(box);
    assert.match(said, /^journal: .*newer.*99/m);
    assert.equal(said.trimEnd().split("\n").length, 1, said);
    const { status, stderr } = await box.command("journal", "list");
    assert.equal(status, 1);
    assert.match(stderr, /newer scanbox \(version 99/);
  });

  it("refuses a journal that cannot be opened, in a way that a new start may mend", async () => {
    const box = await stand.box("unopened");
    const inTheWay = join(box.journalDirectory, "journal.db");
    mkdirSync(inTheWay, { recursive: true });
    assert.match(await refused(box, 1), /^journal: \S+journal\.db is not a file$/m);
    rmdirSync(inTheWay);
    await box.start();
    await box.stop();
  });

  it("refuses a journal that another process has, and does not disturb that one", async () => {
    const box = await stand.box("twice");
    const first = await box.start();
    const said = await refused(box, 1);
    assert.match(said, /^journal: .*(?:another|in use|locked)/m);
    const code = stand.code();
    await box.scan(code);
    await stand.settled(box);
    assert.equal(stand.totalsOf(code).charges, 1);
    first.signal("SIGTERM");
    assert.equal(await first.ended(), 0);
    await stand.assertOneStory(box);
  });

  it("refuses a journal with a row that was changed", async () => {
    const box = await stand.box("changed");
    await box.start();
    await box.scan(stand.code());
    await stand.settled(box);
    await box.stop();
    await stand.assertOneStory(box);
    const database = new DatabaseSync(join(box.journalDirectory, "journal.db"));
    database.exec(`DROP TRIGGER rows_stay; UPDATE rows SET body = replace(body, '"amountFen":100', '"amountFen":1')
      WHERE n = (SELECT max(n) FROM rows WHERE seq IS NOT NULL)`);
    database.close();
    const said = await refused(box);
    assert.match(said, /^journal: /m);
    const { status, stdout } = await box.command("journal", "verify");
    assert.equal(status, 1);
    assert.match(stdout, /damaged at row/);
  });

  it("charges nothing after it has found a page of old rows flipped, nor in any later life, until the journal is put aside", async () => {
    const box = await stand.box("flipped");
    const texts = Array.from({ length: 2_000 }, (_, index) => shown(1, `of old times, ${index}`));
    const payments = Array.from({ length: CODES_REMEMBERED }, (_, index) => [
      charging(index),
      money(index, "paid"),
    ]);
    write(box.journalDirectory, [boot, ...texts, ...payments.flat()]);
    flipPage(join(box.journalDirectory, "journal.db"), 'of old times, 1000"');
    const program = await box.start();
    await program.line("out of service, E20", ({ event, screen, code }) => {
      return event === "screen.shown" && screen === "out-of-service" && code === "E20";
    });
    await program.line("an alarm", ({ event, kind }) => event === "alarm" && kind === "journal-damaged");
    await box.scan(stand.code());
    await program.line("what was scanned", ({ event }) => event === "scanner.scanned");
    await box.stop();
    assert.deepEqual(stand.orders(box), []);
    assert.match(await refused(box), /^journal: /m);
    assert.equal((await box.command("journal", "quarantine")).status, 3, "rows of the page are lost");
    await box.start();
    const next = stand.code();
    await box.scan(next);
    await box.program.screen("paid");
    assert.equal(stand.totalsOf(next).charges, 1);
    await box.stop();
  });
});

/** Writes a journal that no box had. */
function write(directory: string, entries: readonly Entry[]): void {
  const writer = new SqliteWriter(directory);
  const opened = writer.open();
  assert.ok(opened.kind === "opened");
  const { journal } = opened;
  let head = genesis(journal);
  const rows = entries.map((entry) => {
    const written = writeRow(entry, head, { journal, at: "2026-03-15T09:30:12.000Z", boot: "b" });
    head = written.head;
    return written.row;
  });
  assert.equal(writer.append(rows), null);
  // Nobody has to be told of any of it.
  writer.moveCursor("mqtt", head.seq);
  writer.close();
}

/** Inverts the page of a database in which `text` stands. */
function flipPage(path: string, text: string): void {
  const bytes = readFileSync(path);
  const at = bytes.indexOf(text);
  assert.ok(at > 0, "the text stands in the file");
  const page = at - (at % PAGE_BYTES);
  for (let index = page; index < page + PAGE_BYTES; index += 1) bytes[index] = ~(bytes[index] ?? 0);
  writeFileSync(path, bytes);
}

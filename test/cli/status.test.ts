import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { table } from "../../src/cli/status.ts";
import { boxStatusSchema } from "../../src/commands/status.ts";
import type { Entry } from "../../src/core/payment/order.ts";
import { fixtureMerchant } from "../../src/providers/wechat-v2/sandbox/fixture-merchant.ts";
import { type SandboxServer, startSandboxServer } from "../../src/providers/wechat-v2/sandbox/server.ts";
import { aStatus } from "../commands/a-status.ts";
import { boot, charging, money } from "../journal/entries.ts";
import { realJournal } from "../journal/real.ts";
import { RunningBox } from "./running-box.ts";

describe("a status", () => {
  it("reads like this", () => {
    assert.equal(
      table(aStatus),
      `box        box-000123, Example store
program    scanbox 0.1.0, boot Q7dV2mTz9KpL, process 4711
config     /etc/scanbox/device.config.json
since      2026-03-15T09:30:12.000Z (1 d 2 h)
service    in service, the display says "Welcome / Enter amount"
devices    scanner ready, keypad ready, display absent, relay none
scans      811 codes, 14 refused
           2 thrown away: without an end (let the scanner send CR behind a code)
providers  wechat: wechat-v2 1900000109, proved, last signed answer 2026-03-16T11:33:00.000Z
orders     1 not over yet
           #0042 12.50 reversing for 1 min 15 s, order k3b9x0aa_Q7dV2mTz9KpL_42
journal    /var/lib/scanbox: 3.0 MiB, 1234 rows, 812 money events, last written 2026-03-16T11:32:58.000Z
           1000 rows proved so far
MQTT       online (MQTT 5), 0 unconfirmed
clock      2026-03-16T11:33:16.000Z, believed
memory     80.0 MiB, 18.0 MiB of it heap`,
    );
  });

  it("says what an outage means and what helps", () => {
    const service = {
      inService: false,
      screen: "out-of-service",
      display: ["OUT OF SERVICE", "Ask staff    E31", "", " "],
      blocker: "unproved",
      reason: "api-key",
      code: "E31",
      mistakes: ["lates: is not a known key."],
    };
    const text = table({ ...aStatus, service, mqtt: null });
    assert.match(
      text,
      /^service {4}OUT OF SERVICE \(E31, api-key\), the display says "OUT OF SERVICE \/ Ask staff E31"$/m,
    );
    assert.match(
      text,
      /^ {11}The provider's answers do not fit the API key, or it refuses our signatures\.$/m,
    );
    assert.match(text, /^ {11}Check `apiKey` of the account in `providers`/m);
    assert.match(text, /^ {11}lates: is not a known key\.$/m);
    assert.match(text, /^MQTT {7}no broker is configured$/m);
  });
});

it("says in capitals that the journal lies in memory", () => {
  const text = table({ ...aStatus, journal: { ...aStatus.journal, inMemory: true } });
  assert.match(
    text,
    /^ {11}IT LIES IN MEMORY: the next start has forgotten every payment; set journal\.directory$/m,
  );
  assert.doesNotMatch(table(aStatus), /MEMORY/);
});

it("says of a scanner that another program holds what helps, which is not a plug", () => {
  const scans = aStatus.scans;
  const absent = "Error Resource temporarily unavailable Cannot lock port";
  assert.ok(scans !== null);
  const text = table({ ...aStatus, scans: { ...scans, absent } });
  assert.match(
    text,
    /cannot be read: Error .* Cannot lock port: another program holds it \("scanbox doctor" names it\)/,
  );
  const gone = table({ ...aStatus, scans: { ...scans, absent: "No such file or directory" } });
  assert.doesNotMatch(gone, /holds it/);
});

it("says in words what the broker refuses", () => {
  const { mqtt } = aStatus;
  assert.ok(mqtt !== null);
  const refused = "scanbox/v1/box-000123/status: not authorized (0x87)";
  const text = table({ ...aStatus, mqtt: { ...mqtt, retains: false, refused } });
  assert.match(text, /^ {11}refused: scanbox\/v1\/box-000123\/status: not authorized \(0x87\)$/m);
  assert.match(text, /^ {11}nothing is retained: /m);
});

describe("the control socket of the real program", () => {
  let directory = "";
  let sandbox: SandboxServer;
  let box: RunningBox;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "scanbox-status-"));
    sandbox = await startSandboxServer({ merchants: [fixtureMerchant] });
    box = await RunningBox.prepare(join(directory, "box"), sandbox.origin);
  });

  after(async () => {
    await box.end();
    await sandbox.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** What an earlier run of the box has left. */
  async function record(entries: readonly Entry[]): Promise<void> {
    const { journal, outcome } = await realJournal(box.journal);
    assert.equal(outcome.kind, "opened");
    journal.note(boot);
    for (const entry of entries)
      await new Promise((resolve) => {
        journal.append(entry, resolve);
      });
    await new Promise<void>((resolve) => {
      journal.close(resolve);
    });
  }

  it("where no box ran yet there is nothing, and that is said", async () => {
    const { status, stdout } = await box.command("status");
    assert.equal(status, 1);
    assert.equal(
      stdout,
      `service  NOT RUNNING\nconfig   ${box.configFile}\njournal  ${box.journal}: there is none\norders   none is open\n`,
    );
    const rotated = await box.command("journal", "rotate");
    assert.deepEqual([rotated.status, rotated.stdout], [1, ""]);
    assert.match(rotated.stderr, /there is no journal in /);
    assert.equal(existsSync(box.journal), false);
  });

  it("tells how the box is, as a table and as JSON, and rotates its journal", async () => {
    await record([charging(1), money(1, "paid")]);
    await box.run("screen.shown");
    // The amount rests for a moment before codes are taken.
    let said = await box.command("status");
    for (let tries = 0; said.status !== 0 || said.stdout.includes("One moment"); tries += 1) {
      assert.ok(tries < 20);
      said = await box.command("status");
    }
    const socket = join(box.journal, "control.sock");
    assert.equal(statSync(socket).mode & 0o777, 0o660);
    assert.match(said.stdout, /^service {4}in service, the display says "Pay ¥5\.00 \/ Show WeChat code"$/m);
    const json = await box.command("status", "--json");
    assert.equal(json.status, 0);
    const { running, ...rest } = JSON.parse(json.stdout) as Record<string, unknown>;
    const told = boxStatusSchema.strict().parse(rest);
    assert.deepEqual([running, told.box, told.providers[0]?.proved], [true, "box-000123", true]);
    assert.ok(told.providers[0]?.signedAt !== null && told.journal.bytes !== null);
    const first = await box.command("journal", "rotate", "--json");
    assert.equal(first.status, 0, first.stderr);
    assert.match(first.stdout, /^\{"kind":"rotated","row":[45],"dropped":0\}$/m);
    const again = await box.command("journal", "rotate");
    assert.deepEqual([again.status, again.stderr], [0, ""]);
    assert.match(again.stdout, /^Nothing was written/);
    const verified = await box.command("journal", "verify");
    assert.match(verified.stdout, /^The journal is whole: [45] rows in 2 segments,/);
    await box.end();
    assert.equal(existsSync(socket), false);
  });

  it("says what the journal alone tells of a box that was killed, and rotates it under the lock", async () => {
    await record([charging(2)]);
    const { status, stdout } = await box.command("status");
    assert.equal(status, 1);
    assert.match(stdout, /^service {2}NOT RUNNING$/m);
    assert.match(stdout, /^orders {3}1 open, and nobody looks after them$/m);
    assert.match(stdout, /^ {9}#0002 12\.52 charging since .*, order k3b9x0aaQ7dV2mTz0000002$/m);
    const json = await box.command("status", "--json");
    const { running, orders } = JSON.parse(json.stdout) as { running: boolean; orders: readonly object[] };
    assert.deepEqual([json.status, running, orders.length], [1, false, 1]);
    const rotated = await box.command("journal", "rotate");
    assert.equal(rotated.status, 0, rotated.stderr);
    assert.match(rotated.stdout, /^A new segment begins at row \d+; 0 rows of old ones were dropped\.$/m);
  });

  it("wrong usage and a wrong configuration are 2", async () => {
    assert.equal((await box.command("status", "--jsn")).status, 2);
    assert.equal((await box.command("status", "now")).status, 2);
  });
});

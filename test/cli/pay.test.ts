import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { after, before, describe, it, test } from "node:test";
import { Leaving } from "../../src/cli/leaving.ts";
import { outOfService } from "../../src/cli/outages.ts";
import { fixtureMerchant } from "../../src/providers/wechat-v2/sandbox/fixture-merchant.ts";
import { startSandboxServer } from "../../src/providers/wechat-v2/sandbox/server.ts";
import { RunningBox } from "./running-box.ts";

const directory = mkdtempSync(join(tmpdir(), "scanbox-pay-"));
after(() => rmSync(directory, { recursive: true, force: true }));

test("a till at a box out of service hears the code and the meaning of the outage, as people at the display do", async () => {
  const sandbox = await startSandboxServer({ merchants: [fixtureMerchant] });
  const box = await RunningBox.prepare(join(directory, "box"), sandbox.origin, {
    amount: { source: "till" },
    scanner: { path: join(directory, "no-scanner") },
  });
  try {
    await box.run();
    let said = await box.command("pay", "1.00", "--ref", "sale-1");
    for (let tries = 0; !said.stderr.includes("E14") && tries < 20; tries += 1)
      said = await box.command("pay", "1.00", "--ref", "sale-1");
    assert.deepEqual(said, {
      status: 1,
      stdout: "",
      stderr:
        "Out of service, E14: The scanner is not there, or another program holds it. See: scanbox status\n",
    });
  } finally {
    await box.end();
    await sandbox.close();
  }
});

test("a box that reports in the clear to another machine says so in its log", async () => {
  const sandbox = await startSandboxServer({ merchants: [fixtureMerchant] });
  const box = await RunningBox.prepare(join(directory, "clear"), sandbox.origin, {
    amount: { source: "till" },
    mqtt: { url: "mqtt://broker.invalid" },
  });
  try {
    // Waits for this line of the log, and fails where the box ends without it.
    await box.run("mqtt.clear");
  } finally {
    await box.end();
    await sandbox.close();
  }
});

test("what has no code of its own is told without an inner word", () => {
  assert.equal(
    outOfService({ reason: "unclear", code: null }),
    "The box takes no payments now. See: scanbox status",
  );
  assert.equal(
    outOfService({ reason: null, code: null }),
    "The box takes no payments now. See: scanbox status",
  );
  assert.equal(
    outOfService({ reason: "no-network", code: null }),
    "Out of service: No host can be reached: no name, or no connection. See: scanbox status",
  );
});

describe("somebody who asked for an amount and waits no longer", () => {
  let sandbox: Awaited<ReturnType<typeof startSandboxServer>>;
  let box: RunningBox;

  before(async () => {
    sandbox = await startSandboxServer({ merchants: [fixtureMerchant] });
    box = await RunningBox.prepare(join(directory, "waiting"), sandbox.origin, {
      amount: { source: "till" },
    });
    await box.run("screen.shown");
    for (;;) if ((await box.command("status")).status === 0) break;
  });
  after(async () => {
    await box.end();
    await sandbox.close();
  });

  for (const [index, signal] of (["SIGINT", "SIGTERM", "SIGHUP"] as const).entries())
    it(`leaves nothing armed after ${signal}`, async () => {
      const ref = `left-${index}`;
      const said = await box.leave(["pay", "1.00", "--ref", ref], "1.00 armed", (child) =>
        child.kill(signal),
      );
      assert.equal(said.status, 1, said.stderr);
      assert.equal((JSON.parse(said.stdout) as { state: string }).state, "withdrawn");
      const after = await box.command("pay", "--ref", ref, "--no-wait");
      assert.deepEqual([after.status, after.stderr], [1, ""]);
      assert.equal((JSON.parse(after.stdout) as { state: string }).state, "withdrawn");
    });
});

test("where nobody reads what is said, nobody waits; and who has left is not waited for", async () => {
  const output = new PassThrough();
  {
    using leaving = new Leaving([output]);
    assert.equal(leaving.left, false);
    output.emit("error", new Error("EPIPE"));
    await leaving.heard;
    assert.equal(leaving.left, true);
  }
  assert.equal(process.listenerCount("SIGHUP"), 0);
});

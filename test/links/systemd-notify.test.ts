/** A receiver as systemd is one: a datagram socket to which the kernel says who sent. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test, { type TestContext } from "node:test";
import { loadServiceManager } from "../../src/links/machine/systemd-notify.ts";

const receiver = `
import socket, struct, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
listener.bind(sys.argv[1].replace("@", "\\0", 1) if sys.argv[1].startswith("@") else sys.argv[1])
print("bound", flush=True)
while True:
    text, data, _, _ = listener.recvmsg(4096, 100)
    print(struct.unpack("iii", data[0][2])[0], text.decode().replace("\\n", "|"), flush=True)
`;

/** Lines of a receiver at this address. */
async function receive(t: TestContext, address: string): Promise<AsyncIterator<string>> {
  const child = spawn("python3", ["-c", receiver, address], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(async () => {
    child.kill();
    await once(child, "close");
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  assert.equal((await lines.next()).value, "bound");
  return lines;
}

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "scanbox-notify-"));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

for (const kind of ["a path", "an abstract name"] as const) {
  test(`the manager at ${kind} hears whole messages from this very process`, async (t) => {
    const address =
      kind === "a path" ? join(directory(t), "notify") : `@scanbox-notify-${process.pid}-${Date.now()}`;
    const lines = await receive(t, address);
    const loaded = await loadServiceManager({ NOTIFY_SOCKET: address });
    assert.equal(loaded.kind, "loaded");
    assert.equal(loaded.watchdogMs, null);
    assert.equal(loaded.manager.notify("READY=1\nSTATUS=Ready – für alle."), true);
    assert.equal(loaded.manager.notify("WATCHDOG=1"), true);
    assert.equal((await lines.next()).value, `${process.pid} READY=1|STATUS=Ready – für alle.`);
    assert.equal((await lines.next()).value, `${process.pid} WATCHDOG=1`);
  });
}

test("without a manager nothing is said and nothing is wrong", async () => {
  assert.deepEqual(await loadServiceManager({}), { kind: "none" });
  assert.deepEqual(await loadServiceManager({ NOTIFY_SOCKET: "" }), { kind: "none" });
});

test("a manager that has gone is told nothing, and the caller knows", async (t) => {
  const loaded = await loadServiceManager({ NOTIFY_SOCKET: join(directory(t), "nobody") });
  assert.equal(loaded.kind, "loaded");
  assert.equal(loaded.manager.notify("WATCHDOG=1"), false);
});

test("a manager that does not read holds nobody up", async (t) => {
  const address = join(directory(t), "deaf");
  const deaf = `
import socket, sys, time
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print("bound", flush=True)
time.sleep(60)
`;
  const child = spawn("python3", ["-c", deaf, address], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill());
  await once(child.stdout, "data");
  const loaded = await loadServiceManager({ NOTIFY_SOCKET: address });
  assert.equal(loaded.kind, "loaded");
  let taken = 0;
  while (taken < 100_000 && loaded.manager.notify("STATUS=x")) taken += 1;
  assert.ok(taken < 100_000, "the queue was full at some time");
});

test("an address that is none is a sentence", async () => {
  for (const address of ["vsock:2:1234", `/${"x".repeat(108)}`, `@${"x".repeat(108)}`]) {
    const loaded = await loadServiceManager({ NOTIFY_SOCKET: address });
    assert.equal(loaded.kind, "unusable");
    assert.match(loaded.problem, /NOTIFY_SOCKET/);
  }
});

test("the watchdog's limit counts where it was set for this process", async (t) => {
  const NOTIFY_SOCKET = join(directory(t), "nobody");
  const limit = async (environment: Readonly<Record<string, string>>): Promise<number | null> => {
    const loaded = await loadServiceManager({ NOTIFY_SOCKET, ...environment });
    assert.equal(loaded.kind, "loaded");
    return loaded.watchdogMs;
  };
  assert.equal(await limit({ WATCHDOG_USEC: "30000000" }), 30_000);
  assert.equal(await limit({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: String(process.pid) }), 30_000);
  assert.equal(await limit({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "1" }), null);
  assert.equal(await limit({ WATCHDOG_USEC: "nonsense" }), null);
});

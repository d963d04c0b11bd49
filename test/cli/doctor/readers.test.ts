/** The readers below the checks, on a folder that looks like /proc and on sockets and files of the test's own. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import test from "node:test";
import { loadKernelProbe } from "../../../src/links/gpio/kernel-probe.ts";
import { reachOrigin, reachTls } from "../../../src/links/https/host-probe.ts";
import { knockAtSocket } from "../../../src/links/listen/socket-probe.ts";
import { holdersOf, isRunning, lockHoldersOf, readTextIfAny } from "../../../src/links/machine/proc-files.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "scanbox-doctor-")));
test.after(() => rmSync(folder, { recursive: true }));
const device = join(folder, "ttyUSB0");
const proc = join(folder, "proc");
writeFileSync(device, "");

/** A process as /proc shows it. */
function process_(pid: number, comm: string, cmdline: string, ...files: readonly string[]): void {
  const fds = join(proc, String(pid), "fd");
  mkdirSync(fds, { recursive: true });
  writeFileSync(join(proc, String(pid), "comm"), `${comm}\n`);
  writeFileSync(join(proc, String(pid), "cmdline"), cmdline);
  for (const [fd, file] of files.entries()) symlinkSync(file, join(fds, String(fd)));
}

process_(101, "agetty", "/sbin/agetty\0--noclear\0ttyUSB0\0", "/dev/null", device);
process_(102, "node-MainThread", "/usr/bin/node\0/opt/scanbox.mjs\0run\0", device);
process_(103, "kworker/0:1", "", `${device}1`);
process_(process.pid, "node", "node\0", device);
mkdirSync(join(proc, "self-made"));

test("who has a file open is found by the file, named without arguments, and is never this process", () => {
  const link = join(folder, "by-id");
  symlinkSync(device, link);
  assert.deepEqual(holdersOf(link, proc), {
    holders: [
      { pid: 101, program: "agetty" },
      { pid: 102, program: "node scanbox.mjs" },
    ],
    hidden: false,
  });
  assert.deepEqual(holdersOf(folder, proc).holders.length, 3, "of a folder: who has a file in it");
  assert.deepEqual(holdersOf(join(folder, "none"), proc).holders, []);
});

test("a process that may not be looked into is told of", () => {
  const other = join(folder, "locked");
  mkdirSync(join(other, "7"), { recursive: true });
  // Root may look into every folder, so that a file stands for one that cannot be read.
  writeFileSync(join(other, "7", "fd"), "");
  assert.deepEqual(holdersOf(device, other), { holders: [], hidden: true });
});

test("a program is found by the name that the kernel keeps", () => {
  assert.equal(isRunning("agetty", proc), true);
  assert.equal(isRunning("node-MainThread-and-more", proc), true, "15 characters count");
  assert.equal(isRunning("ModemManager", proc), false);
  assert.equal(readTextIfAny(join(proc, "101", "comm")), "agetty");
  assert.equal(readTextIfAny(join(proc, "none")), null);
});

test("who holds a lock is found by the kernel's list, also where nobody may look into processes", () => {
  const path = join(folder, "journal.lock");
  const database = new DatabaseSync(path);
  assert.deepEqual(lockHoldersOf(path), []);
  database.exec("CREATE TABLE one (a); BEGIN EXCLUSIVE");
  assert.deepEqual(
    lockHoldersOf(path).map(({ pid }) => pid),
    [process.pid],
  );
  database.exec("COMMIT");
  database.close();
  assert.deepEqual(lockHoldersOf(join(folder, "none")), []);
});

test("a socket says whether somebody listens", async () => {
  const path = join(folder, "socket");
  assert.equal(await knockAtSocket(path, 1_000), "ENOENT");
  const server = createServer((socket) => socket.destroy()).listen(path);
  await new Promise((resolve) => server.once("listening", resolve));
  assert.equal(await knockAtSocket(path, 1_000), null);
  server.close();
});

test("the kernel answers about its clock, and says why it does not grab what is no keyboard", async () => {
  const kernel = await loadKernelProbe();
  assert.ok(kernel !== null);
  assert.equal(typeof kernel.clockIsKept(), "boolean");
  assert.equal(kernel.grab("/dev/null"), "ENOTTY");
  assert.equal(kernel.grab(join(folder, "none")), "ENOENT");
  assert.equal(kernel.i2cAnswer("/dev/null", 0x27), "ENOTTY");
});

test("a host that nobody is, and one that says nothing, are told apart", async () => {
  assert.deepEqual({ ...(await reachOrigin("http://127.0.0.1:1", null, 1_000)), ms: 0 }, refused);
  const keys = { ca: null, cert: null, key: null };
  assert.deepEqual({ ...(await reachTls("127.0.0.1", 1, keys, 1_000)), ms: 0 }, refused);
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await new Promise((resolve) => silent.once("listening", resolve));
  const address = silent.address();
  assert.ok(typeof address === "object" && address !== null);
  const late = { ...refused, code: "ETIMEDOUT" };
  assert.deepEqual({ ...(await reachOrigin(`https://127.0.0.1:${address.port}`, null, 50)), ms: 0 }, late);
  assert.deepEqual({ ...(await reachTls("127.0.0.1", address.port, keys, 50)), ms: 0 }, late);
  silent.close();
});

const refused = { ok: false, code: "ECONNREFUSED", ms: 0 };

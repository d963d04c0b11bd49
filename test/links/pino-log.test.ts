import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import test, { type TestContext } from "node:test";
import { Defect } from "../../src/core/kernel/defect.ts";
import { PinoLog } from "../../src/links/log/pino-log.ts";
import { PATIENCE_MS } from "../e2e/until.ts";

function logTo(
  t: TestContext,
  options: { level?: "debug" | "info" | "warn" | "error"; strict?: boolean } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-"));
  const path = join(folder, "log");
  const fd = openSync(path, "w");
  t.after(() => {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  });
  const log = new PinoLog({ level: "info", ...options, fd });
  const lines = (): Record<string, unknown>[] =>
    readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  return { log, lines };
}

test("an event is one JSON object on one line, written before the call returns", (t) => {
  const { log, lines } = logTo(t);
  log.info("payment.settled", { outTradeNo: "A1", amountFen: 1250, late: false, reason: null });
  const [line, ...rest] = lines();
  assert.equal(rest.length, 0);
  const { time, ...fields } = line ?? {};
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(fields, {
    level: "info",
    event: "payment.settled",
    outTradeNo: "A1",
    amountFen: 1250,
    late: false,
    reason: null,
  });
});

test("levels below the configured one are left out", (t) => {
  const { log, lines } = logTo(t, { level: "warn" });
  log.debug("a.b");
  log.info("a.c");
  log.warn("a.d");
  log.error("a.e");
  assert.deepEqual(
    lines().map(({ level, event }) => [level, event]),
    [
      ["warn", "a.d"],
      ["error", "a.e"],
    ],
  );
});

test("a field that is not on the list does not reach the log, and the line names it", (t) => {
  const { log, lines } = logTo(t);
  log.info("scan.read", { authCode: "134567890123456789", count: 1 });
  const [line] = lines();
  assert.deepEqual([line?.dropped, line?.count], ["authCode", 1]);
  assert.equal("authCode" in (line ?? {}), false);
});

test("in a strict log the same is a defect", (t) => {
  const { log } = logTo(t, { strict: true });
  assert.throws(() => log.info("scan.read", { authCode: "x" }), Defect);
});

test("digits that could be a payment code are masked even in a field on the list, order numbers are not", (t) => {
  const { log, lines } = logTo(t);
  log.error("scan.refused", {
    detail: `got 134567890123456789 at ${"x".repeat(600)}`,
    transactionId: "4200000001202603151234567890",
  });
  const [line] = lines();
  assert.match(String(line?.detail), /^got 13\*{13}789 at x+$/);
  assert.equal(String(line?.detail).length, 512);
  assert.equal(line?.transactionId, "4200000001202603151234567890");
});

test("a reader of the log that has gone does not end the program", () => {
  const fd = openSync("/dev/null", "r");
  const log = new PinoLog({ level: "info", fd });
  assert.doesNotThrow(() => log.info("a.b"));
  closeSync(fd);
});

/** A process that logs so many lines to a reader that stands still; told to, it logs a last one and ends by a defect. */
function logsTo(t: TestContext, count: number): ChildProcessByStdio<Writable, Readable, Readable> {
  const module = new URL("../../src/links/log/pino-log.ts", import.meta.url).href;
  const program = `
    import { PinoLog } from ${JSON.stringify(module)};
    process.stdout.on("error", () => undefined);
    const log = new PinoLog({ level: "info", fd: 1 });
    for (let count = 1; count <= ${count}; count += 1) log.info("a.b", { count });
    process.stderr.write("The loop goes on.");
    process.stdin.once("data", () => { log.error("a.last"); throw new Error("defect"); });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: "pipe" });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

/** Reads lines until one of this event has come. */
async function linesUntil(stdout: Readable, event: string): Promise<readonly Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = [];
  for await (const text of createInterface({ input: stdout })) {
    const line = JSON.parse(text) as Record<string, unknown>;
    lines.push(line);
    if (line.event === event) break;
  }
  return lines;
}

test("a reader that stands still stops nobody: lines wait, and what is too much is dropped and counted", {
  timeout: PATIENCE_MS,
}, async (t) => {
  const child = logsTo(t, 20_000);
  await once(child.stderr, "data");
  const lines = await linesUntil(child.stdout, "log.dropped");
  const dropped = Number(lines.at(-1)?.count);
  const told = lines.slice(0, -1).map(({ count }) => count);
  assert.ok(dropped > 10_000 && told.length > 1_000, `${dropped} of them are dropped`);
  assert.deepEqual(
    told,
    Array.from({ length: 20_000 - dropped }, (_, index) => index + 1),
  );
});

test("a process that ends by a defect leaves the lines that waited for a reader", {
  timeout: PATIENCE_MS,
}, async (t) => {
  const child = logsTo(t, 2_000);
  await once(child.stderr, "data");
  child.stdin.write("end");
  const lines = await linesUntil(child.stdout, "a.last");
  assert.equal(lines.length, 2_001);
});

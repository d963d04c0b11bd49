/**
 * Pulling the scanner's plug, on pseudo-terminals and the native package: whatever the process is doing at that moment, it
 * ends healed, no code is doubled or made of two, and nothing goes on spending time or memory. The scanner runs in a
 * process of its own, and a terminal's far end is a small program that can hang it up.
 */
import assert from "node:assert/strict";
import { type ChildProcess, fork, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../../src/simulator/outside/random.ts";
import type { Asked, Said } from "./unplug-reader.ts";

/** Copies its input to the terminal, and hangs the terminal up (TIOCVHANGUP) where it is sent SIGUSR1. */
const farEnd = `
import fcntl, os, pty, signal, tty
master, slave = pty.openpty()
path = os.ttyname(slave)
tty.setraw(slave)
os.close(slave)
def hang_up(*_):
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    fcntl.ioctl(fd, 0x5437, 0)
    os.close(fd)
signal.signal(signal.SIGUSR1, hang_up)
print(path, flush=True)
while True:
    rest = os.read(0, 65536)
    if not rest:
        break
    while rest:
        rest = rest[os.write(master, rest):]
`;

import { until } from "../e2e/until.ts";

const directory = mkdtempSync(join(tmpdir(), "scanbox-unplug-"));
after(() => rmSync(directory, { recursive: true }));
let scanners = 0;

class Terminal {
  readonly path: string;
  readonly #process: ChildProcess;

  static async plug(): Promise<Terminal> {
    const child = spawn("python3", ["-c", farEnd], { stdio: ["pipe", "pipe", "inherit"] });
    const path = await new Promise<string>((resolve) => {
      child.stdout.once("data", (bytes: Buffer) => resolve(bytes.toString().trim()));
    });
    return new Terminal(path, child);
  }

  constructor(path: string, child: ChildProcess) {
    this.path = path;
    this.#process = child;
  }

  send(text: string): void {
    this.#process.stdin?.write(text);
  }

  /** Ends every connection to the terminal, which can be opened again. */
  hangUp(): void {
    this.#process.kill("SIGUSR1");
  }

  async unplug(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGKILL");
    await ended;
  }
}

/** A terminal, a process that reads it by a link that can be moved, and all that the process said. */
class Scene {
  readonly said: Said[] = [];
  readonly link: string;
  readonly #terminals: Terminal[] = [];
  #reader: ChildProcess | null = null;

  static async begin(test: TestContext): Promise<{ readonly scene: Scene; readonly terminal: Terminal }> {
    scanners += 1;
    const scene = new Scene(join(directory, `usb-scanner-${scanners}`));
    test.after(() => scene.end());
    const terminal = await scene.plug();
    scene.lead(terminal);
    const reader = fork(join(import.meta.dirname, "unplug-reader.ts"), [scene.link]);
    reader.on("message", (said: Said) => scene.said.push(said));
    scene.#reader = reader;
    await scene.until("ready", () => scene.statuses().length === 1);
    return { scene, terminal };
  }

  constructor(link: string) {
    this.link = link;
  }

  async plug(): Promise<Terminal> {
    const terminal = await Terminal.plug();
    this.#terminals.push(terminal);
    return terminal;
  }

  /** Lets the link lead to a terminal, or nowhere. */
  lead(terminal: Terminal | null): void {
    rmSync(this.link, { force: true });
    if (terminal !== null) symlinkSync(terminal.path, this.link);
  }

  ask(asked: Asked): void {
    this.#reader?.send(asked);
  }

  statuses(): readonly string[] {
    return this.said.flatMap((said) => (said.kind === "status" ? [said.status] : []));
  }

  /** When the last status came, in milliseconds of the wall clock. */
  changedAt(): number {
    return this.said.flatMap((said) => (said.kind === "status" ? [said.at] : [])).at(-1) ?? 0;
  }

  scans(): readonly string[] {
    return this.said.flatMap((said) => (said.kind === "scanned" ? [said.code] : []));
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    await until(condition, () => `${what}; ${this.statuses().join(", ")}`);
  }

  /** The terminal hung up once; the scanner is ready again, reads, and costs nothing. */
  async healed(test: TestContext, terminal: Terminal, sent: readonly string[]): Promise<void> {
    await this.until("absent, then ready", () => this.statuses().length >= 3);
    // A code that is sent while nobody has the terminal open may be lost, which is why it is one of its own.
    const last = codes(9_999, 1)[0] ?? "";
    await sleep(100);
    terminal.send(`\r${last}\r`);
    await this.until("a code after the hang-up", () => this.scans().includes(last));
    this.#isWhole([...sent, last]);
    await this.until("what was spent", () => this.#spent().length > 0);
    assert.deepEqual(this.statuses(), ["ready", "absent", "ready"]);
    for (const { cpuMs, rssBytes } of this.#spent()) {
      const spent = `${cpuMs.toFixed(0)} ms of CPU and ${(rssBytes / 2 ** 20).toFixed(1)} MiB in 1.5 s`;
      test.diagnostic(spent);
      // Faults are searched here, not speed: an endless read takes all of a core and megabytes a second.
      assert.ok(cpuMs < 150 && rssBytes < 3 * 2 ** 20, spent);
    }
  }

  #spent(): readonly (Said & { readonly kind: "spent" })[] {
    return this.said.filter((said) => said.kind === "spent");
  }

  /** Each code at most once and in order; each line one code, or at the start of a connection the end of one. */
  #isWhole(sent: readonly string[]): void {
    const order = this.scans().map((code) => sent.indexOf(code));
    for (const [n, index] of order.entries()) assert.ok(index > (order[n - 1] ?? -1), `scan ${n}: ${index}`);
    const begun = new Set<number>();
    for (const said of this.said) {
      if (said.kind !== "line") continue;
      const { connection, text } = said;
      const first = !begun.has(connection);
      begun.add(connection);
      const whole = sent.includes(text) || (first && sent.some((code) => code.endsWith(text)));
      assert.ok(whole, `"${text}" was sent by nobody`);
    }
  }

  async end(): Promise<void> {
    this.#reader?.kill("SIGKILL");
    for (const terminal of this.#terminals) await terminal.unplug();
  }
}

/** Codes that look like no others, so that what is made of two of them is none. */
function codes(seed: number, count: number): readonly string[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () =>
    Array.from({ length: 16 }, () => random.between(0, 9)).reduce((code, digit) => `${code}${digit}`, "13"),
  );
}

function wire(sent: readonly string[]): string {
  return sent.map((code) => `${code}\r`).join("");
}

const skip = process.getuid?.() === 0 && existsSync("/usr/bin/python3") ? false : "it takes root and python3";

describe("a scanner whose plug is pulled", { skip, concurrency: true }, () => {
  it("heals from a hang-up while nothing happens", async (test) => {
    const { scene, terminal } = await Scene.begin(test);
    const sent = codes(1, 1);
    terminal.send(wire(sent));
    await scene.until("the first code", () => scene.scans().length === 1);
    terminal.hangUp();
    await scene.healed(test, terminal, sent);
  });

  it("heals from a hang-up in the middle of 1,000 codes", async (test) => {
    const { scene, terminal } = await Scene.begin(test);
    const sent = codes(2, 1_000);
    for (let from = 0; from < sent.length; from += 10) {
      terminal.send(wire(sent.slice(from, from + 10)));
      if (from === 500) {
        await scene.until("the first hundred codes", () => scene.scans().length > 100);
        terminal.hangUp();
      }
      await sleep(1);
    }
    await scene.healed(test, terminal, sent);
    const count = scene.scans().length;
    assert.ok(count > 100 && count < sent.length, `${count} codes arrived: it was in the middle`);
  });

  it("heals from a hang-up right behind 1,000 codes, and has read each of them once", async (test) => {
    const { scene, terminal } = await Scene.begin(test);
    const sent = codes(3, 1_000);
    terminal.send(wire(sent));
    await scene.until("all codes", () => scene.scans().length === sent.length);
    terminal.hangUp();
    assert.deepEqual(scene.scans(), sent);
    await scene.healed(test, terminal, sent);
  });

  it("heals from a hang-up with half a code on the wire", async (test) => {
    const { scene, terminal } = await Scene.begin(test);
    const [code = ""] = codes(4, 1);
    terminal.send(code.slice(0, 9));
    await sleep(100);
    terminal.hangUp();
    await scene.healed(test, terminal, [code]);
    assert.equal(scene.scans().includes(code), false);
  });

  it("heals from a hang-up while the process is busy and the terminal is full", async (test) => {
    const { scene, terminal } = await Scene.begin(test);
    const sent = codes(5, 1_000);
    scene.ask({ busyMs: 600 });
    await sleep(100);
    terminal.send(wire(sent));
    await sleep(200);
    terminal.hangUp();
    await scene.healed(test, terminal, sent);
  });

  it("is found again by its link under another number", async (test) => {
    const { scene, terminal } = await Scene.begin(test);
    const sent = codes(6, 1);
    terminal.send(wire(sent));
    await scene.until("the first code", () => scene.scans().length === 1);
    const other = await scene.plug();
    scene.lead(null);
    await terminal.unplug();
    await scene.until("absent", () => scene.statuses().length === 2);
    await sleep(800);
    const returnedAt = Date.now();
    scene.lead(other);
    await scene.healed(test, other, sent);
    const tookMs = scene.changedAt() - returnedAt;
    test.diagnostic(`ready ${tookMs} ms after its return`);
    // How soon is held in simulated time, by test/drivers/scanner.test.ts: here a busy machine has its share.
    assert.ok(tookMs < 60_000, `${tookMs} ms`);
  });

  it("is found under another number where its hang-up was never told", async (test) => {
    const { scene, terminal } = await Scene.begin(test);
    const other = await scene.plug();
    const returnedAt = Date.now();
    scene.lead(other);
    terminal.send(wire(codes(7, 1)));
    await scene.healed(test, other, codes(7, 1));
    const tookMs = scene.changedAt() - returnedAt;
    test.diagnostic(`ready ${tookMs} ms after its return`);
    // 2 s to the look at the path and 0.5 s to the next try; the rest is for a machine with other things to do.
    assert.ok(tookMs < 60_000, `${tookMs} ms`);
  });
});

/** The real program as a process, with a sandbox on loopback and no devices. */
import assert from "node:assert/strict";
import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { wechatEntry } from "../config-text.ts";
import { makeCertificates } from "../e2e/certificates.ts";

const program = new URL("../../src/main.ts", import.meta.url).pathname;

/** What a command said and how it ended. */
export interface Said {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class RunningBox {
  readonly directory: string;
  readonly journal: string;
  readonly configFile: string;
  #child: ChildProcess | null = null;

  private constructor(directory: string) {
    this.directory = directory;
    this.journal = join(directory, "journal");
    this.configFile = join(directory, "device.config.json");
  }

  /** Writes a configuration of a box that takes 5.00 of whoever comes. */
  static async prepare(
    directory: string,
    sandbox: string,
    more: object = {},
    merchantMore: object = {},
  ): Promise<RunningBox> {
    const box = new RunningBox(directory);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "api-key"), "fixturekeyfixturekeyfixturekey00", { mode: 0o600 });
    const { merchant } = await makeCertificates(directory);
    const config = {
      version: 1,
      box: { id: "box-000123", store: "Example store" },
      providers: [
        wechatEntry({
          appId: "wx1234567890abcdef",
          merchantId: "1900000109",
          apiKey: { file: join(directory, "api-key") },
          certificate: { cert: { file: merchant.certFile }, key: { file: merchant.keyFile } },
          hosts: [sandbox],
          ...merchantMore,
        }),
      ],
      amount: { source: "fixed", fixed: "5.00" },
      journal: { directory: box.journal },
      ...more,
    };
    writeFileSync(box.configFile, JSON.stringify(config));
    return box;
  }

  /** Starts the box and waits until its log has this event. */
  async run(event = "run.ready"): Promise<void> {
    const child = spawn(process.execPath, [program, "run", "--config", this.configFile], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, RUNTIME_DIRECTORY: "" },
    });
    this.#child = child;
    let log = "";
    await new Promise<void>((resolve, reject) => {
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        log += text;
        if (log.includes(`"${event}"`)) resolve();
      });
      child.once("exit", (status) => reject(new Error(`the box ended with ${status}: ${log}`)));
    });
  }

  /** Ends it, with the signal that asks or with the one that does not. */
  async end(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<number | null>((resolve) => {
      child.once("exit", resolve);
    });
    child.kill(signal);
    const status = await ended;
    if (signal === "SIGTERM") assert.equal(status, 0);
  }

  /** Begins a command, and does something to it once it has said `until` on stderr; gives its end. */
  async leave(
    args: readonly string[],
    until: string,
    act: (child: ChildProcessByStdio<null, Readable, Readable>) => void,
  ): Promise<Said> {
    const child = spawn(process.execPath, [program, ...args, "--config", this.configFile], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, RUNTIME_DIRECTORY: "" },
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    let hasActed = false;
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      if (hasActed || !stderr.includes(until)) return;
      hasActed = true;
      act(child);
    });
    const status = await new Promise<number | null>((resolve) => {
      child.once("close", resolve);
    });
    return { status, stdout, stderr };
  }

  /** Runs another command about this box to its end; the sandbox of the same process goes on meanwhile. */
  async command(...args: readonly string[]): Promise<Said> {
    const child = spawn(process.execPath, [program, ...args, "--config", this.configFile], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, RUNTIME_DIRECTORY: "" },
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const status = await new Promise<number | null>((resolve) => {
      child.once("close", resolve);
    });
    return { status, stdout, stderr };
  }
}

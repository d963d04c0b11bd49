import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { z } from "zod";
import { startChild } from "./child.ts";
import { until } from "./until.ts";

/** One line of the log; which fields it has depends on `event`. */
export type LogLine = z.infer<typeof logLineSchema>;

const logLineSchema = z.looseObject({
  level: z.enum(["debug", "info", "warn", "error"]),
  time: z.iso.datetime(),
  event: z.string().regex(/^[a-z]+(?:\.[a-z-]+)?$/),
  screen: z.string().optional(),
  shortRef: z.string().nullish(),
  code: z.string().nullish(),
  kind: z.string().optional(),
  phase: z.string().optional(),
  outTradeNo: z.string().nullish(),
  count: z.int().optional(),
  ref: z.string().nullish(),
});

/** How a process ended: a status of its own, or a signal. */
export type Ending = number | NodeJS.Signals;

/** What is put around a process: options of Node, and members of its environment; it then takes messages too. */
export interface Surroundings {
  readonly execArgv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** As on a device, what Node compiled once is kept. */
const compileCache = new URL("../../.cache/compiled", import.meta.url).pathname;

/** The bundled program in a process of its own. Whatever it says is kept. */
export class Program {
  stdout = "";
  stderr = "";
  /** The lines of the log so far, where stdout is one. */
  readonly log: LogLine[] = [];
  /** Hears each line of the log as it comes. */
  onLine: (line: LogLine) => void = () => {};
  readonly #child: ChildProcess;
  readonly #words: string;
  readonly #ended: Promise<Ending>;
  #rest = "";
  #ending: Ending | null = null;

  constructor(
    bundle: string,
    args: readonly string[],
    stdout: "log" | "text",
    around: Surroundings | null = null,
  ) {
    this.#words = args.slice(0, 2).join(" ");
    this.#child = startChild(process.execPath, [...(around?.execArgv ?? []), bundle, ...args], {
      stdio: ["ignore", "pipe", "pipe", ...(around === null ? [] : ["ipc" as const])],
      // Nothing of the tests' surroundings: neither credentials nor options of Node.
      env: { PATH: "/usr/bin:/bin", NODE_COMPILE_CACHE: compileCache, ...around?.env },
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      if (stdout === "log") this.#read(text);
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      // Unlike "exit", this comes when everything that was said has been read.
      this.#child.once("close", (code, signal) => {
        this.#ending = signal ?? code ?? 0;
        resolve(this.#ending);
      });
    });
  }

  /** As the kernel numbers the process. */
  get pid(): number {
    const { pid } = this.#child;
    assert.ok(pid !== undefined, "it was started");
    return pid;
  }

  get ending(): Ending | null {
    return this.#ending;
  }

  /** Sends a message to what was put around the process. */
  send(message: object): void {
    this.#child.send(message);
  }

  /** Sends a message to what was put around the process, and waits until it has done what that says. */
  async done(message: object): Promise<void> {
    let isDone = false;
    this.#child.once("message", () => {
      isDone = true;
    });
    this.#child.send(message);
    await until(
      () => isDone,
      () => `an answer from ${this.tail()}`,
    );
  }

  /** Sends a signal to the process, without waiting for what it does. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Waits for the end, which must come in time. */
  async ended(): Promise<Ending> {
    await until(
      () => this.#ending !== null,
      () => `the end of ${this.tail()}`,
    );
    return await this.#ended;
  }

  /** Waits for a line of the log, one that is there already included. */
  async line(what: string, wanted: (line: LogLine) => boolean): Promise<LogLine> {
    const found = (): LogLine | undefined => this.log.find(wanted);
    await until(
      () => found() !== undefined || this.#ending !== null,
      () => `${what} in the log of ${this.tail()}`,
    );
    const line = found();
    assert.ok(line, `it ended without ${what}: ${this.tail()}`);
    return line;
  }

  /** Waits for a screen that was shown after the first `after` lines of the log. */
  async screen(name: string, after = 0): Promise<void> {
    const isIt = (line: LogLine): boolean => line.event === "screen.shown" && line.screen === name;
    await this.line(`screen ${name}`, (line) => isIt(line) && this.log.indexOf(line) >= after);
  }

  /** The last things it said, for the message of a failure. */
  tail(): string {
    return `${this.#words} (${this.#ending ?? "running"}):\n${this.stdout.slice(-3_000)}${this.stderr}`;
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const read = logLineSchema.parse(JSON.parse(line));
      this.log.push(read);
      this.onLine(read);
    }
  }
}

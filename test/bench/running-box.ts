import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { endChild, startChild } from "../e2e/child.ts";
import { PATIENCE_MS } from "../e2e/until.ts";
import type { Site } from "./site.ts";

/** A line of the log, as far as the benches look at it. */
interface LogLine {
  readonly event?: string;
  readonly screen?: string;
  /** RFC 3339. */
  readonly time: string;
  readonly pid?: number;
}

const unit = readFileSync(new URL("../../systemd/scanbox.service", import.meta.url), "utf8");

/** The environment that the service gives the program, from its unit. */
function deviceEnvironment(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name = "", value = ""]) => [name, value]),
  );
}

/** The options of Node that the service starts the program with. */
function deviceOptions(): readonly string[] {
  const words = /^ExecStart=\S+ (.*)$/m.exec(unit)?.[1]?.split(" ") ?? [];
  return words.filter((word, index) => word.startsWith("--") && index < words.indexOf("run"));
}

/** The shipped program in a process of its own, with a compile cache that outlives it. */
export class RunningBox {
  /** By the wall clock, in milliseconds: just before the process was asked for. */
  readonly askedAt = Date.now();
  readonly #child: ChildProcess;
  readonly #lines: LogLine[] = [];
  #pid = 0;
  #heard: () => void = () => {};

  constructor(bundle: string, site: Site) {
    this.#child = startChild(
      process.execPath,
      [...deviceOptions(), bundle, "run", "--config", site.configFile],
      {
        stdio: ["ignore", "pipe", "inherit"],
        env: {
          ...deviceEnvironment(),
          ...{ PATH: "/usr/bin:/bin", NODE_COMPILE_CACHE: join(site.directory, "compile") },
        },
      },
    );
    const { stdout } = this.#child;
    if (stdout === null) throw new Error("a box has an output");
    createInterface({ input: stdout }).on("line", (text) => {
      const line: LogLine = JSON.parse(text);
      this.#lines.push(line);
      this.#pid = line.pid ?? this.#pid;
      this.#heard();
    });
    this.#child.once("exit", () => this.#heard());
  }

  /** The process itself. */
  get pid(): number {
    return this.#pid;
  }

  /** Waits for an event, or for a screen by its name; gives when it was logged, by the wall clock in milliseconds. */
  async when(what: { readonly event: string } | { readonly screen: string }): Promise<number> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = this.#lines.find((line) =>
        "event" in what ? line.event === what.event : line.screen === what.screen,
      );
      if (found !== undefined) return Date.parse(found.time);
      const left = deadline - performance.now();
      if (this.#child.exitCode !== null || left <= 0) throw new Error(`no ${JSON.stringify(what)} came`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#heard = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Asks it to end and waits until it has: then the compile cache is written. */
  async stop(): Promise<void> {
    await endChild(this.#child, "SIGTERM");
  }
}

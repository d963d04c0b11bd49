import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { endChild, startChild } from "./child.ts";
import { until } from "./until.ts";

/** A scanner on a cable: socat copies what is sent into a pseudo-terminal, and pulling the plug hangs it up. */
export class PseudoTerminal {
  readonly path: string;
  #socat: ChildProcess | null = null;

  constructor(path: string) {
    this.path = path;
  }

  async plug(): Promise<void> {
    this.#socat = startChild("socat", ["-u", "STDIN", `PTY,link=${this.path},raw,echo=0`], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    await until(() => existsSync(this.path), `socat makes ${this.path}`);
  }

  async unplug(): Promise<void> {
    const socat = this.#socat;
    this.#socat = null;
    if (socat === null) return;
    await endChild(socat, "SIGKILL");
    rmSync(this.path, { force: true });
  }

  async send(bytes: string | Uint8Array): Promise<void> {
    const input = this.#socat?.stdin;
    assert.ok(input, "a scanner that sends is plugged in");
    await new Promise((resolve) => input.write(bytes, resolve));
  }
}

import type { ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { endChild, startChild } from "./child.ts";
import { freePort } from "./free-port.ts";
import { until } from "./until.ts";

/** Mosquitto on one free port of the loopback interface. It forgets everything whenever it stops. */
export class Mosquitto {
  readonly port: number;
  readonly #file: string;
  #child: ChildProcess | null = null;

  private constructor(port: number, file: string) {
    this.port = port;
    this.#file = file;
  }

  /** Finds a port and writes the configuration into `directory`; nothing runs yet. */
  static async prepare(directory: string): Promise<Mosquitto> {
    const port = await freePort();
    const file = join(directory, "mosquitto.conf");
    const lines = [`listener ${port} 127.0.0.1`, "allow_anonymous true", "persistence false"];
    // Started by root it would drop its rights; nobody but this user may read the directory.
    writeFileSync(file, `${["user root", ...lines].join("\n")}\n`);
    return new Mosquitto(port, file);
  }

  async start(): Promise<void> {
    const child = startChild("mosquitto", ["-c", this.#file], {
      stdio: "ignore",
      env: { PATH: `${process.env.PATH ?? ""}:/usr/sbin` },
    });
    this.#child = child;
    await until(() => {
      if (child.exitCode !== null) throw new Error(`mosquitto ended with ${child.exitCode}`);
      return accepts(this.port);
    }, "mosquitto starts");
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child !== null) await endChild(child, "SIGTERM");
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

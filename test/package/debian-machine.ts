/**
 * A Debian machine of its own: a fresh root, booted with systemd as its first process. What is installed and done there is
 * forgotten when it ends. Devices and control groups are the host's, so that DeviceAllow= and MemoryMax= are not in force;
 * everything that is made of namespaces, users, capabilities and system calls is.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** What is there beside Debian's smallest system: a service manager, a broker and a cable to a scanner that is none. */
const include = ["systemd", "systemd-sysv", "udev", "dbus", "procps", "mosquitto", "socat"];
const suite = "bookworm";
const mirror = "http://deb.debian.org/debian";

const BOOT_MS = 60_000;

/** The host's /sys can be written to there, which is what shows whether the service's cannot; so nothing else may write. */
const masked = ["systemd-udevd", "systemd-udev-trigger", "systemd-sysctl", "systemd-modules-load"];

/** What a command said and how it ended. */
export interface Answer {
  readonly status: number | null;
  /** Both streams, as they came. */
  readonly text: string;
}

/** Why no machine can be made here, or null. */
export function whyNoMachine(): string | null {
  if (process.getuid?.() !== 0) return "a machine can be booted by root alone";
  for (const tool of ["debootstrap", "systemd-nspawn", "nsenter"]) {
    if (spawnSync("which", [tool]).status !== 0) return `there is no ${tool}`;
  }
  return null;
}

/** The root of a fresh system, made once and kept for the next run. */
function freshRoot(): string {
  const mark = createHash("sha256")
    .update([suite, ...include].join())
    .digest("hex")
    .slice(0, 12);
  const root = join(tmpdir(), `scanbox-debian-root-${mark}`);
  if (existsSync(root)) return root;
  const making = `${root}.new`;
  rmSync(making, { recursive: true, force: true });
  const made = spawnSync(
    "debootstrap",
    ["--variant=minbase", `--include=${include.join()}`, suite, making, mirror],
    { encoding: "utf8" },
  );
  assert.equal(made.status, 0, `debootstrap ended:\n${made.stdout}${made.stderr}`);
  rmSync(join(making, "var/cache/apt/archives"), { recursive: true });
  renameSync(making, root);
  return root;
}

export class DebianMachine {
  readonly #child: ChildProcess;
  /** Its first process, as this machine numbers it. */
  readonly #first: number;

  private constructor(child: ChildProcess, first: number) {
    this.#child = child;
    this.#first = first;
  }

  /** Boots a fresh system; `folder` is seen there as /packages. */
  static async boot(folder: string): Promise<DebianMachine> {
    // Made by systemd where it is the host's first process.
    mkdirSync("/run/systemd/nspawn/propagate", { recursive: true });
    const child = spawn(
      "systemd-nspawn",
      [
        ...["--directory", freshRoot(), "--volatile=overlay", "--boot", "--private-network"],
        ...[`--machine=scanbox-${process.pid}`, "--register=no", "--keep-unit", "--console=pipe"],
        `--bind-ro=${folder}:/packages`,
        ...masked.map((unit) => `systemd.mask=${unit}.service`),
      ],
      {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, SYSTEMD_NSPAWN_API_VFS_WRITABLE: "yes" },
      },
    );
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    }
    const deadline = performance.now() + BOOT_MS;
    while (performance.now() < deadline && child.exitCode === null) {
      await sleep(100);
      const first = firstChild(child.pid ?? 0);
      if (first === null) continue;
      const machine = new DebianMachine(child, first);
      if (/running|degraded/.test(machine.run("systemctl is-system-running").text)) return machine;
    }
    child.kill("SIGKILL");
    throw new Error(`The machine did not boot:\n${said}`);
  }

  /** Runs a command line there, as root. */
  run(command: string, input?: string): Answer {
    const inside = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "sh", "-c"];
    const { status, stdout } = spawnSync(
      "nsenter",
      ["--target", String(this.#first), "--all", ...inside, `exec 2>&1; ${command}`],
      { encoding: "utf8", ...(input === undefined ? {} : { input }) },
    );
    return { status, text: stdout };
  }

  /** Runs a command line that must end with status 0; what it said. */
  do(command: string, input?: string): string {
    const { status, text } = this.run(command, input);
    assert.equal(status, 0, `${command}\n${text}\n${this.#lastWords()}`);
    return text.trimEnd();
  }

  /** Waits until a command line says something, in seconds of real time. */
  async until(command: string, wanted: RegExp, seconds = 20): Promise<string> {
    const deadline = performance.now() + seconds * 1_000;
    for (;;) {
      const { text } = this.run(command);
      if (wanted.test(text)) return text;
      assert.ok(
        performance.now() < deadline,
        `${command} never said ${wanted}:\n${text}\n${this.#lastWords()}`,
      );
      await sleep(100);
    }
  }

  /** A property of the service. */
  service(property: string): string {
    return this.do(`systemctl show --property=${property} --value scanbox.service`);
  }

  /** Ends it as a power cut would. */
  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once("close", resolve));
    process.kill(this.#first, "SIGKILL");
    await ended;
  }

  #lastWords(): string {
    return this.run("journalctl --unit=scanbox --lines=20 --output=cat --no-pager").text;
  }
}

function firstChild(pid: number): number | null {
  try {
    const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    return first === undefined || first === "" ? null : Number(first);
  } catch {
    return null;
  }
}

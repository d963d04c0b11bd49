/**
 * A Debian machine of its own: a fresh root, booted with systemd as its first process. What is installed and done there is
 * forgotten when it ends. Devices and control groups are the host's, so that DeviceAllow= and MemoryMax= are not in force;
 * everything that is made of namespaces, users, capabilities and system calls is.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../e2e/until.ts";

/** What is there beside Debian's smallest system: a service manager, a broker and a cable to a scanner that is none. */
const include = ["systemd", "systemd-sysv", "udev", "dbus", "procps", "mosquitto", "socat"];
const suite = "bookworm";

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
  return mirrorOf(suite) === null ? `apt's sources have no ${suite}` : null;
}

/** Where this machine itself takes the packages of that release from. */
function mirrorOf(release: string): string | null {
  const format = "$(CODENAME) $(SUITE) $(REPO_URI)";
  const { stdout } = spawnSync("apt-get", ["indextargets", "--format", format, "Created-By: Packages"], {
    encoding: "utf8",
  });
  const sources = (stdout ?? "").split("\n").map((line) => line.split(" "));
  return sources.find(([codename, name]) => codename === release || name === release)?.[2] ?? null;
}

/** The root of a fresh system, made once and kept for the next run. */
function freshRoot(): string {
  const mark = createHash("sha256")
    .update([suite, ...include].join())
    .digest("hex")
    .slice(0, 12);
  const root = join(tmpdir(), `scanbox-debian-root-${mark}`);
  if (existsSync(root)) return root;
  // Of two runs at the same time each makes its own, and the first that is ready is kept.
  const making = mkdtempSync(`${root}.new-`);
  chmodSync(making, 0o755);
  const made = spawnSync(
    "debootstrap",
    ["--variant=minbase", `--include=${include.join()}`, suite, making, mirrorOf(suite) ?? ""],
    { encoding: "utf8" },
  );
  assert.equal(made.status, 0, `debootstrap ended:\n${made.stdout}${made.stderr}`);
  rmSync(join(making, "var/cache/apt/archives"), { recursive: true });
  try {
    renameSync(making, root);
  } catch (error) {
    if (!existsSync(root)) throw error;
    rmSync(making, { recursive: true, force: true });
  }
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
    let booted: DebianMachine | null = null;
    try {
      await until(
        () => {
          assert.equal(child.exitCode, null, `The machine ended:\n${said}`);
          const first = firstChild(child.pid ?? 0);
          if (first === null) return false;
          booted = new DebianMachine(child, first);
          return /running|degraded/.test(booted.run("systemctl is-system-running").text);
        },
        () => `the machine boots:\n${said}`,
        { everyMs: 100 },
      );
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
    assert.ok(booted !== null);
    return booted;
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

  /** Waits until a command line says something. */
  async until(command: string, wanted: RegExp): Promise<string> {
    let text = "";
    await until(
      () => {
        text = this.run(command).text;
        return wanted.test(text);
      },
      () => `${command} says ${wanted}:\n${text}\n${this.#lastWords()}`,
      { everyMs: 100 },
    );
    return text;
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

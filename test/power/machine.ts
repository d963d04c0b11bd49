/** A user-mode Linux kernel that runs the guest's program on an ext4 disk, until it ends or its power is cut. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  OPENED_FILE,
  type Opened,
  PLAN_FILE,
  type Plan,
  readOpened,
  readTold,
  TOLD_FILE,
  type Told,
} from "./told.ts";

/** No boot takes longer than this, however busy the machine is; in seconds. */
const BOOT_LIMIT_S = 120;

const launcher = new URL("../hil/uml-run", import.meta.url).pathname;

/** One boot. */
export class Machine {
  readonly #folder: string;
  readonly #child: ChildProcess;
  /** When it was switched on, by `performance.now()`. */
  readonly #began = performance.now();
  #said = "";
  #gone = false;
  /** The leader of the kernel's processes, once it is there. */
  #leader: number | null = null;

  /** Switches on; `folder` is made and is this boot's own, `program` is what the guest runs. */
  constructor(folder: string, disk: string, program: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    const words = ["--dir", folder, "--disk", disk, "--mem", "256M", "--timeout", String(BOOT_LIMIT_S)];
    // A group of its own, so that nothing that the terminal ends here is cut off half-way.
    this.#child = spawn(launcher, [...words, "--", process.execPath, program], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, HIL_EXPANDER: "0" },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#said = `${this.#said}${text}`.slice(-4_000);
      });
    this.#child.once("close", () => {
      this.#gone = true;
      machines.delete(this);
    });
    machines.add(this);
  }

  /** What came on the console last. */
  get said(): string {
    return this.#said.trim();
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** Milliseconds since it was switched on. */
  get age(): number {
    return performance.now() - this.#began;
  }

  /** What the guest found on the disk; null where it does not say so before `untilAge`, in milliseconds, or died. */
  async opened(untilAge = BOOT_LIMIT_S * 1_000): Promise<Opened | null> {
    for (;;) {
      const text = this.#read(OPENED_FILE);
      if (text !== "") return readOpened(text);
      if (this.#gone || this.age >= untilAge) return null;
      await sleep(5);
    }
  }

  /** Lets the guest go on. */
  follow(plan: Plan): void {
    const file = join(this.#folder, PLAN_FILE);
    // Renamed, so that the guest never reads half of it.
    writeFileSync(`${file}.new`, JSON.stringify(plan));
    renameSync(`${file}.new`, file);
  }

  /** What the guest has told by now. */
  told(): readonly Told[] {
    return readTold(this.#read(TOLD_FILE));
  }

  /** Waits until the guest has told `count` lines of a kind, or has died, or `patienceMs` are over. */
  async tells(member: "rotating" | "pausing", count: number, patienceMs: number): Promise<void> {
    const deadline = performance.now() + patienceMs;
    const mark = `{"${member}"`;
    while (!this.#gone && performance.now() < deadline && this.#read(TOLD_FILE).split(mark).length <= count)
      await sleep(2);
  }

  /** Cuts the power: every process of the kernel is killed at once. Resolves when nothing of it is left. */
  async cut(): Promise<void> {
    this.#kill();
    while (!this.#gone) {
      await sleep(2);
      this.#kill();
    }
  }

  /** Waits until the guest has switched itself off; its exit status. */
  async ended(): Promise<string> {
    while (!this.#gone) await sleep(5);
    return this.#read("exit-code").trim();
  }

  #kill(): void {
    const leader = this.#findLeader();
    if (leader === null) return;
    try {
      process.kill(-leader, "SIGKILL");
    } catch {
      // It is gone already.
    }
  }

  /** The kernel makes itself the leader of a group, in which all its processes are. */
  #findLeader(): number | null {
    const kernel = realpathSync(process.env.HIL_KERNEL ?? "");
    for (let below = [this.#child.pid ?? 0]; this.#leader === null && below.length > 0; ) {
      this.#leader = below.find((id) => programOf(id) === kernel) ?? null;
      below = below.flatMap(childrenOf);
    }
    return this.#leader;
  }

  #read(name: string): string {
    try {
      return readFileSync(join(this.#folder, name), "utf8");
    } catch {
      return "";
    }
  }
}

const machines = new Set<Machine>();

/** Ends whatever still runs, when the program itself is ended. */
export async function cutAll(): Promise<void> {
  await Promise.all([...machines].map((machine) => machine.cut()));
}

function programOf(id: number): string {
  try {
    return realpathSync(`/proc/${id}/exe`);
  } catch {
    return "";
  }
}

function childrenOf(id: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${id}/task/${id}/children`, "utf8");
    return text
      .split(" ")
      .filter((word) => word !== "")
      .map(Number);
  } catch {
    return [];
  }
}

/** What /proc and /sys tell of this machine and of its other processes, as far as the user of this one may look. */
import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, join } from "node:path";

/** A running process that has a file. */
export interface FileHolder {
  readonly pid: number;
  /** What it was started as, without its arguments. */
  readonly program: string;
}

/** Who has files open. */
export interface FileHolders {
  readonly holders: readonly FileHolder[];
  /** Whether there were processes that this user may not look into, so that one of them may have it too. */
  readonly hidden: boolean;
}

/** The text without the line ends and NULs behind it. By hand: a pattern begins anew at each of many that stand elsewhere. */
function withoutEnds(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === "\n" || text[end - 1] === "\0")) end -= 1;
  return text.slice(0, end);
}

/** The text of a small file without its last line break or NUL; null where it is not there or may not be read. */
export function readTextIfAny(path: string): string | null {
  try {
    return withoutEnds(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}

/** The names in a folder, in order; none where it is not there or may not be read. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** Where a path leads after all links, or null where it leads nowhere. */
export function realPathIfAny(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

/** The processes beside this one that have `path` itself open, or a file directly inside it. */
export function holdersOf(path: string, proc = "/proc"): FileHolders {
  const target = realPathIfAny(path);
  const holders: FileHolder[] = [];
  let hidden = false;
  for (const pid of otherProcesses(proc)) {
    const folder = join(proc, String(pid), "fd");
    try {
      const files = readdirSync(folder).map((fd) => linkIfAny(join(folder, fd)));
      if (target !== null && files.some((file) => file === target || folderOf(file) === target)) {
        holders.push({ pid, program: programOf(pid, proc) });
      }
    } catch {
      // It has ended, or belongs to somebody else: only the second hides something.
      hidden ||= isThere(folder);
    }
  }
  return { holders, hidden };
}

/** The processes that hold a lock on a file, by the kernel's list of locks (proc_locks(5)), which everybody may read. */
export function lockHoldersOf(path: string, proc = "/proc"): readonly FileHolder[] {
  let lock: string;
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    lock = `${hex(majorOf(dev))}:${hex(minorOf(dev))}:${ino}`;
  } catch {
    return [];
  }
  const pids = (readTextIfAny(join(proc, "locks")) ?? "").split("\n").flatMap((line) => {
    const match = / (\d+) ([0-9a-f]+:[0-9a-f]+:\d+) /.exec(line);
    return match?.[2] === lock ? [Number(match[1])] : [];
  });
  return [...new Set(pids)].map((pid) => ({ pid, program: programOf(pid, proc) }));
}

/** Whether a program of this name runs; its name is what the kernel keeps, at most 15 characters. */
export function isRunning(name: string, proc = "/proc"): boolean {
  return otherProcesses(proc).some(
    (pid) => readTextIfAny(join(proc, String(pid), "comm")) === name.slice(0, 15),
  );
}

function otherProcesses(proc: string): readonly number[] {
  return namesIn(proc)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid);
}

/** The program and, for an interpreter, its script: never an argument after them, which is nobody's business. */
function programOf(pid: number, proc: string): string {
  const words = (readTextIfAny(join(proc, String(pid), "cmdline")) ?? "").split("\0");
  const [program, script] = words.slice(0, 2).map((word) => basename(word));
  if (program === undefined || program === "") {
    return readTextIfAny(join(proc, String(pid), "comm")) ?? "a program";
  }
  return script !== undefined && /\.m?[jt]s$/.test(script) ? `${program} ${script}` : program;
}

function linkIfAny(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

function folderOf(file: string | null): string | null {
  return file === null ? null : file.slice(0, file.lastIndexOf("/"));
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** The parts of a device number as the kernel's interface packs them (makedev(3)). */
function majorOf(dev: bigint): bigint {
  return ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
}

function minorOf(dev: bigint): bigint {
  return (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
}

function hex(part: bigint): string {
  return part.toString(16).padStart(2, "0");
}

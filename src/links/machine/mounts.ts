/** Which file system a path lies on, by the list of mounts (proc_pid_mountinfo(5)). */
import { dirname } from "node:path";
import { readTextIfAny, realPathIfAny } from "./proc-files.ts";

/** One mount. */
export interface Mount {
  readonly point: string;
  /** Such as ext4. */
  readonly type: string;
  readonly readOnly: boolean;
  /** Where an overlay keeps what is written to it, by its own word; null for other file systems. */
  readonly upper: string | null;
}

/** Reads the text of /proc/self/mountinfo; lines that are something else are left out. */
export function readMounts(text: string): readonly Mount[] {
  return text.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const point = before.split(" ")[4];
    const options = before.split(" ")[5] ?? "";
    const [type, , superOptions = ""] = after.split(" ");
    if (point === undefined || type === undefined || type === "") return [];
    const readOnly = [options, superOptions].some((list) => list.split(",").includes("ro"));
    const upper = type === "overlay" ? (/(?:^|,)upperdir=([^,]+)/.exec(superOptions)?.[1] ?? null) : null;
    return [{ point: unescaped(point), type, readOnly, upper }];
  });
}

/** The mount that a real path lies on: the deepest, and of several at one place the last, which covers the others. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | null {
  const around = mounts.filter(({ point }) => {
    return point === "/" || path === point || path.startsWith(`${point}/`);
  });
  const deepest = Math.max(...around.map(({ point }) => point.length));
  return around.findLast(({ point }) => point.length === deepest) ?? null;
}

/** Blanks and backslashes stand in octal. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** What a path lies on. */
export interface MountBelow {
  /** Null where it cannot be told. */
  readonly mount: Mount | null;
  /** The type of the file system that an overlay writes to, where it is known. */
  readonly upperType: string | null;
}

/** File systems that forget everything without power. */
const forgetful: readonly string[] = ["tmpfs", "ramfs"];

/** Whether what is written there is forgotten without power. */
export function isForgetful({ type }: Mount, upperType: string | null): boolean {
  return forgetful.includes(type) || (type === "overlay" && forgetful.includes(upperType ?? ""));
}

/** Whether a folder lies in memory, so that the next start finds it empty; false where that cannot be told. */
export function liesInMemory(directory: string): boolean {
  const { mount, upperType } = mountBelow(directory);
  return mount !== null && isForgetful(mount, upperType);
}

/** What a folder lies on, or will lie on where it is not there yet. */
export function mountBelow(directory: string): MountBelow {
  const mounts = readMounts(readTextIfAny("/proc/self/mountinfo") ?? "");
  const mount = mountOf(nearestRealPath(directory), mounts);
  const upper = mount === null || mount.upper === null ? null : mountOf(mount.upper, mounts);
  return { mount, upperType: upper?.type ?? null };
}

/** Of a path or, where it is not there, of the deepest folder around it that is. */
export function nearestRealPath(path: string): string {
  return realPathIfAny(path) ?? (path === dirname(path) ? path : nearestRealPath(dirname(path)));
}

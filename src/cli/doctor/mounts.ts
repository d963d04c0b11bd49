/** Which file system a path lies on, by the list of mounts (proc_pid_mountinfo(5)). */

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

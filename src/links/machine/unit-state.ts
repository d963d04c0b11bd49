import { execFile } from "node:child_process";
import { existsSync } from "node:fs";

/** What systemd says of a unit, by the names of its properties; null where systemd does not run or does not answer. */
export async function unitProperties(
  unit: string,
  names: readonly string[],
  withinMs: number,
): Promise<ReadonlyMap<string, string> | null> {
  // sd_booted(3): this folder is how one knows.
  if (!existsSync("/run/systemd/system")) return null;
  const args = ["show", unit, `--property=${names.join(",")}`];
  const said = await new Promise<string | null>((resolve) => {
    execFile("systemctl", args, { timeout: withinMs, encoding: "utf8" }, (error, stdout) =>
      resolve(error === null ? stdout : null),
    );
  });
  if (said === null) return null;
  return new Map(
    said
      .split("\n")
      .filter((line) => line.includes("="))
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}

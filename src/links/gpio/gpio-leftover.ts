/**
 * Pins that stand exported in sysfs. The kernel keeps no record of who exported a pin, and a process that was killed
 * leaves its own behind, driven as they were. So: a pin that a running program has open is that program's; any other is
 * taken to be ours from before, since the configuration gives the pin to the box.
 */
import { access, readdir, readFile, readlink, realpath, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SYSFS_GPIO } from "./gpio-chip.ts";
import { systemError } from "./gpio-claim.ts";

/** The folder of an exported pin, by its number in sysfs. */
export function exportedFolder(number: number): string {
  return join(SYSFS_GPIO, `gpio${number}`);
}

/** A pin of sysfs that a running program has. */
export interface PinUser {
  readonly number: number;
  /** Name and process number. */
  readonly program: string;
}

/** Takes pins that nobody uses out of sysfs; the first that a running program uses, or null. */
export async function freeLeftovers(numbers: readonly number[]): Promise<PinUser | null> {
  const folders = new Map<string, number>();
  for (const number of numbers) {
    const folder = await quietly(realpath(exportedFolder(number)));
    if (folder !== null) folders.set(folder, number);
  }
  if (folders.size === 0) return null;
  const user = await userOf(folders);
  if (user !== null) return user;
  for (const number of folders.values()) await unexport(number);
  return null;
}

/** The sentence for a pin that a program has. */
export function inUse(pin: number, program: string): string {
  return `Pin ${pin} is in use by ${program}; end that program.`;
}

/** Makes an exported pin an input and takes it out of sysfs; nothing happens where it is not there. */
export async function unexport(number: number): Promise<void> {
  const folder = exportedFolder(number);
  if ((await quietly(access(folder))) === null) return;
  // Not every chip makes an unexported line an input by itself.
  await quietly(writeFile(join(folder, "direction"), "in"));
  await quietly(writeFile(join(SYSFS_GPIO, "unexport"), String(number)));
}

/** The program that has a file of these folders open, as far as the user of this process may look. */
async function userOf(folders: ReadonlyMap<string, number>): Promise<PinUser | null> {
  for (const process of (await quietly(readdir("/proc"))) ?? []) {
    if (!/^\d+$/.test(process)) continue;
    for (const fd of (await quietly(readdir(join("/proc", process, "fd")))) ?? []) {
      const file = await quietly(readlink(join("/proc", process, "fd", fd)));
      const number = file === null ? undefined : folders.get(dirname(file));
      if (number === undefined) continue;
      const name = (await quietly(readFile(join("/proc", process, "comm"), "utf8"))) ?? "a program";
      return { number, program: `${name.trim()} (process ${process})` };
    }
  }
  return null;
}

/** The answer, or null where the system has none; undefined counts as an answer. */
async function quietly<Answer>(answer: Promise<Answer>): Promise<Answer | null> {
  try {
    return await answer;
  } catch (error) {
    systemError(error);
    return null;
  }
}

/** What a folder and the disk below it are, and how fast that disk makes small writes durable. */
import { accessSync, constants, type StatsFs, statfsSync, statSync } from "node:fs";
import { open, unlink } from "node:fs/promises";
import { join } from "node:path";

/** A folder as the system shows it to the user of this process. */
export type FolderSeen =
  | {
      readonly kind: "folder";
      readonly uid: number;
      /** The permission bits. */
      readonly mode: number;
      readonly writable: boolean;
      readonly freeBytes: number | null;
    }
  | { readonly kind: "other" }
  | { readonly kind: "missing" }
  | { readonly kind: "hidden"; readonly code: string };

/** Looks at a folder; changes nothing. */
export function lookAtFolder(path: string): FolderSeen {
  try {
    const seen = statSync(path);
    if (!seen.isDirectory()) return { kind: "other" };
    return {
      kind: "folder",
      uid: seen.uid,
      mode: seen.mode & 0o7777,
      writable: isAccessible(path, "write"),
      freeBytes: freeBytesOf(path),
    };
  } catch (error) {
    const code = codeOf(error);
    return code === "ENOENT" ? { kind: "missing" } : { kind: "hidden", code };
  }
}

/** Whether the user of this process may read a file or a folder, write it, or both. */
export function isAccessible(path: string, how: "read" | "write" | "both"): boolean {
  const { R_OK, W_OK } = constants;
  const mode = { read: R_OK, write: W_OK, both: R_OK + W_OK }[how];
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** Whether a device that is read byte by byte is at a path: a terminal, a serial line, an input. */
export function isCharacterDevice(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isCharacterDevice() === true;
}

/** Bytes of one write; a record of the journal is about as large. */
const WRITE_BYTES = 1_024;

/**
 * Appends `count` small records to a file of its own in `folder`, each made durable before the next, and takes the file
 * away; how long each took, in milliseconds, or what the system said. Stops after `withinMs` with what it has by then.
 */
export async function timeFlushes(
  folder: string,
  count: number,
  withinMs: number,
): Promise<readonly number[] | string> {
  const path = join(folder, `doctor-${process.pid}.tmp`);
  const times: number[] = [];
  try {
    const file = await open(path, "wx", 0o600);
    try {
      const record = Buffer.alloc(WRITE_BYTES, "scanbox doctor\n");
      const end = performance.now() + withinMs;
      for (let written = 0; written < count; written += 1) {
        const began = performance.now();
        if (began > end) break;
        await file.write(record);
        await file.datasync();
        times.push(performance.now() - began);
      }
    } finally {
      await file.close();
      await unlink(path);
    }
  } catch (error) {
    return codeOf(error);
  }
  return times;
}

function freeBytesOf(path: string): number | null {
  try {
    const { bavail, bsize }: StatsFs = statfsSync(path);
    return bavail * bsize;
  } catch {
    return null;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

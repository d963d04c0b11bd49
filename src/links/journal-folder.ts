/**
 * Moves a damaged journal aside and puts a new one in its place, so that a crash anywhere in between leaves either the old
 * one, or a mark that says how to go on. A journal without its write-ahead log would open and have forgotten payments: the
 * mark keeps everybody out until both are moved.
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { giveFile, giveFolder } from "./folder-owner.ts";
import { JOURNAL_FILE, QUARANTINE_FILE } from "./sqlite-schema.ts";

/** Where the new journal is made, inside the folder of the old one. */
export const NEXT_FOLDER = "journal.next";

/** The report in the folder of the damaged one. */
export const REPORT_FILE = "report.json";

/** Whether there is a journal at all; `hidden` where the user of this process may not read it, or not even look. */
export function lookForJournal(directory: string): "there" | "none" | "hidden" {
  const [journal = "none", ...others] = [JOURNAL_FILE, `${JOURNAL_FILE}-wal`, QUARANTINE_FILE].map((name) =>
    lookForFile(join(directory, name)),
  );
  return others.includes("hidden") ? "hidden" : journal;
}

function lookForFile(path: string): "there" | "none" | "hidden" {
  try {
    accessSync(path, constants.R_OK);
    return "there";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code === "ENOENT" || code === "ENOTDIR") return "none";
    // Of everything else, such as a disk that fails, whoever opens it tells more.
    return code === "EACCES" || code === "EPERM" ? "hidden" : "there";
  }
}

/** Says, without its full stop, what helps where a journal is hidden. */
export function hiddenSentence(directory: string): string {
  return `This user may not read ${directory}: use sudo`;
}

/** The folder into which a damaged journal is half moved, null where none is. */
export function halfMoved(directory: string): string | null {
  const mark = join(directory, QUARANTINE_FILE);
  return existsSync(mark) ? readFileSync(mark, "utf8") : null;
}

/** Makes the place for the new journal; what an earlier attempt left there goes. */
export function makeNext(directory: string): string {
  const next = join(directory, NEXT_FOLDER);
  rmSync(next, { recursive: true, force: true });
  makeFolder(next, directory);
  return next;
}

/** Moves the damaged journal into `folder` with a report beside it, and the new one into its place. */
export function moveAside(directory: string, folder: string, report: string): void {
  const aside = join(directory, folder);
  makeFolder(aside, directory);
  write(aside, REPORT_FILE, report);
  sync(aside);
  write(directory, QUARANTINE_FILE, folder);
  sync(directory);
  finishMove(directory);
}

/** Goes on with what `moveAside` began, from wherever it came to. */
export function finishMove(directory: string): void {
  const folder = halfMoved(directory);
  if (folder === null) return;
  const next = join(directory, NEXT_FOLDER, JOURNAL_FILE);
  // Once the new one is in its place, the file of this name is no longer the damaged one.
  if (existsSync(next)) {
    for (const name of [JOURNAL_FILE, `${JOURNAL_FILE}-wal`, `${JOURNAL_FILE}-shm`]) {
      const path = join(directory, name);
      if (existsSync(path)) renameSync(path, join(directory, folder, name));
    }
    sync(join(directory, folder));
    sync(directory);
    renameSync(next, join(directory, JOURNAL_FILE));
    sync(directory);
  }
  rmSync(join(directory, NEXT_FOLDER), { recursive: true, force: true });
  rmSync(join(directory, QUARANTINE_FILE));
  sync(directory);
}

function makeFolder(path: string, directory: string): void {
  mkdirSync(path, { mode: 0o700 });
  giveFolder(path, directory);
}

function write(folder: string, name: string, text: string): void {
  const file = openSync(join(folder, name), "wx", 0o600);
  try {
    giveFile(file, folder);
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function sync(directory: string): void {
  const file = openSync(directory, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

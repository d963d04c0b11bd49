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
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { RESERVE_FILE } from "./disk-reserve.ts";
import { giveFile, giveFolder } from "./folder-owner.ts";
import { DAMAGED_FILE, JOURNAL_FILE, LOCK_FILE, NEW_FILE, QUARANTINE_FILE } from "./sqlite-schema.ts";

/** Where the new journal is made, inside the folder of the old one. */
export const NEXT_FOLDER = "journal.next";

/** The report in the folder of the damaged one. */
export const REPORT_FILE = "report.json";

/** How the folder of a damaged journal begins: its name goes on with the moment at which it was put aside. */
export const DAMAGED_PREFIX = "damaged-";

/**
 * Whether there is a journal at all. `hidden`: the user of this process may not read it, or not even look. `gone`: its file is
 * missing or empty, and others beside it tell that there was one. Nobody may open such a file: SQLite takes a database
 * of no bytes for a new one, and deletes the write-ahead log beside it, in which payments may stand.
 */
export type JournalSeen = "there" | "none" | "gone" | "hidden";

/** Looks for the journal in `directory`; changes nothing. */
export function lookForJournal(directory: string): JournalSeen {
  const [journal = "none", ...others] = [JOURNAL_FILE, `${JOURNAL_FILE}-wal`, QUARANTINE_FILE].map((name) =>
    lookForFile(join(directory, name)),
  );
  if (others.includes("hidden") || journal === "hidden") return "hidden";
  if (journal === "there" && !isEmpty(join(directory, JOURNAL_FILE))) return "there";
  return tracesOf(directory).length === 0 ? "none" : "gone";
}

/** The files by which a journal that has gone is known; none where none has been. */
export function tracesOf(directory: string): readonly string[] {
  const names = namesIn(directory);
  // Whoever was making the first journal when the power went had its lock by then, and nothing else.
  const begun = names.includes(NEW_FILE);
  return names.filter(
    (name) => (leftByJournal.has(name) && !(begun && name === LOCK_FILE)) || name.startsWith(DAMAGED_PREFIX),
  );
}

const leftByJournal: ReadonlySet<string> = new Set([
  JOURNAL_FILE,
  `${JOURNAL_FILE}-wal`,
  `${JOURNAL_FILE}-shm`,
  `${JOURNAL_FILE}-journal`,
  LOCK_FILE,
  DAMAGED_FILE,
  RESERVE_FILE,
  NEXT_FOLDER,
]);

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

function isEmpty(path: string): boolean {
  try {
    return statSync(path).size === 0;
  } catch {
    // Whoever opens it tells more.
    return false;
  }
}

/** Says, without its full stop, what a journal that has gone means and what helps. */
export function goneSentence(directory: string): string {
  const traces = tracesOf(directory);
  const file = traces.includes(JOURNAL_FILE) ? "is empty" : "is missing";
  const others = traces.filter((name) => name !== JOURNAL_FILE);
  const beside = others.length === 0 ? "" : `, and beside it there is ${others.join(", ")}`;
  return (
    `${join(directory, JOURNAL_FILE)} ${file}${beside}: there was a journal, and it may hold open payments; ` +
    "bring the file back (a disk that is not mounted, a copy), or put aside what is left of it"
  );
}

/**
 * Makes a folder and those around it that are missing. Node's own way never returns where a folder is there and says of all
 * that is made in it that the way to it is not (as /proc does); this one tries each level once.
 */
export function makeFolders(path: string, mode: number): void {
  const made = tryFolder(path, mode);
  if (made !== "no-way") return;
  const around = dirname(resolve(path));
  if (around === resolve(path)) throw new Error(`there is no way to ${path}`);
  makeFolders(around, mode);
  if (tryFolder(path, mode) === "no-way") throw new Error(`no folder can be made in ${around}`);
}

function tryFolder(path: string, mode: number): "there" | "no-way" {
  try {
    mkdirSync(path, { mode });
    return "there";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code === "ENOENT") return "no-way";
    if (code === "EEXIST" && statSync(path).isDirectory()) return "there";
    throw error;
  }
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

/** What a box has found damaged in its journal while it ran, null where nothing was found. */
export function condemnation(directory: string): string | null {
  const path = join(directory, DAMAGED_FILE);
  if (!existsSync(path)) return null;
  const sentence = readFileSync(path, "utf8").trim();
  // The power may have gone before the sentence was written: that there is a file says enough.
  return sentence === "" ? "a box has found it damaged" : sentence;
}

/** Makes durable that the journal is damaged; the first sentence stays. */
export function condemn(directory: string, sentence: string): void {
  if (existsSync(join(directory, DAMAGED_FILE))) return;
  write(directory, DAMAGED_FILE, `${sentence}\n`);
  sync(directory);
}

/** Makes the place for the new journal; what an earlier attempt left there goes. */
export function makeNext(directory: string): string {
  const next = join(directory, NEXT_FOLDER);
  rmSync(next, { recursive: true, force: true });
  makeFolder(next, directory);
  return next;
}

/** Makes the folder below `next` in which what is left of a journal that has gone can be opened without harm. */
export function makeLeft(next: string): string {
  const left = join(next, "left");
  makeFolder(left, next);
  return left;
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
    for (const name of [JOURNAL_FILE, `${JOURNAL_FILE}-wal`, `${JOURNAL_FILE}-shm`, DAMAGED_FILE]) {
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

/** Where the configuration is looked for, and how it is read: by everybody who reads it alike. */
import { closeSync, fstatSync, openSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { readUtf8 } from "../config/utf8.ts";

/** Where the configuration is looked for when no `--config` names it, in this order. */
const usualPaths = ["./device.config.json", "/etc/scanbox/device.config.json"] as const;

/** What was read, or a sentence that names the file. */
export type ConfigText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: string };

/** The path that `--config` gave, else the first usual one that exists, or may exist where this user cannot look. */
export function configPath(option: string | undefined): string {
  return option ?? usualPaths.find((path) => mayBeThere(path)) ?? usualPaths[0];
}

/** Reads the file; what root is given to read must be nobody else's to change. */
export function readConfigText(path: string): ConfigText {
  let file: number | null = null;
  try {
    file = openSync(path, "r");
    const read = readUtf8(readFileSync(file));
    const stranger = process.geteuid?.() === 0 ? whoCouldWrite(fstatSync(file), foldersOf(path)) : null;
    if (stranger !== null) return { ok: false, problem: `${path}: ${stranger}` };
    return "fault" in read ? { ok: false, problem: `${path} ${read.fault}` } : { ok: true, text: read.text };
  } catch (error) {
    return { ok: false, problem: unreadable(path, error) };
  } finally {
    if (file !== null) closeSync(file);
  }
}

/** Of a file or a folder: whose it is, and who may write into it. */
export interface Ownership {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
/** In such a folder nobody removes what is another's (inode(7)). */
const STICKY = 0o1000;

/**
 * Why root must not follow this file, as a sentence without its subject; null where root alone could have written it.
 * A configuration says which files root opens, whom it pays and which pins it drives.
 */
export function whoCouldWrite(
  file: Ownership,
  folders: readonly (Ownership & { readonly path: string })[],
): string | null {
  const why = "as root, scanbox follows only what root alone can change";
  if (isOpen(file)) return `others could have written it; ${why}: chown root FILE, chmod go-w FILE.`;
  const open = folders.find(({ uid, gid, mode }) => {
    // Who may write into a sticky folder may not touch what is another's.
    return isOpen({ uid, gid, mode: (mode & STICKY) === 0 ? mode : 0 });
  });
  return open === undefined
    ? null
    : `others may write into ${open.path}; ${why}: name another with --config.`;
}

function isOpen({ uid, gid, mode }: Ownership): boolean {
  return uid !== 0 || (mode & OTHERS_WRITE) !== 0 || (gid !== 0 && (mode & GROUP_WRITES) !== 0);
}

/** Every folder on the way to the file: by the name that was given, and by the one that links lead to. */
function foldersOf(path: string): readonly (Ownership & { readonly path: string })[] {
  const folders = new Set<string>();
  for (const way of [resolve(path), realpathSync(path)]) {
    for (let folder = dirname(way); !folders.has(folder); folder = dirname(folder)) folders.add(folder);
  }
  return [...folders].map((folder) => {
    const { uid, gid, mode } = statSync(folder);
    return { path: folder, uid, gid, mode };
  });
}

function mayBeThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return codeOf(error) !== "ENOTDIR";
  }
}

function unreadable(path: string, error: unknown): string {
  const code = codeOf(error);
  const [here, there] = usualPaths;
  if (code === "ENOENT" && path === here && !mayBeThere(there))
    return `There is neither ${here} nor ${there}; "scanbox setup" writes one.`;
  if (code === "ENOENT") return `There is no file ${path}; name another with --config FILE.`;
  if (code === "EACCES") return `This user may not read ${path}: use sudo.`;
  return `${path} cannot be read (${code}).`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

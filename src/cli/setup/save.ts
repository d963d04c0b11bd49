/** Puts what was made into files: each of them is the old one or the new one at any moment, and none has a secret too much. */
import {
  chownSync,
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { readTextIfAny } from "../../links/machine/proc-files.ts";

/** The configuration names secrets and holds none: the service reads it, and nobody beside it. */
const CONFIG_MODE = 0o640;
const SECRET_MODE = 0o600;

/** What is to be written. */
export interface Papers {
  readonly configFile: string;
  readonly config: string;
  /** Texts by absolute paths. */
  readonly secrets: ReadonlyMap<string, string>;
}

/**
 * Writes secrets first, so that a configuration never names one that is not there. An earlier configuration is kept as
 * FILE.bak. Gives the names of the files that were written; throws what the file system says.
 */
export function save({ configFile, config, secrets }: Papers): readonly string[] {
  const written: string[] = [];
  const put = (path: string, text: string, mode: number): void => {
    replace(path, text, mode);
    written.push(path);
  };
  for (const [path, text] of secrets) put(path, `${text}\n`, SECRET_MODE);
  if (existsSync(configFile)) {
    const before = readFileSync(configFile, "utf8");
    if (before === config) return written;
    put(`${configFile}.bak`, before, CONFIG_MODE);
  }
  put(configFile, config, CONFIG_MODE);
  return written;
}

/** Why files cannot be written into this folder, or null; tried before anybody answers questions for nothing. */
export function refusedFolder(folder: string): string | null {
  const trial = `${folder}/.scanbox-setup-${process.pid}`;
  try {
    closeSync(openSync(trial, "wx", SECRET_MODE));
    rmSync(trial);
    return null;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    if (code === "ENOENT")
      return `There is no folder ${folder}: make it, or name another file with --config.`;
    if (code === "EACCES" || code === "EPERM") {
      return `This user may not write into ${folder}: use sudo, or name another file with --config.`;
    }
    return `Nothing can be written into ${folder} (${code}).`;
  }
}

function replace(path: string, text: string, mode: number): void {
  const next = `${path}.new`;
  rmSync(next, { force: true });
  const file = openSync(next, "wx", mode);
  try {
    fchmodSync(file, mode);
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  handOver(next, mode === SECRET_MODE);
  renameSync(next, path);
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/**
 * A file of root's in the folder of the service's group belongs to that group too; a secret, which no group may read,
 * belongs to the service's user itself.
 */
function handOver(path: string, secret: boolean): void {
  if (process.getuid?.() !== 0) return;
  const { gid, uid } = statSync(dirname(path));
  const user = secret && gid !== 0 ? (userOf(gid) ?? uid) : uid;
  chownSync(path, user, gid);
}

/** The user whose own group this is (passwd(5)), null where there is none. */
function userOf(gid: number): number | null {
  const users = (readTextIfAny("/etc/passwd") ?? "").split("\n").map((line) => line.split(":"));
  const found = users.find(([, , , group]) => group === String(gid));
  return found === undefined ? null : Number(found[2]);
}

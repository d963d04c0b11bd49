/** Whose the journal's files are: a technician who is root must leave nothing that the user of the service cannot open. */
import { fchownSync, lchownSync, statSync } from "node:fs";

/** Gives an open file that was just made in `folder` to whom the folder belongs. Only root can (chown(2)). */
export function giveFile(file: number, folder: string): void {
  const owner = foreignOwner(folder);
  if (owner !== null) fchownSync(file, owner.uid, owner.gid);
}

/** The same for a folder at `path`, which is made in `folder`. */
export function giveFolder(path: string, folder: string): void {
  const owner = foreignOwner(folder);
  if (owner !== null) lchownSync(path, owner.uid, owner.gid);
}

/** To whom root must give what it makes in `folder`; null for anybody else, and where the folder is root's. */
function foreignOwner(folder: string): { readonly uid: number; readonly gid: number } | null {
  if (process.geteuid?.() !== 0) return null;
  const { uid, gid } = statSync(folder);
  return uid === 0 ? null : { uid, gid };
}

/**
 * Space on the disk that is held back for the records of open orders: a file of zeros that is removed when the disk is
 * full. Zeros are written and not only promised, because a file system keeps no promise about a hole.
 */
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";

/** The file in the journal's folder. */
export const RESERVE_FILE = "journal.reserve";

/** Room for some hundred records: each touches a few pages of 4 KiB in the log, and later the same in the database. */
const RESERVE_BYTES = 4 << 20;

/** Less room than this is none: an index and a log that are made anew want some tens of KiB. */
const TIGHT_BYTES = 1 << 20;

const CHUNK = new Uint8Array(1 << 16);

/** The reserve of one journal. */
export class DiskReserve {
  readonly #path: string;
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    this.#path = join(directory, RESERVE_FILE);
  }

  /** Makes sure that the file is there. False where the disk has no room for it. */
  hold(): boolean {
    try {
      // Looked at each time: who cleans up a disk may have deleted it.
      if (statSync(this.#path, { throwIfNoEntry: false })?.size === RESERVE_BYTES) return true;
      const { bavail, bsize } = statfsSync(this.#directory);
      if (bavail * bsize < 2 * RESERVE_BYTES) return false;
      this.#fill();
      return true;
    } catch (error) {
      this.spend();
      // Only a lack of room is a reason to stop: a disk that refuses otherwise will say so to the journal too.
      return !isFull(error);
    }
  }

  /** Gives the room back to the disk; false where there was none. */
  spend(): boolean {
    const had = statSync(this.#path, { throwIfNoEntry: false }) !== undefined;
    try {
      rmSync(this.#path, { force: true });
      return had;
    } catch {
      return false;
    }
  }

  /** The same where nothing but this is left; false where the disk has room, or cannot tell. */
  spendIfFull(): boolean {
    try {
      const { bavail, bsize } = statfsSync(this.#directory);
      return bavail * bsize < TIGHT_BYTES && this.spend();
    } catch {
      return false;
    }
  }

  #fill(): void {
    const file = openSync(this.#path, "w", 0o600);
    try {
      for (let written = 0; written < RESERVE_BYTES; ) {
        written += writeSync(file, CHUNK, 0, Math.min(CHUNK.length, RESERVE_BYTES - written));
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}

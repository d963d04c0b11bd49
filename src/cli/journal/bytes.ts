import { statSync } from "node:fs";
import { join } from "node:path";

/** Bytes of the journal on the disk, its write-ahead log included; null where there is none. */
export function journalBytes(directory: string): number | null {
  const sizes = ["journal.db", "journal.db-wal"].flatMap((name) => {
    const found = statSync(join(directory, name), { throwIfNoEntry: false });
    return found === undefined ? [] : [found.size];
  });
  return sizes.length === 0 ? null : sizes.reduce((sum, size) => sum + size, 0);
}

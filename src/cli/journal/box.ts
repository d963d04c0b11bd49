import { readRow } from "../../journal/row.ts";
import { openReader } from "../../links/sqlite/sqlite-reader.ts";

/** The id of the box whose orders the journal in `directory` holds, by the newest of them; null where nobody can tell. */
export function boxOf(directory: string): string | null {
  const opened = openReader(directory);
  if (!opened.ok) return null;
  using reader = opened.value;
  try {
    const [newest] = reader.newestOrders(1);
    const read = newest === undefined ? null : readRow(newest, reader.journal);
    return read?.ok === true ? (read.value.event?.tx.box ?? null) : null;
  } catch {
    return null;
  }
}

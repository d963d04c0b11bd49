/** Reads the journal in slices while the box runs, so that rows of any age are proved without a long read. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { StoredRow, StoreSlice } from "../../runtime/ports.ts";
import { detailOf, isPassing } from "./sqlite-refusal.ts";
import { storedRowOf, textOf } from "./sqlite-rows.ts";
import { ROW_COLUMNS } from "./sqlite-schema.ts";

/**
 * Reads on from row to row, and looks each one up in every index that should know it: one that is missing there would be
 * passed over by whoever asks the index. One too many is found by the hash of the row it leads to.
 */
export class SliceReader {
  readonly #rows: StatementSync;
  readonly #open: StatementSync;
  readonly #bySeq: StatementSync;
  readonly #bySubject: StatementSync;
  readonly #ofSegments: StatementSync;

  constructor(database: DatabaseSync) {
    this.#rows = database.prepare(`SELECT ${ROW_COLUMNS} FROM rows WHERE n > ? ORDER BY n LIMIT ?`);
    this.#open = database.prepare("SELECT subject FROM open_subjects");
    this.#bySeq = database.prepare("SELECT n FROM rows INDEXED BY rows_by_seq WHERE seq = ? AND n = ?");
    this.#bySubject = database.prepare(
      "SELECT n FROM rows INDEXED BY rows_by_subject WHERE subject = ? AND n = ?",
    );
    this.#ofSegments = database.prepare(
      "SELECT n FROM rows INDEXED BY rows_of_segments WHERE kind = 'segment' AND n = ?",
    );
  }

  /** Up to `limit` rows behind row `after`, and at the end the list of open orders. A row that the disk does not give back is damage. */
  read(after: number, limit: number): StoreSlice {
    try {
      const rows = this.#rows.all(after, limit).map(storedRowOf);
      const unknown = rows.find((row) => !this.#isIndexed(row));
      if (unknown !== undefined)
        return { kind: "damaged", detail: `row ${unknown.n}: an index of the journal does not know it` };
      const atEnd = rows.length < limit;
      return {
        kind: "rows",
        rows,
        open: atEnd ? this.#open.all().map((record) => textOf(record, "subject")) : null,
      };
    } catch (error) {
      if (isPassing(error)) return { kind: "busy" };
      return { kind: "damaged", detail: `behind row ${after}: ${detailOf(error)}` };
    }
  }

  #isIndexed({ n, seq, subject, kind }: StoredRow): boolean {
    return (
      (seq === null || this.#bySeq.get(seq, n) !== undefined) &&
      (subject === null || this.#bySubject.get(subject, n) !== undefined) &&
      (kind !== "segment" || this.#ofSegments.get(n) !== undefined)
    );
  }
}

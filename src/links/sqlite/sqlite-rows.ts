import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { StoredRow } from "../../runtime/ports.ts";
import { ROW_COLUMNS } from "./sqlite-schema.ts";

/** One record as node:sqlite returns it. */
export type SqlRecord = Readonly<Record<string, SQLOutputValue>>;

/**
 * A record of the table `rows`. STRICT tables hold what they declare, so anything else is damage and throws.
 */
export function storedRowOf(record: SqlRecord): StoredRow {
  return {
    n: integerOf(record, "n"),
    seq: record.seq === null ? null : integerOf(record, "seq"),
    kind: textOf(record, "kind"),
    subject: record.subject === null ? null : textOf(record, "subject"),
    final: integerOf(record, "final") === 1,
    body: textOf(record, "body"),
    hash: textOf(record, "hash"),
  };
}

/** The rows that `where` finds, read one at a time. */
export function* rowsOf(
  database: DatabaseSync,
  where: string,
  ...values: readonly (number | string)[]
): Generator<StoredRow, void, undefined> {
  const statement = database.prepare(`SELECT ${ROW_COLUMNS} FROM rows ${where}`);
  for (const record of statement.iterate(...values)) yield storedRowOf(record);
}

/** The first row that `where` finds, null where there is none. */
export function rowOf(database: DatabaseSync, where: string): StoredRow | null {
  const record = database.prepare(`SELECT ${ROW_COLUMNS} FROM rows ${where}`).get();
  return record === undefined ? null : storedRowOf(record);
}

/** The whole number in a column; throws where there is none. */
export function integerOf(record: SqlRecord | undefined, column: string): number {
  const value = record?.[column];
  if (typeof value !== "number") throw new UnreadableColumn(column);
  return value;
}

/** The text in a column; throws where there is none. */
export function textOf(record: SqlRecord | undefined, column: string): string {
  const value = record?.[column];
  if (typeof value !== "string") throw new UnreadableColumn(column);
  return value;
}

/** The bytes in a column; throws where there are none. */
export function bytesOf(record: SqlRecord | undefined, column: string): Uint8Array {
  const value = record?.[column];
  if (!(value instanceof Uint8Array)) throw new UnreadableColumn(column);
  return value;
}

/** A column does not hold what its table declares. */
export class UnreadableColumn extends Error {
  override readonly name = "UnreadableColumn";

  constructor(column: string) {
    super(`column ${column} does not hold what it should`);
  }
}

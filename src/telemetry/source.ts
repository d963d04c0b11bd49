import type { StoredRow } from "../runtime/ports.ts";

/** One money event of the journal, as the outbox reads it. */
export interface EventRow {
  /** Dense from 1 within its journal. */
  readonly seq: number;
  /** Hex SHA-256 of the journal's row. */
  readonly hash: string;
  /** Hash of the row of the money event before, null for the first one of a journal. */
  readonly prevHash: string | null;
  /** JSON text of the entry, as it was made durable. */
  readonly body: string;
}

/** What the outbox needs of the journal. */
export interface EventSource {
  /** Up to `limit` events above `afterSeq`, in order; null where the journal could not be read. */
  follow(afterSeq: number, limit: number, done: (rows: readonly EventRow[] | null) => void): void;
  /** Notes how far a follower has come; losing the last moves costs a repetition (design §4, Flushes). */
  moveCursor(name: string, seq: number): void;
  /** Calls `listener` after each append that made events durable. */
  onAppended(listener: () => void): void;
  /** The newest durable event, 0 where there is none. */
  head(): number;
}

/** A journal whose rows do not name the hash of the money event before them. */
export interface StoredEvents {
  follow(afterSeq: number, limit: number, done: (rows: readonly StoredRow[] | null) => void): void;
  moveCursor(name: string, seq: number): void;
  onAppended(listener: () => void): void;
}

/**
 * Reads a journal of stored rows as events: one row more than was asked for is read at the front, for its hash.
 * Retention keeps the row of the cursor for this; where it is missing, the read fails rather than change an event's bytes.
 */
export function eventSource(events: StoredEvents, head: () => number): EventSource {
  return {
    follow(afterSeq, limit, done) {
      const first = afterSeq === 0;
      events.follow(first ? 0 : afterSeq - 1, first ? limit : limit + 1, (rows) => {
        done(rows === null ? null : linked(rows, afterSeq));
      });
    },
    moveCursor: (name, seq) => events.moveCursor(name, seq),
    onAppended: (listener) => {
      events.onAppended(listener);
    },
    head,
  };
}

function linked(rows: readonly StoredRow[], afterSeq: number): readonly EventRow[] | null {
  const linkedRows: EventRow[] = [];
  let prevHash: string | null = null;
  let expected = afterSeq === 0 ? 1 : afterSeq;
  for (const row of rows) {
    if (row.seq !== expected) return null;
    if (row.seq > afterSeq) linkedRows.push({ seq: row.seq, hash: row.hash, prevHash, body: row.body });
    prevHash = row.hash;
    expected += 1;
  }
  return linkedRows;
}

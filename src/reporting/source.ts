import type { TxData } from "../core/payment/order.ts";

/** One money event of the journal, as the outbox reads it. */
export interface EventRow {
  /** Dense from 1 within its journal; events that an earlier one has left unconfirmed come before it, up to 0. */
  readonly seq: number;
  /** The boot that wrote the record. */
  readonly boot: string;
  /** When the record was written, RFC 3339 in UTC. */
  readonly at: string;
  /** Hex SHA-256 over the event. */
  readonly hash: string;
  /** `hash` of the event before it, null for the first one of a journal. */
  readonly prevHash: string | null;
  /** What is reported, as it was made durable. */
  readonly tx: TxData;
  /** The journal and number by which an event of an earlier journal is known; its `seq` then only says its turn, at most 0. */
  readonly known?: { readonly journal: string; readonly seq: number };
}

/** What the outbox needs of the journal. */
export interface EventSource {
  /** Up to `limit` events above `afterSeq`, in order; null where the journal could not be read. */
  follow(afterSeq: number, limit: number, done: (rows: readonly EventRow[] | null) => void): void;
  /** Notes how far a follower has come; losing the last moves costs a repetition (src/journal/README.md). */
  moveCursor(name: string, seq: number): void;
  /** Calls `listener` after each append that made events durable. */
  onAppended(listener: () => void): void;
  /** The newest durable event, 0 where there is none. */
  head(): number;
}

import { accept, type Result, refuse } from "../core/kernel/result.ts";
import type { StoredRow } from "../runtime/ports.ts";
import type { LastEvent } from "./own-entry.ts";
import { type Head, type ReadRow, type RowDamage, readRow } from "./row.ts";

/** What can be wrong with a row or its place among the others. */
export type ChainDamage =
  | RowDamage
  | "gap"
  | "wrong-link"
  | "event-gap"
  | "wrong-event-link"
  | "wrong-segment";

/** The damage in words, to stand after "row 17: ". */
export const damageWords: Readonly<Record<ChainDamage, string>> = {
  "wrong-hash": "its hash does not match what it says",
  "not-an-entry": "it cannot be read as an entry",
  "columns-differ": "its columns say something else than its text",
  gap: "the rows before it are not complete",
  "wrong-link": "it does not continue the row before it",
  "event-gap": "the money events before it are not complete",
  "wrong-event-link": "its event does not continue the event before it",
  "wrong-segment": "its segment does not continue the events before it",
};

/**
 * Walks along rows in order and checks that each continues the one before it. Begun at a head it accepts only
 * what continues that head; begun in the middle (`from` null) it takes the first row, and the first event, on
 * their own word.
 */
export class ChainVerifier {
  readonly #journal: string;
  #row: Pick<Head, "n" | "hash"> | null;
  #event: Pick<Head, "seq" | "eventHash"> | null;

  constructor(journal: string, from: Head | null) {
    this.#journal = journal;
    this.#row = from;
    this.#event = from;
  }

  /** The newest row that was accepted, or the head it began at; null before the first. */
  get row(): Pick<Head, "n" | "hash"> | null {
    return this.#row;
  }

  /** The newest money event that was accepted, or the head it began at; null before the first. */
  get event(): Pick<Head, "seq" | "eventHash"> | null {
    return this.#event;
  }

  /** Checks the next row and reads it. After a refusal the walk has ended. */
  step(row: StoredRow): Result<ReadRow, ChainDamage> {
    const last = this.#row;
    if (last !== null && row.n !== last.n + 1) return refuse("gap");
    const read = readRow(row, this.#journal);
    if (!read.ok) return read;
    if (last !== null && read.value.before !== last.hash) return refuse("wrong-link");
    const { event, entry } = read.value;
    if (entry.kind === "segment" && !this.#continues(entry.events)) return refuse("wrong-segment");
    if (event !== null) {
      const lastEvent = this.#event;
      if (lastEvent !== null && event.seq !== lastEvent.seq + 1) return refuse("event-gap");
      if (lastEvent !== null && event.prevHash !== lastEvent.eventHash) return refuse("wrong-event-link");
      this.#event = { seq: event.seq, eventHash: event.hash };
    }
    this.#row = { n: row.n, hash: row.hash };
    return accept(read.value);
  }

  /** A walk that began in the middle learns from the first segment how far the events had come. */
  #continues({ seq, hash }: LastEvent): boolean {
    this.#event ??= { seq, eventHash: hash };
    return this.#event.seq === seq && this.#event.eventHash === hash;
  }
}

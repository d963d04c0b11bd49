/**
 * The proof of the whole journal while the box runs, a slice at a time: a start checks what it relies on, and the older rows
 * are read after it. Rows that are added meanwhile are proved too; rows that a rotation drops meanwhile are not missed.
 */
import type { StoredRow, StoreSlice } from "../runtime/ports.ts";
import { ChainVerifier, damageWords } from "./chain.ts";
import type { Beginning } from "./own-entry.ts";
import { genesis, type ReadRow } from "./row.ts";

/** One walk from the beginning of a journal to its end. */
export class Proof {
  readonly #journal: string;
  #walk: ChainVerifier;
  /** The newest row that is proved. */
  #last: number;
  #rows = 0;
  #done = false;
  /** Orders that the rows so far leave open. */
  readonly #open = new Set<string>();

  constructor(journal: string, first: Beginning) {
    this.#journal = journal;
    this.#walk = walkFrom(journal, first);
    this.#last = first.n - 1;
  }

  /** The row behind which the next slice begins. */
  get last(): number {
    return this.#last;
  }

  /** How many rows are proved. */
  get rows(): number {
    return this.#rows;
  }

  /** Whether the end was reached. */
  get done(): boolean {
    return this.#done;
  }

  /** Takes the slice behind `last`; says what is damaged, or null. `head` is a row that was durable when the slice was asked for. */
  take(slice: StoreSlice, first: Beginning, head: number): string | null {
    if (slice.kind === "busy") return null;
    if (slice.kind === "damaged") return slice.detail;
    const [begin] = slice.rows;
    if (begin !== undefined && begin.n > this.#last + 1 && begin.n === first.n) this.#beginAt(first);
    for (const row of slice.rows) {
      const damage = this.#step(row);
      if (damage !== null) return damage;
    }
    if (slice.open === null) return null;
    if (this.#last < head) return `row ${this.#last + 1}: it is missing`;
    this.#done = true;
    const agrees = slice.open.length === this.#open.size && slice.open.every((name) => this.#open.has(name));
    return agrees ? null : "the list of open orders does not agree with the rows";
  }

  /** A rotation has dropped rows that were not read yet; none of them was of an open order. */
  #beginAt(first: Beginning): void {
    this.#walk = walkFrom(this.#journal, first);
    this.#last = first.n - 1;
    this.#open.clear();
  }

  #step(row: StoredRow): string | null {
    if (row.n !== this.#last + 1) return `row ${row.n}: ${damageWords.gap}`;
    const step = this.#walk.step(row);
    if (!step.ok) return `row ${row.n}: ${damageWords[step.reason]}`;
    this.#count(step.value);
    this.#last = row.n;
    this.#rows += 1;
    return null;
  }

  #count({ event }: ReadRow): void {
    if (event === null) return;
    if (event.tx.final) this.#open.delete(event.tx.outTradeNo);
    else this.#open.add(event.tx.outTradeNo);
  }
}

/** The chain begins at the journal's id, or in the middle, where a start has proved what the first row continues. */
function walkFrom(journal: string, { n }: Beginning): ChainVerifier {
  return new ChainVerifier(journal, n === 1 ? genesis(journal) : null);
}

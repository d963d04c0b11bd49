/** Which orders may have had their last row among those of a damaged journal that are lost. */
import type { StoredRow } from "../runtime/ports.ts";

/** Entries that say nothing about money. */
const ownKinds: ReadonlySet<string> = new Set([
  "boot",
  "shown",
  "checked",
  "evidence",
  "segment",
  "quarantine",
  "unsent",
]);

/**
 * Follows the money events that can be read: their numbers are dense, so that a gap tells how many are lost. A damaged row whose
 * column and text name the same order is that order's, for one flipped bit does not change both; any other lost row may have
 * been of every order that was open then.
 */
export class LostRows {
  readonly #doubted = new Set<string>();
  /** Orders that a damaged event names behind the newest one of theirs that was read. */
  readonly #followed = new Set<string>();
  /** Damaged rows since the newest event that was read: of known orders, and how many of nobody knows which. */
  #named = new Set<string>();
  #namedRows = 0;
  #nameless = 0;
  #seq = 0;
  #n = 0;

  /** A row that is not believed. */
  damaged(row: StoredRow): void {
    if (row.seq === null && ownKinds.has(row.kind) && row.body.includes(`"kind":"${row.kind}"`)) return;
    const { subject: outTradeNo } = row;
    if (outTradeNo !== null && row.body.includes(`"outTradeNo":"${outTradeNo}"`)) {
      this.#named.add(outTradeNo);
      this.#followed.add(outTradeNo);
      this.#namedRows += 1;
    } else {
      this.#nameless += 1;
    }
  }

  /** An event that is believed, while `open` orders were not at their end. */
  read(n: number, seq: number, outTradeNo: string, open: readonly string[]): void {
    const missing = seq - this.#seq - 1;
    const all = missing > this.#namedRows;
    for (const order of open) if (missing > 0 && (all || this.#named.has(order))) this.#doubted.add(order);
    // Its own row shows how it stands now, whatever was lost before.
    this.#doubted.delete(outTradeNo);
    this.#followed.delete(outTradeNo);
    this.#named = new Set();
    this.#namedRows = 0;
    this.#nameless = 0;
    this.#seq = seq;
    this.#n = n;
  }

  /** Whether the newest event of this order is certainly not the last: a damaged one behind it is the order's. */
  isFollowed(outTradeNo: string): boolean {
    return this.#followed.has(outTradeNo);
  }

  /**
   * After the last row: whether the last one of an order may be lost. `newestSeq` is the newest event's number by the index of
   * events; null where that cannot be read, so that nobody knows what followed.
   */
  atTheEnd(
    unreadable: readonly (readonly [from: number, to: number])[],
    newestSeq: number | null,
  ): (outTradeNo: string) => boolean {
    const missing = newestSeq === null ? Number.POSITIVE_INFINITY : newestSeq - this.#seq;
    const all = this.#nameless > 0 || missing > this.#namedRows || unreadable.some(([, to]) => to > this.#n);
    return (outTradeNo) => all || this.#doubted.has(outTradeNo) || this.#named.has(outTradeNo);
  }
}

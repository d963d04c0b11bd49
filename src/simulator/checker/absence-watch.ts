/**
 * Who counts beside the box how often and where an order was said not to be there (money rule 9): spelled out here once more,
 * so that a wrong count of the box is no excuse.
 */

/** From the end of a charge's flight to an absence that counts, and from the first to the last of five that need no host. */
const NOT_BEFORE_MS = 60_000;
const LASTING_MS = 600_000;
const LASTING_COUNT = 5;

interface Said {
  readonly host: string;
  /** Running time of the box at this moment. */
  readonly ran: number;
  readonly life: number;
}

interface Watched {
  /** Where the charge was sent, null where it was sent nowhere. */
  readonly host: string | null;
  /** From when its flight was over, or nobody could still wait for it; null while it is on its way. */
  readonly answeredAt: number | null;
  /** Absences in a row that came late enough. */
  readonly row: readonly Said[];
}

/** Watches the absences of all orders. Times are those of the world. */
export class AbsenceWatch {
  readonly #orders = new Map<string, Watched>();
  #life = 0;
  #startedAt: number | null = null;
  #ranBefore = 0;

  /** The box begins to run: every order counts as charged now. */
  started(now: number): void {
    this.stopped(now);
    this.#life += 1;
    this.#startedAt = now;
    for (const [outTradeNo, watched] of this.#orders) {
      this.#orders.set(outTradeNo, { ...watched, answeredAt: now });
    }
  }

  /** The box runs no more. */
  stopped(now: number): void {
    this.#ranBefore = this.#ran(now);
    this.#startedAt = null;
  }

  /** A charge is on its way to `host`. */
  charged(outTradeNo: string, host: string): void {
    this.#orders.set(outTradeNo, { host, answeredAt: null, row: [] });
  }

  /** The charge came back, or did not. */
  landed(outTradeNo: string, now: number): void {
    const watched = this.#orders.get(outTradeNo);
    if (watched !== undefined) this.#orders.set(outTradeNo, { ...watched, answeredAt: now });
  }

  /** A query of `asked.at` was answered with a signed word: whether it says that there is no such order. */
  answered(outTradeNo: string, asked: { readonly host: string; readonly at: number }, absent: boolean): void {
    // Of an order whose charge never left.
    const unsent: Watched = { host: null, answeredAt: this.#startedAt, row: [] };
    const watched = this.#orders.get(outTradeNo) ?? unsent;
    const { answeredAt, row } = watched;
    const counts = absent && answeredAt !== null && asked.at - answeredAt >= NOT_BEFORE_MS;
    if (absent && !counts) return;
    const said = { host: asked.host, ran: this.#ran(asked.at), life: this.#life };
    this.#orders.set(outTradeNo, { ...watched, row: counts ? [...row, said] : [] });
  }

  /** Whether what was said proves that the order is not there. */
  proves(outTradeNo: string): boolean {
    const { host, row } = this.#orders.get(outTradeNo) ?? { host: null, row: [] };
    const [first] = row;
    const last = row.at(-1);
    if (first === undefined || last === undefined) return false;
    const now = row.filter(({ life }) => life === this.#life);
    if (now.length >= 2 && (host === null || now.some((said) => said.host === host))) return true;
    return row.length >= LASTING_COUNT && last.ran - first.ran >= LASTING_MS;
  }

  #ran(now: number): number {
    return this.#ranBefore + (this.#startedAt === null ? 0 : now - this.#startedAt);
  }
}

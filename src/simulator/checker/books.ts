/** What the sandboxes have told of their books, by account and order. */
import { invariant } from "../../core/kernel/defect.ts";
import type { Fact } from "../outside/sandbox.ts";

/** An order as the facts have it. */
export interface LedgerOrder {
  readonly order: string;
  readonly payee: string;
  /** What came with the request that opened it. */
  readonly nonce: string | null;
  readonly open: boolean;
  readonly chargedFen: number;
  /** What went back because a box asked for it. */
  readonly takenBackFen: number;
  /** What staff have given back. */
  readonly byStaffFen: number;
}

type Entry = { -readonly [Member in keyof LedgerOrder]: LedgerOrder[Member] };

/** Kept by whoever checks a world, from facts alone. */
export class Books {
  readonly #orders = new Map<string, Entry>();
  readonly #byNumber = new Map<string, Entry>();
  readonly #charges = new Map<string, number>();

  /** Enters what happened. */
  enter(fact: Fact): void {
    if (fact.kind === "opened") {
      const { order, payee, nonce } = fact;
      const entry = { order, payee, nonce, open: true, chargedFen: 0, takenBackFen: 0, byStaffFen: 0 };
      this.#orders.set(`${payee} ${order}`, entry);
      if (!this.#byNumber.has(order)) this.#byNumber.set(order, entry);
      return;
    }
    const entry = this.#orders.get(`${fact.payee} ${fact.order}`);
    invariant(entry !== undefined, "a fact is of an order that was opened");
    switch (fact.kind) {
      case "charged":
        entry.chargedFen += fact.amountFen;
        if (fact.code !== null) this.#charges.set(fact.code, (this.#charges.get(fact.code) ?? 0) + 1);
        return;
      case "taken-back":
        if (fact.by === "box") entry.takenBackFen += fact.amountFen;
        else entry.byStaffFen += fact.amountFen;
        return;
      case "ended":
        entry.open = false;
        return;
    }
  }

  /** An order of an account; where nobody knows the account any more, the first of its number. */
  find(order: string, payee: string | undefined): LedgerOrder | undefined {
    return payee === undefined ? this.#byNumber.get(order) : this.#orders.get(`${payee} ${order}`);
  }

  /** Every order, as they were opened. */
  orders(): Iterable<LedgerOrder> {
    return this.#orders.values();
  }

  /** How often each code was charged, of those that were. */
  charges(): Iterable<number> {
    return this.#charges.values();
  }
}

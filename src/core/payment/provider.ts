/**
 * What differs between providers, as data that the core reads (money rule 18). The core compares these facts and follows them;
 * it knows no provider by name.
 */
import type { Payee } from "./order.ts";
import type { Wallet } from "./wallet.ts";

/** How a provider calls what takes an order back. */
export type UndoWay = "reverse" | "cancel" | "close" | "refund";

/** One way to take an order back. */
export interface UndoFacts {
  readonly way: UndoWay;
  /** Not before so long after the last moment at which the charge may have left. */
  readonly notBeforeMs: number;
  /** What the question after it asks about, and what alone confirms it. */
  readonly confirm: "payment" | "refund";
  /**
   * What takes an order back that was paid, once a signed answer has refused this way as too late; null where nothing does, and
   * people have to (money rule 10).
   */
  readonly overdue: Omit<UndoFacts, "overdue"> | null;
}

/** How an order is taken back: while nobody has seen it paid, and after. */
export interface Undoing {
  readonly unpaid: UndoFacts;
  readonly paid: UndoFacts;
}

/** When "no such order" counts (money rule 9). */
export interface AbsenceFacts {
  /** From the last moment a charge may have been in flight to the question whose absence counts. */
  readonly notBeforeMs: number;
  /** So many absences stand for the one of the host that was charged, where that one cannot be had. */
  readonly count: number;
  /** From the first to the last of these. */
  readonly lastingMs: number;
}

/** One provider, as an account of it is configured. */
export interface ProviderFacts {
  readonly payee: Payee;
  /** Whether new orders are charged through it; else it only finishes what is open. */
  readonly charges: boolean;
  readonly wallets: readonly Wallet[];
  /** Whether its "paid" to a charge proves the payment; if not, only a query's does (money rule 6). */
  readonly chargeProves: boolean;
  /** Whether it refuses requests whose time is wrong: nothing new is charged through it with a clock that is not trusted (money rule 18). */
  readonly needsClock: boolean;
  /** Origins, in order of preference; never empty. */
  readonly hosts: readonly string[];
  /** Between two queries, and before the first one while the customer types (money rule 8). */
  readonly queryEveryMs: number;
  /** From the charge to the last query and the decision to reverse (money rule 8). */
  readonly giveUpAfterMs: number;
  /** `mpm` null: it knows no code of ours. */
  readonly undo: { readonly cpm: Undoing; readonly mpm: Undoing | null };
  /** Whether a code of ours is offered now; one that was offered before is taken back by `undo.mpm` all the same. */
  readonly offersCode: boolean;
  /** Null where an absence proves nothing, ever. */
  readonly absence: AbsenceFacts | null;
}

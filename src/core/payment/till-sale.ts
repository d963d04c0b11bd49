/** A sale as a till meets it: what it may ask of a box, and what it hears. */
import type { Fen } from "../kernel/fen.ts";
import type { AskRefusal, Blocker } from "./box.ts";
import type { MoneyReason, MoneyState } from "./order.ts";

/** How a sale stands: from the box where it waits or has just begun, else from its newest money record. */
export interface SaleState {
  /** The till's own id. */
  readonly ref: string;
  readonly amountFen: number;
  /** `armed` waits for a code. */
  readonly state: "armed" | MoneyState;
  readonly final: boolean;
  readonly charged: "yes" | "no" | "unknown";
  readonly reason: MoneyReason | null;
  /** The newest order of the sale, null where no code was scanned. */
  readonly outTradeNo: string | null;
  readonly shortRef: string | null;
  readonly transactionId: string | null;
}

/** The state of a sale, or why there is none to tell. */
export type SaleAnswer =
  | { readonly kind: "state"; readonly sale: SaleState }
  /** It waited for a code and waits no more: it was charged to nobody. Asked for once more, it begins anew. */
  | { readonly kind: "withdrawn"; readonly ref: string; readonly amountFen: number }
  /** The box has never heard of it, or long ago: nothing was charged for it lately. */
  | { readonly kind: "no-sale" }
  /** There is an order, and the journal cannot be read now. */
  | { readonly kind: "unread" }
  | { readonly kind: "refused"; readonly why: AskRefusal | "other-amount"; readonly blocker: Blocker | null };

/** What a till may do at a box. An answer never comes before the call has returned. */
export interface SaleHands {
  /** Arms the amount, or says how the sale of this `ref` stands, or why it cannot be. */
  readonly ask: (ref: string, amountFen: Fen, done: (answer: SaleAnswer) => void) => void;
  /** Says how a sale stands. */
  readonly state: (ref: string, done: (answer: SaleAnswer) => void) => void;
  /** Wants a sale no more: one that waits ends, one that is under way is reversed if it can be. */
  readonly withdraw: (ref: string, done: (answer: SaleAnswer) => void) => void;
}

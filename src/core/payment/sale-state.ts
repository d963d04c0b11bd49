/** What a till hears of a sale that it asks for, asks about or withdraws. */
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
  /** The box has never heard of it, or long ago: nothing was charged for it lately. */
  | { readonly kind: "no-sale" }
  /** There is an order, and the journal cannot be read now. */
  | { readonly kind: "unread" }
  | { readonly kind: "refused"; readonly why: AskRefusal | "other-amount"; readonly blocker: Blocker | null };

/** A sale as a till meets it: what it may ask of a box, what the core decides once, and what the till hears. */
import type { Fen } from "../kernel/fen.ts";
import type { Blocker } from "./blocker.ts";
import type { MoneyReason, MoneyState } from "./order.ts";

/** A sale as whoever asks for it names it: a `ref` belongs to its caller, and another caller's is another sale. */
export interface SaleName {
  /** The way in by which it was asked for, and the name that the program there gave itself. */
  readonly caller: string;
  /** The till's own id. */
  readonly ref: string;
}

/** What a till says to a box. */
export type SaleCommand =
  /** Arm this amount, or say how the sale stands that was asked for before. */
  | (SaleName & { readonly name: "pay"; readonly amountFen: Fen })
  | (SaleName & { readonly name: "sale" })
  /** It is wanted no more: before the charge that ends it, afterwards it is a wish to reverse. */
  | (SaleName & { readonly name: "withdraw" })
  /** Say how it stands as soon as it stands otherwise than in `state`, or when `withinMs` are over. */
  | (SaleName & { readonly name: "wait"; readonly state: SaleState["state"]; readonly withinMs: number });

/** From which state a sale has to move, and for how long that is waited for. */
export type AwaitedMove = Pick<SaleCommand & { readonly name: "wait" }, "state" | "withinMs">;

/** Why an amount is not taken. Nothing is armed then, and nothing will be charged for what was asked. */
export type AskRefusal =
  | "not-offered"
  | "not-ready"
  /** Another payment is at the box, or another caller's amount waits there. */
  | "busy"
  /** There was such a sale before: only a query tells what became of it. */
  | "ref-used"
  | "other-amount"
  | "amount-too-large"
  | "amount-uneven";

/** A refusal, with what stands in the way of every payment where that is the reason. */
export interface Refused {
  readonly kind: "refused";
  readonly why: AskRefusal;
  readonly blocker: Blocker | null;
}

/** How a sale stands: from the box where it waits, has just begun or had no order, else from its newest money record. */
export interface SaleState {
  /** The till's own id. */
  readonly ref: string;
  readonly amountFen: number;
  /** `armed` waits for a code. No code was scanned where it is `withdrawn` by its caller or has `lapsed`. */
  readonly state: "armed" | "withdrawn" | "lapsed" | MoneyState;
  readonly final: boolean;
  readonly charged: "yes" | "no" | "unknown";
  /** Found paid only after a restart: whoever paid may not stand there any more. */
  readonly late: boolean;
  readonly reason: MoneyReason | null;
  /** The newest order of the sale, null where no code was scanned. */
  readonly outTradeNo: string | null;
  readonly shortRef: string | null;
  readonly transactionId: string | null;
  /** `pay` found a sale that was there already, and began nothing. */
  readonly repeated: boolean;
}

/** What the core has decided about a command, at the moment at which the box did what it says. */
export type SaleDecision =
  | { readonly kind: "state"; readonly sale: SaleState }
  /** The newest record of this order says the rest; `over` is false while the box may go on with the sale after it. */
  | {
      readonly kind: "recorded";
      readonly ref: string;
      readonly outTradeNo: string;
      readonly over: boolean;
      readonly repeated: boolean;
    }
  /** The box has never heard of it, or long ago: nothing was charged for it lately. */
  | { readonly kind: "no-sale" }
  | Refused;

/** What a till hears. */
export type SaleAnswer =
  | Exclude<SaleDecision, { readonly kind: "recorded" }>
  /** There may be an order, and nobody can say now what became of it. */
  | { readonly kind: "unread" };

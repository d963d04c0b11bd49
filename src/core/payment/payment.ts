/**
 * One order, from its durable intent to its durable end.
 *
 *   recording → charging → asking → booking → reversing → closing → settled
 *
 * An order whose number turns out to be known at the provider goes through `recording-conflict` into `number-conflict`, and never into `recording-reversal`.
 * Where goods are sold, `dispensing` stands between the durable payment and the durable record of what became of them.
 * `recording`, `recording-reversal`, `recording-conflict` and `recording-outcome` wait for the journal: nothing dangerous happens before the first two have become
 * durable, nothing is shown before the third has. At most one call to the provider is under way for an order at any time
 * (`inFlight`), so an answer always belongs to the call before it. Phases change in `advance.ts` and what it calls.
 */

import type { Instant } from "../kernel/instant.ts";
import type { Absences } from "./absence.ts";
import type { ChargeAnswer, QueryAnswer, UndoAnswer } from "./answers.ts";
import type { Effect } from "./effects.ts";
import type { FinalState, Goods, GoodsOutcome, Intent, MoneyReason, MoneyState } from "./order.ts";
import type { PaymentCode } from "./payment-code.ts";

/** An order that is not forgotten yet. */
export interface Payment {
  readonly intent: Intent;
  readonly phase: Phase;
  /** The call that is under way, and when it was made. */
  readonly inFlight: { readonly call: "charge" | "query" | "undo"; readonly at: Instant } | null;
  readonly counts: { readonly charge: number; readonly query: number; readonly reverse: number };
  readonly transactionId: string | null;
  /** A signed answer said that money had moved. */
  readonly seenPaid: boolean;
  /** What is dispensed for it, null until it is paid for or where nothing is. */
  readonly goods: Goods | null;
  /** Found open at start: it counts as charged when the process started (money rule 10). */
  readonly recovered: boolean;
  /** When the charge was asked for; deadlines towards people run from here. */
  readonly chargedAt: Instant;
  /** No later than this did the charge leave; a reversal counts its 15 s from here. */
  readonly sentAt: Instant;
  /** No later than this was the charge still in flight; an absence counts its 60 s from here. */
  readonly answeredAt: Instant;
  /** The host that was charged, null while nobody knows: before its answer, and after a crash before a reversal was recorded. */
  readonly chargedHost: string | null;
}

/** Where an order stands. `next` is when its next call is due, where none is inFlight. */
export type Phase =
  | {
      readonly name: "recording";
      /** Null where the customer scans our code. */
      readonly code: PaymentCode | null;
      readonly sendBefore: Instant;
      readonly cancelled: boolean;
    }
  | { readonly name: "charging"; readonly sendBefore: Instant; readonly cancelled: boolean }
  | {
      readonly name: "asking";
      /** `password`: the customer types; `unclear`: nobody knows; `refused-unconfirmed`: refused in a way that is asked about first; `scan`: our code stands on a screen. */
      readonly about: PendingBecause;
      /** What the customer scans, for as long as it may be shown. */
      readonly codeUrl: string | null;
      readonly giveUpAt: Instant;
      readonly next: Instant;
      readonly last: boolean;
    }
  /** `number-conflict` is there where a query has shown meanwhile that the number is somebody else's. */
  | { readonly name: "recording-reversal"; readonly reason: MoneyReason; readonly taken?: true }
  /** The number is known at the provider (money rule 2): that becomes durable before anything else leaves. */
  | { readonly name: "recording-conflict"; readonly reversalRecorded: boolean }
  /** It is durable: the order is asked about and never reversed. `reversalRecorded` where a reversal had been recorded before. */
  | {
      readonly name: "number-conflict";
      readonly reversalRecorded: boolean;
      readonly giveUpAt: Instant;
      readonly next: Instant;
      readonly last: boolean;
    }
  | {
      readonly name: "reversing";
      readonly reason: MoneyReason;
      readonly since: Instant;
      readonly next: { readonly call: "undo" | "query"; readonly at: Instant };
      /** How many rounds of reverse and query have not confirmed it. */
      readonly rounds: number;
      /** What the last signed answer to a reversal said. */
      readonly heard: LastReversalReply;
      /** The answers ORDERNOTEXIST that came late enough to count. */
      readonly absences: Absences;
      /** Queries in a row without another reversal between them. */
      readonly asks: number;
      /**
       * `refused`: a signed answer has refused the usual way back as too late, and there is another one (`UndoFacts.overdue`);
       * `paid`: a query has since shown that there is something to give back, and the other way is taken.
       */
      readonly overdue: "no" | "refused" | "paid";
      readonly alarmed: boolean;
    }
  | { readonly name: "recording-outcome"; readonly verdict: Verdict }
  /**
   * Paid, and the intent to dispense is durable. `next` is when it counts as unclear: at once after a restart, null while the
   * machine is at work.
   */
  | { readonly name: "dispensing"; readonly verdict: Verdict; readonly next: Instant | null }
  /** Final and durable. `check` is when a decline by code is asked about in the background, after so many `looks`. */
  | {
      readonly name: "final";
      readonly verdict: Verdict;
      readonly check: Instant | null;
      readonly looks: number;
    }
  /** A row was lost that may have been its last: it is only asked about (`doubted.ts`). */
  | {
      readonly name: "doubted";
      readonly next: Instant;
      /** How many questions have not settled it. */
      readonly rounds: number;
      readonly absences: Absences;
    }
  /** The journal did not take what had to be recorded: nothing is claimed, only asked (money rule 11). */
  | { readonly name: "unrecorded"; readonly next: Instant }
  /** The intent did not become durable: nothing was sent and nothing will be. */
  | { readonly name: "abandoned" };

/** What an order whose outcome is open waits for. */
export type PendingBecause = "password" | "unclear" | "refused-unconfirmed" | "scan";

/**
 * What the last correctly signed answer to a reversal said: there was none, our messages are refused, it is to be tried
 * again, it is done and no query has said otherwise since.
 */
export type LastReversalReply = "nothing" | "refused" | "again" | "done";

/** How an order ended, as its final record says. */
export interface Verdict {
  readonly state: FinalState;
  readonly charged: "yes" | "no" | "unknown";
  readonly reason: MoneyReason | null;
  readonly late: boolean;
}

/** What can happen to one order. */
export type PaymentEvent =
  | { readonly type: "recorded"; readonly state: MoneyState }
  /** The intent is durable, and meanwhile the box has come to a state in which it must not charge (money rules 4 and 12). */
  | { readonly type: "withheld" }
  | { readonly type: "record-failed"; readonly state: MoneyState }
  | { readonly type: "charge-answered"; readonly host: string; readonly answer: ChargeAnswer }
  | { readonly type: "query-answered"; readonly host: string; readonly answer: QueryAnswer }
  | { readonly type: "undo-answered"; readonly host: string; readonly answer: UndoAnswer }
  | { readonly type: "dispensed"; readonly outcome: DispenseAnswer }
  | { readonly type: "woke" }
  /** A person wants this payment not to happen. */
  | { readonly type: "cancel-pressed" };

/** What the machine can say about the goods. */
export type DispenseAnswer = Exclude<GoodsOutcome, "withheld">;

/** The order after an event, and what is to be done about it. */
export interface Advance {
  readonly payment: Payment;
  readonly effects: readonly Effect[];
}

/** When the order wants to be woken, or null: never while a call is inFlight or the journal is asked. */
export function wakeAt(payment: Payment): Instant | null {
  if (payment.inFlight !== null) return null;
  const { phase } = payment;
  switch (phase.name) {
    case "recording":
    case "charging":
    case "recording-reversal":
    case "recording-conflict":
    case "recording-outcome":
    case "abandoned":
      return null;
    case "asking":
    case "number-conflict":
    case "unrecorded":
    case "doubted":
    case "dispensing":
      return phase.next;
    case "reversing":
      return phase.next.at;
    case "final":
      return phase.check;
  }
}

/** Whether nothing more will happen to the order, so that it can be forgotten. */
export function isOver({ phase, inFlight }: Payment): boolean {
  return phase.name === "abandoned" || (phase.name === "final" && phase.check === null && inFlight === null);
}

/** Whether it is open what becomes of the money, and the box has to see to it. */
export function isOpen({ phase: { name } }: Payment): boolean {
  return name !== "final" && name !== "abandoned" && name !== "dispensing" && name !== "doubted";
}

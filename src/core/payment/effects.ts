import type { Instant } from "../kernel/instant.ts";
import type { Decision } from "./command.ts";
import type { Entry, Intent } from "./order.ts";
import type { PaymentCode } from "./payment-code.ts";
import type { UndoWay } from "./provider.ts";

/**
 * What the core asks for. The loop carries effects out in order and posts what came of each as an event.
 * There is no "publish": what is durable is what is reported, by those who follow the journal.
 */
export type Effect =
  /** Make the entry durable, then say so: `recorded` or `record-failed`. */
  | { readonly type: "record"; readonly entry: Entry }
  /** Let the entry ride with the next one; nobody waits for it. */
  | { readonly type: "note"; readonly entry: Entry }
  /** Open the charge connections of those through whom is charged, ahead of need. */
  | { readonly type: "warm" }
  /**
   * Send the charge once; unless its headers can leave before `sendBefore`, do not send it at all. `code` null: the customer scans a
   * code of ours, which is what is asked for.
   */
  | {
      readonly type: "charge";
      readonly intent: Intent;
      readonly code: PaymentCode | null;
      readonly sendBefore: Instant;
    }
  /**
   * Query once; `host` null leaves the choice to the provider. `of` refund asks about the refund that a reversal made. `fresh`
   * is there where an absence may count: nothing was asked before on the connection.
   */
  | {
      readonly type: "query";
      readonly intent: Intent;
      readonly host: string | null;
      readonly of: "payment" | "refund";
      readonly fresh: boolean;
    }
  /** Take the order back once, in this way; only ever after a durable `reversing` entry. */
  | {
      readonly type: "undo";
      readonly intent: Intent;
      readonly host: string | null;
      readonly way: UndoWay;
    }
  /** Give the goods, once; only ever after a durable record of the intent to (money rule 14). */
  | { readonly type: "dispense"; readonly outTradeNo: string; readonly pulses: number }
  /** Answer the command with this token: what was decided about it when the box did what it says. */
  | { readonly type: "answer"; readonly token: number; readonly answer: Decision }
  /** Begin a new segment of the journal and say what came of it: `journal-rotated` with this token. */
  | { readonly type: "rotate"; readonly token: number }
  /** Prove that this provider knows the box and signs its answers. */
  | { readonly type: "probe"; readonly provider: string }
  /** Tell operators; what is at stake is in the journal. */
  | { readonly type: "alarm"; readonly alarm: AlarmName; readonly outTradeNo: string | null };

/** What operators are woken for. */
export type AlarmName =
  | "reversal-open"
  | "number-conflict"
  | "contradiction"
  | "reverse-expired"
  | "journal-damaged"
  | "refunded-by-others"
  | "journal-broken"
  | "invariant-broken"
  | "order-unrecorded"
  | "account-unknown"
  | "not-dispensed"
  | "goods-withheld"
  | "dispense-unclear";

/** The answer to the command with this token. */
export function answerTo(token: number, answer: Decision): Effect {
  return { type: "answer", token, answer };
}

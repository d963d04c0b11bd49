import type { Fen } from "../../../core/kernel/fen.ts";
import type { PaymentCode } from "../../../core/payment/payment-code.ts";
import type { ServedCall, ServedReply } from "../../sandbox-server.ts";
import type { CallKind, Treatment } from "./scenarios.ts";

/** One HTTP request, as it arrived; no call of WeChat Pay v2 has a query. */
export type SandboxCall = Omit<ServedCall, "query">;

/** What the caller gets, and a note for people. */
export type SandboxReply = ServedReply<CallNote>;

/** What a call was about and what came of it; the code shows itself masked. */
export interface CallNote {
  readonly at: number;
  readonly path: string;
  readonly host: string | null;
  readonly outTradeNo: string | null;
  readonly amountFen: Fen | null;
  readonly authCode: PaymentCode | null;
  /** What the sandbox did, in WeChat Pay's words, such as `USERPAYING`. */
  readonly outcome: string;
  /** What happened to the reply, where it was not simply sent. */
  readonly treatment: Treatment["kind"] | null;
}

/** What is said of a reversal that is answered SUCCESS although its order was never seen. */
export const UNSEEN_REVERSAL = "SUCCESS, never seen";

/** The calls that the look-alike answers, by their paths. */
export const sandboxPaths: ReadonlyMap<string, CallKind> = new Map([
  ["/pay/micropay", "charge"],
  ["/pay/orderquery", "query"],
  ["/secapi/pay/reverse", "reverse"],
  ["/pay/unifiedorder", "order"],
  ["/pay/closeorder", "close"],
  ["/tools/authcodetoopenid", "payer"],
  ["/secapi/pay/refund", "refund"],
  ["/pay/refundquery", "refund-query"],
]);

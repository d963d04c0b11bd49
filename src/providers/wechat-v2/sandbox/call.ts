import type { Fen } from "../../../core/kernel/fen.ts";
import type { PaymentCode } from "../../../core/payment/payment-code.ts";
import type { CallKind, Treatment } from "./scenarios.ts";

/** One HTTP request, as it arrived. */
export interface SandboxCall {
  readonly method: string;
  /** Without query. */
  readonly path: string;
  readonly body: Uint8Array;
  /** Whether the connection presented a client certificate that the sandbox trusts. */
  readonly clientCertificate: boolean;
  /** The host that was called; it is only noted. */
  readonly host: string | null;
  /** Milliseconds since 1970 on the sandbox's clock. */
  readonly now: number;
}

/** What the caller gets, and a note for people. */
export type SandboxReply =
  | {
      readonly kind: "reply";
      readonly status: number;
      readonly contentType: string;
      readonly body: Uint8Array;
      readonly delayMs: number;
      /** How many bytes of the body leave before the connection ends; null for all of them. */
      readonly cut: number | null;
      readonly note: CallNote;
    }
  /** No reply: the connection stays open, or is reset. */
  | { readonly kind: "drop"; readonly how: "silence" | "reset"; readonly note: CallNote };

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

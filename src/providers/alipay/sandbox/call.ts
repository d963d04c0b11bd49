import type { Fen } from "../../../core/kernel/fen.ts";
import type { PaymentCode } from "../../../core/payment/payment-code.ts";
import type { ServedCall, ServedReply } from "../../sandbox-server.ts";
import type { CallKind, Treatment } from "./stories.ts";
import type { TradeStatus } from "./trades.ts";

/** One HTTP request, as it arrived. */
export interface GatewayCall extends Pick<ServedCall, "method" | "path" | "query" | "now"> {
  readonly body: string;
}

/** What a call was about and what came of it; the code shows itself masked. */
export interface CallNote {
  readonly at: number;
  readonly path: string;
  readonly call: CallKind | null;
  /** Whether it was refused before anybody looked at the order. */
  readonly door: boolean;
  readonly outTradeNo: string | null;
  readonly amountFen: Fen | null;
  readonly code: PaymentCode | null;
  /** What the sandbox did, in Alipay's words, such as `10003`. */
  readonly outcome: string;
  readonly treatment: Treatment["kind"] | null;
  /** The reply's own trade, as it stood when it was written. */
  readonly status: TradeStatus | null;
}

/** What the caller gets. */
export type GatewayReply = ServedReply<CallNote>;

/** What is said of a cancel of a number that was never seen. */
export const UNSEEN_CANCEL = "10000, never seen";

/** What is said of a trade whose money went back. */
export const RETURNED = "TRADE_CLOSED, returned";

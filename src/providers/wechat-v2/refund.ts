/** Gives back what a paid order took, or a part of it (WeChat Pay v2, refund). The call presents the client certificate. */
import { invariant } from "../../core/kernel/defect.ts";
import type { Fen } from "../../core/kernel/fen.ts";
import type { NotSent, Unknown } from "../../core/payment/answers.ts";
import type { Intent } from "../../core/payment/order.ts";
import { mismatch, signedUnknown } from "../unknown.ts";
import type { WechatV2Settings } from "./account.ts";
import { given, isEqualOrAbsent, isOfAnotherCall } from "./evidence.ts";
import { cutAtBytes, merchantFields, signed, signTypeSent } from "./message.ts";
import { type RefundRefusal, refundCodes } from "./refund-codes.ts";
import type { Opened } from "./replies.ts";

/** A refund as it was decided, which never changes: the same number with the same amounts is refunded once, however often sent. */
export interface Refund {
  readonly order: Pick<Intent, "outTradeNo" | "amountFen" | "currency">;
  /** Unique for the merchant, 1 to 64 characters of `0-9A-Za-z_-|*@`. */
  readonly outRefundNo: string;
  /** At most what the order took. */
  readonly refundFen: Fen;
  /** What the customer is told, cut at 80 bytes of UTF-8; null says nothing. */
  readonly why: string | null;
  /** Where the money comes from: what is not settled yet (the default of WeChat Pay), or the available balance. */
  readonly from: "unsettled" | "balance";
}

/**
 * Answers to `/secapi/pay/refund`. `accepted` is not refunded yet: queries of the refund tell. `again` and `slow-down` (after
 * a minute) want the same request once more, and so does every unknown answer; a new number would refund twice.
 */
export type RefundAnswer =
  | { readonly kind: "accepted"; readonly refundId: string }
  | { readonly kind: "again"; readonly code: string }
  | { readonly kind: "slow-down"; readonly code: string }
  | { readonly kind: "refused-unconfirmed"; readonly code: string }
  | { readonly kind: "declined"; readonly reason: RefundRefusal; readonly code: string }
  | Unknown
  | NotSent;

/** The signed document that refunds (WeChat Pay v2, refund). */
export function refundRequest(settings: WechatV2Settings, refund: Refund, nonce: string): string {
  const { order, outRefundNo, refundFen } = refund;
  invariant(refundFen <= order.amountFen, "no more is given back than was taken");
  invariant(/^[0-9A-Za-z_\-|*@]{1,64}$/.test(outRefundNo), "a refund has a number that the protocol allows");
  return signed(settings, [
    ...merchantFields(settings),
    ["nonce_str", nonce],
    ["sign_type", signTypeSent(settings)],
    ["out_trade_no", order.outTradeNo],
    ["out_refund_no", outRefundNo],
    ["total_fee", String(order.amountFen)],
    ["refund_fee", String(refundFen)],
    ["refund_desc", refund.why === null ? "" : cutAtBytes(refund.why, DESCRIPTION_BYTES_MAX)],
    ["refund_account", refund.from === "balance" ? "REFUND_SOURCE_RECHARGE_FUNDS" : ""],
  ]);
}

const DESCRIPTION_BYTES_MAX = 80;

/** Reads the reply to a refund: accepted needs order, number and both amounts, all of them as they were asked for. */
export function readRefund(opened: Opened, refund: Refund): RefundAnswer {
  if (!opened.genuine) return opened.answer;
  const { fields } = opened;
  const wanted = [
    ["out_trade_no", refund.order.outTradeNo],
    ["out_refund_no", refund.outRefundNo],
    ["total_fee", String(refund.order.amountFen)],
    ["refund_fee", String(refund.refundFen)],
  ] as const;
  const contradicted =
    wanted.some(([name, value]) => !isEqualOrAbsent(fields, name, value)) ||
    !isEqualOrAbsent(fields, "fee_type", refund.order.currency);
  if (contradicted || isOfAnotherCall(fields, elsewhere)) return mismatch;
  const result = fields.get("result_code");
  if (result === "FAIL") return refusal(given(fields, "err_code"));
  if (result !== "SUCCESS") return signedUnknown("malformed");
  const refundId = given(fields, "refund_id");
  const proved = refundId !== null && wanted.every(([name]) => given(fields, name) !== null);
  return proved ? { kind: "accepted", refundId } : mismatch;
}

/** What no reply to a refund holds; those to its query have numbered fields. */
const elsewhere = ["recall", "trade_state", "trade_type", "prepay_id", "refund_count"];

function refusal(code: string | null): RefundAnswer {
  const meaning = code === null ? undefined : refundCodes.get(code);
  return code === null || meaning === undefined ? signedUnknown("unlisted-code") : { ...meaning, code };
}

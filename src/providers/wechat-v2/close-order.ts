/** Ends an unpaid order of unifiedorder (WeChat Pay v2, closeorder); a charged code is reversed instead. */
import type { NotSent, Unknown } from "../../core/payment/answers.ts";
import { mismatch, signedUnknown } from "../unknown.ts";
import type { WechatV2Settings } from "./account.ts";
import { type Asked, given, isAbout, isOfAnotherCall } from "./evidence.ts";
import { orderRequest } from "./message.ts";
import { closeCodes } from "./order-codes.ts";
import type { Opened } from "./replies.ts";

/** How old an order must be before it may be closed, in milliseconds since it was booked. */
export const CLOSE_NOT_BEFORE_MS = 300_000;

/**
 * Answers to `/pay/closeorder`. None of them ends the order: `closed` still wants a query to confirm, `paid` one to prove
 * it. `again` is any other signed answer.
 */
export type CloseAnswer =
  | { readonly kind: "closed" }
  | { readonly kind: "paid" }
  | { readonly kind: "absent" }
  | { readonly kind: "again"; readonly code: string | null }
  | Unknown
  | NotSent;

/** The signed document that closes an order (WeChat Pay v2, closeorder). */
export function closeOrderRequest(settings: WechatV2Settings, outTradeNo: string, nonce: string): string {
  return orderRequest(settings, outTradeNo, nonce);
}

/** Reads the reply to a closing. A code that is not listed means to repeat it: closing twice does no harm. */
export function readCloseOrder(opened: Opened, asked: Asked): CloseAnswer {
  if (!opened.genuine) return opened.answer;
  const { fields } = opened;
  if (!isAbout(asked, fields) || isOfAnotherCall(fields, elsewhere)) return mismatch;
  const result = fields.get("result_code");
  if (result === "SUCCESS") return { kind: "closed" };
  if (result !== "FAIL") return signedUnknown("malformed");
  const code = given(fields, "err_code");
  const meaning = closeCodes.get(code ?? "") ?? "again";
  if (meaning === "configuration") return signedUnknown("configuration");
  return meaning === "again" ? { kind: "again", code } : { kind: meaning };
}

/** What no reply to a closing holds. */
const elsewhere = [
  ...["recall", "trade_state", "trade_type", "prepay_id", "transaction_id", "out_refund_no", "refund_count"],
  "openid",
];

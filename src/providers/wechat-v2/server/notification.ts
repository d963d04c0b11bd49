/**
 * The payment notification: what WeChat posts to the `notify_url` of an order (WeChat Pay v2, payment notification). It comes
 * from anywhere, more than once, or never; it is believed as little as any reply, and an order that hears of none is queried.
 */
import type { Unknown } from "../../../core/payment/answers.ts";
import { mismatch, signedUnknown } from "../../unknown.ts";
import type { WechatV2Settings } from "../account.ts";
import { type AskedTrade, given, isAbout, isOfAnotherCall } from "../evidence.ts";
import { openDocument, readPaid } from "../replies.ts";
import { type Fields, writeXml } from "../xml.ts";

/** What a notification proves about its order. `failed` is one try of the customer's; the order may be paid later. */
export type NotificationAnswer =
  | { readonly kind: "paid"; readonly transactionId: string }
  | { readonly kind: "failed"; readonly code: string | null }
  /** WeChat's own, about an order that is not ours to know. */
  | { readonly kind: "stranger" }
  | Unknown;

/** A notification that was read. */
export interface Notification {
  /** As a genuine notification names it, else null. */
  readonly outTradeNo: string | null;
  readonly answer: NotificationAnswer;
  /** What to answer with HTTP 200, within five seconds and only when the payment is durable: what is refused comes again. */
  readonly reply: string;
}

/** Reads the body of a notification; `orderOf` knows what each of our orders must be, or null for one that is not ours. */
export function readNotification(
  body: Uint8Array,
  settings: WechatV2Settings,
  orderOf: (outTradeNo: string) => AskedTrade | null,
): Notification {
  const opened = openDocument(body, settings);
  if (!opened.genuine) return refused(null, opened.answer.kind === "unknown" ? opened.answer : mismatch);
  const { fields } = opened;
  const outTradeNo = given(fields, "out_trade_no");
  if (outTradeNo === null) return refused(null, mismatch);
  const asked = orderOf(outTradeNo);
  if (asked === null) return refused(outTradeNo, { kind: "stranger" });
  const answer = answerIn(fields, asked);
  return answer.kind === "unknown"
    ? refused(outTradeNo, answer)
    : { outTradeNo, answer, reply: replyOf("SUCCESS", "OK") };
}

/** What no notification of a payment holds. */
const elsewhere = ["recall", "prepay_id", "out_refund_no", "req_info"];

function answerIn(fields: Fields, asked: AskedTrade): NotificationAnswer {
  if (!isAbout(asked, fields) || isOfAnotherCall(fields, elsewhere)) return mismatch;
  const result = fields.get("result_code");
  if (result === "FAIL") return { kind: "failed", code: given(fields, "err_code") };
  if (result !== "SUCCESS") return signedUnknown("malformed");
  // Every payment has its notification; only the kind of trade tells this one from the reply to another call.
  return given(fields, "trade_type") === asked.tradeType ? readPaid(asked, fields, [null]) : mismatch;
}

function refused(outTradeNo: string | null, answer: NotificationAnswer): Notification {
  return { outTradeNo, answer, reply: replyOf("FAIL", answer.kind === "unknown" ? answer.why : answer.kind) };
}

function replyOf(code: "SUCCESS" | "FAIL", text: string): string {
  return writeXml(
    new Map([
      ["return_code", code],
      ["return_msg", text],
    ]),
  );
}

/** How the refunds of an order stand (WeChat Pay v2, refundquery). */
import { invariant } from "../../core/kernel/defect.ts";
import { type WallTime, wallTimeOf } from "../../core/kernel/instant.ts";
import type { NotSent, Unknown } from "../../core/payment/answers.ts";
import type { Intent } from "../../core/payment/order.ts";
import { beijingMoment } from "../beijing-time.ts";
import { mismatch, signedUnknown } from "../unknown.ts";
import type { WechatV2Settings } from "./account.ts";
import { given, isEqualOrAbsent, isOfAnotherCall } from "./evidence.ts";
import { merchantFields, signed, signTypeSent } from "./message.ts";
import { refundQueryCodes } from "./refund-codes.ts";
import type { Opened } from "./replies.ts";
import type { Fields } from "./xml.ts";

/** What is asked about: one refund, or those of an order from a place in their list on (0 is the first). */
export interface RefundQuestion {
  readonly order: Pick<Intent, "outTradeNo" | "amountFen" | "currency">;
  readonly about:
    | { readonly kind: "refund"; readonly outRefundNo: string }
    | { readonly kind: "order"; readonly offset: number };
}

/**
 * Where a refund is: `refunded` to the customer; `processing`; `closed`, nothing was given back; `unrecorded`: the card is dead
 * and the merchant has the money; `unknown`: a word that is in no list, to be asked again.
 */
export type RefundStatus = "refunded" | "processing" | "closed" | "stranded" | "unknown";

/** One refund as WeChat has it. */
export interface RefundState {
  readonly outRefundNo: string;
  readonly refundId: string;
  readonly refundFen: number;
  readonly status: RefundStatus;
  /** Where the money went, in WeChat's words. */
  readonly receiver: string | null;
  readonly refundedAt: WallTime | null;
}

/** Answers to `/pay/refundquery`. `count` is that of all refunds of the order, null where it was not said. */
export type RefundQueryAnswer =
  | { readonly kind: "found"; readonly refunds: readonly RefundState[]; readonly count: number | null }
  | { readonly kind: "absent" }
  | Unknown
  | NotSent;

/** WeChat Pay v2, refund: an order has no more refunds than this. */
const REFUNDS_MAX = 50;

/** The signed document that asks about refunds (WeChat Pay v2, refundquery). */
export function refundQueryRequest(
  settings: WechatV2Settings,
  { order, about }: RefundQuestion,
  nonce: string,
): string {
  if (about.kind === "order") {
    const { offset } = about;
    invariant(
      Number.isInteger(offset) && offset >= 0 && offset < REFUNDS_MAX,
      "a list of refunds is read from a place in it",
    );
  }
  return signed(settings, [
    ...merchantFields(settings),
    about.kind === "refund" ? ["out_refund_no", about.outRefundNo] : ["out_trade_no", order.outTradeNo],
    ["offset", about.kind === "order" && about.offset > 0 ? String(about.offset) : ""],
    ["nonce_str", nonce],
    ["sign_type", signTypeSent(settings)],
  ]);
}

/**
 * Reads how refunds stand. The list must be as long as it says, its numbers different, its amounts together no more than
 * the order took; of one refund, it must be the one that was asked about.
 */
export function readRefundQuery(opened: Opened, { order, about }: RefundQuestion): RefundQueryAnswer {
  if (!opened.genuine) return opened.answer;
  const { fields } = opened;
  const total = String(order.amountFen);
  const contradicted =
    !isEqualOrAbsent(fields, "out_trade_no", order.outTradeNo) ||
    !isEqualOrAbsent(fields, "total_fee", total) ||
    !isEqualOrAbsent(fields, "fee_type", order.currency);
  if (contradicted || isOfAnotherCall(fields, elsewhere)) return mismatch;
  const result = fields.get("result_code");
  if (result === "FAIL") {
    const meaning = refundQueryCodes.get(fields.get("err_code") ?? "");
    return meaning === "absent" ? { kind: "absent" } : signedUnknown(meaning ?? "unlisted-code");
  }
  if (result !== "SUCCESS") return signedUnknown("malformed");
  if (given(fields, "out_trade_no") === null || given(fields, "total_fee") === null) return mismatch;
  const refunds = listIn(fields);
  const count = wholeNumber(given(fields, "total_refund_count") ?? "");
  if (refunds === null) return signedUnknown("malformed");
  if (refunds.reduce((sum, { refundFen }) => sum + refundFen, 0) > order.amountFen) return mismatch;
  const isAsked =
    about.kind === "order" || (refunds.length === 1 && refunds[0]?.outRefundNo === about.outRefundNo);
  return isAsked ? { kind: "found", refunds, count } : mismatch;
}

/** What no reply to a refund's query holds. */
const elsewhere = ["recall", "trade_state", "trade_type", "prepay_id", "out_refund_no"];

const statuses: ReadonlyMap<string, RefundStatus> = new Map<string, RefundStatus>([
  ["SUCCESS", "refunded"],
  ["PROCESSING", "processing"],
  ["REFUNDCLOSE", "closed"],
  // The name that pages of 2017 have for it.
  ["FAIL", "closed"],
  ["CHANGE", "stranded"],
]);

/** The numbered fields as a list, or null where they are not one. */
function listIn(fields: Fields): readonly RefundState[] | null {
  const count = wholeNumber(given(fields, "refund_count") ?? "");
  if (count === null || count === 0 || count > REFUNDS_MAX || fields.has(`out_refund_no_${count}`))
    return null;
  const refunds: RefundState[] = [];
  for (let n = 0; n < count; n += 1) {
    const outRefundNo = given(fields, `out_refund_no_${n}`);
    const refundId = given(fields, `refund_id_${n}`);
    const refundFen = wholeNumber(given(fields, `refund_fee_${n}`) ?? "");
    const status = given(fields, `refund_status_${n}`);
    if (outRefundNo === null || refundId === null || refundFen === null || status === null) return null;
    if (refunds.some((other) => other.outRefundNo === outRefundNo)) return null;
    refunds.push({
      outRefundNo,
      refundId,
      refundFen,
      status: statuses.get(status) ?? "unknown",
      // The documented name has one C.
      receiver: given(fields, `refund_recv_accout_${n}`),
      refundedAt: momentOf(given(fields, `refund_success_time_${n}`)),
    });
  }
  return refunds;
}

/** The one time of the protocol with separators: `yyyy-MM-dd HH:mm:ss`, in Beijing. */
function momentOf(text: string | null): WallTime | null {
  if (text === null || !/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text)) return null;
  const moment = beijingMoment(text.replace(/\D/g, ""));
  return moment === null ? null : wallTimeOf(moment);
}

function wholeNumber(text: string): number | null {
  return /^(?:0|[1-9]\d{0,8})$/.test(text) ? Number(text) : null;
}

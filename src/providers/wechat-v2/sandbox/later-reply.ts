/** The replies of the calls around a payment, field by field as WeChat Pay v2 orders them. */
import { invariant } from "../../../core/kernel/defect.ts";
import { beijingTime } from "../../beijing-time.ts";
import type { Order } from "./ledger.ts";
import type { RefundEntry } from "./refunds.ts";
import type { ReplyDocument, ReplyField } from "./reply.ts";

/** WeChat Pay v2, refundquery: so many entries an answer. */
const REFUNDS_A_PAGE = 10;

/** An order that stands unpaid. */
export function placedDocument(order: Order): ReplyDocument {
  const { booking, tradeType } = order;
  invariant(booking !== null, "only a booked order is answered as one");
  const codeUrl: readonly ReplyField[] = booking.codeUrl === null ? [] : [["code_url", booking.codeUrl]];
  return success([["trade_type", tradeType], ["prepay_id", booking.prepayId], ...codeUrl]);
}

/** An order that was closed. */
export function closedDocument(): ReplyDocument {
  return success([["result_msg", "OK"]]);
}

/** Whose code it is. */
export function payerDocument(openId: string, subOpenId: string | null): ReplyDocument {
  const sub: readonly ReplyField[] = subOpenId === null ? [] : [["sub_openid", subOpenId]];
  return success([["openid", openId], ...sub]);
}

/** A refund that was accepted. */
export function refundDocument({ order, outRefundNo, refundId, refundFen }: RefundEntry): ReplyDocument {
  return success([
    ...paidOrder(order),
    ["out_refund_no", outRefundNo],
    ["refund_id", refundId],
    ["refund_channel", ""],
    ["refund_fee", refundFen],
    ["coupon_refund_fee", 0],
    ["total_fee", order.amountFen],
    ["cash_fee", order.amountFen],
    ["coupon_refund_count", "0"],
    ["cash_refund_fee", refundFen],
  ]);
}

/** The refunds of one order from `offset` on; `all` are those that are asked for, at least one. */
export function refundsDocument(all: readonly RefundEntry[], offset: number): ReplyDocument {
  const page = all.slice(offset, offset + REFUNDS_A_PAGE);
  const [first] = page;
  invariant(first !== undefined, "there is a refund to tell of");
  const total: readonly ReplyField[] =
    all.length > REFUNDS_A_PAGE ? [["total_refund_count", all.length]] : [];
  return success([
    ...total,
    ...paidOrder(first.order),
    ...page.flatMap(entryFields),
    ["refund_count", page.length],
    ["refund_fee", page.reduce((fen, { refundFen }) => fen + refundFen, 0)],
    ["total_fee", first.order.amountFen],
    ["cash_fee", first.order.amountFen],
  ]);
}

function paidOrder(order: Order): readonly ReplyField[] {
  invariant(order.transactionId !== null, "what is refunded was paid");
  return [
    ["transaction_id", order.transactionId],
    ["out_trade_no", order.outTradeNo],
  ];
}

function entryFields(refund: RefundEntry, n: number): readonly ReplyField[] {
  const { refundedAt } = refund;
  const time: readonly ReplyField[] =
    refundedAt === null ? [] : [[`refund_success_time_${n}`, withSeparators(beijingTime(refundedAt))]];
  return [
    [`out_refund_no_${n}`, refund.outRefundNo],
    [`refund_id_${n}`, refund.refundId],
    [`refund_channel_${n}`, "ORIGINAL"],
    [`refund_fee_${n}`, String(refund.refundFen)],
    [`refund_status_${n}`, refundedAt === null ? "PROCESSING" : "SUCCESS"],
    [`refund_account_${n}`, "REFUND_SOURCE_UNSETTLED_FUNDS"],
    [`refund_recv_accout_${n}`, "支付用户零钱"],
    ...time,
  ];
}

/** `yyyyMMddHHmmss` as the one field of the protocol has it that is written out. */
function withSeparators(text: string): string {
  return text.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, "$1-$2-$3 $4:$5:$6");
}

function success(after: readonly ReplyField[]): ReplyDocument {
  return { before: [], result: "SUCCESS", after };
}

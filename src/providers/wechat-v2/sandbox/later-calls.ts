/** What the books answer to the calls around a payment. */
import type { Merchant } from "../merchant.ts";
import {
  closedDocument,
  payerDocument,
  placedDocument,
  refundDocument,
  refundsDocument,
} from "./later-reply.ts";
import type { LaterRequest } from "./later-request.ts";
import type { Ledger } from "./ledger.ts";
import { type Outcome, refused } from "./outcome.ts";
import type { RefundEntry, RefundReference } from "./refunds.ts";
import { subOpenIdOf } from "./reply.ts";

/** Who asks for what, and when. */
export interface LaterCall {
  readonly merchant: Merchant;
  readonly wish: LaterRequest;
  readonly now: number;
}

/** An order that ends sooner is refused. */
const LIFE_MIN_MS = 60_000;

/** Does what is asked for and tells what came of it. */
export function fulfil(ledger: Ledger, { merchant, wish, now }: LaterCall): Outcome {
  switch (wish.kind) {
    case "order": {
      const { expiresAt } = wish.order;
      if (expiresAt !== null && expiresAt - now <= LIFE_MIN_MS) {
        return refused("PARAM_ERROR", null, "time_expire时间过短，刷卡至少1分钟，其他5分钟");
      }
      const result = ledger.book(wish.order, now);
      if (result.kind === "refused") return refused(result.code);
      return {
        document: placedDocument(result.order),
        text: result.isNew ? "SUCCESS" : "SUCCESS, as before",
      };
    }
    case "close": {
      const result = ledger.closeBooked(merchant, wish.outTradeNo, now);
      if (result.kind === "refused") return refused(result.code, null, result.text);
      return { document: closedDocument(), text: "SUCCESS, CLOSED" };
    }
    case "payer": {
      const result = ledger.payerOf(merchant, wish.authCode, now);
      if (result.kind === "refused") return refused(result.code);
      const sub = merchant.subAppId === null ? null : subOpenIdOf(result.openId);
      return { document: payerDocument(result.openId, sub), text: "SUCCESS" };
    }
    case "refund": {
      const result = ledger.refund(merchant, wish.refund, now);
      if (result.kind === "refused") return refused(result.code, null, result.text);
      return {
        document: refundDocument(result.refund),
        text: result.isNew ? "SUCCESS" : "SUCCESS, as before",
      };
    }
    case "refund-query": {
      const found = findRefunds(ledger.refunds(), merchant, wish.reference);
      if (wish.offset >= found.length) return refused("REFUNDNOTEXIST");
      return { document: refundsDocument(found, wish.offset), text: `SUCCESS, ${found.length}` };
    }
  }
}

/** The refunds that a reference names: the narrowest of what it gives decides, as WeChat Pay has it. */
function findRefunds(
  refunds: readonly RefundEntry[],
  merchant: Merchant,
  reference: RefundReference,
): readonly RefundEntry[] {
  const { refundId, outRefundNo, transactionId, outTradeNo } = reference;
  return refunds.filter((refund) => {
    const { order } = refund;
    if (order.merchant.merchantId !== merchant.merchantId) return false;
    if (order.merchant.subMerchantId !== merchant.subMerchantId) return false;
    if (refundId !== null) return refund.refundId === refundId;
    if (outRefundNo !== null) return refund.outRefundNo === outRefundNo;
    return transactionId === null ? order.outTradeNo === outTradeNo : order.transactionId === transactionId;
  });
}

/** The calls around a payment, each with a genuine reply, what it means, and how it is read. */

import type { WechatV2Settings } from "../../../src/providers/wechat-v2/account.ts";
import { readCloseOrder } from "../../../src/providers/wechat-v2/close-order.ts";
import type { AskedTrade } from "../../../src/providers/wechat-v2/evidence.ts";
import { type Refund, readRefund } from "../../../src/providers/wechat-v2/refund.ts";
import { type RefundQuestion, readRefundQuery } from "../../../src/providers/wechat-v2/refund-query.ts";
import { type Opened, openReply, readQuery } from "../../../src/providers/wechat-v2/replies.ts";
import { readPayer } from "../../../src/providers/wechat-v2/server/payer.ts";
import { type NativeOrder, readUnifiedOrder } from "../../../src/providers/wechat-v2/unified-order.ts";
import type { Fields } from "../../../src/providers/wechat-v2/xml.ts";
import type { HttpsOutcome } from "../../../src/runtime/ports.ts";
import { answered, intent, intentOf, settings } from "./fixtures.ts";

export const native: NativeOrder = {
  ...intent,
  tradeType: "NATIVE",
  productId: "000042",
  notifyUrl: "https://shop.example/wechat/paid",
  expiresAt: null,
};

const page: AskedTrade = { ...intent, tradeType: "JSAPI" };

export const refund: Refund = {
  order: intent,
  outRefundNo: "RF0123-20260315-000007",
  refundFen: intentOf("any", 280).amountFen,
  why: "少发一件",
  from: "unsettled",
};

export const refundQuestion: RefundQuestion = {
  order: intent,
  about: { kind: "refund", outRefundNo: refund.outRefundNo },
};

/** One call: the name of a genuine reply, what kind it is, what tells it from others' and how it is read. */
export interface LaterCall {
  readonly genuine: string;
  readonly kind: string;
  /** Fields that name the order, whose other values must be refused. */
  readonly names: readonly string[];
  readonly read: (opened: Opened) => { readonly kind: string };
}

export const laterCalls: Readonly<Record<string, LaterCall>> = {
  order: {
    genuine: "unifiedorder-native",
    kind: "ordered",
    names: ["trade_type"],
    read: (opened) => readUnifiedOrder(opened, native),
  },
  "order of a page": {
    genuine: "unifiedorder-jsapi",
    kind: "ordered",
    names: ["trade_type"],
    read: (opened) => readUnifiedOrder(opened, page),
  },
  "query of a booked order": {
    genuine: "orderquery-native-success",
    kind: "paid",
    names: ["out_trade_no", "total_fee", "trade_type", "fee_type"],
    read: (opened) => readQuery(opened, native),
  },
  close: {
    genuine: "closeorder-closed",
    kind: "closed",
    names: [],
    read: (opened) => readCloseOrder(opened, intent),
  },
  payer: { genuine: "authcodetoopenid-success", kind: "known", names: [], read: readPayer },
  refund: {
    genuine: "refund-success",
    kind: "accepted",
    names: ["out_trade_no", "out_refund_no", "total_fee", "refund_fee"],
    read: (opened) => readRefund(opened, refund),
  },
  "query of a refund": {
    genuine: "refundquery-success",
    kind: "found",
    names: ["out_trade_no", "total_fee", "out_refund_no_0"],
    read: (opened) => readRefundQuery(opened, refundQuestion),
  },
};

/** What a call makes of a reply. */
export function answerTo(
  call: LaterCall,
  reply: HttpsOutcome | Fields,
  used: WechatV2Settings = settings,
): { readonly kind: string } {
  return call.read(openReply("kind" in reply ? reply : answered(reply), used));
}

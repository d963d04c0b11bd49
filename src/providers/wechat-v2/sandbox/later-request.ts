/** What the calls around a payment ask for, read from fields whose forms have been checked. */
import { type Fen, fenOf } from "../../../core/kernel/fen.ts";
import { PaymentCode } from "../../../core/payment/payment-code.ts";
import { beijingMoment } from "../../beijing-time.ts";
import { given } from "../evidence.ts";
import type { Merchant } from "../merchant.ts";
import type { Fields } from "../xml.ts";
import type { PlacedOrder } from "./placing.ts";
import type { RefundReference, WantedRefund } from "./refunds.ts";
import type { LaterCallKind } from "./scenarios.ts";

/** What is asked for beside charging, querying and reversing. */
export type LaterRequest =
  | { readonly kind: "order"; readonly order: PlacedOrder }
  | { readonly kind: "close"; readonly outTradeNo: string }
  | { readonly kind: "payer"; readonly authCode: PaymentCode }
  | { readonly kind: "refund"; readonly refund: WantedRefund }
  | { readonly kind: "refund-query"; readonly reference: RefundReference; readonly offset: number };

/** A whole number of fen, at least 1, without sign, point or leading zeros; null for every other text. */
export function fenFrom(text: string): Fen | null {
  if (!/^[1-9]\d*$/.test(text)) return null;
  const amount = fenOf(Number(text));
  return amount.ok ? amount.value : null;
}

/** Reads what a call asks for; null where an amount is none. */
export function laterRequest(call: LaterCallKind, fields: Fields, merchant: Merchant): LaterRequest | null {
  const text = (name: string): string => fields.get(name) ?? "";
  switch (call) {
    case "order":
      return bookingWish(fields, merchant);
    case "close":
      return { kind: "close", outTradeNo: text("out_trade_no") };
    case "payer":
      return { kind: "payer", authCode: new PaymentCode(text("auth_code"), "wechat") };
    case "refund": {
      const totalFen = fenFrom(text("total_fee"));
      const refundFen = fenFrom(text("refund_fee"));
      if (totalFen === null || refundFen === null) return null;
      const reference = orderReferenceIn(fields);
      return {
        kind: "refund",
        refund: { reference, outRefundNo: text("out_refund_no"), totalFen, refundFen },
      };
    }
    case "refund-query": {
      const reference = {
        ...orderReferenceIn(fields),
        refundId: given(fields, "refund_id"),
        outRefundNo: given(fields, "out_refund_no"),
      };
      return { kind: "refund-query", reference, offset: Number(text("offset")) };
    }
  }
}

/** How the fields name an order. */
export function orderReferenceIn(fields: Fields) {
  return { outTradeNo: given(fields, "out_trade_no"), transactionId: given(fields, "transaction_id") };
}

function bookingWish(fields: Fields, merchant: Merchant): LaterRequest | null {
  const amountFen = fenFrom(fields.get("total_fee") ?? "");
  if (amountFen === null) return null;
  const order: PlacedOrder = {
    merchant,
    outTradeNo: fields.get("out_trade_no") ?? "",
    amountFen,
    body: fields.get("body") ?? "",
    attach: given(fields, "attach"),
    deviceInfo: given(fields, "device_info"),
    tradeType: fields.get("trade_type") === "JSAPI" ? "JSAPI" : "NATIVE",
    productId: given(fields, "product_id"),
    openId: given(fields, "openid") ?? given(fields, "sub_openid"),
    notifyUrl: fields.get("notify_url") ?? "",
    expiresAt: beijingMoment(fields.get("time_expire") ?? ""),
  };
  return { kind: "order", order };
}

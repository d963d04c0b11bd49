/** An order that one customer pays in a page that they opened inside WeChat (WeChat Pay v2, unifiedorder, JSAPI). */
import type { WechatV2Settings } from "../account.ts";
import { type OrderDetails, type UnifiedTerms, unifiedOrderRequest } from "../unified-order.ts";
import type { OpenId } from "./open-id.ts";

/** What is booked; `readUnifiedOrder` reads the reply. */
export interface PageOrder extends UnifiedTerms {
  readonly tradeType: "JSAPI";
  readonly payer: OpenId;
  /** Which appid the payer's id belongs to: the merchant's own, or the sub-merchant's. */
  readonly payerOf: "appid" | "sub_appid";
}

/** The signed document that books it. */
export function pageOrderRequest(
  settings: WechatV2Settings,
  order: PageOrder,
  details: OrderDetails,
): string {
  const name = order.payerOf === "appid" ? "openid" : "sub_openid";
  return unifiedOrderRequest(settings, order, details, [name, order.payer.reveal()]);
}

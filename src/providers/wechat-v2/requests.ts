/** The three documents of a payment by code, with every field of WeChat Pay v2 that the configuration offers. */

import type { Intent } from "../../core/payment/order.ts";
import type { PaymentCode } from "../../core/payment/payment-code.ts";
import type { WechatV2Settings } from "./account.ts";
import {
  BODY_BYTES_MAX,
  cutAtBytes,
  merchantFields,
  orderRequest,
  sceneInfoText,
  signed,
  signTypeSent,
  termFields,
} from "./message.ts";

/** What a charge adds to its intent at the moment it is sent. */
export interface ChargeDetails {
  readonly code: PaymentCode;
  readonly clientIp: string;
  /** Random, fresh for each request, at most 32 characters. */
  readonly nonce: string;
}

/** The signed document that charges a payment code (WeChat Pay v2, micropay). */
export function chargeRequest(settings: WechatV2Settings, intent: Intent, details: ChargeDetails): string {
  return signed(settings, [
    ...merchantFields(settings),
    ["device_info", settings.boxId],
    ["nonce_str", details.nonce],
    ["sign_type", signTypeSent(settings)],
    ["body", cutAtBytes(settings.body, BODY_BYTES_MAX)],
    ["attach", intent.nonce],
    ["out_trade_no", intent.outTradeNo],
    ["total_fee", String(intent.amountFen)],
    ["fee_type", intent.currency],
    ["spbill_create_ip", details.clientIp],
    ["auth_code", details.code.reveal()],
    ["scene_info", sceneInfoText(settings.sceneInfo)],
    ...termFields(settings),
  ]);
}

/** The signed document that asks how an order stands (WeChat Pay v2, orderquery). */
export function queryRequest(settings: WechatV2Settings, outTradeNo: string, nonce: string): string {
  return orderRequest(settings, outTradeNo, nonce);
}

/** The signed document that closes an order or gives its money back (WeChat Pay v2, reverse). */
export function reverseRequest(settings: WechatV2Settings, outTradeNo: string, nonce: string): string {
  return orderRequest(settings, outTradeNo, nonce);
}

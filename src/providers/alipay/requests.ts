/** The calls of a payment by code, with every field of Alipay that the configuration offers and none besides. */
import { type Fen, formatYuan } from "../../core/kernel/fen.ts";
import type { Intent } from "../../core/payment/order.ts";
import type { PaymentCode } from "../../core/payment/payment-code.ts";
import type { WrittenRequest } from "../attempts.ts";
import { beijingText } from "../beijing-time.ts";
import type { AccountKeys, AlipaySettings } from "./account.ts";
import { signatureOf, stringToSign } from "./signature.ts";

/** The calls by the name of their `method`. */
export const methods = {
  charge: "alipay.trade.pay",
  query: "alipay.trade.query",
  cancel: "alipay.trade.cancel",
  refund: "alipay.trade.refund",
  refundQuery: "alipay.trade.fastpay.refund.query",
  bill: "alipay.data.dataservice.bill.downloadurl.query",
} as const;

/** A `method`. */
export type Method = (typeof methods)[keyof typeof methods];

/** The fields of `biz_content`; what has no value is not sent. */
export type BizContent = Readonly<Record<string, string | null | Readonly<Record<string, string>>>>;

/** Replies stay below 8 KiB; discounts may make some longer. */
const REPLY_BYTES_MAX = 65_536;

/**
 * The signed request. All parameters but `biz_content` stand in the address: it is `charset` there that makes the gateway read
 * Chinese correctly. `moment` is in milliseconds since 1970.
 */
export function signedRequest(
  settings: AlipaySettings,
  { own, certificates }: AccountKeys,
  method: Method,
  content: BizContent,
  moment: number,
): WrittenRequest {
  const bizContent = JSON.stringify(content, (_, value: unknown) => value ?? undefined);
  const parameters = new Map([
    ["app_id", settings.seller.appId],
    ["method", method],
    ["format", "JSON"],
    ["charset", "utf-8"],
    ["sign_type", "RSA2"],
    ["timestamp", beijingText(moment)],
    ["version", "1.0"],
    ["app_cert_sn", certificates?.appSerial ?? ""],
    ["alipay_root_cert_sn", certificates?.rootSerial ?? ""],
    ["app_auth_token", settings.appAuthToken ?? ""],
  ]);
  const sign = signatureOf(stringToSign(new Map([...parameters, ["biz_content", bizContent]])), own);
  const query = [...parameters, ["sign", sign] as const]
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join("&");
  return {
    method: "POST",
    path: `/gateway.do?${query}`,
    headers: { "content-type": "application/x-www-form-urlencoded;charset=utf-8" },
    body: `biz_content=${encodeURIComponent(bizContent)}`,
    replyBytesMax: REPLY_BYTES_MAX,
  };
}

/** What charges a payment code (alipay.trade.pay). */
export function chargeContent(settings: AlipaySettings, intent: Intent, code: PaymentCode): BizContent {
  const { sysServiceProviderId } = settings;
  return {
    out_trade_no: intent.outTradeNo,
    scene: "bar_code",
    auth_code: code.reveal(),
    product_code: "FACE_TO_FACE_PAYMENT",
    subject: settings.subject,
    total_amount: formatYuan(intent.amountFen),
    timeout_express: `${settings.timeoutMinutes}m`,
    seller_id: settings.seller.sellerId,
    store_id: settings.storeId,
    terminal_id: settings.terminalId,
    body: intent.nonce,
    extend_params: sysServiceProviderId === null ? null : { sys_service_provider_id: sysServiceProviderId },
  };
}

/** What names an order and nothing else (alipay.trade.query, alipay.trade.cancel). */
export function orderContent(outTradeNo: string): BizContent {
  return { out_trade_no: outTradeNo };
}

/** What a refund gives back (alipay.trade.refund); the same number with the same amount is refunded once, however often sent. */
export function refundContent(outTradeNo: string, amountFen: Fen): BizContent {
  return {
    out_trade_no: outTradeNo,
    refund_amount: formatYuan(amountFen),
    out_request_no: refundNumberOf(outTradeNo),
  };
}

/** What asks after a refund (alipay.trade.fastpay.refund.query). */
export function refundQueryContent(outTradeNo: string): BizContent {
  return { out_trade_no: outTradeNo, out_request_no: refundNumberOf(outTradeNo) };
}

/** The number of the refund that takes a whole order back: the order's own, so that there is one of them (at most 64 characters). */
export function refundNumberOf(outTradeNo: string): string {
  return `${outTradeNo}C`;
}

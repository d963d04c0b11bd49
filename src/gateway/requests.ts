/** The three documents that the box sends, with every field of WeChat Pay v2 that the configuration offers. */

import { invariant } from "../core/kernel/defect.ts";
import type { AuthCode } from "../core/payment/auth-code.ts";
import type { Intent } from "../core/payment/order.ts";
import type { HttpsLane } from "../runtime/ports.ts";
import type { GatewaySettings } from "./settings.ts";
import { signatureOf } from "./signature.ts";
import { writeXml } from "./xml.ts";

/** Where each call goes. */
export const paths: Readonly<Record<HttpsLane, string>> = {
  charge: "/pay/micropay",
  query: "/pay/orderquery",
  reverse: "/secapi/pay/reverse",
};

/** What a charge adds to its intent at the moment it is sent. */
export interface ChargeDetails {
  readonly code: AuthCode;
  readonly clientIp: string;
  /** Random, fresh for each request, at most 32 characters. */
  readonly nonce: string;
}

/** The signed document that charges a payment code (WeChat Pay v2, micropay). */
export function chargeRequest(settings: GatewaySettings, intent: Intent, details: ChargeDetails): string {
  return signed(settings, [
    ...merchantFields(settings),
    ["device_info", settings.boxId],
    ["nonce_str", details.nonce],
    ["sign_type", signTypeSent(settings)],
    ["body", cutAtBytes(settings.body, BODY_BYTES_MAX)],
    ["attach", intent.attach],
    ["out_trade_no", intent.outTradeNo],
    ["total_fee", String(intent.amountFen)],
    ["fee_type", intent.currency],
    ["spbill_create_ip", details.clientIp],
    ["auth_code", details.code.reveal()],
    ["scene_info", sceneInfoText(settings.sceneInfo)],
  ]);
}

/** The signed document that asks how an order stands (WeChat Pay v2, orderquery). */
export function queryRequest(settings: GatewaySettings, outTradeNo: string, nonce: string): string {
  return orderRequest(settings, outTradeNo, nonce);
}

/** The signed document that closes an order or gives its money back (WeChat Pay v2, reverse). */
export function reverseRequest(settings: GatewaySettings, outTradeNo: string, nonce: string): string {
  return orderRequest(settings, outTradeNo, nonce);
}

/** One page of the documentation says 127, another 128: the smaller one is safe. */
const BODY_BYTES_MAX = 127;

/** The longest beginning of a text that has at most `bytesMax` bytes of UTF-8, on the border of a character, without outer blanks. */
export function cutAtBytes(text: string, bytesMax: number): string {
  let cut = "";
  let bytes = 0;
  for (const character of text.trim()) {
    bytes += Buffer.byteLength(character, "utf8");
    if (bytes > bytesMax) break;
    cut += character;
  }
  return cut.trimEnd();
}

type Field = readonly [name: string, value: string];

function orderRequest(settings: GatewaySettings, outTradeNo: string, nonce: string): string {
  return signed(settings, [
    ...merchantFields(settings),
    ["out_trade_no", outTradeNo],
    ["nonce_str", nonce],
    ["sign_type", signTypeSent(settings)],
  ]);
}

function merchantFields({ merchant }: GatewaySettings): readonly Field[] {
  return [
    ["appid", merchant.appId],
    ["sub_appid", merchant.subAppId ?? ""],
    ["mch_id", merchant.merchantId],
    ["sub_mch_id", merchant.subMerchantId ?? ""],
  ];
}

/** The JSON text of `scene_info`, signed as it is sent; empty where there is none. */
function sceneInfoText(sceneInfo: object | null): string {
  if (sceneInfo === null) return "";
  const text = JSON.stringify(sceneInfo);
  invariant(text.length <= 256, "scene_info has at most 256 characters");
  return text;
}

/** MD5 is what an absent `sign_type` means; where it is sent it is signed like any field. */
function signTypeSent({ signType }: GatewaySettings): string {
  return signType === "MD5" ? "" : signType;
}

function signed(settings: GatewaySettings, wanted: readonly Field[]): string {
  const fields = new Map(wanted.filter(([, value]) => value !== ""));
  fields.set("sign", signatureOf(fields, settings.apiKey, settings.signType));
  return writeXml(fields);
}

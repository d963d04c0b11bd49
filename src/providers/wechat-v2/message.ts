/** What every document that goes to WeChat Pay v2 is made of. */
import { invariant } from "../../core/kernel/defect.ts";
import type { WechatV2Settings } from "./account.ts";
import { signatureOf } from "./signature.ts";
import { writeXml } from "./xml.ts";

/** Where each call goes, on every host. */
export const paths = {
  charge: "/pay/micropay",
  query: "/pay/orderquery",
  reverse: "/secapi/pay/reverse",
  order: "/pay/unifiedorder",
  close: "/pay/closeorder",
  payer: "/tools/authcodetoopenid",
  refund: "/secapi/pay/refund",
  refundQuery: "/pay/refundquery",
  bill: "/pay/downloadbill",
} as const;

/** How every request is made; the replies that WeChat Pay documents stay below 4 KiB, but for a bill. */
export const wire = {
  method: "POST",
  headers: { "content-type": "text/xml; charset=utf-8" },
  replyBytesMax: 65_536,
} as const;

/** A field to be sent; an empty value is as good as none. */
export type Field = readonly [name: string, value: string];

/** One page of the documentation says 127, another 128: the smaller one is safe. */
export const BODY_BYTES_MAX = 127;

/** The longest beginning of a text that has at most `bytesMax` bytes of UTF-8, on the border of a character, without outer blanks. */
export function cutAtBytes(text: string, bytesMax: number): string {
  const trimmed = text.trim();
  if (Buffer.byteLength(trimmed, "utf8") <= bytesMax) return trimmed;
  let cut = "";
  let bytes = 0;
  for (const character of trimmed) {
    bytes += Buffer.byteLength(character, "utf8");
    if (bytes > bytesMax) break;
    cut += character;
  }
  return cut.trimEnd();
}

/** Who calls, and for which sub-merchant. */
export function merchantFields({ merchant }: WechatV2Settings): readonly Field[] {
  return [
    ["appid", merchant.appId],
    ["sub_appid", merchant.subAppId ?? ""],
    ["mch_id", merchant.merchantId],
    ["sub_mch_id", merchant.subMerchantId ?? ""],
  ];
}

/** The JSON text of `scene_info`, signed as it is sent; empty where there is none. */
export function sceneInfoText(sceneInfo: object | null): string {
  if (sceneInfo === null) return "";
  const text = JSON.stringify(sceneInfo);
  invariant(text.length <= 256, "scene_info has at most 256 characters");
  return text;
}

/** What the account's terms add to each order. */
export function termFields({ terms }: WechatV2Settings): readonly Field[] {
  return [
    ["goods_tag", terms.goodsTag ?? ""],
    ["limit_pay", terms.limitPay ?? ""],
    ["receipt", terms.receipt ? "Y" : ""],
    ["profit_sharing", terms.profitSharing ? "Y" : ""],
  ];
}

/** MD5 is what an absent `sign_type` means; where it is sent it is signed like any field. */
export function signTypeSent({ signType }: WechatV2Settings): string {
  return signType === "MD5" ? "" : signType;
}

/** The document of these fields with its signature; fields without a value are left out. */
export function signed(settings: WechatV2Settings, wanted: readonly Field[]): string {
  const fields = new Map<string, string>();
  for (const [name, value] of wanted) if (value !== "") fields.set(name, value);
  fields.set("sign", signatureOf(fields, settings.apiKey, settings.signType));
  return writeXml(fields);
}

/** The document that names an order and nothing else: what is done to it is said by where it goes. */
export function orderRequest(settings: WechatV2Settings, outTradeNo: string, nonce: string): string {
  return signed(settings, [
    ...merchantFields(settings),
    ["out_trade_no", outTradeNo],
    ["nonce_str", nonce],
    ["sign_type", signTypeSent(settings)],
  ]);
}

import type { ApiKey } from "./api-key.ts";
import type { Merchant } from "./merchant.ts";
import type { SignType } from "./signature.ts";

/** What the gateway knows of one merchant and of the box it charges from; it never changes while the box runs. */
export interface WechatV2Settings {
  readonly merchant: Merchant;
  readonly apiKey: ApiKey;
  readonly signType: SignType;
  /** Origins such as `https://api.mch.weixin.qq.com`, the first choice first; at least one. */
  readonly hosts: readonly string[];
  /** Sent as `device_info`, 3 to 32 characters. */
  readonly boxId: string;
  /** What the customer's bill says; cut at 127 bytes of UTF-8. */
  readonly body: string;
  /** Sent as `spbill_create_ip`; null means the address of the outgoing connection. */
  readonly clientIp: string | null;
  /** Where WeChat posts payments of NATIVE orders (`notify_url`); null where the box books none. */
  readonly notifyUrl: string | null;
  /** Sent as `scene_info`, at most 256 characters of JSON. */
  readonly sceneInfo: object | null;
  readonly terms: OrderTerms;
  /** How long one host may take until the request's headers leave. */
  readonly connectTimeoutMs: number;
  /** How long the whole reply may take after the headers left. */
  readonly answerTimeoutMs: number;
}

/** What each order of an account says beside who pays what (WeChat Pay v2, micropay and unifiedorder). */
export interface OrderTerms {
  /** Sent as `profit_sharing` Y. */
  readonly profitSharing: boolean;
  /** Sent as `limit_pay`. */
  readonly limitPay: "no_credit" | null;
  /** Sent as `goods_tag`, at most 32 bytes of UTF-8. */
  readonly goodsTag: string | null;
  /** Sent as `receipt` Y. */
  readonly receipt: boolean;
}

/** The terms of an account that nobody has told of any. */
export const plainTerms: OrderTerms = {
  profitSharing: false,
  limitPay: null,
  goodsTag: null,
  receipt: false,
};

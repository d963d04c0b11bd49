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
  /** How long one host may take until the request's headers leave. */
  readonly connectTimeoutMs: number;
  /** How long the whole reply may take after the headers left. */
  readonly answerTimeoutMs: number;
}

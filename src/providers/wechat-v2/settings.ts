/** What the configuration says of an account at WeChat Pay, API v2: every key, its meaning, its limits and its default. */
import * as z from "zod";
import { entryKeys, host, hostProblems, object, source, text } from "../../settings/fields.ts";
import type { Frozen } from "../../settings/frozen.ts";
import type { EntryTerms } from "../entry-terms.ts";
import { keyOf } from "./merchant.ts";

/** What a customer's bill says of a payment has at most so many bytes in UTF-8. */
const BODY_BYTES_MAX = 127;

/** WeChat Pay takes a tag of so many bytes in UTF-8. */
const GOODS_TAG_BYTES_MAX = 32;

const certificate = object({
  cert: source.describe("The certificate, PEM."),
  key: source.describe("Its private key, PEM."),
}).describe("The merchant's API certificate, which reversals present.");

/** What names an account and proves it. */
const accountKeys = {
  appId: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,32}$/, { error: "must be 1 to 32 letters, digits, _ or -." })
    .describe("WeChat appid that the merchant is bound to; the service provider's in service-provider mode."),
  merchantId: z
    .string()
    .regex(/^\d{1,32}$/, { error: "must be 1 to 32 digits, as text." })
    .describe("WeChat Pay merchant id (mch_id)."),
  subAppId: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,32}$/, { error: "must be 1 to 32 letters, digits, _ or -." })
    .nullable()
    .default(null)
    .describe("Service-provider mode: the sub-merchant's appid, where it has one."),
  subMerchantId: z
    .string()
    .regex(/^\d{1,32}$/, { error: "must be 1 to 32 digits, as text." })
    .nullable()
    .default(null)
    .describe("Service-provider mode: the sub-merchant's id."),
  signType: z
    .enum(["HMAC-SHA256", "MD5"])
    .default("HMAC-SHA256")
    .describe("Algorithm of the signatures, both ways."),
  apiKey: source.describe("The merchant's API key (API v2), 32 characters."),
  certificate,
};

const sceneInfo = object({
  id: text(32).describe("Store number."),
  name: text(64).optional().describe("Store name."),
  areaCode: z
    .string()
    .regex(/^\d{6}$/, { error: "must be six digits." })
    .optional()
    .describe("Administrative area code."),
  address: text(128).optional().describe("Street address."),
})
  .transform(({ id, name, areaCode, address }) => ({
    store_info: { id, name, area_code: areaCode, address },
  }))
  .refine((value) => JSON.stringify(value).length <= 256, {
    error: "must be shorter: WeChat Pay takes 256 characters with its own keys.",
  })
  .nullable()
  .default(null)
  .describe("The store as WeChat Pay lists it (scene_info).");

/** How requests for an account are made. */
const callKeys = {
  hosts: z
    .array(host("https://api.mch.weixin.qq.com"))
    .min(1)
    .max(4)
    .default(["https://api.mch.weixin.qq.com", "https://api2.mch.weixin.qq.com"])
    .describe("Origins of the API, the first is preferred. http is for loopback only."),
  ca: source
    .nullable()
    .default(null)
    .describe("Authorities to trust instead of the built-in ones, PEM; null for those."),
  body: text(BODY_BYTES_MAX)
    .refine((value) => bytesOf(value) <= BODY_BYTES_MAX, {
      error: `must have at most ${BODY_BYTES_MAX} bytes in UTF-8.`,
    })
    .nullable()
    .default(null)
    .describe("What the customer's bill says, such as store-goods; null means the store's name."),
  clientIp: z
    .union([z.ipv4(), z.ipv6()], { error: "must be an IPv4 or IPv6 address, or null." })
    .nullable()
    .default(null)
    .describe("Address that requests name (spbill_create_ip); null means that of the outgoing connection."),
  notifyUrl: z
    .string()
    .max(256)
    .regex(/^https?:\/\/[^\s?#]+$/, { error: "must be an http or https address without a query." })
    .nullable()
    .default(null)
    .describe(
      "Where WeChat posts payments of orders that customers scan (NATIVE); the box itself only queries. Null: none.",
    ),
  sceneInfo,
};

/** What an acquirer or the merchant's contract asks for in each order, and nothing else of what the protocol has. */
const termKeys = {
  profitSharing: z
    .boolean()
    .default(false)
    .describe("Whether the money of an order is frozen until it is shared with others (profit_sharing)."),
  limitPay: z
    .enum(["no_credit"])
    .nullable()
    .default(null)
    .describe("no_credit refuses credit cards (limit_pay); null takes them."),
  goodsTag: text(GOODS_TAG_BYTES_MAX)
    .refine((value) => bytesOf(value) <= GOODS_TAG_BYTES_MAX, {
      error: `must have at most ${GOODS_TAG_BYTES_MAX} bytes in UTF-8.`,
    })
    .nullable()
    .default(null)
    .describe("What coupons and discounts of the merchant look for (goods_tag)."),
  receipt: z
    .boolean()
    .default(false)
    .describe(
      "Whether the payer's message offers an e-invoice (receipt); the merchant must have signed that.",
    ),
};

/** One account in the list of a configuration. */
const settings = object({
  ...entryKeys("wechat-v2", ["wechat"]),
  ...accountKeys,
  ...callKeys,
  ...termKeys,
}).describe("An account at WeChat Pay, API v2.");

/** An account as the configuration has it. */
export type WechatV2Config = Frozen<z.output<typeof settings>>;

/** What the keys of an account demand of each other; `key` is where it stands in the file. */
function problems(
  { subAppId, subMerchantId, hosts, body }: WechatV2Config,
  key: string,
  { store }: EntryTerms,
): readonly string[] {
  const alone = subAppId !== null && subMerchantId === null;
  const long = body === null && bytesOf(store) > BODY_BYTES_MAX;
  return [
    ...(alone ? [`${key}.subMerchantId: must be given where subAppId is (service-provider mode).`] : []),
    ...hostProblems(hosts, `${key}.hosts`),
    ...(long
      ? [`${key}.body: must be given, because box.store has more than ${BODY_BYTES_MAX} bytes in UTF-8.`]
      : []),
  ];
}

/** How entries of this kind are read, what names their account, and what their keys demand of each other. */
export const wechatV2Entries = { settings, keyOf: (config: WechatV2Config) => keyOf(config), problems };

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

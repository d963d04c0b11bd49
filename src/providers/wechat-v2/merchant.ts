import type { Payee } from "../../core/payment/order.ts";

/** WeChat Pay's ids of who is charged for. */
export interface Merchant {
  readonly appId: string;
  readonly merchantId: string;
  /** Service-provider mode only, else null. */
  readonly subAppId: string | null;
  readonly subMerchantId: string | null;
}

/** All of them as one text: two merchants with one key are the same for WeChat Pay. The ids hold no blanks. */
export function keyOf({ appId, merchantId, subAppId, subMerchantId }: Merchant): string {
  return `wechat-v2 ${appId} ${merchantId} ${subAppId ?? "-"} ${subMerchantId ?? "-"}`;
}

/** What an account is called whom nobody has given a name: it stays the same, whatever its place in the configuration. */
export function idOf(merchant: Merchant): string {
  return keyOf(merchant).replaceAll(" ", "_");
}

/** The number under which the money arrives: the sub-merchant's where there is one. */
function accountOf({ merchantId, subMerchantId }: Merchant): string {
  return subMerchantId ?? merchantId;
}

/** Whom an order is charged for under this merchant, by the provider of this id. */
export function payeeOf(provider: string, merchant: Merchant): Payee {
  return { provider, account: accountOf(merchant), key: keyOf(merchant) };
}

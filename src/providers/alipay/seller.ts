import type { Payee } from "../../core/payment/order.ts";
import type { Seller } from "./account.ts";

/** All of Alipay's ids as one text: two accounts with one key are the same for Alipay. The ids hold no blanks. */
export function keyOf({ appId, sellerId }: Seller): string {
  return `alipay ${appId} ${sellerId ?? "-"}`;
}

/** Whom an order is charged for, by the provider of this id. */
export function payeeOf(provider: string, seller: Seller): Payee {
  return { provider, account: seller.sellerId ?? seller.appId, key: keyOf(seller) };
}

/**
 * What a page inside WeChat hands to its bridge to open the payment of a JSAPI order (WeChat Pay v2, JSAPI): five fields in
 * camel case and a second signature over them. The key stays here; the page gets the result.
 */
import { invariant } from "../../../core/kernel/defect.ts";
import type { WechatV2Settings } from "../account.ts";
import { type SignType, signatureOf } from "../signature.ts";

/** The parameters of `getBrandWCPayRequest`, by the names it knows. */
export interface PagePayment {
  readonly appId: string;
  /** Seconds since 1970, as text. */
  readonly timeStamp: string;
  readonly nonceStr: string;
  /** `prepay_id=` and the id. */
  readonly package: string;
  readonly signType: SignType;
  readonly paySign: string;
}

/** What the second signature is about. */
export interface PageTerms {
  readonly prepayId: string;
  /** The app that the page belongs to: the merchant's, or the sub-merchant's where the payer is known by that. */
  readonly of: "appid" | "sub_appid";
  /** Seconds since 1970, by a clock that is known to be right: WeChat refuses a page from another time. */
  readonly seconds: number;
  /** Random, fresh for each page, 1 to 32 characters. */
  readonly nonce: string;
}

/** Signs what the page needs. The algorithm is that of the order, and part of what is signed. */
export function pagePayment(settings: WechatV2Settings, terms: PageTerms): PagePayment {
  const { appId, subAppId } = settings.merchant;
  const app = terms.of === "appid" ? appId : subAppId;
  invariant(app !== null, "a page of the sub-merchant needs the sub-merchant's appid");
  invariant(/^\d{10}$/.test(String(terms.seconds)), "a page is signed for a whole second of this time");
  const fields = {
    appId: app,
    timeStamp: String(terms.seconds),
    nonceStr: terms.nonce,
    package: `prepay_id=${terms.prepayId}`,
    signType: settings.signType,
  };
  return {
    ...fields,
    paySign: signatureOf(new Map(Object.entries(fields)), settings.apiKey, settings.signType),
  };
}

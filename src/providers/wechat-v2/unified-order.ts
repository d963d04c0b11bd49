/**
 * An order that stands unpaid at WeChat until the customer pays it (WeChat Pay v2, unifiedorder), by scanning what a screen
 * shows (NATIVE). Whether it was paid is learned by queries alone. What is paid in a page (JSAPI) is in `server/page-order.ts`.
 */
import { invariant } from "../../core/kernel/defect.ts";
import type { WallTime } from "../../core/kernel/instant.ts";
import type { DeclineReason, NotSent, Unknown } from "../../core/payment/answers.ts";
import type { Intent } from "../../core/payment/order.ts";
import { beijingTime } from "../beijing-time.ts";
import { mismatch, signedUnknown } from "../unknown.ts";
import type { WechatV2Settings } from "./account.ts";
import { type AskedTrade, given, isAbout, isOfAnotherCall } from "./evidence.ts";
import {
  BODY_BYTES_MAX,
  cutAtBytes,
  merchantFields,
  sceneInfoText,
  signed,
  signTypeSent,
  termFields,
} from "./message.ts";
import { orderCodes } from "./order-codes.ts";
import type { Opened } from "./replies.ts";

/** What is known of an order before it is sent and after every restart: the part of an intent that goes over the wire. */
export type OrderTerms = Pick<Intent, "outTradeNo" | "amountFen" | "currency" | "payee" | "nonce">;

/** What every order says of itself, however it is paid. */
export interface UnifiedTerms extends OrderTerms {
  /**
   * Where WeChat posts the payment: absolute, without a query, at most 256 characters. The protocol wants one; who only
   * queries may name one that nobody serves.
   */
  readonly notifyUrl: string;
  /** When the order stops being payable, more than a minute from now; null leaves it to WeChat: two hours. */
  readonly expiresAt: WallTime | null;
}

/** An order that the customer pays by scanning its `code_url`. */
export interface NativeOrder extends UnifiedTerms {
  readonly tradeType: "NATIVE";
  /** The merchant's own name of what is bought, 1 to 32 characters. */
  readonly productId: string;
}

/**
 * Answers to `/pay/unifiedorder`. `ordered`: the order stands, unpaid; `codeUrl` is what a screen shows as a QR code, for
 * NATIVE alone. `refused-unconfirmed` is a refusal that must be queried first; `number-conflict` says that the number is known, perhaps from a try of
 * our own whose reply was lost. After `unknown` the same order may be sent again, word for word.
 */
export type OrderAnswer =
  | { readonly kind: "ordered"; readonly prepayId: string; readonly codeUrl: string | null }
  | { readonly kind: "declined"; readonly reason: DeclineReason; readonly code: string }
  | { readonly kind: "refused-unconfirmed"; readonly code: string }
  | { readonly kind: "number-conflict"; readonly code: string }
  | Unknown
  | NotSent;

/** What an order adds to its terms at the moment it is sent. */
export interface OrderDetails {
  readonly clientIp: string;
  /** Random, fresh for each request, at most 32 characters. */
  readonly nonce: string;
}

/** The signed document that books an order whose customer scans (WeChat Pay v2, unifiedorder, NATIVE). */
export function nativeOrderRequest(
  settings: WechatV2Settings,
  order: NativeOrder,
  details: OrderDetails,
): string {
  invariant(/^[\x21-\x7e]{1,32}$/.test(order.productId), "a NATIVE order names what is bought");
  return unifiedOrderRequest(settings, order, details, ["product_id", order.productId]);
}

/** The signed document of either kind; `own` is the element that only this kind has. */
export function unifiedOrderRequest(
  settings: WechatV2Settings,
  order: UnifiedTerms & Pick<AskedTrade, "tradeType">,
  details: OrderDetails,
  own: readonly [name: string, value: string],
): string {
  const { notifyUrl } = order;
  invariant(/^https?:\/\/[^\s?#]+$/.test(notifyUrl), "the notification goes to an address without a query");
  invariant(notifyUrl.length <= 256, "the address of the notification has at most 256 characters");
  return signed(settings, [
    ...merchantFields(settings),
    ["device_info", settings.boxId],
    ["nonce_str", details.nonce],
    ["sign_type", signTypeSent(settings)],
    ["body", cutAtBytes(settings.body, BODY_BYTES_MAX)],
    ["attach", order.nonce],
    ["out_trade_no", order.outTradeNo],
    ["total_fee", String(order.amountFen)],
    ["fee_type", order.currency],
    ["spbill_create_ip", details.clientIp],
    ["time_expire", order.expiresAt === null ? "" : beijingTime(order.expiresAt)],
    ["notify_url", notifyUrl],
    ["trade_type", order.tradeType],
    own,
    ["scene_info", sceneInfoText(settings.sceneInfo)],
    ...termFields(settings),
  ]);
}

/**
 * Reads the reply to an order. It names neither number nor amount, so that nothing but the connection binds it to its
 * request: a `codeUrl` of another order would be paid for that one, and ours stays unpaid until a query proves otherwise.
 */
export function readUnifiedOrder(opened: Opened, asked: AskedTrade): OrderAnswer {
  if (!opened.genuine) return opened.answer;
  const { fields } = opened;
  if (!isAbout(asked, fields) || isOfAnotherCall(fields, elsewhere)) return mismatch;
  const result = fields.get("result_code");
  if (result === "FAIL") return refusal(given(fields, "err_code"));
  if (result !== "SUCCESS") return signedUnknown("malformed");
  if (given(fields, "trade_type") !== asked.tradeType) return mismatch;
  const prepayId = given(fields, "prepay_id") ?? "";
  const codeUrl = asked.tradeType === "NATIVE" ? (given(fields, "code_url") ?? "") : null;
  const isWhole = /^[\x21-\x7e]{1,64}$/.test(prepayId) && (codeUrl === null || isCodeUrl(codeUrl));
  return isWhole ? { kind: "ordered", prepayId, codeUrl } : signedUnknown("malformed");
}

/** What no reply to an order holds. */
const elsewhere = ["recall", "trade_state", "transaction_id", "out_refund_no"];

function refusal(code: string | null): OrderAnswer {
  const meaning = code === null ? undefined : orderCodes.get(code);
  if (code === null || meaning === undefined) return signedUnknown("unlisted-code");
  if (meaning.kind === "system-error") return signedUnknown("system-error");
  return { ...meaning, code };
}

/** Only a wallet understands it; anything that a browser would open does not belong on a screen. */
function isCodeUrl(text: string): boolean {
  return text.length <= 64 && /^weixin:\/\/[\x21-\x7e]+$/.test(text);
}

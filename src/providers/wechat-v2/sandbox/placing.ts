/**
 * What the books know of an order that is booked unpaid (WeChat Pay v2, unifiedorder): what was asked for, and what becomes
 * of asking again and of closing. The rules are here, the orders in the ledger.
 */
import { unreachable } from "../../../core/kernel/defect.ts";
import { PaymentCode } from "../../../core/payment/payment-code.ts";
import { beijingTime } from "../../beijing-time.ts";
import type { ChargeOrder, Order } from "./ledger.ts";

/** What one unifiedorder asks for. Times are milliseconds since 1970 on the sandbox's own clock. */
export interface PlacedOrder extends Omit<ChargeOrder, "authCode"> {
  readonly tradeType: "NATIVE" | "JSAPI";
  readonly productId: string | null;
  /** Who alone may pay it, of JSAPI. */
  readonly openId: string | null;
  readonly notifyUrl: string;
  readonly expiresAt: number | null;
}

/** What a booking came to: an order that waits for its customer, new or as it was, or an `err_code`. */
export type PlacingResult =
  | { readonly kind: "booked"; readonly order: Order; readonly isNew: boolean }
  | { readonly kind: "refused"; readonly code: string };

/** What a closing came to. */
export type ClosingResult =
  | { readonly kind: "closed"; readonly order: Order }
  | { readonly kind: "refused"; readonly code: string; readonly text: string | null };

/** What only a booked order has. */
export interface Placing {
  readonly wanted: PlacedOrder;
  readonly prepayId: string;
  /** What the customer scans, of NATIVE. */
  readonly codeUrl: string | null;
}

/** Names the `serial`th booking of the books, at `now`. */
export function placingOf(wanted: PlacedOrder, serial: number, now: number): Placing {
  const digits = String(serial).padStart(10, "0");
  return {
    wanted,
    prepayId: `wx${beijingTime(now)}${digits}`,
    codeUrl: wanted.tradeType === "NATIVE" ? `weixin://wxpay/bizpayurl?pr=${digits}` : null,
  };
}

/**
 * What stands in the books where a charged order has its code: good for one payment as a code is, and shown by no wallet,
 * whose codes begin with 10 to 15.
 */
export function tokenOf(serial: number): PaymentCode {
  return new PaymentCode(`00${String(serial).padStart(16, "0")}`, "wechat");
}

/** What a number that is known answers to a booking. The same order once more is answered as it was. */
export function placeAgain(known: Order, wanted: PlacedOrder): PlacingResult {
  switch (known.state) {
    case "success":
    case "refund":
      return { kind: "refused", code: "ORDERPAID" };
    case "closed":
    case "revoked":
      return { kind: "refused", code: "ORDERCLOSED" };
    case "userpaying":
    case "accept":
    case "notpay":
    case "payerror":
      break;
    default:
      return unreachable(known.state);
  }
  const same = known.booking !== null && JSON.stringify(known.booking.wanted) === JSON.stringify(wanted);
  return same
    ? { kind: "booked", order: known, isNew: false }
    : { kind: "refused", code: "OUT_TRADE_NO_USED" };
}

/** Why an order cannot be closed now, or null where it can. */
export function closingFault(
  order: Order | undefined,
  ageMs: number,
  notBeforeMs: number,
): { readonly code: string; readonly text: string | null } | null {
  if (order === undefined) return { code: "ORDERNOTEXIST", text: null };
  if (order.booking === null) return { code: "TRADE_STATE_ERROR", text: "付款码订单请调用撤销接口" };
  if (order.state === "success" || order.state === "refund") return { code: "ORDERPAID", text: null };
  if (order.state === "closed" || order.state === "revoked") return { code: "ORDERCLOSED", text: null };
  return ageMs < notBeforeMs ? { code: "TRADE_STATE_ERROR", text: "订单生成后5分钟内不能关闭" } : null;
}

/** What a field of a genuine document may prove. An empty element counts as an absent one: neither is signed. */
import type { Fields } from "./xml.ts";

/** How an order is paid (WeChat Pay v2, `trade_type`): by the customer's code, by ours on a screen, or in a page. */
export type TradeType = "MICROPAY" | "NATIVE" | "JSAPI";

/** What an answer must be about. The probe asks for an order that nobody made, of no amount: nothing can pay it. */
export interface Asked {
  readonly outTradeNo: string;
  readonly amountFen: number | null;
  readonly nonce: string | null;
}

/** An order with the way in which alone it can be paid. */
export interface AskedTrade extends Asked {
  readonly tradeType: TradeType;
}

/** The value of an element that is there and not empty. */
export function given(fields: Fields, name: string): string | null {
  const value = fields.get(name);
  return value === undefined || value === "" ? null : value;
}

/** Whether an echo is right where there is one. */
export function isEqualOrAbsent(fields: Fields, name: string, value: string): boolean {
  const echoed = given(fields, name);
  return echoed === null || echoed === value;
}

/** Whether nothing in the document contradicts the order that was asked about. */
export function isAbout(asked: Asked, fields: Fields): boolean {
  return (
    isEqualOrAbsent(fields, "out_trade_no", asked.outTradeNo) &&
    isEqualOrAbsent(fields, "fee_type", "CNY") &&
    (asked.amountFen === null || isEqualOrAbsent(fields, "total_fee", String(asked.amountFen))) &&
    (asked.nonce === null || isEqualOrAbsent(fields, "attach", asked.nonce))
  );
}

/** A genuine reply to one call proves nothing about another; these fields give it away. */
export function isOfAnotherCall(fields: Fields, names: readonly string[]): boolean {
  return names.some((name) => given(fields, name) !== null);
}

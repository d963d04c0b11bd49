/**
 * What a `sub_code` of a correctly signed refusal means (Alipay, alipay.trade.pay, query, cancel, refund: business error codes), as
 * data. A code that no table names leaves everything unknown.
 */
import type { DeclineReason } from "../../core/payment/answers.ts";

/** What the codes of a charge say; the words are those of `ChargeAnswer`. */
export type ChargeMeaning =
  | { readonly kind: "declined"; readonly reason: DeclineReason }
  | { readonly kind: "number-conflict" }
  | { readonly kind: "system-error" };

/** `already`: the money has gone back before. */
export type UndoMeaning = "again" | "expired" | "already" | "request";

/** One code in all its spellings: `ACQ.X`, `aop.ACQ.X`, `isp.ACQ.X` and the misspelt `AQC.X` are the same X. */
export function bareCode(subCode: string): string {
  return subCode.replace(/^(?:(?:aop|isp|ACQ|AQC)\.)+/, "");
}

const declined = (reason: DeclineReason) => ({ kind: "declined", reason }) as const;

/** The number is known there, by a request that was repeated on the way or by somebody else (money rule 2). */
const known = { kind: "number-conflict" } as const;

const meanings: readonly (readonly [meaning: ChargeMeaning, codes: string])[] = [
  [{ kind: "system-error" }, "SYSTEM_ERROR"],
  [known, "TRADE_HAS_SUCCESS TRADE_HAS_CLOSE CONTEXT_INCONSISTENT TRADE_BUYER_NOT_MATCH TRADE_STATUS_ERROR"],
  // Each code works once, and lives for a minute: a fresh one is asked for.
  [declined("code-expired"), "PAYMENT_AUTH_CODE_INVALID PULL_MOBILE_CASHIER_FAIL PAYMENT_FAIL"],
  [
    declined("funds"),
    "BUYER_BALANCE_NOT_ENOUGH BUYER_BANKCARD_BALANCE_NOT_ENOUGH BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR " +
      "BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR",
  ],
  // What the customer or the merchant may not do this way wants another way of paying.
  [
    declined("card"),
    "ERROR_BALANCE_PAYMENT_DISABLE NO_PAYMENT_INSTRUMENTS_AVAILABLE NO_PAYMENT_INSTUMENTS_AVAILABLE " +
      "NOT_SUPPORT_PAYMENT_INST BUYER_SELLER_EQUAL BUYER_ENABLE_STATUS_FORBID BUYER_NOT_EXIST " +
      "MOBILE_PAYMENT_SWITCH_OFF USER_FACE_PAYMENT_SWITCH_OFF ERROR_BUYER_CERTIFY_LEVEL_LIMIT " +
      "NOT_CERTIFIED_USER BUYER_NOT_MAINLAND_CERT USER_LOGONID_DUP PAYER_UNMATCHED " +
      "PAYMENT_REQUEST_HAS_RISK RISK_MERCHANT_IP_NOT_EXIST " +
      "BEYOND_PAY_RESTRICTION BEYOND_PER_RECEIPT_RESTRICTION BEYOND_PER_RECEIPT_DAY_RESTRICTION " +
      "BEYOND_PER_RECEIPT_SINGLE_RESTRICTION MERCHANT_PERM_RECEIPT_DAY_LIMIT " +
      "MERCHANT_PERM_RECEIPT_SINGLE_LIMIT MERCHANT_PERM_RECEIPT_SUSPEND_LIMIT " +
      "PRODUCT_AMOUNT_LIMIT_ERROR TOTAL_FEE_EXCEED",
  ],
  [
    declined("configuration"),
    "MERCHANT_AGREEMENT_NOT_EXIST MERCHANT_AGREEMENT_INVALID MERCHANT_STATUS_NOT_NORMAL ACCESS_FORBIDDEN " +
      "PARTNER_ERROR SELLER_BEEN_BLOCKED SELLER_NOT_EXIST RESTRICTED_MERCHANT_INDUSTRY " +
      "UN_SUPPORT_TRADE_SCENE TRADE_SETTLE_ERROR INVALID_RECEIVE_ACCOUNT",
  ],
  [
    declined("request"),
    "INVALID_PARAMETER INVALID_STORE_ID EXIST_FORBIDDEN_WORD AUTH_TOKEN_IS_NOT_EXIST CURRENCY_NOT_SUPPORT " +
      "AMOUNT_OR_CURRENCY_ERROR NOW_TIME_AFTER_EXPIRE_TIME_ERROR SUB_GOODS_SIZE_MAX_COUNT",
  ],
];

const chargeCodes: ReadonlyMap<string, ChargeMeaning> = new Map(
  meanings.flatMap(([meaning, codes]) => codes.split(" ").map((code) => [code, meaning] as const)),
);

/** Codes of which only the beginning is listed: what is wrong with a shop that is charged for by another one. */
const families = /^(?:SECONDARY_MERCHANT|SUB_MERCHANT)_/;

/** What a charge was refused for; null where no table names it. */
export function chargeMeaning(code: string): ChargeMeaning | null {
  return chargeCodes.get(code) ?? (families.test(code) ? declined("configuration") : null);
}

/** Why a cancel was refused; any other signed refusal is worth another try. */
export const cancelCodes: ReadonlyMap<string, UndoMeaning> = new Map<string, UndoMeaning>([
  ["SYSTEM_ERROR", "again"],
  ["SELLER_BALANCE_NOT_ENOUGH", "again"],
  ["REASON_TRADE_REFUND_FEE_ERR", "already"],
  ["TRADE_CANCEL_TIME_OUT", "expired"],
  ["CANCEL_NOT_ALLOWED", "expired"],
  ["REASON_TRADE_BEEN_FREEZEN", "expired"],
  ["TRADE_HAS_FINISHED", "expired"],
  ["INVALID_PARAMETER", "request"],
]);

/** Why a refund was refused. */
export const refundCodes: ReadonlyMap<string, UndoMeaning> = new Map<string, UndoMeaning>([
  ["SYSTEM_ERROR", "again"],
  ["SELLER_BALANCE_NOT_ENOUGH", "again"],
  ["DISCORDANT_REPEAT_REQUEST", "expired"],
  ["REFUND_AMT_NOT_EQUAL_TOTAL", "expired"],
  ["REASON_TRADE_REFUND_FEE_ERR", "expired"],
  ["REFUND_FEE_ERROR", "expired"],
  ["TRADE_NOT_ALLOW_REFUND", "expired"],
  ["TRADE_HAS_FINISHED", "expired"],
  // What had been cancelled is closed, and a query says so.
  ["TRADE_HAS_CLOSE", "again"],
  ["NOT_ALLOW_PARTIAL_REFUND", "expired"],
  ["REFUND_CHARGE_ERROR", "expired"],
  ["INVALID_PARAMETER", "request"],
]);

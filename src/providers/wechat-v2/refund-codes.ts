/** The error tables of refunds as data. A code that no table names leaves the refund unknown. */

/** Why a refund was refused. What it names can be put right, and the same number be sent again. */
export type RefundRefusal = "order" | "overdue" | "funds" | "payer-account" | "configuration";

/**
 * What an error code says about a refund. `again` and `slow-down` want the same request once more; `refused-unconfirmed` a query of the
 * refund before anybody is told.
 */
export type RefundMeaning =
  | { readonly kind: "again" }
  | { readonly kind: "slow-down" }
  | { readonly kind: "refused-unconfirmed" }
  | { readonly kind: "declined"; readonly reason: RefundRefusal };

/** What an error code of a refund's query says. */
export type RefundQueryMeaning = "absent" | "system-error" | "configuration";

const again = { kind: "again" } as const;
const slowDown = { kind: "slow-down" } as const;
const disputed = { kind: "refused-unconfirmed" } as const;
const configuration = declined("configuration");

function declined(reason: RefundRefusal) {
  return { kind: "declined", reason } as const;
}

/** WeChat Pay v2, refund, error codes. */
export const refundCodes: ReadonlyMap<string, RefundMeaning> = new Map<string, RefundMeaning>([
  ["SYSTEMERROR", again],
  ["BIZERR_NEED_RETRY", again],
  ["ORDER_NOT_READY", again],
  ["FREQUENCY_LIMITED", slowDown],
  // Too many requests were wrong; the merchant is shut out for a minute.
  ["INVALID_REQ_TOO_MUCH", slowDown],

  // The text alone would tell an empty account from a refund that was made before.
  ["ERROR", disputed],
  // The number was used with other amounts: the books say with which.
  ["REFUND_FEE_MISMATCH", disputed],
  ["INVALID_REQUEST", disputed],

  ["ORDERNOTEXIST", declined("order")],
  ["INVALID_TRANSACTIONID", declined("order")],
  ["TRADE_OVERDUE", declined("overdue")],
  ["NOTENOUGH", declined("funds")],
  ["USER_ACCOUNT_ABNORMAL", declined("payer-account")],

  // Here NOAUTH is about the address of the caller, which is not on the merchant's list.
  ["NOAUTH", configuration],
  ["CERT_ERROR", configuration],
  ["PARAM_ERROR", configuration],
  ["SIGNERROR", configuration],
  ["XML_FORMAT_ERROR", configuration],
  ["REQUIRE_POST_METHOD", configuration],
  ["APPID_NOT_EXIST", configuration],
  ["MCHID_NOT_EXIST", configuration],
  ["APPID_MCHID_NOT_MATCH", configuration],
]);

/** WeChat Pay v2, refundquery, error codes. */
export const refundQueryCodes: ReadonlyMap<string, RefundQueryMeaning> = new Map<string, RefundQueryMeaning>([
  ["REFUNDNOTEXIST", "absent"],
  ["SYSTEMERROR", "system-error"],
  ["INVALID_TRANSACTIONID", "configuration"],
  ["PARAM_ERROR", "configuration"],
  ["SIGNERROR", "configuration"],
  ["XML_FORMAT_ERROR", "configuration"],
  ["REQUIRE_POST_METHOD", "configuration"],
  ["APPID_NOT_EXIST", "configuration"],
  ["MCHID_NOT_EXIST", "configuration"],
  ["APPID_MCHID_NOT_MATCH", "configuration"],
]);

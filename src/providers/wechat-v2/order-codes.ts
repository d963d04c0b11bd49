/**
 * The error tables of the calls around an order that is booked unpaid, as data: what an `err_code` of a correctly signed
 * reply means. A code that no table names leaves everything unknown.
 */
import type { DeclineReason } from "../../core/payment/answers.ts";

/** What an error code says about an order that was to be booked; the words are those of `OrderAnswer`. */
export type OrderMeaning =
  | { readonly kind: "declined"; readonly reason: DeclineReason }
  | { readonly kind: "refused-unconfirmed" }
  | { readonly kind: "number-conflict" }
  | { readonly kind: "system-error" };

/** What an error code says about the closing of an order; the words are those of `CloseAnswer`. */
export type CloseMeaning = "closed" | "paid" | "absent" | "again" | "configuration";

const systemError = { kind: "system-error" } as const;
const taken = { kind: "number-conflict" } as const;
const disputed = { kind: "refused-unconfirmed" } as const;

/** The codes of every call that say that no request of this box can succeed: for the merchant or its signature, */
const accountFaults = [
  "NOAUTH",
  "SIGNERROR",
  "APPID_NOT_EXIST",
  "MCHID_NOT_EXIST",
  "APPID_MCHID_NOT_MATCH",
] as const;

/** or for what the request says. */
const requestFaults = [
  "PARAM_ERROR",
  "LACK_PARAMS",
  "XML_FORMAT_ERROR",
  "REQUIRE_POST_METHOD",
  "POST_DATA_EMPTY",
  "NOT_UTF8",
] as const;

/** Says that what was asked for was not done, and why. */
export function declined(reason: DeclineReason) {
  return { kind: "declined", reason } as const;
}

/** What every call may be refused with, for the account or for what the request says. */
export const faults = [
  ...accountFaults.map((code) => [code, declined("configuration")] as const),
  ...requestFaults.map((code) => [code, declined("request")] as const),
];

/** WeChat Pay v2, unifiedorder, error codes. */
export const orderCodes: ReadonlyMap<string, OrderMeaning> = new Map<string, OrderMeaning>([
  ["SYSTEMERROR", systemError],
  ["NOTENOUGH", declined("funds")],
  // Each of these may be the echo of our own order, whose first reply was lost: only a query tells whose it is.
  ["ORDERPAID", taken],
  ["OUT_TRADE_NO_USED", taken],
  ["ORDERCLOSED", disputed],
  // Seen live for a number that was used, too.
  ["INVALID_REQUEST", disputed],
  ...faults,
]);

/** WeChat Pay v2, closeorder, error codes. */
export const closeCodes: ReadonlyMap<string, CloseMeaning> = new Map<string, CloseMeaning>([
  ["ORDERCLOSED", "closed"],
  ["ORDERPAID", "paid"],
  ["ORDERNOTEXIST", "absent"],
  ["SYSTEMERROR", "again"],
  ["TRADE_STATE_ERROR", "again"],
  ...faults.map(([code]) => [code, "configuration"] as const),
]);

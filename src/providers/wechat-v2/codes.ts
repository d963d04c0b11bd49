/**
 * The error tables of WeChat Pay v2 as data: what an `err_code` of a correctly signed reply means for the order.
 * Only failures are listed as failures; a code that no table names leaves the order unknown (money rules 5 to 7).
 */
import type { DeclineReason } from "../../core/payment/answers.ts";

/**
 * What the documentation asks for, as an action: `query` the order, which may be paid; `rescan` a refreshed code; `show` the
 * refusal and take other means; `renumber`: the order number is the problem; `configure`: no order can succeed like this.
 */
export type CodeAction = "query" | "rescan" | "show" | "renumber" | "configure";

/** What an error code of a charge says about the order; the words are those of `ChargeAnswer`. */
export type ChargeMeaning =
  | { readonly kind: "declined"; readonly reason: DeclineReason }
  | { readonly kind: "pending" }
  | { readonly kind: "refused-unconfirmed" }
  | { readonly kind: "number-conflict" }
  | { readonly kind: "system-error" };

/** What an error code of a query says about the order. */
export type QueryMeaning = "absent" | "system-error" | "configuration" | "request";

/** What an error code of a reversal says; a signed code of no list means `again`, like an absent one. */
export type ReverseMeaning = "again" | "expired" | "configuration";

/** What an `err_code` of a charge means for the order. */
export interface ChargeCode {
  readonly action: CodeAction;
  readonly meaning: ChargeMeaning;
}

const systemError: ChargeCode = { action: "query", meaning: { kind: "system-error" } };
const disputed: ChargeMeaning = { kind: "refused-unconfirmed" };
const taken: ChargeCode = { action: "renumber", meaning: { kind: "number-conflict" } };
const card = declined("show", "card");
const configuration = declined("configure", "configuration");
const request = declined("configure", "request");

function declined(action: CodeAction, reason: DeclineReason): ChargeCode {
  return { action, meaning: { kind: "declined", reason } };
}

/** WeChat Pay v2, micropay, error codes. */
export const chargeCodes: ReadonlyMap<string, ChargeCode> = new Map([
  ["SYSTEMERROR", systemError],
  ["BANKERROR", systemError],
  ["USERPAYING", { action: "query", meaning: { kind: "pending" } }],

  ["AUTHCODEEXPIRE", declined("rescan", "code-expired")],
  // "Each code works once": the code was charged before, with or without success.
  ["AUTH_CODE_ERROR", declined("rescan", "code-used")],
  ["AUTH_CODE_INVALID", declined("rescan", "code-invalid")],

  ["NOTENOUGH", declined("show", "funds")],
  // The documentation spells it with one P; the other spelling costs nothing.
  ["NOTSUPORTCARD", card],
  ["NOTSUPPORTCARD", card],

  // Final on paper, but texts of all kinds were seen under these: the order is queried before anybody is told (money rule 7).
  ["TRADE_ERROR", { action: "show", meaning: disputed }],
  ["RULELIMIT", { action: "show", meaning: disputed }],
  ["INVALID_REQUEST", { action: "configure", meaning: disputed }],
  ["ORDERREVERSED", { action: "renumber", meaning: disputed }],
  ["ORDERCLOSED", { action: "renumber", meaning: disputed }],

  // On a number that was sent once, each of these says that it is known there, by a request that was repeated on the way or by
  // somebody else (money rule 2).
  ["ORDERPAID", taken],
  ["OUT_TRADE_NO_USED", taken],
  ["BUYER_MISMATCH", taken],

  ["NOAUTH", configuration],
  ["PARAM_ERROR", request],
  ["LACK_PARAMS", request],
  ["SIGNERROR", configuration],
  ["XML_FORMAT_ERROR", request],
  ["REQUIRE_POST_METHOD", request],
  ["POST_DATA_EMPTY", request],
  ["NOT_UTF8", request],
  ["APPID_NOT_EXIST", configuration],
  ["MCHID_NOT_EXIST", configuration],
  ["APPID_MCHID_NOT_MATCH", configuration],
]);

/** WeChat Pay v2, orderquery, error codes: its own two and the common ones, which are faults of the message. */
export const queryCodes: ReadonlyMap<string, QueryMeaning> = new Map<string, QueryMeaning>([
  ["ORDERNOTEXIST", "absent"],
  ["SYSTEMERROR", "system-error"],
  ["NOAUTH", "configuration"],
  ["PARAM_ERROR", "request"],
  ["LACK_PARAMS", "request"],
  ["SIGNERROR", "configuration"],
  ["XML_FORMAT_ERROR", "request"],
  ["REQUIRE_POST_METHOD", "request"],
  ["POST_DATA_EMPTY", "request"],
  ["NOT_UTF8", "request"],
  ["APPID_NOT_EXIST", "configuration"],
  ["MCHID_NOT_EXIST", "configuration"],
  ["APPID_MCHID_NOT_MATCH", "configuration"],
]);

/** WeChat Pay v2, reverse, error codes. An order whose reversal is refused for the configuration stays to be reversed. */
export const reverseCodes: ReadonlyMap<string, ReverseMeaning> = new Map<string, ReverseMeaning>([
  ["SYSTEMERROR", "again"],
  ["USERPAYING", "again"],
  ["INVALID_TRANSACTIONID", "again"],
  ["TRADE_ERROR", "again"],
  ["REVERSE_EXPIRE", "expired"],
  ["INVALID_REQUEST", "configuration"],
  ["NOAUTH", "configuration"],
  ["CERT_ERROR", "configuration"],
  ["PARAM_ERROR", "configuration"],
  ["LACK_PARAMS", "configuration"],
  ["SIGNERROR", "configuration"],
  ["XML_FORMAT_ERROR", "configuration"],
  ["REQUIRE_POST_METHOD", "configuration"],
  ["POST_DATA_EMPTY", "configuration"],
  ["NOT_UTF8", "configuration"],
  ["APPID_NOT_EXIST", "configuration"],
  ["MCHID_NOT_EXIST", "configuration"],
  ["APPID_MCHID_NOT_MATCH", "configuration"],
]);

/**
 * From what the wire brought to what it proves (WeChat Pay v2; money rules 5 to 7). The order is fixed: transport, XML,
 * `return_code`, signature, merchant, and only then `result_code`, `err_code`, `trade_state`, `recall`. An empty element
 * counts as an absent one everywhere, because it is not part of the signature either.
 *
 * `return_code=FAIL` refuses the message and says nothing about the order: without a signature it is an `unsigned-refusal`,
 * with a wrong one a `bad-signature`, and with a right one a fault of our messages, `configuration`.
 */
import type { ChargeAnswer, NotSent, QueryAnswer, UndoAnswer, Unknown } from "../../core/payment/answers.ts";
import type { HttpsOutcome } from "../../runtime/ports.ts";
import { mismatch, signedUnknown, unsignedUnknown } from "../unknown.ts";
import type { WechatV2Settings } from "./account.ts";
import { chargeCodes, queryCodes, reverseCodes } from "./codes.ts";
import { type Asked, type AskedTrade, given, isAbout, isEqualOrAbsent, isOfAnotherCall } from "./evidence.ts";
import type { Merchant } from "./merchant.ts";
import { isSignedBy } from "./signature.ts";
import { type Fields, parseXml } from "./xml.ts";

/** A reply of WeChat's own for our merchant, or what came instead with the fields it had. */
export type Opened =
  | { readonly genuine: true; readonly fields: Fields }
  | { readonly genuine: false; readonly answer: Unknown | NotSent; readonly fields: Fields | null };

/** By what a document is believed. */
export type ReplySettings = Pick<WechatV2Settings, "merchant" | "apiKey" | "signType">;

/** Decides whether the outcome of an exchange is a document of WeChat's at all, without looking at what it says. */
export function openReply(outcome: HttpsOutcome, settings: ReplySettings): Opened {
  if (outcome.kind === "not-sent") return notGenuine(outcome);
  if (outcome.kind === "unanswered")
    return notGenuine(unsignedUnknown(outcome.why === "too-large" ? "malformed" : "silence"));
  if (outcome.status !== 200) return notGenuine(unsignedUnknown("http-status"));
  return openDocument(outcome.body, settings);
}

/** Decides whether bytes are a document of WeChat's for our merchant, whichever way they came. */
export function openDocument(body: Uint8Array, settings: ReplySettings): Opened {
  const document = parseXml(body);
  if (!document.ok) return notGenuine(unsignedUnknown("malformed"));
  const fields = document.value;
  const returnCode = fields.get("return_code");
  if (returnCode !== "SUCCESS" && returnCode !== "FAIL")
    return notGenuine(unsignedUnknown("malformed"), fields);
  if (returnCode === "FAIL" && given(fields, "sign") === null)
    return notGenuine(unsignedUnknown("unsigned-refusal"), fields);
  if (!isSignedBy(fields, settings.apiKey, settings.signType))
    return notGenuine(unsignedUnknown("bad-signature"), fields);
  if (returnCode === "FAIL") return notGenuine(signedUnknown("configuration"), fields);
  if (!isFor(settings.merchant, fields)) return notGenuine(mismatch, fields);
  return { genuine: true, fields };
}

/** Reads the reply to a charge. */
export function readCharge(opened: Opened, asked: Asked): ChargeAnswer {
  if (!opened.genuine) return opened.answer;
  const { fields } = opened;
  if (!isAbout(asked, fields) || isOfAnotherCall(fields, ["recall", "out_refund_no"])) return mismatch;
  const result = fields.get("result_code");
  if (result === "SUCCESS") return readPaid({ ...asked, tradeType: "MICROPAY" }, fields, ["SUCCESS", null]);
  if (result !== "FAIL") return signedUnknown("malformed");
  const code = given(fields, "err_code");
  const meaning = code === null ? undefined : chargeCodes.get(code)?.meaning;
  if (code === null || meaning === undefined) return signedUnknown("unlisted-code");
  switch (meaning.kind) {
    case "declined":
      return { kind: "declined", reason: meaning.reason, code };
    case "pending":
      return { kind: "pending" };
    case "refused-unconfirmed":
      return { kind: "refused-unconfirmed", code };
    case "number-conflict":
      return { kind: "number-conflict", code };
    case "system-error":
      return signedUnknown("system-error");
  }
}

/** Reads the reply to a query. */
export function readQuery(opened: Opened, asked: AskedTrade): QueryAnswer {
  if (!opened.genuine) return opened.answer;
  const { fields } = opened;
  if (isOfAnotherCall(fields, ["recall", "out_refund_no"])) return mismatch;
  // First of all: another's order may have any amount.
  if (isAnothers(asked, fields)) return { kind: "foreign", state: foreignState(fields) };
  if (!isAbout(asked, fields)) return mismatch;
  const result = fields.get("result_code");
  if (result === "SUCCESS") return readTradeState(asked, fields);
  if (result !== "FAIL") return signedUnknown("malformed");
  const meaning = queryCodes.get(fields.get("err_code") ?? "");
  if (meaning === "absent") return { kind: "absent" };
  return signedUnknown(meaning ?? "unlisted-code");
}

/**
 * Reads the reply to a reversal. Every signed answer but the end of the seven days and the faults of configuration means
 * to repeat it, also a code that is not listed: what an order that never existed is answered is documented nowhere.
 */
export function readReverse(opened: Opened, asked: Asked): UndoAnswer {
  if (!opened.genuine) return opened.answer;
  const { fields } = opened;
  if (!isAbout(asked, fields) || isOfAnotherCall(fields, ["trade_state", "trade_type", "out_refund_no"]))
    return mismatch;
  const result = fields.get("result_code");
  if (result === "SUCCESS") {
    const recall = given(fields, "recall");
    return recall === null || recall === "N" ? { kind: "done" } : { kind: "again", code: null };
  }
  if (result !== "FAIL") return signedUnknown("malformed");
  const code = given(fields, "err_code");
  const meaning = reverseCodes.get(code ?? "") ?? "again";
  if (meaning === "configuration") return signedUnknown("configuration");
  return meaning === "expired" ? { kind: "expired" } : { kind: "again", code };
}

function readTradeState(asked: AskedTrade, fields: Fields): QueryAnswer {
  if (given(fields, "out_trade_no") === null) return mismatch;
  const unmarked =
    asked.nonce !== null && given(fields, "attach") === null ? { unmarked: true as const } : {};
  switch (given(fields, "trade_state")) {
    case "SUCCESS": {
      const proof = readPaid(asked, fields, ["SUCCESS"]);
      return proof.kind === "paid" ? { ...proof, ...unmarked } : proof;
    }
    case "REFUND": {
      // What went back, some of it or all, had been paid: that wants the same proof.
      const proof = readPaid(asked, fields, ["REFUND"]);
      const transactionId = proof.kind === "paid" ? proof.transactionId : null;
      return { kind: "refunded", transactionId, ...unmarked };
    }
    case "REVOKED":
    case "CLOSED": {
      const transactionId = given(fields, "transaction_id");
      return { kind: "closed", paidOnce: transactionId !== null, transactionId };
    }
    case "NOTPAY":
      return { kind: "unpaid", paying: false };
    case "USERPAYING":
    case "ACCEPT":
      return { kind: "unpaid", paying: true };
    case "PAYERROR":
      return { kind: "failed" };
    case null:
      return signedUnknown("malformed");
    default:
      return signedUnknown("unlisted-code");
  }
}

/** Whether a document shows an order under our number that is not ours. */
function isAnothers({ outTradeNo, nonce }: Asked, fields: Fields): boolean {
  return (
    fields.get("result_code") === "SUCCESS" &&
    given(fields, "out_trade_no") === outTradeNo &&
    nonce !== null &&
    !isEqualOrAbsent(fields, "attach", nonce)
  );
}

function foreignState(fields: Fields): "paid" | "open" | "closed" {
  const tradeState = given(fields, "trade_state");
  if (tradeState === "SUCCESS" || tradeState === "REFUND") return "paid";
  return tradeState === "REVOKED" || tradeState === "CLOSED" ? "closed" : "open";
}

/**
 * Paid needs proof: the order, its amount, its currency, the kind of trade and WeChat's own number (money rule 6).
 * The caller has looked for contradictions; `tradeStates` are those that the document may say, null for none at all.
 */
export function readPaid(
  asked: AskedTrade,
  fields: Fields,
  tradeStates: readonly (string | null)[],
): Unknown | { readonly kind: "paid"; readonly transactionId: string } {
  const transactionId = given(fields, "transaction_id");
  const proved =
    transactionId !== null &&
    given(fields, "out_trade_no") === asked.outTradeNo &&
    asked.amountFen !== null &&
    given(fields, "total_fee") === String(asked.amountFen) &&
    tradeStates.includes(given(fields, "trade_state")) &&
    isEqualOrAbsent(fields, "trade_type", asked.tradeType);
  return proved ? { kind: "paid", transactionId } : mismatch;
}

/**
 * A provider's key signs for all its sub-merchants: `sub_mch_id` must be ours. `sub_appid` only adds the payer's second
 * id, and a provider that sends none may be told one.
 */
function isFor(merchant: Merchant, fields: Fields): boolean {
  return (
    given(fields, "appid") === merchant.appId &&
    given(fields, "mch_id") === merchant.merchantId &&
    given(fields, "sub_mch_id") === merchant.subMerchantId &&
    (merchant.subAppId === null
      ? merchant.subMerchantId !== null || given(fields, "sub_appid") === null
      : isEqualOrAbsent(fields, "sub_appid", merchant.subAppId))
  );
}

function notGenuine(answer: Unknown | NotSent, fields: Fields | null = null): Opened {
  return { genuine: false, answer, fields };
}

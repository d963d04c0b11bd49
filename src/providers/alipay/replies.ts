/**
 * From what the wire brought to what it proves (Alipay's gateway; money rules 5 to 7). The order is fixed: transport, the form of the
 * reply, the signature over its bytes, and only then what they say. Alipay echoes no account: that a reply is about ours follows
 * from the key, which is issued for one app or one account alone (money rule 6).
 */
import type {
  ChargeAnswer,
  NotSent,
  QueryAnswer,
  UndoAnswer,
  Unknown,
  UnknownReason,
} from "../../core/payment/answers.ts";
import type { HttpsOutcome } from "../../runtime/ports.ts";
import { mismatch, signedUnknown, unsignedUnknown } from "../unknown.ts";
import { bareCode, cancelCodes, chargeMeaning, refundCodes, type UndoMeaning } from "./codes.ts";
import { cutObject, stringValue } from "./members.ts";
import type { Method } from "./requests.ts";
import { type AlipayKeys, type SignatureState, signatureState } from "./signature.ts";
import { splitReply } from "./split-reply.ts";
import { fenOfYuan } from "./yuan.ts";

/** What an answer must be about. The probe asks for an order that nobody made, of no amount: nothing can pay it. */
export interface Asked {
  readonly outTradeNo: string;
  readonly amountFen: number | null;
  readonly nonce: string | null;
}

/** The members of a reply that are texts; bytes, one character each (latin1). */
export type Members = ReadonlyMap<string, string>;

/**
 * A reply of Alipay's own, or what came instead with the members it had. `signature` says how it was signed: `refused` where its form
 * was not to be trusted, null where nothing came.
 */
export type Opened = { readonly signature: SignatureState | "refused" | null } & (
  | { readonly genuine: true; readonly members: Members }
  | { readonly genuine: false; readonly answer: Unknown | NotSent; readonly members: Members | null }
);

/** Decides whether the outcome of an exchange is Alipay's at all, without looking at what it says. */
export function openReply(outcome: HttpsOutcome, method: Method, keys: AlipayKeys): Opened {
  if (outcome.kind === "not-sent") return notGenuine(outcome);
  if (outcome.kind === "unanswered")
    return notGenuine(unsignedUnknown(outcome.why === "too-large" ? "malformed" : "silence"));
  // Alipay answers refusals with 200 as well: anything else is somebody between.
  if (outcome.status !== 200) return notGenuine(unsignedUnknown("http-status"));
  const split = splitReply(outcome.body, method);
  if (split === null) return { ...notGenuine(unsignedUnknown("malformed")), signature: "refused" };
  const signature = signatureState(split, keys);
  const members = membersOf(split.signed);
  switch (signature) {
    case "valid":
    case "valid-unescaped":
      if (members === null) return { ...notGenuine(signedUnknown("malformed")), signature };
      // At its door the gateway refuses calls; of an order it says nothing there.
      if (split.refused && isAboutOrder(members.get("code")))
        return { ...notGenuine(mismatch, members), signature };
      return { genuine: true, signature, members };
    case "absent":
      return { ...notGenuine(unsignedUnknown(hintOf(members)), members), signature };
    case "invalid":
    case "unverifiable":
      return { ...notGenuine(unsignedUnknown("bad-signature"), members), signature };
  }
}

/** Reads the reply to a charge. Its "paid" is to be confirmed by a query (facts, `chargeProves`). */
export function readCharge(opened: Opened, asked: Asked): ChargeAnswer {
  if (!opened.genuine) return opened.answer;
  const { members } = opened;
  if (!isAbout(asked, members)) return mismatch;
  const code = members.get("code");
  if (code === "10000") return readPaid(asked, members);
  if (code === "10003") return { kind: "pending" };
  if (isConfigurationCode(code)) {
    return { kind: "declined", reason: "configuration", code: members.get("sub_code") ?? code };
  }
  if (code !== "40004") return signedUnknown(elsewhere(code));
  const subCode = bareCode(members.get("sub_code") ?? "");
  const meaning = chargeMeaning(subCode);
  switch (meaning?.kind) {
    case "declined":
      return { kind: "declined", reason: meaning.reason, code: subCode };
    case "number-conflict":
      return { kind: "number-conflict", code: subCode };
    case "system-error":
      return signedUnknown("system-error");
    case undefined:
      return signedUnknown("unlisted-code");
  }
}

/** Reads the reply to a query. */
export function readQuery(opened: Opened, asked: Asked): QueryAnswer {
  if (!opened.genuine) return opened.answer;
  const { members } = opened;
  const code = members.get("code");
  // First of all: another's order may have any amount.
  if (code === "10000" && isAnothers(asked, members))
    return { kind: "foreign", state: foreignState(members) };
  if (!isAbout(asked, members)) return mismatch;
  if (code === "10000") return readTradeStatus(asked, members);
  if (code !== "40004") return signedUnknown(refusalOf(code, members));
  switch (bareCode(members.get("sub_code") ?? "")) {
    case "TRADE_NOT_EXIST":
      return { kind: "absent" };
    case "SYSTEM_ERROR":
      return signedUnknown("system-error");
    case "INVALID_PARAMETER":
      return signedUnknown("request");
    default:
      return signedUnknown("unlisted-code");
  }
}

/** Reads the reply to a cancel: `retry_flag` says whether it is done, and nothing in it proves what became of the money. */
export function readCancel(opened: Opened, asked: Asked): UndoAnswer {
  if (!opened.genuine) return opened.answer;
  const { members } = opened;
  if (!isAbout({ ...asked, nonce: null }, members)) return mismatch;
  const code = members.get("code");
  if (code === "10000")
    return members.get("retry_flag") === "N" ? { kind: "done" } : { kind: "again", code: null };
  return readRefusal(code, members, cancelCodes);
}

/** Reads the reply to a refund: `fund_change` says whether this very call moved the money; only the query after it proves that it is back. */
export function readRefund(opened: Opened, asked: Pick<Asked, "outTradeNo">): UndoAnswer {
  if (!opened.genuine) return opened.answer;
  const { members } = opened;
  if (!isOrder(asked, members)) return mismatch;
  const code = members.get("code");
  if (code === "10000") return members.has("fund_change") ? { kind: "done" } : signedUnknown("malformed");
  return readRefusal(code, members, refundCodes);
}

/** Which refund is asked after; its amount is null where nobody knows it, and then nothing is compared. */
export interface AskedRefund {
  readonly outTradeNo: string;
  readonly refundNumber: string;
  readonly refundFen: number | null;
}

/**
 * Reads the reply to the query of a refund. A refund that is not there says nothing about its order, which is there and paid: it is
 * never an absence.
 */
export function readRefundQuery(opened: Opened, asked: AskedRefund): QueryAnswer {
  if (!opened.genuine) return opened.answer;
  const { members } = opened;
  if (!isOrder(asked, members)) return mismatch;
  const code = members.get("code");
  if (code === "40004") {
    const unseen = bareCode(members.get("sub_code") ?? "") === "TRADE_NOT_EXIST";
    return unseen ? notSeen : signedUnknown("system-error");
  }
  if (code !== "10000") return signedUnknown(refusalOf(code, members));
  const status = members.get("refund_status");
  // Not received, failed, or another number: the same refund is asked for once more.
  if (status === undefined) return notSeen;
  if (status !== "REFUND_SUCCESS") return signedUnknown("unlisted-code");
  const { refundNumber, refundFen } = asked;
  const [number, amount] = [members.get("out_request_no"), members.get("refund_amount")];
  if ((number ?? refundNumber) !== refundNumber) return mismatch;
  if (number === undefined || (amount === undefined && refundFen !== null)) return signedUnknown("malformed");
  if (refundFen !== null && fenOfYuan(amount ?? "") !== refundFen) return mismatch;
  return { kind: "refunded", transactionId: members.get("trade_no") ?? null };
}

const notSeen: QueryAnswer = { kind: "unpaid", paying: false };

function readTradeStatus(asked: Asked, members: Members): QueryAnswer {
  const unmarked = asked.nonce !== null && !members.has("body") ? { unmarked: true as const } : {};
  // Another's number has been told from ours before.
  if (!members.has("out_trade_no")) return signedUnknown("malformed");
  const status = members.get("trade_status");
  switch (status) {
    case "TRADE_SUCCESS":
    case "TRADE_FINISHED": {
      const proof = readPaid(asked, members);
      return proof.kind === "paid" ? { ...proof, ...unmarked } : proof;
    }
    case "TRADE_CLOSED": {
      const transactionId = members.get("trade_no") ?? null;
      return { kind: "closed", paidOnce: members.has("send_pay_date"), transactionId };
    }
    case "WAIT_BUYER_PAY":
      // So does an order stand whose charge was declined, until it times out.
      return { kind: "unpaid", paying: null };
    default:
      return signedUnknown(status === undefined ? "malformed" : "unlisted-code");
  }
}

/** Paid needs proof: the order, its amount and Alipay's own number (money rule 6). What is not there proves nothing; what differs is another's. */
function readPaid(
  { outTradeNo, amountFen }: Asked,
  members: Members,
): Unknown | { readonly kind: "paid"; readonly transactionId: string } {
  const transactionId = members.get("trade_no");
  const amount = members.get("total_amount");
  if (members.get("out_trade_no") !== outTradeNo || amount === undefined || transactionId === undefined)
    return signedUnknown("malformed");
  return amountFen !== null && fenOfYuan(amount) === amountFen ? { kind: "paid", transactionId } : mismatch;
}

function readRefusal(
  code: string | undefined,
  members: Members,
  codes: ReadonlyMap<string, UndoMeaning>,
): UndoAnswer {
  if (code !== "40004") return signedUnknown(refusalOf(code, members));
  const subCode = bareCode(members.get("sub_code") ?? "");
  switch (codes.get(subCode)) {
    case "expired":
      return { kind: "expired" };
    case "already":
      return { kind: "done" };
    case "request":
      return signedUnknown("request");
    default:
      return { kind: "again", code: subCode };
  }
}

/** The codes that speak of the order; all others are about the call. */
function isAboutOrder(code: string | undefined): boolean {
  return code === "10000" || code === "10003" || code === "40004";
}

/** The codes of the gateway that say that no request of this box can succeed as it is. */
function isConfigurationCode(code: string | undefined): code is string {
  return code !== undefined && /^(?:20001|4000[1236])$/.test(code);
}

function elsewhere(code: string | undefined): UnknownReason {
  if (code === undefined) return "malformed";
  // 40005: too many calls; nothing is known to have been refused.
  return code === "20000" || code === "40005" ? "system-error" : "unlisted-code";
}

function refusalOf(code: string | undefined, members: Members): UnknownReason {
  if (!isConfigurationCode(code)) return elsewhere(code);
  return isAboutTime(members) ? "clock" : "configuration";
}

/** Whether the gateway says that the time of the request was wrong; signed or not, it decides nothing of an order. */
export function isAboutTime(members: Members | null): boolean {
  return members?.get("sub_code") === "isv.invalid-timestamp";
}

/** What an unsigned reply says of itself decides nothing; it names the alarm. */
function hintOf(members: Members | null): UnknownReason {
  return isAboutTime(members) ? "clock" : "unsigned-refusal";
}

function isOrder({ outTradeNo }: Pick<Asked, "outTradeNo">, members: Members): boolean {
  return (members.get("out_trade_no") ?? outTradeNo) === outTradeNo;
}

/** Whether nothing in the reply contradicts the order that was asked about. The amounts of a refusal are zero, whatever was asked for. */
function isAbout(asked: Asked, members: Members): boolean {
  if (!isOrder(asked, members)) return false;
  const amount = members.get("total_amount");
  const { amountFen } = asked;
  if (amount === undefined || amountFen === null || members.get("code") === "40004") return true;
  return fenOfYuan(amount) === amountFen;
}

/** Whether a reply shows an order under our number that does not bear our mark. */
function isAnothers({ outTradeNo, nonce }: Asked, members: Members): boolean {
  return (
    members.get("out_trade_no") === outTradeNo && nonce !== null && (members.get("body") ?? nonce) !== nonce
  );
}

function foreignState(members: Members): "paid" | "open" | "closed" {
  const status = members.get("trade_status");
  if (status === "TRADE_SUCCESS" || status === "TRADE_FINISHED") return "paid";
  return status === "TRADE_CLOSED" ? "closed" : "open";
}

/** The members of the signed object that are texts and not empty; null where it is no JSON, or has a name twice. */
function membersOf(signed: string): Members | null {
  const cut = cutObject(signed, 0);
  if (cut === null || !isJson(signed)) return null;
  const members = new Map<string, string>();
  for (const [name, value] of cut.members) {
    const text = stringValue(value);
    if (text !== null && text !== "") members.set(name, text);
  }
  return members;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function notGenuine(answer: Unknown | NotSent, members: Members | null = null) {
  return { genuine: false, signature: null, answer, members } as const;
}

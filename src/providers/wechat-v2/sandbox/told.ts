/**
 * Tells a world in neutral words what a request asks and what a reply says. What the words of WeChat Pay v2 mean is spelled out
 * here once more, so that a wrong table of the box is no excuse: nothing here may look into the tables of the box.
 */

import type { Asked, Proof, Said } from "../../../simulator/outside/sandbox.ts";
import { type CallNote, type SandboxReply, UNSEEN_REVERSAL } from "./call.ts";

const QUERY = "/pay/orderquery";
const MICROPAY = "/pay/micropay";

/** What the calls are, and how long after a charge none may ask to take it back (WeChat Pay v2, reverse and closeorder). */
const calls: ReadonlyMap<string, { readonly call: Asked["call"]; readonly notBeforeMs: number }> = new Map([
  [MICROPAY, { call: "charge", notBeforeMs: 0 }],
  ["/pay/unifiedorder", { call: "charge", notBeforeMs: 0 }],
  [QUERY, { call: "query", notBeforeMs: 0 }],
  ["/secapi/pay/reverse", { call: "undo", notBeforeMs: 15_000 }],
  ["/secapi/pay/refund", { call: "undo", notBeforeMs: 15_000 }],
  ["/pay/closeorder", { call: "undo", notBeforeMs: 300_000 }],
]);
const otherCall = { call: "other", notBeforeMs: 0 } as const;

/** Begins the numbers of orders that a probe asks about, which nobody makes. */
const PROBE = "probe-";

/** After these nothing takes an order back. */
const keeps: ReadonlySet<string> = new Set(["REVERSE_EXPIRE", "TRADE_OVERDUE"]);
const refusals: ReadonlySet<string> = new Set([
  "AUTHCODEEXPIRE",
  "AUTH_CODE_ERROR",
  "AUTH_CODE_INVALID",
  "NOTENOUGH",
  "NOTSUPORTCARD",
]);
const takens: ReadonlySet<string> = new Set(["ORDERPAID", "OUT_TRADE_NO_USED", "BUYER_MISMATCH"]);
const overs: ReadonlySet<string> = new Set(["CLOSED", "REVOKED"]);

/** The treatments of a reply after which it still is the sandbox's own word. */
const honest: ReadonlySet<CallNote["treatment"]> = new Set([null, "delay", "refuse", "repeat"] as const);

/** Those after which nobody could take it for the sandbox's word. */
const nobodys: ReadonlySet<CallNote["treatment"]> = new Set(["unsigned", "forge", "page", "garble"] as const);

/** The ids that a merchant goes by; spelled here once more, so that the checker's word does not hang on the box's. */
interface MerchantIds {
  readonly appId: string;
  readonly merchantId: string;
  readonly subAppId: string | null;
  readonly subMerchantId: string | null;
}

/** Names an account in one text, as requests name it by four ids. */
export function payeeOf({ appId, merchantId, subAppId, subMerchantId }: MerchantIds): string {
  return payeeText(appId, merchantId, subAppId ?? "", subMerchantId ?? "");
}

function payeeText(appId: string, merchantId: string, subAppId: string, subMerchantId: string): string {
  return `wechat-v2 ${appId} ${merchantId} ${subAppId || "-"} ${subMerchantId || "-"}`;
}

/** What a request means. It is not parsed: a box writes its elements without attributes, and those that count without CDATA. */
export function askedOf({ path, body }: { readonly path: string; readonly body: string }): Asked {
  const { call, notBeforeMs } = calls.get(path) ?? otherCall;
  const number = textIn(body, "<out_trade_no>");
  const order = number === "" ? textIn(body, "<out_refund_no>") : number;
  const charge = call === "charge";
  const amount = charge ? textIn(body, "<total_fee>") : "";
  const code = charge ? textIn(body, "<auth_code>") : "";
  return {
    call: call === "query" && order.startsWith(PROBE) ? "probe" : call,
    order,
    payee: payeeText(
      textIn(body, "<appid>"),
      textIn(body, "<mch_id>"),
      textIn(body, "<sub_appid>"),
      textIn(body, "<sub_mch_id>"),
    ),
    amountFen: amount === "" ? null : Number(amount),
    code: code === "" ? null : code,
    notBeforeMs,
    needsClock: false,
  };
}

/** The bare text behind a tag, empty where there is none. */
function textIn(body: string, tag: string): string {
  const from = body.indexOf(tag);
  return from < 0 ? "" : body.slice(from + tag.length, body.indexOf("<", from + 1));
}

/** What a reply says; one that did not come whole says nothing. */
export function saidOf(reply: SandboxReply): Said {
  const { path, outTradeNo, outcome, treatment } = reply.note;
  const whole = reply.kind === "reply" && reply.cut === null;
  const isHonest = whole && honest.has(treatment);
  const charge = calls.get(path)?.call === "charge";
  const query = path === QUERY;
  const absent = isHonest && query && outcome === "ORDERNOTEXIST";
  return {
    order: outTradeNo,
    signed: whole && !nobodys.has(treatment),
    honest: isHonest,
    proves: isHonest ? proofsOf(path, outcome) : [],
    absent,
    shows: isHonest && query && !absent && outcome !== "SYSTEMERROR",
    known: isHonest && charge && takens.has(outcome),
    pretended: treatment === "pretend" || outcome === UNSEEN_REVERSAL,
  };
}

/** What the sandbox's word in answer to a call proves of its order. */
function proofsOf(path: string, word: string): readonly Proof[] {
  if (path === "/pay/refundquery") return word.startsWith("SUCCESS") ? ["over"] : [];
  // It was paid, and some of it went back.
  if (path === QUERY && word === "REFUND") return ["paid", "over"];
  if (path === QUERY && overs.has(word)) return ["over"];
  if (calls.get(path)?.call === "undo" && keeps.has(word)) return ["kept"];
  if (calls.get(path)?.call === "charge" && refusals.has(word)) return ["refused"];
  return word === "SUCCESS" && (path === MICROPAY || path === QUERY) ? ["paid"] : [];
}

/**
 * Tells a world in neutral words what a request asks and what a reply says. What the words of Alipay mean is spelled out here once
 * more, so that a wrong table of the box is no excuse: nothing here may look into the tables of the box.
 */
import type { Asked, Proof, Said } from "../../../simulator/outside/sandbox.ts";
import { type CallNote, type GatewayReply, RETURNED, UNSEEN_CANCEL } from "./call.ts";

/** What the calls are. No page of Alipay's says how early a cancel may come; the box promises what money rule 9 says. */
const calls: ReadonlyMap<string, { readonly call: Asked["call"]; readonly notBeforeMs: number }> = new Map([
  ["alipay.trade.pay", { call: "charge", notBeforeMs: 0 }],
  ["alipay.trade.query", { call: "query", notBeforeMs: 0 }],
  ["alipay.trade.cancel", { call: "undo", notBeforeMs: 15_000 }],
  ["alipay.trade.refund", { call: "undo", notBeforeMs: 15_000 }],
]);
const otherCall = { call: "other", notBeforeMs: 0 } as const;

/** Begins the numbers of orders that a probe asks about, which nobody makes. */
const PROBE = "probe_";

/** After these refusals of a refund nothing takes a trade back. */
const keeps: ReadonlySet<string> = new Set([
  "ACQ.TRADE_HAS_FINISHED",
  "ACQ.TRADE_NOT_ALLOW_REFUND",
  "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
  "ACQ.REFUND_FEE_ERROR",
  "ACQ.REASON_TRADE_REFUND_FEE_ERR",
  "ACQ.DISCORDANT_REPEAT_REQUEST",
]);
const refusals: ReadonlySet<string> = new Set([
  "ACQ.BUYER_BALANCE_NOT_ENOUGH",
  "ACQ.PAYMENT_AUTH_CODE_INVALID",
  "ACQ.PAYMENT_FAIL",
  "ACQ.INVALID_PARAMETER",
]);
const takens: ReadonlySet<string> = new Set([
  "ACQ.TRADE_HAS_SUCCESS",
  "ACQ.TRADE_HAS_CLOSE",
  "ACQ.CONTEXT_INCONSISTENT",
]);

/** The treatments of a reply after which it still is the sandbox's own word. */
const honest: ReadonlySet<CallNote["treatment"]> = new Set([
  null,
  "delay",
  "refuse",
  "repeat",
  "form",
] as const);

/** Those after which nobody could take it for the sandbox's word. */
const nobodys: ReadonlySet<CallNote["treatment"]> = new Set(["unsigned", "forge", "page"] as const);

/** What a request means. */
export function askedOf({ path, body }: { readonly path: string; readonly body: string }): Asked {
  const address = new URLSearchParams(path.slice(path.indexOf("?") + 1));
  const content = contentOf(body);
  const text = (name: string): string | null => {
    const value = content[name];
    return typeof value === "string" ? value : null;
  };
  const { call, notBeforeMs } = calls.get(address.get("method") ?? "") ?? otherCall;
  const order = text("out_trade_no") ?? "";
  const amount = call === "charge" ? text("total_amount") : null;
  return {
    call: call === "query" && order.startsWith(PROBE) ? "probe" : call,
    order,
    payee: `alipay ${address.get("app_id") ?? ""} ${text("seller_id") ?? "-"}`,
    amountFen: amount === null ? null : Number(amount.replace(".", "")),
    code: call === "charge" ? text("auth_code") : null,
    notBeforeMs,
    needsClock: true,
  };
}

function contentOf(body: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(new URLSearchParams(body).get("biz_content") ?? "{}");
  } catch {
    return {};
  }
}

/** What a reply says; one that did not come whole says nothing. */
export function saidOf(reply: GatewayReply): Said {
  const { call, door, outTradeNo, outcome, treatment } = reply.note;
  const isWhole = reply.kind === "reply" && reply.cut === null;
  const isHonest = isWhole && honest.has(treatment);
  const query = call === "query";
  const absent = isHonest && query && outcome === "ACQ.TRADE_NOT_EXIST";
  return {
    order: outTradeNo,
    signed: isWhole && !nobodys.has(treatment),
    honest: isHonest,
    proves: isHonest ? proofsOf(reply.note) : [],
    absent,
    shows:
      isHonest &&
      query &&
      !door &&
      !absent &&
      !outcome.includes("SYSTEM_ERROR") &&
      !outcome.startsWith("isv."),
    known: isHonest && call === "charge" && takens.has(outcome),
    pretended: treatment === "pretend" || outcome === UNSEEN_CANCEL,
  };
}

/** What the sandbox's word in answer to a call proves of its order. 10000 proves nothing: it may be rolled back. */
function proofsOf({ call, door, outcome }: CallNote): readonly Proof[] {
  if (call === "charge") return door || refusals.has(outcome) ? ["refused"] : [];
  if (call === "refund") return keeps.has(outcome) ? ["kept"] : [];
  if (call === "refundQuery") return outcome === "REFUND_SUCCESS" ? ["over"] : [];
  if (call !== "query") return [];
  if (outcome === RETURNED) return ["paid", "over"];
  if (outcome === "TRADE_CLOSED") return ["over"];
  return outcome === "TRADE_SUCCESS" || outcome === "TRADE_FINISHED" ? ["paid"] : [];
}

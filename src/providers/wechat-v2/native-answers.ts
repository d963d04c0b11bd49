/** What the calls around a NATIVE order mean to the payment machine, which knows one order of either kind. */
import type { ChargeAnswer, QueryAnswer, UndoAnswer } from "../../core/payment/answers.ts";
import type { CloseAnswer } from "./close-order.ts";
import type { RefundAnswer } from "./refund.ts";
import type { RefundQueryAnswer } from "./refund-query.ts";
import type { OrderAnswer } from "./unified-order.ts";

/** A booked order is charged as far as the machine goes: from here on only queries tell. */
export function chargeAnswerOf(answer: OrderAnswer): ChargeAnswer {
  if (answer.kind !== "ordered") return answer;
  const { codeUrl } = answer;
  return codeUrl === null
    ? { kind: "unknown", why: "malformed", signed: true }
    : { kind: "ordered", codeUrl };
}

/** A closing that met a payment wants a refund next; the query that follows it says so. */
export function closingAnswerOf(answer: CloseAnswer): UndoAnswer {
  switch (answer.kind) {
    case "closed":
      return { kind: "done" };
    case "absent":
      return { kind: "again", code: null };
    case "paid":
    case "again":
    case "unknown":
    case "not-sent":
      return answer;
  }
}

/** Only a refund that has arrived confirms; everything else says that the money is not back yet. */
export function refundConfirmedBy(answer: RefundQueryAnswer, outRefundNo: string): QueryAnswer {
  if (answer.kind === "unknown" || answer.kind === "not-sent") return answer;
  const refunds = answer.kind === "found" ? answer.refunds : [];
  const refunded = refunds.some(
    (refund) => refund.outRefundNo === outRefundNo && refund.status === "refunded",
  );
  return refunded ? { kind: "refunded", transactionId: null } : { kind: "unpaid", paying: false };
}

/** What a refund was refused for can be put right, all but its age; so it is asked for again until a query confirms it. */
export function refundAnswerOf(answer: RefundAnswer): UndoAnswer {
  switch (answer.kind) {
    case "accepted":
      return { kind: "done" };
    case "again":
    case "slow-down":
    case "refused-unconfirmed":
      return { kind: "again", code: answer.code };
    case "declined":
      return answer.reason === "overdue" ? { kind: "expired" } : { kind: "again", code: answer.code };
    case "unknown":
    case "not-sent":
      return answer;
  }
}

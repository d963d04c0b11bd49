/**
 * An order whose number is known at the provider already (money rule 2): paid, used, another buyer. A front that repeats a request
 * says so of our own order, a copied card of somebody else's, so nothing is believed and nothing is taken back: that is
 * recorded, and the order is asked about until a final signed answer or the end of its time.
 */
import { after, earlier, later } from "../kernel/instant.ts";
import type { QueryAnswer } from "./answers.ts";
import { paid, refundedByOthers } from "./found-paid.ts";
import { foreign, leftToPeople } from "./known-number.ts";
import type { Advance, Payment, Phase } from "./payment.ts";
import { factsOf } from "./providers.ts";
import type { Rules, Stamp } from "./rules.ts";
import { endedOutcome, go, recordOutcome } from "./verdict.ts";

/** The fact is durable: the first question leaves at once. */
export function conflictFrom(
  payment: Payment,
  reversalRecorded: boolean,
  { at }: Stamp,
  rules: Rules,
): Payment {
  const giveUpAt = later(after(payment.chargedAt, factsOf(payment.intent, rules).giveUpAfterMs), at);
  return {
    ...payment,
    phase: { name: "number-conflict", reversalRecorded, giveUpAt, next: at, last: false },
  };
}

/** What a query means for such an order. */
export function conflictAnswered(
  payment: Payment,
  phase: Phase & { name: "number-conflict" },
  answer: QueryAnswer,
  stamp: Stamp,
  rules: Rules,
): Advance {
  switch (answer.kind) {
    case "paid":
      return answer.unmarked === true || phase.reversalRecorded
        ? leftToPeople(payment, stamp, rules)
        : paid(payment, answer.transactionId, stamp, rules);
    case "refunded":
      return answer.unmarked === true || answer.transactionId === null || phase.reversalRecorded
        ? leftToPeople(payment, stamp, rules)
        : refundedByOthers(payment, stamp, rules);
    case "closed":
      return recordOutcome(payment, endedOutcome(payment, "closed-by-provider"), stamp, rules);
    case "foreign":
      return answer.state === "open"
        ? askOn(payment, phase, stamp, rules)
        : foreign(payment, answer, stamp, rules);
    case "unpaid":
    case "failed":
    case "absent":
    case "unknown":
    case "not-sent":
      return askOn(payment, phase, stamp, rules);
  }
}

function askOn(
  payment: Payment,
  phase: Phase & { name: "number-conflict" },
  stamp: Stamp,
  rules: Rules,
): Advance {
  if (phase.last) return leftToPeople(payment, stamp, rules);
  const next = earlier(after(stamp.at, factsOf(payment.intent, rules).queryEveryMs), phase.giveUpAt);
  return go({ ...payment, phase: { ...phase, next } });
}

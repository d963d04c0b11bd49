/** What becomes of an order that a query or its own charge has shown to be paid, and ours. */
import type { Goods } from "./order.ts";
import type { Advance, Payment } from "./payment.ts";
import { recordReversal } from "./reversal.ts";
import type { Rules, Stamp } from "./rules.ts";
import { paidVerdict, recordOutcome, withAlarm } from "./verdict.ts";

/**
 * The merchant gave back some of it or all, which a provider does not tell apart: the order stays paid, nothing is given for
 * it, and somebody is told.
 */
export function refundedByOthers(payment: Payment, stamp: Stamp, rules: Rules): Advance {
  if (payment.recovered && rules.late === "reverse")
    return withAlarm(recordReversal(payment, "late-reversed", stamp, rules), "refunded-by-others");
  const { pulses } = payment.intent;
  const goods: Goods | null = pulses === null ? null : { pulses, outcome: "withheld" };
  const ending = recordOutcome({ ...payment, goods }, paidVerdict(payment.recovered), stamp, rules);
  return withAlarm(ending, "refunded-by-others");
}

/** Money has moved, proved. A payment found on recovery is late; the setting says what becomes of it. */
export function paid(payment: Payment, transactionId: string, stamp: Stamp, rules: Rules): Advance {
  const seen = { ...payment, transactionId, seenPaid: true };
  if (payment.recovered && rules.late === "reverse")
    return recordReversal(seen, "late-reversed", stamp, rules);
  const { pulses } = payment.intent;
  // Nobody waits at the machine for a payment that was found after a restart (money rule 14).
  const outcome = payment.recovered ? "withheld" : null;
  const bought: Payment = { ...seen, goods: pulses === null ? null : { pulses, outcome } };
  const ending = recordOutcome(bought, paidVerdict(payment.recovered), stamp, rules);
  return bought.goods?.outcome === "withheld" ? withAlarm(ending, "goods-withheld") : ending;
}

/**
 * The invariants that one look at two boxes can check, in production too: a violation is a defect, the
 * process ends, and recovery goes on from the journal. The names are those of ARCHITECTURE.md, "Invariants by name".
 */
import { invariant } from "../kernel/defect.ts";
import { BEHIND_MAX, type Box } from "./box.ts";
import type { Payment } from "./payment.ts";
import type { Rules } from "./rules.ts";

/** Throws where the step from `before` to `after` breaks an invariant. */
export function checkBox(before: Box, after: Box, rules: Rules): void {
  let young = 0;
  let open = 0;
  for (const [outTradeNo, payment] of after.orders) {
    const earlier = before.orders.get(outTradeNo);
    if (earlier !== undefined) checkOrder(earlier, payment, rules);
    const { name } = payment.phase;
    if (!payment.recovered && (name === "recording" || name === "charging" || name === "asking")) young += 1;
    if (!payment.recovered && name !== "settled" && name !== "void") open += 1;
  }
  invariant(young <= 1, "I6: one order at most is without a durable outcome or a durable reversal");
  invariant(open <= BEHIND_MAX + 1, "I6: no more than four unresolved orders stand behind the front");
}

function checkOrder(before: Payment, after: Payment, rules: Rules): void {
  invariant(before.intent === after.intent, "I4: an intent never changes");
  const was = before.phase;
  const is = after.phase;
  if (after.flying?.call === "charge" && before.flying === null) {
    invariant(
      was.name === "recording" && is.name === "charging",
      "I3: a charge leaves once, after its record",
    );
  }
  if (after.flying?.call === "reverse" && before.flying === null) {
    const recorded = was.name === "reversing" || was.name === "booking";
    invariant(recorded && is.name === "reversing", "I14: a reversal leaves only after its record");
    const age = after.flying.at - before.sentAt;
    invariant(age >= rules.timing.reverseNotBeforeMs, "I17: a reversal never races the charge");
  }
  if (was.name === "reversing" || was.name === "booking") {
    const unpaid = is.name !== "closing" || is.verdict.state !== "paid";
    invariant(unpaid, "I15: what is being reversed never becomes paid");
  }
  if (is.name === "dispensing" && was.name !== "dispensing") {
    invariant(
      was.name === "closing" && !before.recovered,
      "goods: they are given once, for a payment in front",
    );
  }
  if (was.name === "closing" && is.name === "settled") {
    invariant(was.verdict === is.verdict, "I12: a verdict never changes");
  }
}

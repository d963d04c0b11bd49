/** What it means for an order that its number is known at the provider by another hand, as far as anybody can tell (money rule 2). */
import type { QueryAnswer } from "./answers.ts";
import type { Advance, Payment, Verdict } from "./payment.ts";
import type { Rules, Stamp } from "./rules.ts";
import { go, notCharged, recordOutcome, txOf, withAlarm } from "./verdict.ts";

/** Hands the fact to the journal; `reversalRecorded` says whether a reversal stands there. */
export function recordConflict(payment: Payment, reversalRecorded: boolean, rules: Rules): Advance {
  const state = reversalRecorded ? "reversing" : "charging";
  const said = { state, charged: "unknown", reason: "number-conflict", late: false } as const;
  return go(
    { ...payment, phase: { name: "recording-conflict", reversalRecorded } },
    { type: "record", entry: { kind: "money", tx: txOf(payment, said, null, rules) } },
  );
}

/** What another order under our number means for ours, whatever ours was doing. `reversalRecorded` says whether it was being reversed. */
export function foreign(
  payment: Payment,
  { state }: QueryAnswer & { readonly kind: "foreign" },
  stamp: Stamp,
  rules: Rules,
  reversalRecorded = false,
): Advance {
  switch (state) {
    case "paid":
      return leftToPeople(payment, stamp, rules);
    case "closed":
      return withAlarm(
        recordOutcome(payment, notCharged("reversed", "number-conflict"), stamp, rules),
        "number-conflict",
      );
    case "open":
      return recordConflict(payment, reversalRecorded, rules);
  }
}

/** Nobody but people can find out whose money it is. */
export function leftToPeople(payment: Payment, stamp: Stamp, rules: Rules): Advance {
  const verdict: Verdict = { state: "manual", charged: "unknown", reason: "number-conflict", late: false };
  return withAlarm(recordOutcome(payment, verdict, stamp, rules), "number-conflict");
}

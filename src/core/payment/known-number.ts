/** What it means for an order that its number is known at WeChat Pay by another hand, as far as anybody can tell (money rule 2). */
import type { QueryAnswer } from "./answers.ts";
import type { Advance, Payment, Verdict } from "./payment.ts";
import type { Rules, Stamp } from "./rules.ts";
import { close, go, notCharged, txOf, withAlarm } from "./verdict.ts";

/** Hands the fact to the journal; `booked` says whether a reversal stands there. */
export function mark(payment: Payment, booked: boolean, rules: Rules): Advance {
  const state = booked ? "reversing" : "charging";
  const said = { state, charged: "unknown", reason: "number-taken", late: false } as const;
  return go(
    { ...payment, phase: { name: "marking", booked } },
    { type: "record", entry: { kind: "money", tx: txOf(payment, said, null, rules) } },
  );
}

/** What another order under our number means for ours, whatever ours was doing. `booked` says whether it was being reversed. */
export function foreign(
  payment: Payment,
  { state }: QueryAnswer & { readonly kind: "foreign" },
  stamp: Stamp,
  rules: Rules,
  booked = false,
): Advance {
  switch (state) {
    case "paid":
      return leftToPeople(payment, stamp, rules);
    case "closed":
      return withAlarm(close(payment, notCharged("reversed", "number-taken"), stamp, rules), "number-taken");
    case "open":
      return mark(payment, booked, rules);
  }
}

/** Nobody but people can find out whose money it is. */
export function leftToPeople(payment: Payment, stamp: Stamp, rules: Rules): Advance {
  const verdict: Verdict = { state: "manual", charged: "unknown", reason: "number-taken", late: false };
  return withAlarm(close(payment, verdict, stamp, rules), "number-taken");
}

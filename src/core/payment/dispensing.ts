/** Giving the goods: durable before the first pulse, never a second one (money rule 14). */
import { invariant } from "../kernel/defect.ts";
import type { Instant } from "../kernel/instant.ts";
import type { AlarmName } from "./effects.ts";
import type { Advance, DispenseAnswer, Payment, Phase } from "./payment.ts";
import { recordReversal } from "./reversal.ts";
import type { Rules, Stamp } from "./rules.ts";
import { go, paidVerdict, recordOutcome, withAlarm } from "./verdict.ts";

/** The payment and the intent to dispense are durable: the machine may work, this once. */
export function dispense(payment: Payment): Advance {
  const { goods, phase, intent } = payment;
  invariant(
    goods !== null && phase.name === "recording-outcome",
    "goods are given for a payment that is being closed",
  );
  const dispensing: Phase = { name: "dispensing", verdict: phase.verdict, next: null };
  const { outTradeNo } = intent;
  return go({ ...payment, phase: dispensing }, { type: "dispense", outTradeNo, pulses: goods.pulses });
}

/** The phase in which a start finds an order whose goods were on their way. */
export function dispensingAt(next: Instant, late: boolean): Phase {
  return { name: "dispensing", verdict: paidVerdict(late), next };
}

/** The machine has answered, or never will. What the customer did not get for certain goes back. */
export function dispensed(payment: Payment, outcome: DispenseAnswer, stamp: Stamp, rules: Rules): Advance {
  const { phase, goods } = payment;
  invariant(phase.name === "dispensing" && goods !== null, "goods are told of while they are being given");
  const told: Payment = { ...payment, goods: { ...goods, outcome } };
  switch (outcome) {
    case "dispensed":
      return recordOutcome(told, phase.verdict, stamp, rules);
    case "not-dispensed":
      return withAlarm(recordReversal(told, "not-dispensed", stamp, rules), alarms[outcome]);
    case "unclear": {
      const hold = rules.relay?.onAmbiguous !== "refund";
      const next = hold
        ? recordOutcome(told, phase.verdict, stamp, rules)
        : recordReversal(told, "not-dispensed", stamp, rules);
      return withAlarm(next, alarms[outcome]);
    }
  }
}

const alarms = {
  "not-dispensed": "not-dispensed",
  unclear: "dispense-unclear",
} as const satisfies Record<Exclude<DispenseAnswer, "dispensed">, AlarmName>;

/** How a step of an order is put together: what it says in the journal, and which alarms go with it. */
import { rfc3339 } from "../kernel/rfc3339.ts";
import type { AlarmName, Effect } from "./effects.ts";
import type { FinalState, Goods, MoneyReason, MoneyState, TxData } from "./order.ts";
import type { Advance, Payment, Verdict } from "./payment.ts";
import type { Rules, Stamp } from "./rules.ts";

/** An order that has moved, and what is to be done about it. */
export function go(payment: Payment, ...effects: Effect[]): Advance {
  return { payment, effects };
}

/**
 * Hands the verdict to the journal; it is shown when it is durable (I11, durable before visible). A payment whose goods are
 * still to come is not final.
 */
export function recordOutcome(payment: Payment, verdict: Verdict, stamp: Stamp, rules: Rules): Advance {
  const tx = txOf(payment, verdict, isAwaited(payment.goods) ? null : stamp, rules);
  return go(
    { ...payment, phase: { name: "recording-outcome", verdict } },
    { type: "record", entry: { kind: "money", tx } },
  );
}

/** Whether goods are paid for and nobody knows yet what became of them. */
export function isAwaited(goods: Goods | null): boolean {
  return goods !== null && goods.outcome === null;
}

/** Money has moved, proved; `late` where it was found after a restart. */
export function paidVerdict(late: boolean): Verdict {
  return { state: "paid", charged: "yes", reason: null, late };
}

/** An end without a charge. */
export function notCharged(state: FinalState, reason: MoneyReason): Verdict {
  return { state, charged: "no", reason, late: false };
}

/** An order that the provider has ended: the money went back where it had moved, else it never moved. */
export function endedOutcome(payment: Payment, reason: MoneyReason): Verdict {
  return notCharged(payment.seenPaid ? "refunded" : "reversed", reason);
}

/** The same step, with somebody being told. */
export function withAlarm({ payment, effects }: Advance, name: AlarmName): Advance {
  return { payment, effects: [...effects, alarm(name, payment)] };
}

/** Tells operators about this order. */
export function alarm(name: AlarmName, payment: Payment): Effect {
  return { type: "alarm", alarm: name, outTradeNo: payment.intent.outTradeNo };
}

/**
 * What the journal keeps and MQTT reports of an order at this moment. `finalStamp` is the moment of its end, null while it
 * is open.
 */
export function txOf(
  payment: Payment,
  said: { state: MoneyState; charged: "yes" | "no" | "unknown"; reason: MoneyReason | null; late: boolean },
  finalStamp: Stamp | null,
  rules: Rules,
): TxData {
  const { intent, counts } = payment;
  return {
    outTradeNo: intent.outTradeNo,
    shortRef: intent.shortRef,
    ref: intent.ref,
    transactionId: payment.transactionId,
    provider: intent.payee.provider,
    wallet: intent.wallet,
    merchantId: intent.payee.account,
    state: said.state,
    final: finalStamp !== null,
    amountFen: intent.amountFen,
    currency: intent.currency,
    charged: said.charged,
    reason: said.reason,
    late: said.late,
    clockTrusted: finalStamp?.clockTrusted ?? intent.clockTrusted,
    chargeCount: counts.charge,
    queryCount: counts.query,
    reverseCount: counts.reverse,
    dispense: payment.goods,
    intentAt: rfc3339(intent.intentAt),
    finalAt: finalStamp === null ? null : rfc3339(finalStamp.wall),
    box: rules.boxId,
  };
}

/** Whether an end is one for staff: nobody knows what became of the money, or of the goods. It is shown like RESULT UNKNOWN. */
export function needsStaff({
  verdict,
  goods,
}: {
  readonly verdict: Verdict;
  readonly goods: Goods | null;
}): boolean {
  if (verdict.state === "manual") return true;
  return verdict.state === "paid" && (goods?.outcome === "unclear" || goods?.outcome === "withheld");
}

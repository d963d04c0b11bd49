/** Whether an effect may follow from its step: what moves money or goods, and what is said of them in the journal. */
import { awaitedRecord } from "./advance.ts";
import type { Box } from "./box.ts";
import type { Effect } from "./effects.ts";
import type { BoxEvent } from "./events.ts";
import type { Payment } from "./payment.ts";

/** What moves money or goods, and for which order. */
export interface Danger {
  readonly kind: "charge" | "undo" | "dispense";
  readonly outTradeNo: string;
}

/** What this effect moves, null where it moves nothing. A code of ours that is asked for is a charge like any other. */
export function dangerOf(effect: Effect): Danger | null {
  switch (effect.type) {
    case "charge":
      return { kind: "charge", outTradeNo: effect.intent.outTradeNo };
    case "undo":
      return { kind: "undo", outTradeNo: effect.intent.outTradeNo };
    case "dispense":
      return { kind: "dispense", outTradeNo: effect.outTradeNo };
    default:
      return null;
  }
}

/** The order that an effect is about, null where it is about none. */
export function orderIn(effect: Effect): string | null {
  if (effect.type === "query") return effect.intent.outTradeNo;
  if (effect.type !== "record") return dangerOf(effect)?.outTradeNo ?? null;
  const { entry } = effect;
  return entry.kind === "charging" || entry.kind === "money" ? entry.tx.outTradeNo : null;
}

/** Whether the journal says in this event that what the order waited for is durable. */
export function isRecordOf(event: BoxEvent, outTradeNo: string): boolean {
  return event.type === "payment" && event.outTradeNo === outTradeNo && event.event.type === "recorded";
}

/** Which invariant this effect of the step breaks, as a sentence; null where it breaks none. */
export function objectionTo(effect: Effect, before: Box, after: Box, event: BoxEvent): string | null {
  const outTradeNo = orderIn(effect);
  if (outTradeNo === null) return null;
  const payment = after.orders.get(outTradeNo);
  if (payment === undefined) return `I3: nothing is done for ${outTradeNo}, which nobody knows`;
  if ("intent" in effect && effect.intent !== payment.intent)
    return "I4: what is asked for is what was recorded";
  const was = before.orders.get(outTradeNo);
  switch (effect.type) {
    case "charge":
      return chargeObjection(effect, was, payment, event);
    case "undo":
      if (payment.phase.name !== "reversing" || !isReversalDurable(was, event))
        return "I14: a reversal leaves only after its record";
      return effect.way === "refund" && !payment.seenPaid
        ? "refund: only what a query has shown paid is given back"
        : null;
    case "dispense":
      return payment.phase.name === "dispensing" &&
        was?.phase.name === "recording-outcome" &&
        isRecordOf(event, outTradeNo) &&
        effect.pulses === payment.goods?.pulses
        ? null
        : "goods: they are given once, for a payment in front";
    case "record": {
      const { entry } = effect;
      const differs = "tx" in entry && entry.tx.state !== awaitedRecord(payment.phase);
      return differs ? "I13: what is recorded is what the order waits for" : null;
    }
    default:
      return null;
  }
}

function chargeObjection(
  effect: Effect & { readonly type: "charge" },
  was: Payment | undefined,
  { phase, intent }: Payment,
  event: BoxEvent,
): string | null {
  const waited = was?.phase.name === "recording" ? was.phase : null;
  if (waited === null || phase.name !== "charging" || !isRecordOf(event, intent.outTradeNo))
    return "I3: a charge leaves once, after its record";
  return effect.code === waited.code ? null : "I1: the code that is charged is the one that was recorded";
}

/** Whether the reversal of an order stood in the journal before this step, or stands there since its event. */
function isReversalDurable(was: Payment | undefined, event: BoxEvent): boolean {
  if (was === undefined) return false;
  if (was.phase.name === "reversing") return true;
  return was.phase.name === "recording-reversal" && isRecordOf(event, was.intent.outTradeNo);
}

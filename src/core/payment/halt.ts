/**
 * What is left of a step that broke an invariant, and of every step after it: no charge and no goods leave at all any more,
 * reversals that are durable go on, what contradicts itself is only asked about, and no payment begins before a restart has
 * read the journal.
 */
import { after } from "../kernel/instant.ts";
import type { Box, Step } from "./box.ts";
import { brokenBy, vanishedOrders, violationOf } from "./box-check.ts";
import { objectionTo, orderIn } from "./effect-check.ts";
import type { Effect } from "./effects.ts";
import type { BoxEvent } from "./events.ts";
import { lookAtForeground } from "./foreground.ts";
import { type Payment, wakeAt } from "./payment.ts";
import type { Rules, Stamp } from "./rules.ts";

/** The step as it may be carried out: unchanged where it keeps every promise and every step before it did. */
export function kept(before: Box, step: Step, event: BoxEvent, stamp: Stamp, rules: Rules): Step {
  const violation = before.violation ?? violationOf(before, step, event, rules);
  return violation === null ? step : halted(before, step, { event, violation, stamp, rules });
}

interface Halt {
  readonly event: BoxEvent;
  readonly violation: string;
  readonly stamp: Stamp;
  readonly rules: Rules;
}

function halted(before: Box, { box, effects }: Step, { event, violation, stamp, rules }: Halt): Step {
  const orders = new Map(box.orders);
  for (const payment of vanishedOrders(before, box, event)) {
    orders.set(payment.intent.outTradeNo, returned(payment, stamp, rules));
  }
  // The objections are those to the step as it was: an order that has come back asks for nothing in it.
  const stopped = new Set<Effect>(
    effects.filter((effect) => isStopped(effect) || objectionTo(effect, before, box, event) !== null),
  );
  for (const [outTradeNo, payment] of box.orders) {
    if (brokenBy(before.orders.get(outTradeNo), payment, event, rules) === null) continue;
    leaveUnrecorded(orders, outTradeNo, stamp, rules);
    for (const effect of effects) if (orderIn(effect) === outTradeNo) stopped.add(effect);
  }
  for (const effect of stopped) {
    const outTradeNo = orderIn(effect);
    if (outTradeNo !== null) leaveUnrecorded(orders, outTradeNo, stamp, rules);
  }
  const told: readonly Effect[] =
    before.violation === null ? [{ type: "alarm", alarm: "invariant-broken", outTradeNo: null }] : [];
  const next = { ...box, orders, refs: new Map([...before.refs, ...box.refs]), violation };
  return {
    box: lookAtForeground(next, stamp, rules),
    effects: [...effects.filter((effect) => !stopped.has(effect)), ...told],
  };
}

/** After a broken invariant nothing is sold. */
function isStopped({ type }: Effect): boolean {
  return type === "charge" || type === "dispense";
}

/** An order that was lost is there again, as it was; what was due for it is due a while later. */
function returned(payment: Payment, stamp: Stamp, { timing }: Rules): Payment {
  const due = wakeAt(payment);
  if (due === null || due > stamp.at) return payment;
  const next = after(stamp.at, timing.unrecordedEveryMs);
  const { phase } = payment;
  if (phase.name !== "reversing") return { ...payment, phase: { name: "unrecorded", next } };
  return { ...payment, phase: { ...phase, next: { ...phase.next, at: next } } };
}

function leaveUnrecorded(
  orders: Map<string, Payment>,
  outTradeNo: string,
  { at }: Stamp,
  { timing }: Rules,
): void {
  const payment = orders.get(outTradeNo);
  if (payment === undefined) return;
  const next = after(at, timing.unrecordedEveryMs);
  orders.set(payment.intent.outTradeNo, { ...payment, inFlight: null, phase: { name: "unrecorded", next } });
}

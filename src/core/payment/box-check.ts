/**
 * The invariants that one look at two boxes can check, in production too: a box that has broken one charges nobody any more,
 * while what is open is asked about and reversed. The names are those of ARCHITECTURE.md, "Invariants by name".
 */
import { invariant } from "../kernel/defect.ts";
import { after } from "../kernel/instant.ts";
import { BEHIND_MAX, type Box, type Step } from "./box.ts";
import type { Effect } from "./effects.ts";
import type { Payment } from "./payment.ts";
import type { Rules, Stamp } from "./rules.ts";

/** What the step from `before` to `after` breaks, as a sentence that begins with the invariant's name; null where all hold. */
export function violationOf(before: Box, after: Box, rules: Rules): string | null {
  let young = 0;
  let open = 0;
  for (const [outTradeNo, payment] of after.orders) {
    const earlier = before.orders.get(outTradeNo);
    const broken = earlier === undefined ? null : brokenBy(earlier, payment, rules);
    if (broken !== null) return broken;
    const { name } = payment.phase;
    if (!payment.recovered && (name === "recording" || name === "charging" || name === "asking")) young += 1;
    const over = name === "settled" || name === "void";
    if (!payment.recovered && !over && !isContradicted(payment)) open += 1;
  }
  // What is counted stays broken: told once, it must not stop the reversals that would mend it.
  if (before.violation !== null) return null;
  if (young > 1) return "I6: one order at most is without a durable outcome or a durable reversal";
  if (open > BEHIND_MAX + 1) return "I6: no more than four unresolved orders stand behind the front";
  return null;
}

/** A decline that WeChat Pay took back: it was over when the payments after it began, and the box could not know. */
function isContradicted({ phase }: Payment): boolean {
  switch (phase.name) {
    case "booking":
    case "reversing":
      return phase.reason === "contradiction";
    case "closing":
      return phase.verdict.reason === "contradiction";
    default:
      return false;
  }
}

function brokenBy(before: Payment, after: Payment, rules: Rules): string | null {
  if (before.intent !== after.intent) return "I4: an intent never changes";
  const was = before.phase;
  const is = after.phase;
  if (after.flying?.call === "charge" && before.flying === null) {
    if (was.name !== "recording" || is.name !== "charging")
      return "I3: a charge leaves once, after its record";
  }
  if (after.flying?.call === "reverse" && before.flying === null) {
    const recorded = was.name === "reversing" || was.name === "booking";
    if (!recorded || is.name !== "reversing") return "I14: a reversal leaves only after its record";
    const age = after.flying.at - before.sentAt;
    if (age < rules.timing.reverseNotBeforeMs) return "I17: a reversal never races the charge";
  }
  if (was.name === "reversing" || was.name === "booking") {
    const paid = is.name === "closing" && is.verdict.state === "paid";
    if (paid) return "I15: what is being reversed never becomes paid";
  }
  if (is.name === "dispensing" && was.name !== "dispensing") {
    if (was.name !== "closing" || before.recovered)
      return "goods: they are given once, for a payment in front";
  }
  if (was.name === "closing" && is.name === "settled" && was.verdict !== is.verdict) {
    return "I12: a verdict never changes";
  }
  return null;
}

/** The effects by which money or goods move. */
type Dangerous = Extract<Effect, { readonly type: "charge" | "order" | "reverse" | "dispense" }>;

const dangerous: ReadonlySet<Effect["type"]> = new Set<Dangerous["type"]>([
  "charge",
  "order",
  "reverse",
  "dispense",
]);

/**
 * What is left of a step that broke an invariant: nothing of it moves money or goods, the orders for which it would have are
 * only asked about, somebody is told, and no payment begins before a restart has read the journal.
 */
export function halted({ box, effects }: Step, violation: string, stamp: Stamp, rules: Rules): Step {
  const orders = new Map(box.orders);
  const kept = effects.filter((effect) => {
    if (!isDangerous(effect)) return true;
    strand(orders, effect.type === "dispense" ? effect.outTradeNo : effect.intent.outTradeNo, stamp, rules);
    return false;
  });
  const next: Box = { ...box, orders, violation: box.violation ?? violation };
  if (box.violation !== null) return { box: next, effects: kept };
  return { box: next, effects: [...kept, { type: "alarm", alarm: "invariant-broken", outTradeNo: null }] };
}

function isDangerous(effect: Effect): effect is Dangerous {
  return dangerous.has(effect.type);
}

function strand(orders: Map<string, Payment>, outTradeNo: string, { at }: Stamp, { timing }: Rules): void {
  const payment = orders.get(outTradeNo);
  invariant(payment !== undefined, "money moves for orders that are known");
  const next = after(at, timing.strandedEveryMs);
  orders.set(outTradeNo, { ...payment, flying: null, phase: { name: "stranded", next } });
}

/** What happens to one order of a box, and what the box learns from it. */

import { invariant } from "../kernel/defect.ts";
import { advance } from "./advance.ts";
import { alarm, type Box, type Step } from "./box.ts";
import type { Effect } from "./effects.ts";
import type { Intent } from "./order.ts";
import { numberingOf } from "./order-number.ts";
import type { PaymentEvent } from "./payment.ts";
import { afterAnswer, type ProviderHealth } from "./provider-health.ts";
import { factsOf } from "./providers.ts";
import { mayCharge } from "./readiness.ts";
import { withRecord } from "./recent.ts";
import type { Rules, Stamp } from "./rules.ts";
import { withSaleRecord } from "./selling.ts";

/** People hear once that the journal has failed. */
export function brokenAlarm({ journalBroken }: Box): readonly Effect[] {
  return journalBroken ? [] : [alarm("journal-broken", null)];
}

/** People hear once that old rows of the journal are damaged. */
export function damagedAlarm({ journalDamaged }: Box): readonly Effect[] {
  return journalDamaged ? [] : [alarm("journal-damaged", null)];
}

/** Moves one order, and the box with it: what was heard of its provider, whose numbers these are, whether the journal can be written. */
export function paymentMoved(
  box: Box,
  outTradeNo: string,
  event: PaymentEvent,
  stamp: Stamp,
  rules: Rules,
): Step {
  const payment = box.orders.get(outTradeNo);
  invariant(payment !== undefined, "an order that is asked about is known");
  const { intent } = payment;
  const leaves = event.type === "recorded" && payment.phase.name === "recording";
  const withheld = leaves && !mayCharge(box, payment.intent, rules);
  const moved = advance(payment, withheld ? { type: "withheld" } : event, stamp, rules);
  const taken = moved.effects.some((effect) => effect.type === "alarm" && effect.alarm === "number-conflict");
  // Somebody else makes our numbers: go on with new ones (money rule 2).
  const numbering = taken ? numberingOf(rules.boxTag, stamp.chance) : box.numbering;
  const broken = event.type === "record-failed";
  const alarms = broken ? brokenAlarm(box) : [];
  const orders = new Map(box.orders).set(outTradeNo, moved.payment);
  const heard = heardFrom(box, payment.intent, event, stamp, rules);
  const next = { ...heard, orders, numbering, journalBroken: box.journalBroken || broken };
  const known =
    event.type === "recorded"
      ? withSaleRecord(withRecord(next, intent, event.state), intent, event.state)
      : next;
  return { box: known, effects: [...moved.effects, ...alarms] };
}

/** An answer says something about the provider of its order, and about no other (money rule 12). */
function heardFrom(box: Box, intent: Intent, event: PaymentEvent, { at }: Stamp, rules: Rules): Box {
  switch (event.type) {
    case "charge-answered":
    case "query-answered":
    case "undo-answered":
      return withHealth(box, intent.payee.provider, (health) =>
        afterAnswer(health, event.answer, at, rules.timing, factsOf(intent, rules)),
      );
    default:
      return box;
  }
}

/** The box with another health of this provider; who only finishes orders has none. */
export function withHealth(
  box: Box,
  provider: string,
  change: (health: ProviderHealth) => ProviderHealth,
): Box {
  const health = box.health.get(provider);
  return health === undefined ? box : { ...box, health: new Map(box.health).set(provider, change(health)) };
}

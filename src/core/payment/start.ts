/** The box at the start of a process: what its journal says, and nothing else. */

import { resume } from "./advance.ts";
import { alarm, type Box, type HeldOrder, type Step, USED_CODES_MAX } from "./box.ts";
import { doWhatIsDue } from "./due.ts";
import type { Effect } from "./effects.ts";
import type { BoxEvent } from "./events.ts";
import { freeForeground } from "./foreground.ts";
import { type Intent, isConflict, type OpenOrder } from "./order.ts";
import { numberingOf } from "./order-number.ts";
import type { Payment } from "./payment.ts";
import { unverifiedHealth } from "./provider-health.ts";
import { chargingProviders, knows } from "./providers.ts";
import { RECENT_MAX } from "./recent.ts";
import { type RecoveryAction, recoveryOf } from "./recovery.ts";
import type { Rules, Stamp } from "./rules.ts";
import { knownAtStart } from "./selling.ts";

/** Takes up the journal's open orders and begins a boot of order numbers. */
export function start(event: BoxEvent & { readonly type: "started" }, stamp: Stamp, rules: Rules): Step {
  const numbering = numberingOf(rules.boxTag, stamp.chance);
  const orders = new Map<string, Payment>();
  const held: HeldOrder[] = [];
  const doubted: string[] = [];
  for (const order of event.open) {
    const row = recoveryOf(orderFactsOf(order, rules));
    if (row.action === "hold") held.push(heldOrder(order.intent, rules));
    if (row.action === "doubt") doubted.push(order.intent.outTradeNo);
    if (resumed.has(row.action)) {
      orders.set(order.intent.outTradeNo, resume(order, stamp, rules));
    }
  }
  for (const order of event.unchecked) {
    const { credentials } = orderFactsOf(order, rules);
    // Nothing waits for the look at a decline: without credentials it is left to people, and blocks nobody.
    if (credentials) orders.set(order.intent.outTradeNo, resume(order, stamp, rules));
  }
  const box: Box = {
    numbering,
    foreground: freeForeground(stamp, rules),
    notice: null,
    orders,
    usedCodes: event.usedCodes.slice(-USED_CODES_MAX),
    refs: event.refs,
    sales: knownAtStart(event.open, event.refs),
    waiters: [],
    untold: [],
    recent: event.recent.slice(0, RECENT_MAX),
    health: new Map(
      chargingProviders(rules).map(({ payee }) => [payee.provider, unverifiedHealth(stamp.at)]),
    ),
    scannerReady: false,
    quietSince: null,
    keypadReady: true,
    relayReady: rules.relay === null,
    inhibited: rules.inhibit,
    room: null,
    declines: [],
    pausedUntil: null,
    journalBroken: false,
    journalDamaged: false,
    violation: null,
    clockTrusted: stamp.clockTrusted,
    held,
    stopping: false,
  };
  const alarms: readonly Effect[] = [
    ...held.map(({ outTradeNo }) => alarm("account-unknown", outTradeNo)),
    ...doubted.map((outTradeNo) => alarm("journal-damaged", outTradeNo)),
  ];
  const due = doWhatIsDue(box, stamp, rules);
  return { box: due.box, effects: [...alarms, ...due.effects] };
}

const resumed: ReadonlySet<RecoveryAction> = new Set(["ask", "reverse", "resolve-goods", "doubt"] as const);

function heldOrder({ outTradeNo, payee, wallet }: Intent, { providers }: Rules): HeldOrder {
  return { outTradeNo, wallet: providers.has(payee.provider) ? wallet : null };
}

function orderFactsOf({ last, intent, doubted }: OpenOrder, rules: Rules) {
  return {
    charging: true,
    reversing: last.state === "reversing",
    numberConflict: isConflict(last),
    dispensing: last.state === "paid" && !last.final,
    final: last.final,
    doubted: doubted === true,
    credentials: knows(intent.payee, rules),
  };
}

/** What stands in front of people: how it comes there, how long it stays, and what follows it. */

import { invariant } from "../kernel/defect.ts";
import { after, type Instant } from "../kernel/instant.ts";
import type { Box, Foreground, NoticeName, Step } from "./box.ts";
import { modes } from "./mode.ts";
import { restOf } from "./rest.ts";
import type { Rules, Stamp } from "./rules.ts";
import { type Sale, saleOf } from "./sale.ts";
import { needsStaff } from "./verdict.ts";

/** So many declined codes in a short time pause the box. */
const DECLINES_MAX = 3;

/** Shows the order in front as far as it has come: its durable end, or that nobody knows yet. */
export function lookAtForeground(box: Box, stamp: Stamp, rules: Rules): Box {
  const watched =
    box.foreground.name === "paying"
      ? box.foreground.outTradeNo
      : box.foreground.name === "unknown"
        ? box.foreground.intent.outTradeNo
        : null;
  const payment = watched === null ? undefined : box.orders.get(watched);
  if (payment === undefined) return box;
  const { phase, intent, goods } = payment;
  if (phase.name === "abandoned") return { ...box, foreground: freeForeground(stamp, rules) };
  if (phase.name === "final") {
    const { verdict } = phase;
    const { amountFen, pulses, ref, caller } = intent;
    const declined = verdict.state === "declined";
    const rearm = rules.amount.source !== "fixed" && declined ? { amountFen, pulses, ref, caller } : null;
    // Somebody who got nothing for their money needs the time to show it to staff.
    const shownMs = goods?.outcome === "unclear" ? rules.timing.unknownShownMs : rules.timing.resultMs;
    const until = needsStaff({ verdict, goods }) ? staffUntil(stamp, rules) : after(stamp.at, shownMs);
    const shown: Box = {
      ...box,
      foreground: { name: "result", intent, verdict, goods, since: stamp.at, until, rearm },
    };
    return declined && phase.check !== null ? countDecline(shown, stamp, rules) : shown;
  }
  if (box.foreground.name === "unknown") return box;
  // A code of ours that was withdrawn is closed minutes later: nobody waits for that.
  const atOnce = modes[intent.mode].staffAfter === "at-once" && goods === null;
  const patience = atOnce ? 0 : rules.timing.askStaffAfterMs;
  const old = phase.name === "reversing" && stamp.at >= after(phase.since, patience);
  if (!old && phase.name !== "unrecorded") return box;
  return {
    ...box,
    foreground: { name: "unknown", intent, since: stamp.at, until: staffUntil(stamp, rules) },
  };
}

/** Until when staff are asked: until somebody confirms or, without keys, for a while (money rule 12). */
export function staffUntil({ at }: Stamp, { keypad, amount, timing }: Rules): Instant | null {
  // The keys of a menu may be digits alone, and who bought by one walks away.
  const confirmed = keypad && amount.source !== "menu";
  return confirmed ? null : after(at, timing.unknownShownMs);
}

/** Three codes that were declined in a short time are no customer's bad luck. */
function countDecline(box: Box, stamp: Stamp, { timing }: Rules): Box {
  const recent = box.declines.filter((at) => stamp.at < after(at, timing.declinesWithinMs));
  const declines = [...recent, stamp.at];
  if (declines.length < DECLINES_MAX) return { ...box, declines };
  return { ...box, declines: [], pausedUntil: after(stamp.at, timing.declinePauseMs) };
}

/** Somebody has read of an earlier end, or it has stood there for its time. */
export function acknowledged(box: Box, stamp: Stamp, rules: Rules): Box {
  return { ...box, untold: box.untold.slice(1), foreground: freeForeground(stamp, rules) };
}

/** What follows a result that was read or has stood for its time. */
export function leaveResult(
  box: Box,
  foreground: Foreground & { name: "result" },
  stamp: Stamp,
  rules: Rules,
): Box {
  return {
    ...box,
    foreground:
      foreground.rearm === null ? freeForeground(stamp, rules) : armed(foreground.rearm, stamp, rules),
  };
}

/** Opens the charge connection whenever a change has armed an amount. */
export function arrive(before: Box, box: Box): Step {
  const warm = box.foreground.name === "armed" && before.foreground.name !== "armed";
  return { box, effects: warm ? [{ type: "warm" }] : [] };
}

/**
 * Nobody pays. A fixed amount is armed only when no code has been read for a while: a phone left in the reader shows a new one
 * each minute (money rule 13), and before a start there may have been a payment.
 */
export function freeForeground({ at }: Stamp, rules: Rules): Foreground {
  const sale = fixedSale(rules);
  return sale === null ? { name: "idle" } : restOf(sale, at, rules);
}

/** The only thing that is sold here, null where people say what they pay. */
function fixedSale(rules: Rules): Sale | null {
  if (rules.amount.source !== "fixed") return null;
  const sale = saleOf(rules.amount.maximum, rules);
  invariant(sale !== null, "a fixed amount is a whole number of pulses");
  return sale;
}

/** A sale that waits for a code. */
export function armed(sale: Sale, stamp: Stamp, rules: Rules): Foreground {
  return { name: "armed", sale, since: stamp.at, until: armedUntil(stamp, rules) };
}

/** How long an amount that somebody chose lives; a fixed one stands for ever. */
function armedUntil({ at }: Stamp, { amount, timing }: Rules): Instant | null {
  switch (amount.source) {
    case "fixed":
      return null;
    case "keypad":
    case "till":
      return after(at, timing.armedMs);
    case "menu":
      return after(at, timing.menuArmedMs);
  }
}

/** The box with a refusal that is shown for a moment. */
export function notice(box: Box, name: NoticeName, stamp: Stamp, rules: Rules): Box {
  return { ...box, notice: { name, until: after(stamp.at, rules.timing.noticeMs) } };
}

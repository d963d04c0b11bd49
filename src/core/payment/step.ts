/**
 * The box around its orders: one in front, at which people look, and up to four of each provider behind, which are being resolved.
 * `step` is the only function that changes a box: it takes an event with its stamp and returns the next box and the effects.
 */

import { Defect } from "../kernel/defect.ts";
import { type Box, type EarlierEnd, foregroundPayment, type Step, still } from "./box.ts";
import { doWhatIsDue, passTime } from "./due.ts";
import { answerTo } from "./effects.ts";
import type { BoxEvent } from "./events.ts";
import { lookAtForeground, staffUntil } from "./foreground.ts";
import { isTooEarly, keyPressed } from "./keys.ts";
import { obey } from "./obey.ts";
import { brokenAlarm, damagedAlarm, paymentMoved, withHealth } from "./orders.ts";
import { isOver, type Payment } from "./payment.ts";
import { codeScanned, codeWanted, scanRefused } from "./presented-code.ts";
import { afterProbe } from "./provider-health.ts";
import { lookAtReader, unquiet } from "./reader.ts";
import type { Rules, Stamp } from "./rules.ts";
import { withEnds } from "./selling.ts";
import { answerWaiters } from "./waiters.ts";

/** Moves the box by one event. */
export function step(box: Box, event: BoxEvent, stamp: Stamp, rules: Rules): Step {
  const early = passTime(box.clockTrusted && !stamp.clockTrusted ? clocked(box, stamp) : box, stamp, rules);
  const moved = react(early.box, event, stamp, rules);
  const due = doWhatIsDue(clocked(moved.box, stamp), stamp, rules);
  const seen = tellEarlier(tidy(lookAtForeground(due.box, stamp, rules)), stamp, rules);
  const ended = withEnds(lookAtReader(seen, stamp, rules), stamp.at);
  const told = answerWaiters(ended, stamp);
  return { box: told.box, effects: [...early.effects, ...moved.effects, ...due.effects, ...told.effects] };
}

/** A clock that is lost counts at once; one that is found counts once the event is dealt with, for nobody has seen yet what it brings back. */
function clocked(box: Box, { clockTrusted }: Stamp): Box {
  return box.clockTrusted === clockTrusted ? box : { ...box, clockTrusted };
}

function react(box: Box, event: BoxEvent, stamp: Stamp, rules: Rules): Step {
  switch (event.type) {
    case "started":
      throw new Defect("a box starts once");
    case "key-pressed":
      return isTooEarly(box.foreground, event.downAt ?? stamp.at)
        ? still(box)
        : keyPressed({ ...box, notice: null }, event.key, stamp, rules);
    case "command":
      return obey(box, event.token, event.command, stamp, rules);
    case "journal-rotated":
      return {
        box,
        effects: [answerTo(event.token, { kind: "rotation", outcome: event.outcome })],
      };
    case "code-scanned":
      return codeScanned(unquiet(box, stamp), event.code, event.codeHash, stamp, rules);
    case "code-wanted":
      return codeWanted(box, stamp, rules);
    case "scan-refused":
      return still(scanRefused(box, event.refusal, stamp, rules));
    case "scanner-changed":
      return still({ ...box, scannerReady: event.ready });
    case "journal-broken":
      return { box: { ...box, journalBroken: true }, effects: brokenAlarm(box) };
    case "journal-damaged":
      return { box: { ...box, journalDamaged: true }, effects: damagedAlarm(box) };
    case "room-changed":
      return still({ ...box, room: event.room });
    case "keypad-changed":
      return still({ ...box, keypadReady: event.ready });
    case "relay-changed":
      return still({ ...box, relayReady: event.ready });
    case "inhibit-changed":
      return still({ ...box, inhibited: event.inhibited });
    case "payment":
      return paymentMoved(box, event.outTradeNo, event.event, stamp, rules);
    case "probed":
      return still(
        withHealth(box, event.provider, (health) => afterProbe(health, event.answer, stamp.at, rules.timing)),
      );
    case "woke":
      return still(box);
    case "stopping":
      return stop(box, stamp, rules);
  }
}

/** Nothing new begins; an order whose intent is still on its way to the journal is not charged. */
function stop(box: Box, stamp: Stamp, rules: Rules): Step {
  const stopped: Box = { ...box, stopping: true };
  const payment = foregroundPayment(stopped);
  if (payment?.phase.name !== "recording") return still(stopped);
  return paymentMoved(stopped, payment.intent.outTradeNo, { type: "cancel-pressed" }, stamp, rules);
}

function tidy(box: Box): Box {
  let next = box;
  for (const [outTradeNo, payment] of box.orders) {
    if (!isOver(payment)) continue;
    const orders = new Map(next.orders);
    orders.delete(outTradeNo);
    next = { ...next, orders, untold: [...next.untold, ...earlierEnd(payment)] };
  }
  return next;
}

/**
 * What people at the box have to hear of an order that a start found open: it was paid, the money went back, or nobody knows. Who
 * was not charged has lost nothing, and where a decline was contradicted nobody stands there any more.
 */
function earlierEnd({ recovered, phase, intent }: Payment): readonly EarlierEnd[] {
  if (!recovered || phase.name !== "final") return [];
  const { verdict } = phase;
  const heard = verdict.state === "paid" || verdict.state === "refunded" || verdict.state === "manual";
  return heard && verdict.reason !== "contradiction" ? [{ intent, verdict }] : [];
}

/** Tells of an earlier end where no payment is in the way; one that was interrupted is told again. */
function tellEarlier(box: Box, stamp: Stamp, rules: Rules): Box {
  const [end] = box.untold;
  const { name } = box.foreground;
  const stands = name === "resting" || name === "armed";
  const free = name === "idle" || name === "looking" || (stands && rules.amount.source === "fixed");
  if (end === undefined || !free) return box;
  return {
    ...box,
    notice: null,
    foreground: { name: "earlier", end, since: stamp.at, until: staffUntil(stamp, rules) },
  };
}

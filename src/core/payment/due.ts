/** What time does to a box: what ends by itself, and what is due. */

import { after, earliest, type Instant, sooner } from "../kernel/instant.ts";
import { type Box, type Foreground, foregroundPayment, type Step, still } from "./box.ts";
import type { Effect } from "./effects.ts";
import { acknowledged, armed, arrive, freeForeground, leaveResult } from "./foreground.ts";
import { paymentMoved, withHealth } from "./orders.ts";
import { wakeAt as paymentWakeAt } from "./payment.ts";
import { probeAt } from "./provider-health.ts";
import { chargingProviders } from "./providers.ts";
import { unquiet } from "./reader.ts";
import { quietAt, type Resting, restEnd } from "./rest.ts";
import { lineCount, nextLineAt } from "./rotation.ts";
import type { Rules, Stamp } from "./rules.ts";

/** Nobody says when the clock has been set right: so often is it looked at, where a provider waits for it. */
const CLOCK_LOOK_MS = 5_000;

/** When the box wants to be woken next, or null. */
export function wakeAt(box: Box, now: Instant, rules: Rules): Instant | null {
  const payment = foregroundPayment(box);
  const phase = payment?.phase;
  let wake = earliest([
    untilOf(box.foreground),
    box.foreground.name === "resting" ? quietAt(box.quietSince, rules) : null,
    box.notice?.until ?? null,
    ...box.waiters.map(({ until }) => until),
    box.pausedUntil === null ? null : nextSecond(now, box.pausedUntil),
    lineCount(box, rules) > 1 ? nextLineAt(box, now, rules) : null,
    phase?.name === "reversing" ? after(phase.since, rules.timing.askStaffAfterMs) : null,
    phase?.name === "asking" ? nextSecond(now, phase.giveUpAt) : null,
  ]);
  if (needsClock(box, rules)) wake = sooner(wake, after(now, CLOCK_LOOK_MS));
  if (!box.stopping) for (const health of box.health.values()) wake = sooner(wake, probeAt(health));
  for (const order of box.orders.values()) wake = sooner(wake, paymentWakeAt(order));
  return wake;
}

function needsClock({ clockTrusted }: Box, rules: Rules): boolean {
  return !clockTrusted && chargingProviders(rules).some((facts) => facts.needsClock);
}

/** When a countdown to `deadline` next shows another second. */
function nextSecond(now: Instant, deadline: Instant): Instant | null {
  return now >= deadline ? null : after(deadline, -1_000 * (Math.ceil((deadline - now) / 1_000) - 1));
}

/** Ends what stood in front, or stood against a payment, for its time. */
export function passTime(box: Box, stamp: Stamp, rules: Rules): Step {
  const noticeOver = box.notice !== null && stamp.at >= box.notice.until;
  const pauseOver = box.pausedUntil !== null && stamp.at >= box.pausedUntil;
  const seen: Box =
    noticeOver || pauseOver
      ? {
          ...box,
          notice: noticeOver ? null : box.notice,
          pausedUntil: pauseOver ? null : box.pausedUntil,
        }
      : box;
  const { foreground } = seen;
  if (foreground.name === "resting") return passRest(seen, foreground, stamp, rules);
  const until = untilOf(foreground);
  if (until === null || stamp.at < until) return still(seen);
  if (foreground.name === "result") return arrive(seen, leaveResult(seen, foreground, stamp, rules));
  if (foreground.name === "earlier") return still(acknowledged(seen, stamp, rules));
  return arrive(seen, { ...seen, foreground: freeForeground(stamp, rules) });
}

function passRest(box: Box, foreground: Resting, stamp: Stamp, rules: Rules): Step {
  switch (restEnd(foreground, box.quietSince, stamp.at, rules)) {
    case "goes-on":
      return still(box);
    case "over":
      return arrive(box, { ...box, foreground: armed(foreground.sale, stamp, rules) });
    case "given-up":
      return still({ ...box, foreground: { name: "idle" } });
    case "slept-through":
      return still(unquiet(box, stamp));
  }
}

/** Wakes the orders whose time has come, and probes the providers whose turn it is. */
export function doWhatIsDue(box: Box, stamp: Stamp, rules: Rules): Step {
  let next = box;
  const effects: Effect[] = [];
  for (const [outTradeNo, payment] of box.orders) {
    const due = paymentWakeAt(payment);
    if (due === null || stamp.at < due) continue;
    const woken = paymentMoved(next, outTradeNo, { type: "woke" }, stamp, rules);
    next = woken.box;
    effects.push(...woken.effects);
  }
  return probesDue(next, effects, stamp);
}

function probesDue(box: Box, effects: Effect[], { at }: Stamp): Step {
  if (box.stopping) return { box, effects };
  let next = box;
  for (const [provider, health] of box.health) {
    const due = probeAt(health);
    if (due === null || at < due) continue;
    next = withHealth(next, provider, (before) => ({ ...before, probe: "inFlight" }));
    effects.push({ type: "probe", provider });
  }
  return { box: next, effects };
}

function untilOf(foreground: Foreground): Instant | null {
  return foreground.name === "idle" || foreground.name === "paying" ? null : foreground.until;
}

/** What a key does, by what stands in front. */

import { fenOf, formatYuan } from "../kernel/fen.ts";
import { after, type Instant } from "../kernel/instant.ts";
import { type AmountEntry, emptyEntry, enteredFen, type Key, typeKey } from "./amount-entry.ts";
import { type Box, type Foreground, type Step, still } from "./box.ts";
import type { Effect } from "./effects.ts";
import { acknowledged, armed, arrive, freeForeground, leaveResult, notice } from "./foreground.ts";
import { paymentMoved } from "./orders.ts";
import { blockerOf, hasKeys } from "./readiness.ts";
import { nextLook } from "./recent.ts";
import { asksToPay, quietAt, type Resting, restOf, startsEntry } from "./rest.ts";
import type { Rules, Stamp } from "./rules.ts";
import { saleOf, salesOf } from "./sale.ts";
import { needsStaff } from "./verdict.ts";

/** Whether a key was already going down when a message came up that waits to be read: it is no answer to that. */
export function isTooEarly(foreground: Foreground, downAt: Instant): boolean {
  const { name } = foreground;
  return (name === "result" || name === "unknown" || name === "earlier") && downAt < foreground.since;
}

/** The box after a key. */
export function keyPressed(box: Box, key: Key, stamp: Stamp, rules: Rules): Step {
  const { foreground } = box;
  switch (foreground.name) {
    case "idle":
      return idleKey(box, key, stamp, rules);
    case "looking":
      return lookingKey(box, key, stamp, rules);
    case "entering":
      return typed(box, key, stamp, rules);
    case "armed":
      return armedKey(box, foreground, key, stamp, rules);
    case "paying":
      if (key.name !== "cancel") return still(box);
      return paymentMoved(box, foreground.outTradeNo, { type: "cancel-pressed" }, stamp, rules);
    case "result": {
      if (needsStaff(foreground) && key.name !== "confirm") return still(box);
      const left = leaveResult(box, foreground, stamp, rules);
      return startsEntry(key) && hasKeys(rules)
        ? typed({ ...left, foreground: { name: "idle" } }, key, stamp, rules)
        : arrive(box, left);
    }
    case "unknown":
      return key.name === "confirm"
        ? arrive(box, { ...box, foreground: freeForeground(stamp, rules) })
        : still(box);
    case "earlier":
      return still(key.name === "confirm" ? acknowledged(box, stamp, rules) : box);
    case "resting":
      return restingKey(box, foreground, key, stamp, rules);
  }
}

/** OK where nothing is typed looks back at the last orders, and never where the screen has to say why nothing is sold. */
function idleKey(box: Box, key: Key, stamp: Stamp, rules: Rules): Step {
  const look = key.name === "confirm" && blockerOf(box, rules) === null ? nextLook(box, stamp.at) : null;
  return look === null ? typed(box, key, stamp, rules) : still({ ...box, foreground: look });
}

/** OK goes on to the order before; any other key leaves, and counts as it does where nothing is looked at. */
function lookingKey(box: Box, key: Key, stamp: Stamp, rules: Rules): Step {
  if (key.name === "confirm")
    return still({ ...box, foreground: nextLook(box, stamp.at) ?? { name: "idle" } });
  return typed({ ...box, foreground: { name: "idle" } }, key, stamp, rules);
}

function restingKey(box: Box, foreground: Resting, key: Key, stamp: Stamp, rules: Rules): Step {
  if (rules.amount.source === "menu") {
    if (key.name === "cancel" || key.name === "clear") return still({ ...box, foreground: { name: "idle" } });
    return chosen(box, key, stamp, rules);
  }
  if (!asksToPay(key, foreground, stamp.at)) return still(box);
  return arrive(box, { ...box, foreground: armed(foreground.sale, stamp, rules) });
}

function armedKey(
  box: Box,
  foreground: Foreground & { name: "armed" },
  key: Key,
  stamp: Stamp,
  rules: Rules,
): Step {
  if (rules.amount.source === "fixed") return still(box);
  if (key.name === "cancel" || key.name === "clear") return still({ ...box, foreground: { name: "idle" } });
  if (rules.amount.source === "menu") return typed(box, key, stamp, rules);
  if (key.name !== "backspace" || rules.amount.source !== "keypad") return still(box);
  const { entry } = rules.amount;
  const { amountFen } = foreground.sale;
  const text = formatYuan(amountFen);
  const typedEntry: AmountEntry =
    entry === "implied" ? { habit: entry, fen: amountFen } : { habit: entry, text };
  return still({ ...box, foreground: entering(typeKey(typedEntry, key), stamp, rules) });
}

function typed(box: Box, key: Key, stamp: Stamp, rules: Rules): Step {
  if (rules.amount.source === "menu") return chosen(box, key, stamp, rules);
  if (rules.amount.source !== "keypad") return still(box);
  const { maximum, entry: habit } = rules.amount;
  const entry = box.foreground.name === "entering" ? box.foreground.entry : emptyEntry(habit);
  if (key.name === "cancel") return still({ ...box, foreground: { name: "idle" } });
  if (key.name !== "confirm") {
    const next = typeKey(entry, key);
    const warm: readonly Effect[] =
      box.foreground.name === "idle" && startsEntry(key) ? [{ type: "warm" }] : [];
    const foreground: Foreground =
      box.foreground.name === "idle" && !startsEntry(key) ? box.foreground : entering(next, stamp, rules);
    return { box: { ...box, foreground }, effects: warm };
  }
  const amount = fenOf(enteredFen(entry));
  if (!amount.ok) return still(notice(box, "amount-zero", stamp, rules));
  if (amount.value > maximum) return still(notice(box, "amount-too-large", stamp, rules));
  const sale = saleOf(amount.value, rules);
  if (sale === null) return still(notice(box, "amount-uneven", stamp, rules));
  return arrive(box, { ...box, foreground: armed(sale, stamp, rules) });
}

/**
 * A digit of the menu arms its price, once the reader is quiet: who chooses must not be paid for by a phone that lies there. Another
 * one replaces it.
 */
function chosen(box: Box, key: Key, stamp: Stamp, rules: Rules): Step {
  const sale = key.name === "digit" ? salesOf(rules).get(key.digit) : undefined;
  if (sale === undefined) return still(box);
  const quiet = quietAt(box.quietSince, rules);
  const free = quiet !== null && stamp.at >= quiet;
  return arrive(box, {
    ...box,
    foreground: free ? armed(sale, stamp, rules) : restOf(sale, stamp.at, rules),
  });
}

function entering(entry: AmountEntry, stamp: Stamp, rules: Rules): Foreground {
  return { name: "entering", entry, until: after(stamp.at, rules.timing.entryMs) };
}

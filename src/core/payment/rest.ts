/**
 * Rest: what a box sells by itself, a fixed amount or a choice of its menu, is armed only where a reader that is reading has
 * read nothing for a while (money rule 13). Whoever paid before may have left the phone in the reader, which shows a new code
 * each minute; whoever pays next must not find it there.
 */
import { after, type Instant } from "../kernel/instant.ts";
import type { Key } from "./amount-entry.ts";
import type { Foreground } from "./box.ts";
import type { Rules } from "./rules.ts";
import type { Sale } from "./sale.ts";

/** A key within so long after a message has left was meant for the message: nobody reads and decides more quickly. */
const MEANT_FOR_MESSAGE_MS = 1_000;

/** A rest that ends later than this was slept through: what the reader said meanwhile may still be on its way. */
const ASLEEP_MS = 1_000;

/** Something to sell that waits until the reader has been quiet. */
export type Resting = Foreground & { readonly name: "resting" };

/** Whether amounts rest here: where somebody says each one to somebody, who looks at the reader, they do not. */
export function rests({ amount }: Rules): boolean {
  return amount.source === "fixed" || amount.source === "menu";
}

/**
 * Whether a reader is to read in front of people who see this: while a code is waited for, while an amount rests, and while a
 * menu stands, so that it is known of each choice whether a phone lies there.
 */
export function readsAt({ name }: Foreground, { amount }: Rules): boolean {
  return (
    name === "armed" ||
    name === "resting" ||
    (amount.source === "menu" && (name === "idle" || name === "looking"))
  );
}

/** The rest of a sale that begins now. A choice of the menu is given up when it could have been armed and paid for. */
export function restOf(sale: Sale, at: Instant, { amount, timing }: Rules): Resting {
  const until = amount.source === "menu" ? after(at, timing.restMs + timing.menuArmedMs) : null;
  return { name: "resting", sale, since: at, until };
}

/** When a reader that has been quiet since then has been so for long enough, null where none reads. */
export function quietAt(quietSince: Instant | null, { timing }: Rules): Instant | null {
  return quietSince === null ? null : after(quietSince, timing.restMs);
}

/** What a rest has come to. */
export type RestEnd = "goes-on" | "over" | "given-up" | "slept-through";

/** Whether a rest is over at this moment. */
export function restEnd({ until }: Resting, quietSince: Instant | null, at: Instant, rules: Rules): RestEnd {
  if (until !== null && at >= until) return "given-up";
  const over = quietAt(quietSince, rules);
  if (over === null || at < over) return "goes-on";
  return at > after(over, ASLEEP_MS) ? "slept-through" : "over";
}

/** Whether a key asks for a payment of the fixed amount that rests: a digit or OK, by somebody who has seen it rest. */
export function asksToPay(key: Key, { since }: Resting, at: Instant): boolean {
  const asking = key.name === "confirm" || startsEntry(key);
  return asking && at >= after(since, MEANT_FOR_MESSAGE_MS);
}

/** Whether a key begins an amount. */
export function startsEntry(key: Key): boolean {
  return key.name === "digit" || key.name === "point" || key.name === "double-zero";
}

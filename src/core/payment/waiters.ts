/** Tills that wait until their sale moves: each is answered once. */
import { after } from "../kernel/instant.ts";
import type { Box, Step, Waiter } from "./box.ts";
import { answerTo, type Effect } from "./effects.ts";
import type { Stamp } from "./rules.ts";
import { saleKey, stateOf } from "./selling.ts";
import type { SaleCommand, SaleDecision, SaleName, SaleState } from "./till-sale.ts";

/** So many may wait at once; the next one hears at once how its sale stands. */
export const WAITERS_MAX = 64;

/** The box after a till has begun to wait; where its sale stands otherwise already `answerWaiters` says so in the same step. */
export function waitedFor(
  box: Box,
  token: number,
  { caller, ref, state, withinMs }: SaleCommand & { readonly name: "wait" },
  { at }: Stamp,
): Step {
  const waiter: Waiter = { token, name: { caller, ref }, state, until: after(at, withinMs) };
  if (box.waiters.length < WAITERS_MAX)
    return { box: { ...box, waiters: [...box.waiters, waiter] }, effects: [] };
  return { box, effects: [answerTo(token, stateOf(box, waiter.name, false))] };
}

/** Answers whose sale has moved, whose time is over, and everybody where the box ends. */
export function answerWaiters(box: Box, { at }: Stamp): Step {
  const waiters: Waiter[] = [];
  const effects: Effect[] = [];
  for (const waiter of box.waiters) {
    const decision = stateOf(box, waiter.name, false);
    const waits = !box.stopping && at < waiter.until && standsAs(box, waiter.name, decision) === waiter.state;
    if (waits) waiters.push(waiter);
    else effects.push(answerTo(waiter.token, decision));
  }
  return effects.length === 0 ? { box, effects } : { box: { ...box, waiters }, effects };
}

/** The state that the till will read, null where the box need not know it any more: then nothing moves. */
function standsAs({ sales }: Box, name: SaleName, decision: SaleDecision): SaleState["state"] | null {
  switch (decision.kind) {
    case "state":
      return decision.sale.state;
    case "recorded":
      return decision.over ? null : (sales.get(saleKey(name))?.recorded ?? null);
    case "no-sale":
    case "refused":
      return null;
  }
}

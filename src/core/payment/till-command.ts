/** What a box does when a till tells it something. Whether it may is decided in `selling.ts`. */
import { type Box, type Step, still } from "./box.ts";
import { answerTo } from "./effects.ts";
import { armed, arrive, notice } from "./foreground.ts";
import { paymentMoved } from "./orders.ts";
import { blockerOf } from "./readiness.ts";
import type { Rules, Stamp } from "./rules.ts";
import { dropped, judge, keyOf, saleKey, stateOf, withArmed, withdrawn } from "./selling.ts";
import type { SaleCommand, SaleName } from "./till-sale.ts";
import { waitedFor } from "./waiters.ts";

/** Answers in the same step, or where it waits for its sale to move. */
export function obeyTill(box: Box, token: number, command: SaleCommand, stamp: Stamp, rules: Rules): Step {
  if (command.name === "pay") return amountAsked(box, token, command, stamp, rules);
  if (command.name === "wait") return waitedFor(box, token, command, stamp);
  const { box: next, effects } =
    command.name === "withdraw" ? saleWithdrawn(box, command, stamp, rules) : still(box);
  return { box: next, effects: [...effects, answerTo(token, stateOf(next, command, false))] };
}

/** A payment that runs is never altered, nor another caller's amount: the till is told to wait, and asks again (money rule 13). */
function amountAsked(
  box: Box,
  token: number,
  asked: SaleCommand & { readonly name: "pay" },
  stamp: Stamp,
  rules: Rules,
): Step {
  const judged = judge(box, asked, blockerOf(box, rules), stamp.at, rules);
  const key = saleKey(asked);
  const { foreground } = box;
  const before = foreground.name === "armed" ? foreground.sale : null;
  const old = before === null ? null : keyOf(before);
  if (judged.kind === "told") {
    const { decision } = judged;
    const effects = [answerTo(token, decision)];
    if (decision.kind !== "refused") return { box, effects };
    // Its caller wants what waits no more, and is told that nothing does.
    if (old === key) return { box: dropped(box, key), effects };
    const shown =
      decision.why === "busy" && foreground.name === "paying" ? notice(box, "till-busy", stamp, rules) : box;
    return { box: shown, effects };
  }
  const { sale } = judged;
  const left = before === null || old === null || old === key ? box : withdrawn(box, old, before);
  const sales = withArmed(left.sales, key, sale);
  const changed: Box = { ...left, notice: null, foreground: armed(sale, stamp, rules), sales };
  const { box: next, effects } = arrive(
    box,
    before === null ? changed : notice(changed, "amount-changed", stamp, rules),
  );
  return { box: next, effects: [...effects, answerTo(token, stateOf(next, asked, false))] };
}

function saleWithdrawn(box: Box, name: SaleName, stamp: Stamp, rules: Rules): Step {
  const { foreground } = box;
  const key = saleKey(name);
  if (foreground.name === "armed" && keyOf(foreground.sale) === key)
    return still(withdrawn({ ...box, notice: null, foreground: { name: "idle" } }, key, foreground.sale));
  if (foreground.name === "result" && foreground.rearm !== null && keyOf(foreground.rearm) === key)
    return still({ ...box, foreground: { ...foreground, rearm: null } });
  // In front or, after a restart, behind it.
  const outTradeNo = box.refs.get(key);
  if (outTradeNo === undefined || !box.orders.has(outTradeNo)) return still(box);
  return paymentMoved(box, outTradeNo, { type: "cancel-pressed" }, stamp, rules);
}

/** What is sold at the box: an amount, and the pulses that it buys of a machine. */
import type { Fen } from "../kernel/fen.ts";
import type { Rules } from "./rules.ts";

/** One thing to pay for; `pulses` is null where nothing is dispensed. */
export interface Sale {
  readonly amountFen: Fen;
  readonly pulses: number | null;
  /** The till's own id of it, null where nobody but the box knows of it. */
  readonly ref: string | null;
}

/** The sale of an amount, null where it is no whole number of pulses. */
export function saleOf(amountFen: Fen, { relay }: Rules, ref: string | null = null): Sale | null {
  if (relay === null) return { amountFen, pulses: null, ref };
  const pulses = amountFen / relay.fenPerPulse;
  return Number.isInteger(pulses) ? { amountFen, pulses, ref } : null;
}

/** What each digit sells. The configuration refuses an item whose price is no whole number of pulses. */
export function salesOf(rules: Rules): ReadonlyMap<number, Sale> {
  const sales = new Map<number, Sale>();
  if (rules.amount.source !== "menu") return sales;
  for (const { digit, amountFen, pulses } of rules.amount.items) {
    const sale =
      pulses === null || rules.relay === null ? saleOf(amountFen, rules) : { amountFen, pulses, ref: null };
    if (sale !== null) sales.set(digit, sale);
  }
  return sales;
}

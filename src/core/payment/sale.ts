/** What is sold at the box: an amount, and the pulses that it buys of a machine. */
import type { Fen } from "../kernel/fen.ts";
import type { Instant } from "../kernel/instant.ts";
import type { MoneyState } from "./order.ts";
import type { Rules } from "./rules.ts";
import type { SaleName } from "./till-sale.ts";

/** One thing to pay for; `pulses` is null where nothing is dispensed. */
export interface Sale {
  readonly amountFen: Fen;
  readonly pulses: number | null;
  /** The till's own id of it, null where nobody but the box knows of it. */
  readonly ref: string | null;
  /** Whose id it is. */
  readonly caller: string | null;
}

/** A sale that was armed in this run of the program, or open when it started. */
export interface KnownSale {
  readonly amountFen: Sale["amountFen"];
  /** When the box was done with it, null while it may go on. */
  readonly endedAt: Instant | null;
  /** How it ended where no code was scanned for it. */
  readonly unscanned: "withdrawn" | "lapsed" | null;
  /** The newest durable state of its newest order, null before the first. */
  readonly recorded: MoneyState | null;
}

/** The sale of an amount, null where it is no whole number of pulses. */
export function saleOf(amountFen: Fen, { relay }: Rules, name: SaleName | null = null): Sale | null {
  const asked = { ref: name?.ref ?? null, caller: name?.caller ?? null };
  if (relay === null) return { amountFen, pulses: null, ...asked };
  const pulses = amountFen / relay.fenPerPulse;
  return Number.isInteger(pulses) ? { amountFen, pulses, ...asked } : null;
}

/** What each digit sells. The configuration refuses an item whose price is no whole number of pulses. */
export function salesOf(rules: Rules): ReadonlyMap<number, Sale> {
  const sales = new Map<number, Sale>();
  if (rules.amount.source !== "menu") return sales;
  for (const { digit, amountFen, pulses } of rules.amount.items) {
    const sale =
      pulses === null || rules.relay === null
        ? saleOf(amountFen, rules)
        : { amountFen, pulses, ref: null, caller: null };
    if (sale !== null) sales.set(digit, sale);
  }
  return sales;
}

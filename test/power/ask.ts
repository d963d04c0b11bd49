/** What a guest asks of its journal, in short: guest and host make the same entry of it. */
import type { Entry, Goods, MoneyState, TxData } from "../../src/core/payment/order.ts";
import { isMoneyEntry } from "../../src/journal/entry.ts";
import { charging, intentOf, shown, txOf } from "../journal/entries.ts";

/** A step in the life of an order, or of a boot. */
export type Step =
  | Exclude<MoneyState, "cancelled" | "manual">
  /** Paid, and the goods are to come. */
  | "bought"
  | "dispensed"
  | "unclear"
  | "shown"
  | "checked"
  | "boot";

/** An entry: `index` is the number of the order in all the boots of one disk, or that of the boot. */
export interface Ask {
  readonly index: number;
  readonly step: Step;
}

/** So many orders a boot may have: `index` is the boot's number times this, and a count. */
export const ORDERS_OF_A_BOOT = 10_000;

/** The name of boot `number` in the journal. */
export function bootName(number: number): string {
  return `cut-${number}`;
}

/** The entry that is asked for. */
export function entryOf({ index, step }: Ask): Entry {
  switch (step) {
    case "boot":
      return { kind: "boot", boot: bootName(index), version: "0.1.0", at: txOf(index, "paid").intentAt };
    case "charging":
      return charging(index);
    case "shown":
      return shown(index, `Order ${index} has ended.`);
    case "checked":
      return { kind: "checked", outTradeNo: intentOf(index).outTradeNo, at: txOf(index, "paid").intentAt };
    case "bought":
      return { kind: "money", tx: { ...bought(index, null), final: false, finalAt: null } };
    case "dispensed":
    case "unclear":
      return { kind: "money", tx: bought(index, step) };
    default:
      return { kind: "money", tx: txOf(index, step) };
  }
}

/** Whether the step is a money entry, which somebody waits for and which has a number in the journal. */
export function isMoney(ask: Ask): boolean {
  return isMoneyEntry(entryOf(ask));
}

function bought(index: number, outcome: Goods["outcome"]): TxData {
  return { ...txOf(index, "paid"), dispense: { pulses: 3, outcome } };
}

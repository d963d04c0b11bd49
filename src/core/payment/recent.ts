/**
 * The last orders and what the journal says of each, for who asks with a key: a cashier learns the end of a RESULT UNKNOWN, or of
 * a payment whose screen has gone, without a shell.
 */
import { after, type Instant } from "../kernel/instant.ts";
import type { Box, Foreground } from "./box.ts";
import type { Intent, MoneyState, RecentOrder } from "./order.ts";
import type { TextName } from "./texts.ts";

/** How many orders can be looked back at. */
export const RECENT_MAX = 5;

/** One of them stands for so long where no key is pressed. */
const LOOK_MS = 15_000;

/** A look at one of the last orders. */
export type Looking = Foreground & { readonly name: "looking" };

/**
 * Remembers that a record of an order has become durable. An order that is listed keeps its place, one that is not is the newest
 * thing to tell; who is looking at it sees it change.
 */
export function withRecord(box: Box, { outTradeNo, shortRef, amountFen }: Intent, state: MoneyState): Box {
  const order: RecentOrder = { outTradeNo, shortRef, amountFen, state };
  const { foreground, recent: before } = box;
  const recent = before.some((one) => isSameOrder(one, order))
    ? before.map((one) => (isSameOrder(one, order) ? order : one))
    : [order, ...before].slice(0, RECENT_MAX);
  const seen =
    foreground.name === "looking" && isSameOrder(foreground.order, order)
      ? { ...foreground, order }
      : foreground;
  return { ...box, recent, foreground: seen };
}

/** A look at the order before the one that is looked at, at the newest where none is; null behind the last. */
export function nextLook({ foreground, recent }: Box, at: Instant): Looking | null {
  const place =
    foreground.name === "looking" ? recent.findIndex((order) => isSameOrder(order, foreground.order)) + 1 : 0;
  const order = recent[place];
  return order === undefined ? null : { name: "looking", order, until: after(at, LOOK_MS) };
}

/** What a look says of an order: what the journal says, in the words of staff. */
export const recentTexts: Readonly<Record<MoneyState, TextName>> = {
  charging: "recent-open",
  reversing: "recent-reversing",
  paid: "recent-paid",
  declined: "recent-not-paid",
  cancelled: "recent-not-paid",
  reversed: "recent-not-paid",
  refunded: "recent-refunded",
  manual: "recent-manual",
};

function isSameOrder(a: RecentOrder, b: RecentOrder): boolean {
  return a.outTradeNo === b.outTradeNo;
}

import type { Scenario } from "./scenarios.ts";
import { after, before, dialog, on, refuse, type Turns, tell } from "./telling.ts";

/**
 * The scenarios of orders that are booked and scanned (`scan-…`), and of refunds (`refund-…`). Every scenario of a charge
 * tells of a booked order, too: the customer scans it after 3 s where a charge would be paid at once.
 */
export const laterScenarios: readonly Scenario[] = [
  scan("scan-paid", "paid", "The customer scans the order and pays it after 20 s.", {
    plans: [after(20_000, "pays")],
  }),
  scan("scan-again", "paid", "The customer closes the dialog after 10 s, scans again and pays after 30 s.", {
    plans: [after(10_000, "closes"), after(30_000, "pays")],
  }),
  scan("scan-never", "reversed", "Nobody scans the order; it is closed."),
  scan("scan-late", "reversed", "The customer comes after six minutes, when the order is closed.", {
    plans: [after(360_000, "pays")],
  }),
  scan("scan-at-last", "paid", "The customer pays just before the first closing arrives.", {
    plans: [before("close", 1, "pays")],
  }),
  scan("scan-order-lost", "paid", "The order is booked and the reply never comes; paid after 20 s.", {
    plans: [after(20_000, "pays")],
    rules: [on("order", 1, 1, { kind: "silence" })],
  }),
  scan("scan-order-vanished", "paid", "The first order is lost on its way; paid 20 s after the second.", {
    plans: [after(20_000, "pays")],
    rules: [on("order", 1, 1, { kind: "vanish" })],
  }),
  scan("scan-order-error", "paid", "The first order is answered SYSTEMERROR; paid 20 s after the second.", {
    plans: [after(20_000, "pays")],
    rules: [on("order", 1, 1, refuse("SYSTEMERROR"))],
  }),
  scan("scan-order-forged", "reversed", "Wrongly signed replies bring another's code; nobody scans ours.", {
    rules: [on("order", 1, null, { kind: "forge" })],
  }),
  scan("scan-query-lost", "paid", "Paid after 10 s; the replies to three queries never come.", {
    plans: [after(10_000, "pays")],
    rules: [on("query", 1, 3, { kind: "silence" })],
  }),
  scan(
    "scan-query-forged",
    "reversed",
    "Wrongly signed replies to queries claim that it is paid; it is not.",
    {
      rules: [on("query", 1, 3, { kind: "forge" })],
    },
  ),
  scan("scan-close-lost", "reversed", "Nobody scans the order, and the replies to two closings never come.", {
    rules: [on("close", 1, 2, { kind: "silence" })],
  }),
  scan("scan-close-error", "reversed", "Nobody scans the order; two closings are answered SYSTEMERROR.", {
    rules: [on("close", 1, 2, refuse("SYSTEMERROR"))],
  }),
  scan("scan-close-lies", "paid", "Closings are answered SUCCESS and do nothing; paid after 330 s.", {
    plans: [after(330_000, "pays")],
    rules: [on("close", 1, null, { kind: "pretend", recall: "N" })],
  }),

  tell("refund-lost", "paid", null, "Paid at once; the reply to the first refund never comes.", {
    rules: [on("refund", 1, 1, { kind: "silence" })],
  }),
  tell("refund-poor", "paid", null, "Paid at once; two refunds are refused, for the merchant has no money.", {
    rules: [on("refund", 1, 2, refuse("NOTENOUGH"))],
  }),
  tell("refund-again", "paid", null, "Paid at once; a refund has to be repeated (BIZERR_NEED_RETRY).", {
    rules: [on("refund", 1, 1, refuse("BIZERR_NEED_RETRY"))],
  }),
];

/** Where such an order is charged instead of booked, its dialog opens. */
function scan(name: string, ends: "paid" | "reversed", story: string, turns: Turns = {}): Scenario {
  return tell(name, ends, null, story, { opening: dialog, ...turns });
}

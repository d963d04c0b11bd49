/** Stories of an order number that the sandbox knows already when the box hears of it (money rule 2). */
import type { Scenario } from "./scenarios.ts";
import { after, dialog, on, tell } from "./telling.ts";

const twice = [on("charge", 1, null, { kind: "repeat" }), on("order", 1, null, { kind: "repeat" })];

/** A front that repeats requests, and somebody else who makes the same numbers. */
export const numberScenarios: readonly Scenario[] = [
  tell(
    "repeated",
    "paid",
    null,
    "A front repeats the charge; the answer says that the order is paid (ORDERPAID).",
    {
      rules: twice,
    },
  ),
  tell(
    "repeated-password",
    "paid",
    null,
    "A front repeats the charge (OUT_TRADE_NO_USED); the password is typed after 3 s.",
    { opening: dialog, plans: [after(3_000, "pays")], rules: twice },
  ),
  tell("repeated-never", "manual", null, "A front repeats the charge, and nobody types the password.", {
    opening: dialog,
    rules: twice,
  }),
  tell("number-of-others", "manual", null, "Somebody else has paid under the same number (ORDERPAID).", {
    opening: { kind: "refused", code: "ORDERPAID", leaves: "others-paid" },
  }),
  tell(
    "number-of-others-unpaid",
    "manual",
    null,
    "Somebody else has an unpaid order under the same number (OUT_TRADE_NO_USED).",
    { opening: { kind: "refused", code: "OUT_TRADE_NO_USED", leaves: "others-unpaid" } },
  ),
  tell(
    "number-of-others-unsaid",
    "manual",
    null,
    "Somebody else has paid under the same number; the provider says SYSTEMERROR.",
    {
      opening: { kind: "refused", code: "SYSTEMERROR", leaves: "others-paid" },
    },
  ),
];

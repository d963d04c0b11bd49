/** The words in which scenarios are told. */
import type { FinalState } from "../../../core/payment/order.ts";
import type { CustomerAct } from "./customer.ts";
import type { Opening } from "./ledger.ts";
import type { CallKind, Plan, Rule, Scenario, Treatment } from "./scenarios.ts";

const paid: Opening = { kind: "paid" };

/** The charge opens the password dialog; a booked order waits for its customer. */
export const dialog: Opening = { kind: "dialog" };

/** What a scenario says beyond its name, its end and its story; the payment goes through where nothing is said. */
export type Turns = Partial<Pick<Scenario, "opening" | "plans" | "rules">>;

/** A scenario. */
export function tell(
  name: string,
  ends: FinalState,
  cents: number | null,
  story: string,
  turns: Turns = {},
): Scenario {
  return { name, story, ends, cents, opening: paid, plans: [], rules: [], down: false, ...turns };
}

/** The customer acts so long after the charge or the booking. */
export function after(ms: number, act: CustomerAct): Plan {
  return { act, when: { kind: "after", ms } };
}

/** The customer acts just before the call that has this count. */
export function before(call: CallKind, count: number, act: CustomerAct): Plan {
  return { act, when: { kind: "before", call, count } };
}

/** What happens to the calls from one count to another, both included; null means to all that follow. */
export function on(call: CallKind, from: number, to: number | null, treatment: Treatment): Rule {
  return { on: call, from, to, treatment };
}

/** The call is refused and does nothing. */
export function refuse(code: string, recall: "Y" | "N" | null = null): Treatment {
  return { kind: "refuse", code, recall };
}

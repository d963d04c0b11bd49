import { codeOf } from "../core/payment/outage-code.ts";
import { failureIn, outageOf } from "../core/payment/readiness.ts";
import type { Rules } from "../core/payment/rules.ts";
import type { Turn } from "../core/payment/turn.ts";
import type { ServiceWord } from "../reporting/status-event.ts";

/** Whether a payment could begin now or within seconds, and why not. */
export function serviceOf({ box }: Turn, rules: Rules): ServiceWord {
  const outage = outageOf(box, rules);
  const blocker = outage?.blocker ?? null;
  return {
    inService: blocker === null || blocker === "paused" || blocker === "inhibited",
    reason: outage?.blocker === "unproved" ? (failureIn(box, outage) ?? "starting") : blocker,
    code: outage === null ? null : codeOf(box, outage),
  };
}

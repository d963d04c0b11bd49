import type { Instant } from "../core/kernel/instant.ts";
import { failureIn, outageOf } from "../core/payment/readiness.ts";
import type { Rules } from "../core/payment/rules.ts";
import { screenFor } from "../core/payment/screen.ts";
import type { Turn } from "../core/payment/turn.ts";
import type { ServiceWord } from "../reporting/status-event.ts";

/** Whether a payment could begin now or within seconds, and why not. */
export function serviceOf({ box }: Turn, now: Instant, rules: Rules): ServiceWord {
  const outage = outageOf(box, rules);
  const blocker = outage?.blocker ?? null;
  // What stands in front may be a result: the outage is what people would see behind it.
  const bare = { ...box, foreground: { name: "idle" }, notice: null } as const;
  const code = blocker === null ? null : screenFor(bare, now, rules).ref;
  return {
    inService: blocker === null || blocker === "paused" || blocker === "inhibited",
    reason: outage?.blocker === "unproved" ? (failureIn(box, outage) ?? "starting") : blocker,
    code,
  };
}

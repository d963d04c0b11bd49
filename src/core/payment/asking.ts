/** Finding out what became of a charge: its answer, the queries after an unclear one, the look at a declined one. */
import { invariant } from "../kernel/defect.ts";
import { after, earlier, type Instant, later } from "../kernel/instant.ts";
import { rfc3339 } from "../kernel/rfc3339.ts";
import type { ChargeAnswer, QueryAnswer } from "./answers.ts";
import { paid, refundedByOthers } from "./found-paid.ts";
import { foreign, recordConflict } from "./known-number.ts";
import { modes } from "./mode.ts";
import type { Advance, Payment, PendingBecause, Phase } from "./payment.ts";
import type { ProviderFacts } from "./provider.ts";
import { factsOf } from "./providers.ts";
import { recordReversal } from "./reversal.ts";
import type { Rules, Stamp } from "./rules.ts";
import { endedOutcome, go, notCharged, recordOutcome, withAlarm } from "./verdict.ts";

/** The charge came back, or did not. */
export function chargeAnswered(
  payment: Payment,
  host: string,
  answer: ChargeAnswer,
  stamp: Stamp,
  rules: Rules,
): Advance {
  const { phase } = payment;
  invariant(phase.name === "charging", "a charge is answered while its order is charging");
  const sentAt = earlier(stamp.at, phase.sendBefore);
  const here: Payment = { ...payment, sentAt, answeredAt: stamp.at, chargedHost: host };
  switch (answer.kind) {
    case "paid":
      if (factsOf(here.intent, rules).chargeProves) return paid(here, answer.transactionId, stamp, rules);
      return unclear(here, phase, answer, stamp, rules);
    case "declined":
      return recordOutcome(here, notCharged("declined", answer.reason), stamp, rules);
    case "not-sent": {
      const unsent = { ...here, counts: { ...here.counts, charge: 0 } };
      const reason = answer.why === "too-late" ? "stale" : "not-sent";
      return recordOutcome(unsent, notCharged("declined", reason), stamp, rules);
    }
    case "number-conflict":
      return recordConflict(here, false, rules);
    case "ordered": {
      if (phase.cancelled) return recordReversal(here, "cancelled-by-person", stamp, rules);
      const next = after(stamp.at, factsOf(payment.intent, rules).queryEveryMs);
      const giveUpAt = after(payment.chargedAt, rules.timing.offerMs);
      const { codeUrl } = answer;
      return go({ ...here, phase: { name: "asking", about: "scan", codeUrl, giveUpAt, next, last: false } });
    }
    case "pending":
    case "refused-unconfirmed":
    case "unknown":
      return unclear(here, phase, answer, stamp, rules);
  }
}

/** Nobody knows what became of a charge: it is asked about, at once where the provider does not wait for its customer. */
function unclear(
  payment: Payment,
  { cancelled }: Phase & { name: "charging" },
  { kind }: ChargeAnswer,
  stamp: Stamp,
  rules: Rules,
): Advance {
  if (cancelled) return recordReversal(payment, "cancelled-by-person", stamp, rules);
  if (modes[payment.intent.mode].unclearCharge === "undo")
    return recordReversal(payment, "gave-up", stamp, rules);
  const about =
    kind === "pending" ? "password" : kind === "refused-unconfirmed" ? "refused-unconfirmed" : "unclear";
  const facts = factsOf(payment.intent, rules);
  const first = kind === "pending" ? after(stamp.at, facts.queryEveryMs) : stamp.at;
  return go({ ...payment, phase: asking(about, payment.chargedAt, first, stamp, facts) });
}

/** What a query means for an order whose outcome is open. */
export function askedAnswered(
  payment: Payment,
  phase: Phase & { name: "asking" },
  answer: QueryAnswer,
  stamp: Stamp,
  rules: Rules,
): Advance {
  switch (answer.kind) {
    case "paid":
      return paid(payment, answer.transactionId, stamp, rules);
    case "closed":
      return recordOutcome(payment, endedOutcome(payment, "closed-by-provider"), stamp, rules);
    case "failed":
      return recordReversal(payment, "pay-error", stamp, rules);
    case "refunded":
      if (answer.transactionId !== null) return refundedByOthers(payment, stamp, rules);
      return askAgain(payment, phase, answer, stamp, rules);
    case "foreign":
      return foreign(payment, answer, stamp, rules);
    case "unpaid":
    case "absent":
    case "unknown":
    case "not-sent":
      return askAgain(payment, phase, answer, stamp, rules);
  }
}

/** Nothing is proved yet: asks once more, or takes the charge back when that has gone on for long enough. */
function askAgain(
  payment: Payment,
  phase: Phase & { name: "asking" },
  answer: QueryAnswer,
  stamp: Stamp,
  rules: Rules,
): Advance {
  const signed = answer.kind === "unpaid" || answer.kind === "absent";
  if (phase.about === "refused-unconfirmed" && signed)
    return recordReversal(payment, "refused-unclear", stamp, rules);
  if (phase.last) return recordReversal(payment, "gave-up", stamp, rules);
  const next = after(stamp.at, factsOf(payment.intent, rules).queryEveryMs);
  const about = answer.kind === "unpaid" ? waitedFor(phase, answer.paying) : phase.about;
  return go({
    ...payment,
    phase: { ...phase, about, next: earlier(next, phase.giveUpAt) },
  });
}

/** What an unpaid order waits for; where the provider does not tell whether somebody types, the charge's own word stands. */
function waitedFor(
  { about, codeUrl }: Pick<Phase & { name: "asking" }, "about" | "codeUrl">,
  paying: boolean | null,
): PendingBecause {
  if (paying === true || (paying === null && about === "password")) return "password";
  return codeUrl === null ? "unclear" : "scan";
}

/** So often is a declined order looked at that stands unpaid. */
const LOOKS_MAX = 3;

/**
 * The later look at a declined order: if money moved after all, or may still move, it goes back and somebody is told (money
 * rule 7). An order that stands unpaid, with no dialog open that is known of, is looked at again.
 */
export function checked(
  payment: Payment,
  phase: Phase & { name: "final" },
  answer: QueryAnswer,
  stamp: Stamp,
  rules: Rules,
): Advance {
  switch (answer.kind) {
    case "paid":
    case "refunded":
    case "failed":
      return withAlarm(recordReversal(payment, "contradiction", stamp, rules), "contradiction");
    case "unpaid": {
      const looks = phase.looks + 1;
      if (answer.paying !== true && looks < LOOKS_MAX)
        return lookAgain(payment, { ...phase, looks }, stamp, rules);
      // Where the provider does not tell whether a dialog is open, somebody may still pay.
      return answer.paying === false
        ? seen(payment, phase, stamp)
        : withAlarm(recordReversal(payment, "contradiction", stamp, rules), "contradiction");
    }
    case "unknown":
    case "not-sent":
      return lookAgain(payment, phase, stamp, rules);
    case "closed":
    case "absent":
      return seen(payment, phase, stamp);
    case "foreign":
      // Ours was refused for good, and what stands there is nobody's to take back.
      return withAlarm(seen(payment, phase, stamp), "number-conflict");
  }
}

function lookAgain(payment: Payment, phase: Phase & { name: "final" }, { at }: Stamp, rules: Rules): Advance {
  return go({ ...payment, phase: { ...phase, check: after(at, rules.timing.checkAfterMs) } });
}

function seen(payment: Payment, phase: Phase & { name: "final" }, { wall }: Stamp): Advance {
  const { outTradeNo } = payment.intent;
  return go(
    { ...payment, phase: { ...phase, check: null } },
    { type: "note", entry: { kind: "checked", outTradeNo, at: rfc3339(wall) } },
  );
}

/** The phase in which an order is asked about until `giveUpAfterMs` after its charge. */
export function asking(
  about: PendingBecause,
  chargedAt: Instant,
  next: Instant,
  { at }: Stamp,
  { giveUpAfterMs }: Pick<ProviderFacts, "giveUpAfterMs">,
): Phase {
  const giveUpAt = later(after(chargedAt, giveUpAfterMs), at);
  return { name: "asking", about, codeUrl: null, giveUpAt, next: earlier(next, giveUpAt), last: false };
}

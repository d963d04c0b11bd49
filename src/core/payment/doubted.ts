/**
 * Orders that a quarantine carries as doubtful: open by what can be read, with a row lost that may have been their last (money
 * rule 16). Such an order may have been sold, or taken back, long ago: it is asked about and told, and neither reversed nor
 * given goods for.
 */
import { after, type Instant } from "../kernel/instant.ts";
import { waitAfter } from "../kernel/waits.ts";
import { type Absences, absencesCountFrom, isLasting, noAbsences, withAbsence } from "./absence.ts";
import type { QueryAnswer } from "./answers.ts";
import type { Advance, Payment, Phase, Verdict } from "./payment.ts";
import { factsOf } from "./providers.ts";
import type { Rules, Stamp } from "./rules.ts";
import { endedOutcome, go, notCharged, recordOutcome, withAlarm } from "./verdict.ts";

type Doubted = Phase & { readonly name: "doubted" };

/** The phase in which a start finds such an order: it is asked about at once. */
export function doubtedFrom({ at }: Stamp, absences: Absences): Doubted {
  return { name: "doubted", next: at, rounds: 0, absences };
}

/** What a query means for such an order. */
export function doubtedQueried(
  payment: Payment,
  phase: Doubted,
  query: { readonly host: string; readonly answer: QueryAnswer; readonly askedAt: Instant },
  stamp: Stamp,
  rules: Rules,
): Advance {
  const { answer } = query;
  switch (answer.kind) {
    case "paid":
    case "refunded":
      // It may have been sold, with its end reported, before the row was lost: people compare the two.
      return withAlarm(recordOutcome(payment, forPeople, stamp, rules), "journal-damaged");
    case "closed":
      return recordOutcome(payment, endedOutcome(payment, "closed-by-provider"), stamp, rules);
    case "foreign":
      if (answer.state === "open") return askOn(payment, noneAbsent(phase), stamp, rules);
      return recordOutcome(
        payment,
        answer.state === "paid" ? forPeople : notCharged("reversed", "journal-damaged"),
        stamp,
        rules,
      );
    case "absent":
      return absent(payment, phase, query, stamp, rules);
    case "unpaid":
    case "failed":
      return askOn(payment, noneAbsent(phase), stamp, rules);
    case "unknown":
      return askOn(payment, answer.signed ? noneAbsent(phase) : phase, stamp, rules);
    case "not-sent":
      return askOn(payment, phase, stamp, rules);
  }
}

const forPeople: Verdict = { state: "manual", charged: "unknown", reason: "journal-damaged", late: false };

/** No reversal was asked for, so that nothing but lasting absence says that there is nothing to take back. */
function absent(
  payment: Payment,
  phase: Doubted,
  { host, askedAt }: { readonly host: string; readonly askedAt: Instant },
  stamp: Stamp,
  rules: Rules,
): Advance {
  // Once money was seen to move, only a signed end of the order says that it went back.
  const { absence } = factsOf(payment.intent, rules);
  if (absence === null || payment.seenPaid) return askOn(payment, phase, stamp, rules);
  if (askedAt < absencesCountFrom(payment.answeredAt, absence)) return askOn(payment, phase, stamp, rules);
  const absences = withAbsence(phase.absences, host, askedAt, stamp.at);
  if (isLasting(absences, absence))
    return recordOutcome(payment, notCharged("reversed", "journal-damaged"), stamp, rules);
  return askOn(payment, { ...phase, absences }, stamp, rules);
}

function noneAbsent(phase: Doubted): Doubted {
  return { ...phase, absences: noAbsences };
}

/** Asks once more, later each time, for as long as it takes. */
function askOn(payment: Payment, phase: Doubted, { at }: Stamp, { timing }: Rules): Advance {
  const waits = timing.reverseAgainMs;
  const next = after(at, waitAfter(waits, phase.rounds));
  return go({ ...payment, phase: { ...phase, next, rounds: Math.min(phase.rounds + 1, waits.length) } });
}

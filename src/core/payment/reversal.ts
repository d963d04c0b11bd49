/** Taking a charge back: durable before the first request, stubborn until a query confirms it (money rule 9). */
import { invariant } from "../kernel/defect.ts";
import { after, type Instant, later } from "../kernel/instant.ts";
import { rfc3339 } from "../kernel/rfc3339.ts";
import { waitAfter } from "../kernel/waits.ts";
import { type Absences, absencesCountFrom, isAbsent, noAbsences, withAbsence } from "./absence.ts";
import type { QueryAnswer, UndoAnswer } from "./answers.ts";
import type { Effect } from "./effects.ts";
import { foreign } from "./known-number.ts";
import type { Evidence, MoneyReason } from "./order.ts";
import type { Advance, LastReversalReply, Payment, Phase, Verdict } from "./payment.ts";
import type { AbsenceFacts } from "./provider.ts";
import { factsOf, undoOf } from "./providers.ts";
import type { Rules, Stamp } from "./rules.ts";
import { alarm, endedOutcome, go, recordOutcome, txOf, withAlarm } from "./verdict.ts";

/**
 * Hands the reversal to the journal; from here on the order can never become paid (money rule 9). The host that was charged
 * goes along in the same flush.
 */
export function recordReversal(payment: Payment, reason: MoneyReason, stamp: Stamp, rules: Rules): Advance {
  const tx = txOf(payment, { state: "reversing", charged: "unknown", reason, late: false }, null, rules);
  const record: Effect = { type: "record", entry: { kind: "money", tx } };
  const reversing: Payment = { ...payment, phase: { name: "recording-reversal", reason } };
  return payment.chargedHost === null ? go(reversing, record) : go(reversing, noteOf(payment, stamp), record);
}

/** The reversal is durable: the first request leaves once the charge is old enough. */
export function reverseFrom(
  payment: Payment,
  stamp: Stamp,
  rules: Rules,
  absences: Absences = noAbsences,
): Payment {
  invariant(payment.phase.name === "recording-reversal", "a reversal is recorded before it begins");
  return {
    ...payment,
    phase: {
      name: "reversing",
      reason: payment.phase.reason,
      since: stamp.at,
      next: { call: "undo", at: later(reversibleAt(payment, rules), stamp.at) },
      rounds: 0,
      heard: "nothing",
      absences,
      asks: 0,
      overdue: "no",
      alarmed: false,
    },
  };
}

/** When the provider takes the first reversal of a charge, or the first ending of an order that nobody paid. */
function reversibleAt(payment: Payment, rules: Rules): Instant {
  return after(payment.sentAt, undoOf(payment, factsOf(payment.intent, rules)).notBeforeMs);
}

/** A reversal came back: whatever it said, only a query confirms. */
export function undoAnswered(payment: Payment, answer: UndoAnswer, stamp: Stamp, rules: Rules): Advance {
  const { phase } = payment;
  invariant(phase.name === "reversing", "a reversal is answered while its order is reversing");
  const next = { call: "query", at: stamp.at } as const;
  switch (answer.kind) {
    case "paid":
      // Whose payment it is only a query tells: nothing is refunded before one has shown it as ours.
      return go({ ...payment, phase: { ...phase, heard: "again", next } });
    case "done":
      return go({ ...payment, phase: { ...phase, heard: "done", next } });
    case "again": {
      // What the last way back refuses may have ended by the first one, whose answer was lost: the payment says so.
      const overdue = phase.overdue === "no" ? "no" : "refused";
      return go({ ...payment, phase: { ...phase, overdue, heard: "again", next } });
    }
    case "unknown": {
      // What a reversal of an order that is not there is answered with is documented nowhere: any signed word will do.
      const heard = answer.signed ? "refused" : phase.heard;
      return go({ ...payment, phase: { ...phase, heard, next } });
    }
    case "not-sent":
      return go({ ...payment, phase: { ...phase, next } });
    case "expired": {
      // Whether there is anything to give back only a query tells; what is not paid is asked about until it has ended.
      if (undoOf(payment, factsOf(payment.intent, rules)).overdue !== null)
        return go({ ...payment, phase: { ...phase, overdue: "refused", heard: "again", next } });
      const verdict: Verdict = {
        state: "manual",
        charged: "unknown",
        reason: "reverse-expired",
        late: false,
      };
      return withAlarm(recordOutcome(payment, verdict, stamp, rules), "reverse-expired");
    }
  }
}

/** What a query means for an order that is being reversed. */
export function reversalQueried(
  payment: Payment,
  phase: Phase & { name: "reversing" },
  query: { readonly host: string; readonly answer: QueryAnswer; readonly askedAt: Instant },
  stamp: Stamp,
  rules: Rules,
): Advance {
  const { answer, host, askedAt } = query;
  switch (answer.kind) {
    case "refunded": {
      const ending = recordOutcome(payment, endedOutcome(payment, phase.reason), stamp, rules);
      // Not by us, as far as we know: somebody has to see whether all of it went back.
      return phase.heard === "done" ? ending : withAlarm(ending, "refunded-by-others");
    }
    case "closed":
      return recordOutcome(payment, endedOutcome(payment, phase.reason), stamp, rules);
    case "absent": {
      const facts = factsOf(payment.intent, rules);
      const { absence } = facts;
      // Once money was seen to move, only a signed end of the order says that it went back.
      if (absence === null || phase.heard === "nothing" || payment.seenPaid)
        return reverseAgain(payment, phase, stamp, rules);
      const countsFrom = absencesCountFrom(payment.answeredAt, absence);
      const absences =
        askedAt >= countsFrom ? withAbsence(phase.absences, host, askedAt, stamp.at) : phase.absences;
      if (isAbsent(absences, payment.chargedHost, facts, absence)) {
        return recordOutcome(payment, endedOutcome(payment, phase.reason), stamp, rules);
      }
      return askOn(payment, { ...phase, absences, heard: undone(phase.heard) }, absence, stamp, rules);
    }
    case "paid":
    case "unpaid":
    case "failed": {
      // It exists: an absence seen before is void, nothing is done yet, and another reversal is due.
      const overdue = answer.kind === "paid" && phase.overdue === "refused" ? "paid" : phase.overdue;
      return reverseAgain(
        payment,
        { ...phase, overdue, absences: noAbsences, heard: undone(phase.heard) },
        stamp,
        rules,
      );
    }
    case "foreign":
      return foreign(payment, answer, stamp, rules, true);
    case "unknown": {
      // A signed answer that says something else parts the absences before it from those after it.
      const absences = answer.signed ? noAbsences : phase.absences;
      return stillUnknown(payment, { ...phase, absences }, stamp, rules);
    }
    case "not-sent":
      return stillUnknown(payment, phase, stamp, rules);
  }
}

/**
 * A host that cannot be reached says nothing about an order that another one does not have: there is nothing to be taken back,
 * and only the absences are still too few.
 */
function stillUnknown(
  payment: Payment,
  phase: Phase & { name: "reversing" },
  stamp: Stamp,
  rules: Rules,
): Advance {
  const { absence } = factsOf(payment.intent, rules);
  return absence !== null && phase.absences.hosts.length > 0
    ? askOn(payment, phase, absence, stamp, rules)
    : reverseAgain(payment, phase, stamp, rules);
}

/** So many more queries come quickly: two absences, one more where the first came too early to count. */
const QUICK_ASKS = 2;

/** Another query without another reversal, later each time. */
function askOn(
  payment: Payment,
  phase: Phase & { name: "reversing" },
  absence: AbsenceFacts,
  stamp: Stamp,
  rules: Rules,
): Advance {
  const wait = waitAfter(rules.timing.reverseAgainMs, Math.max(0, phase.asks - QUICK_ASKS));
  const soon = after(stamp.at, wait);
  const next = { call: "query", at: later(soon, absencesCountFrom(payment.answeredAt, absence)) } as const;
  return alarmIfLong({ ...payment, phase: { ...phase, next, asks: phase.asks + 1 } }, stamp, rules);
}

/** Notes what a step of a reversal has brought to light that stands in no money record. */
export function remembered(before: Payment, advance: Advance, stamp: Stamp): Advance {
  const { payment, effects } = advance;
  if (!countsAbsences(payment.phase) || isSame(evidenceOf(before), evidenceOf(payment))) return advance;
  return { payment, effects: [...effects, noteOf(payment, stamp)] };
}

function noteOf(payment: Payment, { wall }: Stamp): Effect {
  const { outTradeNo } = payment.intent;
  const evidence = evidenceOf(payment);
  return { type: "note", entry: { kind: "evidence", outTradeNo, at: rfc3339(wall), evidence } };
}

function evidenceOf({ chargedHost, seenPaid, phase }: Payment): Evidence {
  const { count, runMs } = countsAbsences(phase) ? phase.absences : noAbsences;
  return { chargedHost, paid: seenPaid, absences: count, runMs };
}

function countsAbsences(phase: Phase): phase is Phase & { name: "reversing" | "doubted" } {
  return phase.name === "reversing" || phase.name === "doubted";
}

function isSame(a: Evidence, b: Evidence): boolean {
  return a.paid === b.paid && a.absences === b.absences;
}

/** What is still there, or was not there, was not reversed, whatever the answer said. */
function undone(heard: LastReversalReply): LastReversalReply {
  return heard === "done" ? "again" : heard;
}

/** Another round, later each time, with jitter so that a shop's boxes do not come together. */
function reverseAgain(
  payment: Payment,
  phase: Phase & { name: "reversing" },
  stamp: Stamp,
  rules: Rules,
): Advance {
  const wait = waitAfter(rules.timing.reverseAgainMs, phase.rounds);
  const jittered = Math.round(wait * (0.75 + (0.5 * stamp.chance[0]) / 2 ** 32));
  // The answer of a query that was on its way when the reversal was recorded may come early.
  const next = {
    call: "undo",
    at: later(after(stamp.at, jittered), reversibleAt({ ...payment, phase }, rules)),
  } as const;
  return alarmIfLong(
    { ...payment, phase: { ...phase, rounds: phase.rounds + 1, asks: 0, next } },
    stamp,
    rules,
  );
}

function alarmIfLong(payment: Payment, stamp: Stamp, rules: Rules): Advance {
  const { phase } = payment;
  invariant(phase.name === "reversing", "only reversals grow old");
  const began = later(phase.since, reversibleAt(payment, rules));
  if (phase.alarmed || stamp.at < after(began, rules.timing.reversalAlarmMs)) return go(payment);
  return go({ ...payment, phase: { ...phase, alarmed: true } }, alarm("reversal-open", payment));
}

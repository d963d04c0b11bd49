/** Every change of an order: `advance` takes one event and hands it to the phase that it concerns. */

import { invariant } from "../kernel/defect.ts";
import { after } from "../kernel/instant.ts";
import { resumedAbsences } from "./absence.ts";
import type { QueryAnswer } from "./answers.ts";
import { askedAnswered, asking, chargeAnswered, checked } from "./asking.ts";
import { dispense, dispensed, dispensingAt } from "./dispensing.ts";
import { doubtedFrom, doubtedQueried } from "./doubted.ts";
import { recordConflict } from "./known-number.ts";
import { conflictAnswered, conflictFrom } from "./number-conflict.ts";
import {
  type FinalState,
  type Goods,
  type Intent,
  isConflict,
  isDeclinedByCode,
  type MoneyReason,
  type MoneyState,
  type OpenOrder,
  type TxData,
} from "./order.ts";
import {
  type Advance,
  type Payment,
  type PaymentEvent,
  type Phase,
  type Verdict,
  wakeAt,
} from "./payment.ts";
import type { PaymentCode } from "./payment-code.ts";
import type { ProviderFacts } from "./provider.ts";
import { factsOf, undoOf } from "./providers.ts";
import { recordReversal, remembered, reversalQueried, reverseFrom, undoAnswered } from "./reversal.ts";
import type { Rules, Stamp } from "./rules.ts";
import { alarm, go, isAwaited, notCharged, recordOutcome, txOf } from "./verdict.ts";

/** Begins an order: its intent goes to the journal. */
export function begin(intent: Intent, code: PaymentCode | null, stamp: Stamp, rules: Rules): Advance {
  const payment: Payment = {
    intent,
    phase: {
      name: "recording",
      code,
      sendBefore: after(stamp.at, rules.timing.sendWithinMs),
      cancelled: false,
    },
    inFlight: null,
    counts: { charge: 1, query: 0, reverse: 0 },
    transactionId: null,
    seenPaid: false,
    goods: null,
    recovered: false,
    chargedAt: stamp.at,
    sentAt: stamp.at,
    answeredAt: stamp.at,
    chargedHost: null,
  };
  const tx = txOf(payment, { state: "charging", charged: "unknown", reason: null, late: false }, null, rules);
  return { payment, effects: [{ type: "record", entry: { kind: "charging", tx, intent } }] };
}

/** Takes up an order that the journal holds without an end: it counts as charged now (money rule 10). */
export function resume(order: OpenOrder, stamp: Stamp, rules: Rules): Payment {
  const { intent, last, evidence } = order;
  const counts = { charge: last.chargeCount, query: last.queryCount, reverse: last.reverseCount };
  const { at } = stamp;
  const payment = {
    intent,
    inFlight: null,
    counts,
    transactionId: last.transactionId,
    seenPaid: last.transactionId !== null || evidence?.paid === true,
    goods: last.dispense,
    recovered: true,
    chargedAt: at,
    sentAt: at,
    answeredAt: at,
    chargedHost: evidence?.chargedHost ?? null,
  };
  if (order.doubted === true && last.state !== "reversing")
    return {
      ...payment,
      goods: unclear(last.dispense),
      phase: doubtedFrom(stamp, resumedAbsences(evidence, at)),
    };
  if (isConflict(last))
    return conflictFrom(
      { ...payment, phase: { name: "abandoned" } },
      last.state === "reversing",
      stamp,
      rules,
    );
  if (last.state === "charging")
    return { ...payment, phase: asking("unclear", at, at, stamp, factsOf(intent, rules)) };
  if (last.state === "declined") return { ...payment, phase: uncheckedFrom(last, stamp, rules) };
  if (last.state === "paid") return { ...payment, phase: dispensingAt(at, last.late) };
  invariant(last.state === "reversing", "an order that is taken up waits for something");
  const reversed: Payment = {
    ...payment,
    phase: { name: "recording-reversal", reason: last.reason ?? "gave-up" },
  };
  return reverseFrom(reversed, stamp, rules, resumedAbsences(evidence, at));
}

/** Whatever became of the goods of an order whose last row is lost, nothing more is given for it. */
function unclear(goods: Goods | null): Goods | null {
  return isAwaited(goods) && goods !== null ? { ...goods, outcome: "unclear" } : goods;
}

/** The phase of a decline that nobody has looked at once more before the process ended. */
function uncheckedFrom({ reason }: TxData, stamp: Stamp, rules: Rules): Phase {
  const verdict: Verdict = { state: "declined", charged: "no", reason, late: false };
  return { name: "final", verdict, check: after(stamp.at, rules.timing.checkAfterMs), looks: 0 };
}

/** Moves one order by one event. What people can cause at any time is ignored by name; an answer nobody asked for is a defect. */
export function advance(payment: Payment, event: PaymentEvent, stamp: Stamp, rules: Rules): Advance {
  switch (event.type) {
    case "recorded":
      return recorded(payment, event.state, stamp, rules);
    case "withheld":
      return withheld(payment, stamp, rules);
    case "record-failed":
      return recordFailed(payment, event.state, stamp, rules);
    case "charge-answered":
      return chargeAnswered(landed(payment, "charge"), event.host, event.answer, stamp, rules);
    case "query-answered":
      return queryAnswered(payment, event.host, event.answer, stamp, rules);
    case "undo-answered":
      return undoAnswered(landed(payment, "undo"), event.answer, stamp, rules);
    case "dispensed":
      return dispensed(payment, event.outcome, stamp, rules);
    case "woke":
      return woke(payment, stamp, rules);
    case "cancel-pressed":
      return cancelPressed(payment, stamp, rules);
  }
}

function recorded(payment: Payment, state: MoneyState, stamp: Stamp, rules: Rules): Advance {
  const { phase } = payment;
  invariant(state === awaitedRecord(phase), `a ${phase.name} order does not wait for a ${state} record`);
  if (phase.name === "recording") return unsent(payment, phase, stamp, rules) ?? send(payment, phase, stamp);
  if (phase.name === "recording-conflict")
    return go(conflictFrom(payment, phase.reversalRecorded, stamp, rules));
  if (phase.name === "recording-reversal" && phase.taken === true)
    return recordConflict(payment, true, rules);
  if (phase.name === "recording-outcome") {
    return isAwaited(payment.goods) ? dispense(payment) : finish(payment, phase.verdict, stamp, rules);
  }
  return go(reverseFrom(payment, stamp, rules));
}

/** The intent is durable, and the charge must not leave any more: the box has seen what forbids a new one. */
function withheld(payment: Payment, stamp: Stamp, rules: Rules): Advance {
  const { phase } = payment;
  invariant(phase.name === "recording", "only a charge that has not left is withheld");
  return unsent(payment, phase, stamp, rules) ?? closeUnsent(payment, "declined", "not-ready", stamp, rules);
}

/** The end of a charge that nobody wants any more, or whose scan has grown old; null where it may leave. */
function unsent(
  payment: Payment,
  { sendBefore, cancelled }: Phase & { name: "recording" },
  stamp: Stamp,
  rules: Rules,
): Advance | null {
  if (cancelled) return closeUnsent(payment, "cancelled", "cancelled-by-person", stamp, rules);
  return stamp.at >= sendBefore ? closeUnsent(payment, "declined", "stale", stamp, rules) : null;
}

function closeUnsent(
  payment: Payment,
  state: FinalState,
  reason: MoneyReason,
  stamp: Stamp,
  rules: Rules,
): Advance {
  const uncharged: Payment = { ...payment, counts: { ...payment.counts, charge: 0 } };
  return recordOutcome(uncharged, notCharged(state, reason), stamp, rules);
}

/** The charge leaves. */
function send(payment: Payment, { code, sendBefore }: Phase & { name: "recording" }, stamp: Stamp): Advance {
  const charging: Payment = {
    ...payment,
    phase: { name: "charging", sendBefore, cancelled: false },
    inFlight: { call: "charge", at: stamp.at },
    chargedAt: stamp.at,
  };
  const { intent } = payment;
  return go(charging, { type: "charge", intent, code, sendBefore });
}

/** The verdict is durable. A decline by code gets one later look (money rule 7). */
function finish(payment: Payment, verdict: Verdict, stamp: Stamp, rules: Rules): Advance {
  const check = isDeclinedByCode(verdict) ? after(stamp.at, rules.timing.checkAfterMs) : null;
  return go({ ...payment, phase: { name: "final", verdict, check, looks: 0 } });
}

/**
 * Without a durable intent nothing was sent and nothing will be; without a durable reversal none may be sent; without a
 * durable verdict none is shown. The order stays open in the journal and the next start takes it up.
 */
function recordFailed(payment: Payment, state: MoneyState, stamp: Stamp, rules: Rules): Advance {
  const { phase } = payment;
  invariant(state === awaitedRecord(phase), `a ${phase.name} order does not wait for a ${state} record`);
  if (phase.name === "recording") return go({ ...payment, phase: { name: "abandoned" } });
  const next = after(stamp.at, rules.timing.unrecordedEveryMs);
  return go({ ...payment, phase: { name: "unrecorded", next } }, alarm("order-unrecorded", payment));
}

/** The money record that an order in this phase waits for. */
export function awaitedRecord(phase: Phase): MoneyState | null {
  switch (phase.name) {
    case "recording":
      return "charging";
    case "recording-reversal":
      return "reversing";
    case "recording-conflict":
      return phase.reversalRecorded ? "reversing" : "charging";
    case "recording-outcome":
      return phase.verdict.state;
    default:
      return null;
  }
}

function queryAnswered(
  payment: Payment,
  host: string,
  answer: QueryAnswer,
  stamp: Stamp,
  rules: Rules,
): Advance {
  const askedAt = payment.inFlight?.at ?? stamp.at;
  const here = withMoneySeen(landed(payment, "query"), answer);
  const { phase } = here;
  switch (phase.name) {
    case "asking":
      return askedAnswered(here, phase, answer, stamp, rules);
    case "reversing":
      return remembered(
        payment,
        reversalQueried(here, phase, { host, answer, askedAt }, stamp, rules),
        stamp,
      );
    case "number-conflict":
      return conflictAnswered(here, phase, answer, stamp, rules);
    case "final":
      return checked(here, phase, answer, stamp, rules);
    case "doubted":
      return remembered(payment, doubtedQueried(here, phase, { host, answer, askedAt }, stamp, rules), stamp);
    case "unrecorded":
      return go({
        ...here,
        phase: { name: "unrecorded", next: after(stamp.at, rules.timing.unrecordedEveryMs) },
      });
    default:
      invariant(phase.name === "recording-reversal", "a query is answered where one can be under way");
      // The record is on its way and the reversal has not left: somebody else's order is not reversed.
      return go(answer.kind === "foreign" ? { ...here, phase: { ...phase, taken: true } } : here);
  }
}

function woke(payment: Payment, stamp: Stamp, rules: Rules): Advance {
  const due = wakeAt(payment);
  if (due === null || stamp.at < due) return go(payment);
  const { phase, counts, intent } = payment;
  const facts = factsOf(intent, rules);
  // The machine was at work when the process ended: a second pulse could be a second product.
  if (phase.name === "dispensing") return dispensed(payment, "unclear", stamp, rules);
  if (phase.name === "asking") {
    return query({ ...payment, phase: { ...phase, last: stamp.at >= phase.giveUpAt } }, null, stamp, facts);
  }
  if (phase.name === "doubted") return query(payment, hostOf(counts.query, facts), stamp, facts);
  if (phase.name === "number-conflict") {
    return query({ ...payment, phase: { ...phase, last: stamp.at >= phase.giveUpAt } }, null, stamp, facts);
  }
  if (phase.name !== "reversing") return query(payment, null, stamp, facts);
  if (phase.next.call === "query") return query(payment, hostOf(counts.query, facts), stamp, facts);
  return go(
    {
      ...payment,
      counts: { ...counts, reverse: counts.reverse + 1 },
      inFlight: { call: "undo", at: stamp.at },
    },
    { type: "undo", intent, host: hostOf(counts.reverse, facts), way: undoOf(payment, facts).way },
  );
}

/** Before the charge leaves a cancellation ends the order; afterwards it is a request to reverse (money rule 8). */
function cancelPressed(payment: Payment, stamp: Stamp, rules: Rules): Advance {
  const { phase } = payment;
  if (phase.name === "recording" || phase.name === "charging") {
    return go({ ...payment, phase: { ...phase, cancelled: true } });
  }
  return phase.name === "asking" ? recordReversal(payment, "cancelled-by-person", stamp, rules) : go(payment);
}

function query(payment: Payment, host: string | null, stamp: Stamp, facts: ProviderFacts): Advance {
  const counts = { ...payment.counts, query: payment.counts.query + 1 };
  const inFlight = { call: "query", at: stamp.at } as const;
  const { intent, phase } = payment;
  const fresh = phase.name === "reversing";
  const of = fresh ? undoOf(payment, facts).confirm : "payment";
  return go({ ...payment, counts, inFlight }, { type: "query", intent, host, of, fresh });
}

/** Reversals and their queries take the hosts in turn: an order book is shared, a broken host is not waited for. */
function hostOf(count: number, { hosts }: ProviderFacts): string | null {
  return hosts[count % hosts.length] ?? null;
}

function landed(payment: Payment, call: "charge" | "query" | "undo"): Payment {
  invariant(payment.inFlight?.call === call, `a ${call} is answered where one is inFlight`);
  return { ...payment, inFlight: null };
}

function withMoneySeen(payment: Payment, answer: QueryAnswer): Payment {
  switch (answer.kind) {
    case "paid":
    case "refunded":
      return { ...payment, seenPaid: true, transactionId: answer.transactionId ?? payment.transactionId };
    case "closed":
      return {
        ...payment,
        seenPaid: payment.seenPaid || answer.paidOnce,
        transactionId: answer.transactionId ?? payment.transactionId,
      };
    case "unpaid":
    case "failed":
    case "absent":
    case "foreign":
    case "unknown":
    case "not-sent":
      return payment;
  }
}

/**
 * One order, from its durable intent to its durable end.
 *
 *   recording → charging → asking → booking → reversing → closing → settled
 *
 * `recording`, `booking` and `closing` wait for the journal: nothing dangerous happens before the first two have become
 * durable, nothing is shown before the third has. At most one call to WeChat Pay is under way for an order at any time
 * (`flying`), so an answer always belongs to the call before it. `advance` is the only function that changes a phase.
 */
import type { AuthCode } from "../codecs/auth-code.ts";
import { invariant, unreachable } from "../kernel/defect.ts";
import { after, earlier, type Instant, later } from "../kernel/instant.ts";
import { rfc3339 } from "../kernel/rfc3339.ts";
import type { ChargeAnswer, QueryAnswer, ReverseAnswer } from "./answers.ts";
import type { AlarmName, Effect } from "./effects.ts";
import type { FinalState, Intent, MoneyReason, MoneyState, OpenOrder, TxData } from "./order.ts";
import type { Rules, Stamp } from "./rules.ts";

/** An order that is not forgotten yet. */
export interface Payment {
  readonly intent: Intent;
  readonly phase: Phase;
  /** The call that is under way, and when it was made. */
  readonly flying: { readonly call: "charge" | "query" | "reverse"; readonly at: Instant } | null;
  readonly counts: { readonly charge: number; readonly query: number; readonly reverse: number };
  readonly transactionId: string | null;
  /** A signed answer said that money had moved. */
  readonly seenPaid: boolean;
  /** Found open at start: it counts as charged when the process started (design §4.10). */
  readonly recovered: boolean;
  /** When the charge was asked for; deadlines towards people run from here. */
  readonly chargedAt: Instant;
  /** No later than this did the charge leave; a reversal counts its 15 s from here. */
  readonly sentAt: Instant;
  /** No later than this was the charge still in flight; an absence counts its 60 s from here. */
  readonly landedAt: Instant;
  /** The hosts of which one was charged: one once it is known, all after a restart. */
  readonly chargedHosts: readonly string[];
}

/** Where an order stands. `next` is when its next call is due, where none is flying. */
export type Phase =
  | {
      readonly name: "recording";
      readonly code: AuthCode;
      readonly sendBefore: Instant;
      readonly cancelled: boolean;
    }
  | { readonly name: "charging"; readonly sendBefore: Instant; readonly cancelled: boolean }
  | {
      readonly name: "asking";
      /** `password`: the customer types; `unclear`: nobody knows; `disputed`: refused in a way that is asked about first. */
      readonly about: "password" | "unclear" | "disputed";
      readonly giveUpAt: Instant;
      readonly next: Instant;
      readonly last: boolean;
    }
  | { readonly name: "booking"; readonly reason: MoneyReason }
  | {
      readonly name: "reversing";
      readonly reason: MoneyReason;
      readonly since: Instant;
      readonly next: { readonly call: "reverse" | "query"; readonly at: Instant };
      /** How many rounds of reverse and query have not confirmed it. */
      readonly rounds: number;
      /** A reversal was answered with a correct signature. */
      readonly answered: boolean;
      /** Hosts that said ORDERNOTEXIST late enough to count. */
      readonly absentAt: readonly string[];
      readonly alarmed: boolean;
    }
  | { readonly name: "closing"; readonly verdict: Verdict }
  /** Final and durable. `check` is when a decline by code is asked about in the background. */
  | { readonly name: "settled"; readonly verdict: Verdict; readonly check: Instant | null }
  /** The journal did not take what had to be recorded: nothing is claimed, only asked (design §4.11). */
  | { readonly name: "stranded"; readonly next: Instant }
  /** The intent did not become durable: nothing was sent and nothing will be. */
  | { readonly name: "void" };

/** How an order ended, as its final record says. */
export interface Verdict {
  readonly state: FinalState;
  readonly charged: "yes" | "no" | "unknown";
  readonly reason: MoneyReason | null;
  readonly late: boolean;
}

/** What can happen to one order. */
export type PaymentEvent =
  | { readonly type: "recorded"; readonly state: MoneyState }
  | { readonly type: "record-failed"; readonly state: MoneyState }
  | { readonly type: "charge-answered"; readonly host: string; readonly answer: ChargeAnswer }
  | { readonly type: "query-answered"; readonly host: string; readonly answer: QueryAnswer }
  | { readonly type: "reverse-answered"; readonly host: string; readonly answer: ReverseAnswer }
  | { readonly type: "woke" }
  /** A person wants this payment not to happen. */
  | { readonly type: "cancel-pressed" };

/** The order after an event, and what is to be done about it. */
export interface Advance {
  readonly payment: Payment;
  readonly effects: readonly Effect[];
}

/** Begins an order: its intent goes to the journal. */
export function begin(intent: Intent, code: AuthCode, stamp: Stamp, rules: Rules): Advance {
  const payment: Payment = {
    intent,
    phase: {
      name: "recording",
      code,
      sendBefore: after(stamp.at, rules.timing.sendWithinMs),
      cancelled: false,
    },
    flying: null,
    counts: { charge: 1, query: 0, reverse: 0 },
    transactionId: null,
    seenPaid: false,
    recovered: false,
    chargedAt: stamp.at,
    sentAt: stamp.at,
    landedAt: stamp.at,
    chargedHosts: rules.hosts,
  };
  const tx = txOf(payment, { state: "charging", charged: "unknown", reason: null, late: false }, null, rules);
  return { payment, effects: [{ type: "record", entry: { kind: "charging", tx, intent } }] };
}

/** Takes up an order that the journal holds without an end: it counts as charged now (design §4.10). */
export function resume(order: OpenOrder, stamp: Stamp, rules: Rules): Payment {
  const { intent, last } = order;
  const counts = { charge: last.chargeCount, query: last.queryCount, reverse: last.reverseCount };
  const { at } = stamp;
  const payment = {
    intent,
    flying: null,
    counts,
    transactionId: last.transactionId,
    seenPaid: last.transactionId !== null,
    recovered: true,
    chargedAt: at,
    sentAt: at,
    landedAt: at,
    chargedHosts: rules.hosts,
  };
  if (last.state === "charging") return { ...payment, phase: asking("unclear", at, at, at, rules) };
  invariant(last.state === "reversing", "an open order is charging or reversing");
  return reverseFrom(
    { ...payment, phase: { name: "booking", reason: last.reason ?? "gave-up" } },
    stamp,
    rules,
  );
}

/** When the order wants to be woken, or null: never while a call is flying or the journal is asked. */
export function wakeAt(payment: Payment): Instant | null {
  if (payment.flying !== null) return null;
  const { phase } = payment;
  switch (phase.name) {
    case "recording":
    case "charging":
    case "booking":
    case "closing":
    case "void":
      return null;
    case "asking":
    case "stranded":
      return phase.next;
    case "reversing":
      return phase.next.at;
    case "settled":
      return phase.check;
    default:
      return unreachable(phase);
  }
}

/** Whether nothing more will happen to the order, so that it can be forgotten. */
export function isOver({ phase, flying }: Payment): boolean {
  return phase.name === "void" || (phase.name === "settled" && phase.check === null && flying === null);
}

/** Whether the order has no final record yet. */
export function isOpen({ phase }: Payment): boolean {
  return phase.name !== "settled" && phase.name !== "void";
}

/** Moves one order by one event. What people can cause at any time is ignored by name; an answer nobody asked for is a defect. */
export function advance(payment: Payment, event: PaymentEvent, stamp: Stamp, rules: Rules): Advance {
  switch (event.type) {
    case "recorded":
      return recorded(payment, event.state, stamp, rules);
    case "record-failed":
      return recordFailed(payment, event.state, stamp, rules);
    case "charge-answered":
      return chargeAnswered(landed(payment, "charge"), event.host, event.answer, stamp, rules);
    case "query-answered":
      return queryAnswered(payment, event.host, event.answer, stamp, rules);
    case "reverse-answered":
      return reverseAnswered(landed(payment, "reverse"), event.answer, stamp, rules);
    case "woke":
      return woke(payment, stamp, rules);
    case "cancel-pressed":
      return cancelPressed(payment, rules);
    default:
      return unreachable(event);
  }
}

function recorded(payment: Payment, state: MoneyState, stamp: Stamp, rules: Rules): Advance {
  const { phase } = payment;
  switch (phase.name) {
    case "recording": {
      invariant(state === "charging", "a recording order waits for its charging record");
      if (phase.cancelled)
        return close(payment, notCharged("cancelled", "cancelled-by-person"), stamp, rules);
      if (stamp.at >= phase.sendBefore) return close(payment, notCharged("declined", "stale"), stamp, rules);
      const charged: Payment = {
        ...payment,
        phase: { name: "charging", sendBefore: phase.sendBefore, cancelled: false },
        flying: { call: "charge", at: stamp.at },
        chargedAt: stamp.at,
      };
      const { intent } = payment;
      return go(charged, { type: "charge", intent, code: phase.code, sendBefore: phase.sendBefore });
    }
    case "booking":
      invariant(state === "reversing", "a booking order waits for its reversing record");
      return go(reverseFrom(payment, stamp, rules));
    case "closing": {
      const { verdict } = phase;
      invariant(state === verdict.state, "a closing order waits for the record of its verdict");
      const byCode =
        verdict.state === "declined" && verdict.reason !== "not-sent" && verdict.reason !== "stale";
      const check = byCode ? after(stamp.at, rules.timing.checkAfterMs) : null;
      return go({ ...payment, phase: { name: "settled", verdict, check } });
    }
    default:
      invariant(false, `no record was asked for in phase ${phase.name}`);
  }
}

/**
 * Without a durable intent nothing was sent and nothing will be; without a durable reversal none may be sent; without a
 * durable verdict none is shown. The order stays open in the journal and the next start takes it up.
 */
function recordFailed(payment: Payment, state: MoneyState, stamp: Stamp, rules: Rules): Advance {
  const { name } = payment.phase;
  if (name === "recording") return go({ ...payment, phase: { name: "void" } });
  invariant(name === "booking" || name === "closing", `no ${state} record was asked for in phase ${name}`);
  return go(
    { ...payment, phase: { name: "stranded", next: after(stamp.at, rules.timing.strandedEveryMs) } },
    alarm("order-stranded", payment),
  );
}

function chargeAnswered(
  payment: Payment,
  host: string,
  answer: ChargeAnswer,
  stamp: Stamp,
  rules: Rules,
): Advance {
  const { phase } = payment;
  invariant(phase.name === "charging", "a charge is answered while its order is charging");
  const sentAt = earlier(stamp.at, phase.sendBefore);
  const here: Payment = { ...payment, sentAt, landedAt: stamp.at, chargedHosts: [host] };
  switch (answer.kind) {
    case "paid":
      return paid(here, answer.transactionId, stamp, rules);
    case "declined":
      return close(here, notCharged("declined", answer.reason), stamp, rules);
    case "not-sent": {
      const unsent = { ...here, counts: { ...here.counts, charge: 0 } };
      const reason = answer.why === "too-late" ? "stale" : "not-sent";
      return close(unsent, notCharged("declined", reason), stamp, rules);
    }
    case "taken": {
      const verdict: Verdict = { state: "manual", charged: "unknown", reason: "number-taken", late: false };
      return withAlarm(close(here, verdict, stamp, rules), "number-taken");
    }
    case "pending":
    case "disputed":
    case "unknown": {
      if (phase.cancelled) return book(here, "cancelled-by-person", rules);
      const { at } = stamp;
      const about =
        answer.kind === "pending" ? "password" : answer.kind === "disputed" ? "disputed" : "unclear";
      const first = answer.kind === "pending" ? after(at, rules.timing.queryEveryMs) : at;
      return go({ ...here, phase: asking(about, payment.chargedAt, first, at, rules) });
    }
    default:
      return unreachable(answer);
  }
}

function queryAnswered(
  payment: Payment,
  host: string,
  answer: QueryAnswer,
  stamp: Stamp,
  rules: Rules,
): Advance {
  const askedAt = payment.flying?.at ?? stamp.at;
  const here = withMoneySeen(landed(payment, "query"), answer);
  const { phase } = here;
  switch (phase.name) {
    case "asking":
      return askedAnswered(here, phase, answer, stamp, rules);
    case "booking":
    case "closing":
      // The reversal or the verdict is on its way into the journal: from here on this answer can change neither.
      return go(here);
    case "reversing":
      return reversalQueried(here, phase, { host, answer, askedAt }, stamp, rules);
    case "settled":
      return checked(here, phase, answer, stamp, rules);
    case "stranded":
      return go({
        ...here,
        phase: { name: "stranded", next: after(stamp.at, rules.timing.strandedEveryMs) },
      });
    default:
      invariant(false, `no query was asked for in phase ${phase.name}`);
  }
}

function askedAnswered(
  payment: Payment,
  phase: Phase & { name: "asking" },
  answer: QueryAnswer,
  stamp: Stamp,
  rules: Rules,
): Advance {
  switch (answer.kind) {
    case "paid":
      return paid(payment, answer.transactionId, stamp, rules);
    case "refunded":
      return withAlarm(
        close(payment, notCharged("refunded", "closed-by-wechat"), stamp, rules),
        "refunded-by-others",
      );
    case "closed":
      return close(payment, closed(payment, "closed-by-wechat"), stamp, rules);
    case "failed":
      return book(payment, "pay-error", rules);
    case "unpaid":
    case "absent":
    case "unknown":
    case "not-sent": {
      const signed = answer.kind === "unpaid" || answer.kind === "absent";
      if (phase.about === "disputed" && signed) return book(payment, "refused-unclear", rules);
      if (phase.last) return book(payment, "gave-up", rules);
      const paying = answer.kind === "unpaid" && answer.paying;
      const next = after(stamp.at, rules.timing.queryEveryMs);
      const about = paying ? "password" : answer.kind === "unpaid" ? "unclear" : phase.about;
      return go({
        ...payment,
        phase: { ...phase, about, next: earlier(next, phase.giveUpAt) },
      });
    }
    default:
      return unreachable(answer);
  }
}

function reversalQueried(
  payment: Payment,
  phase: Phase & { name: "reversing" },
  query: { readonly host: string; readonly answer: QueryAnswer; readonly askedAt: Instant },
  stamp: Stamp,
  rules: Rules,
): Advance {
  const { answer, host, askedAt } = query;
  switch (answer.kind) {
    case "refunded":
      return close(payment, notCharged("refunded", phase.reason), stamp, rules);
    case "closed":
      return close(payment, closed(payment, phase.reason), stamp, rules);
    case "absent": {
      // Once money was seen to move, only a signed end of the order says that it went back.
      if (!phase.answered || payment.seenPaid) return reverseAgain(payment, phase, stamp, rules);
      const countsFrom = after(payment.landedAt, rules.timing.confirmNotBeforeMs);
      const absentAt = askedAt >= countsFrom ? [...phase.absentAt, host] : phase.absentAt;
      const everywhere = payment.chargedHosts.every((charged) => absentAt.includes(charged));
      if (absentAt.length >= 2 && everywhere) {
        return close(payment, closed(payment, phase.reason), stamp, rules);
      }
      const soon = after(stamp.at, rules.timing.reverseAgainMs[0] ?? 0);
      const next = { call: "query", at: later(soon, countsFrom) } as const;
      return alarmIfLong({ ...payment, phase: { ...phase, absentAt, next } }, stamp, rules);
    }
    case "paid":
    case "unpaid":
    case "failed":
      // It exists: an absence seen before is void, and another reversal is due.
      return reverseAgain(payment, { ...phase, absentAt: [] }, stamp, rules);
    case "unknown":
    case "not-sent":
      return reverseAgain(payment, phase, stamp, rules);
    default:
      return unreachable(answer);
  }
}

function reverseAnswered(payment: Payment, answer: ReverseAnswer, stamp: Stamp, rules: Rules): Advance {
  const { phase } = payment;
  invariant(phase.name === "reversing", "a reversal is answered while its order is reversing");
  const query = { call: "query", at: stamp.at } as const;
  switch (answer.kind) {
    case "done":
    case "again":
      return go({ ...payment, phase: { ...phase, answered: true, next: query } });
    case "unknown":
    case "not-sent":
      return go({ ...payment, phase: { ...phase, next: query } });
    case "expired": {
      const verdict: Verdict = {
        state: "manual",
        charged: "unknown",
        reason: "reverse-expired",
        late: false,
      };
      return withAlarm(close(payment, verdict, stamp, rules), "reverse-expired");
    }
    default:
      return unreachable(answer);
  }
}

/** The one look at a declined order: if money moved after all, it goes back and somebody is told (design §4.7). */
function checked(
  payment: Payment,
  phase: Phase & { name: "settled" },
  answer: QueryAnswer,
  stamp: Stamp,
  rules: Rules,
): Advance {
  switch (answer.kind) {
    case "paid":
      return withAlarm(book(payment, "contradiction", rules), "contradiction");
    case "unknown":
    case "not-sent":
      return go({ ...payment, phase: { ...phase, check: after(stamp.at, rules.timing.checkAfterMs) } });
    case "refunded":
    case "closed":
    case "unpaid":
    case "failed":
    case "absent":
      return go({ ...payment, phase: { ...phase, check: null } });
    default:
      return unreachable(answer);
  }
}

function woke(payment: Payment, stamp: Stamp, rules: Rules): Advance {
  const due = wakeAt(payment);
  if (due === null || stamp.at < due) return go(payment);
  const { phase } = payment;
  switch (phase.name) {
    case "asking": {
      const last = stamp.at >= phase.giveUpAt;
      return query({ ...payment, phase: { ...phase, last } }, null, stamp);
    }
    case "settled":
    case "stranded":
      return query(payment, null, stamp);
    case "reversing": {
      if (phase.next.call === "query") return query(payment, hostOf(payment.counts.query, rules), stamp);
      const host = hostOf(payment.counts.reverse, rules);
      const counts = { ...payment.counts, reverse: payment.counts.reverse + 1 };
      const flying = { call: "reverse", at: stamp.at } as const;
      return go({ ...payment, counts, flying }, { type: "reverse", intent: payment.intent, host });
    }
    default:
      invariant(false, `nothing is due in phase ${phase.name}`);
  }
}

/** Before the charge leaves a cancellation ends the order; afterwards it is a request to reverse (design §4.8). */
function cancelPressed(payment: Payment, rules: Rules): Advance {
  const { phase } = payment;
  switch (phase.name) {
    case "recording":
    case "charging":
      return go({ ...payment, phase: { ...phase, cancelled: true } });
    case "asking":
      return book(payment, "cancelled-by-person", rules);
    case "booking":
    case "reversing":
    case "closing":
    case "settled":
    case "stranded":
    case "void":
      return go(payment);
    default:
      return unreachable(phase);
  }
}

/** Money has moved, proved. A payment found on recovery is late; the setting says what becomes of it. */
function paid(payment: Payment, transactionId: string, stamp: Stamp, rules: Rules): Advance {
  const seen = { ...payment, transactionId, seenPaid: true };
  if (payment.recovered && rules.late === "reverse") return book(seen, "late-reversed", rules);
  const verdict: Verdict = { state: "paid", charged: "yes", reason: null, late: payment.recovered };
  return close(seen, verdict, stamp, rules);
}

/** An order that WeChat has closed: the money went back where it had moved, else it never moved. */
function closed(payment: Payment, reason: MoneyReason): Verdict {
  return notCharged(payment.seenPaid ? "refunded" : "reversed", reason);
}

function notCharged(state: FinalState, reason: MoneyReason): Verdict {
  return { state, charged: "no", reason, late: false };
}

function asking(
  about: "password" | "unclear" | "disputed",
  chargedAt: Instant,
  next: Instant,
  now: Instant,
  rules: Rules,
): Phase {
  const deadline = after(chargedAt, rules.timing.giveUpAfterMs);
  const giveUpAt = later(deadline, now);
  return { name: "asking", about, giveUpAt, next: earlier(next, giveUpAt), last: false };
}

/** Hands the reversal to the journal; from here on the order can never become paid (design §4.9). */
function book(payment: Payment, reason: MoneyReason, rules: Rules): Advance {
  const tx = txOf(payment, { state: "reversing", charged: "unknown", reason, late: false }, null, rules);
  return go(
    { ...payment, phase: { name: "booking", reason } },
    { type: "record", entry: { kind: "money", tx } },
  );
}

/** The reversal is durable: the first request leaves once the charge is old enough. */
function reverseFrom(payment: Payment, stamp: Stamp, rules: Rules): Payment {
  invariant(payment.phase.name === "booking", "a reversal is recorded before it begins");
  const earliest = after(payment.sentAt, rules.timing.reverseNotBeforeMs);
  return {
    ...payment,
    phase: {
      name: "reversing",
      reason: payment.phase.reason,
      since: stamp.at,
      next: { call: "reverse", at: later(earliest, stamp.at) },
      rounds: 0,
      answered: false,
      absentAt: [],
      alarmed: false,
    },
  };
}

/** Another round, later each time, with jitter so that a shop's boxes do not come together. */
function reverseAgain(
  payment: Payment,
  phase: Phase & { name: "reversing" },
  stamp: Stamp,
  rules: Rules,
): Advance {
  const waits = rules.timing.reverseAgainMs;
  const wait = waits[Math.min(phase.rounds, waits.length - 1)] ?? 0;
  const jittered = Math.round(wait * (0.75 + (0.5 * stamp.chance[0]) / 2 ** 32));
  const next = { call: "reverse", at: after(stamp.at, jittered) } as const;
  return alarmIfLong({ ...payment, phase: { ...phase, rounds: phase.rounds + 1, next } }, stamp, rules);
}

function alarmIfLong(payment: Payment, stamp: Stamp, rules: Rules): Advance {
  const { phase } = payment;
  invariant(phase.name === "reversing", "only reversals grow old");
  if (phase.alarmed || stamp.at < after(phase.since, rules.timing.reversalAlarmMs)) return go(payment);
  return go({ ...payment, phase: { ...phase, alarmed: true } }, alarm("reversal-open", payment));
}

/** Hands the verdict to the journal; it is shown when it is durable (design §4, "durable before visible"). */
function close(payment: Payment, verdict: Verdict, stamp: Stamp, rules: Rules): Advance {
  const tx = txOf(payment, verdict, stamp, rules);
  return go(
    { ...payment, phase: { name: "closing", verdict } },
    { type: "record", entry: { kind: "money", tx } },
  );
}

function query(payment: Payment, host: string | null, stamp: Stamp): Advance {
  const counts = { ...payment.counts, query: payment.counts.query + 1 };
  const flying = { call: "query", at: stamp.at } as const;
  return go({ ...payment, counts, flying }, { type: "query", intent: payment.intent, host });
}

/** Reversals and their queries take the hosts in turn: an order book is shared, a broken host is not waited for. */
function hostOf(count: number, rules: Rules): string | null {
  return rules.hosts[count % rules.hosts.length] ?? null;
}

function landed(payment: Payment, call: "charge" | "query" | "reverse"): Payment {
  invariant(payment.flying?.call === call, `a ${call} is answered where one is flying`);
  return { ...payment, flying: null };
}

function withMoneySeen(payment: Payment, answer: QueryAnswer): Payment {
  switch (answer.kind) {
    case "paid":
      return { ...payment, seenPaid: true, transactionId: answer.transactionId };
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
    case "unknown":
    case "not-sent":
      return payment;
    default:
      return unreachable(answer);
  }
}

function alarm(name: AlarmName, payment: Payment): Effect {
  return { type: "alarm", alarm: name, outTradeNo: payment.intent.outTradeNo };
}

function withAlarm({ payment, effects }: Advance, name: AlarmName): Advance {
  return { payment, effects: [...effects, alarm(name, payment)] };
}

function go(payment: Payment, ...effects: Effect[]): Advance {
  return { payment, effects };
}

function txOf(
  payment: Payment,
  said: { state: MoneyState; charged: "yes" | "no" | "unknown"; reason: MoneyReason | null; late: boolean },
  finalStamp: Stamp | null,
  rules: Rules,
): TxData {
  const { intent, counts } = payment;
  return {
    outTradeNo: intent.outTradeNo,
    shortRef: intent.shortRef,
    ref: intent.ref,
    transactionId: payment.transactionId,
    merchantId: intent.merchant.subMerchantId ?? intent.merchant.merchantId,
    state: said.state,
    final: finalStamp !== null,
    amountFen: intent.amountFen,
    currency: intent.currency,
    charged: said.charged,
    reason: said.reason,
    late: said.late,
    clockTrusted: finalStamp?.clockTrusted ?? intent.clockTrusted,
    chargeCount: counts.charge,
    queryCount: counts.query,
    reverseCount: counts.reverse,
    intentAt: rfc3339(intent.intentAt),
    finalAt: finalStamp === null ? null : rfc3339(finalStamp.wall),
    box: rules.boxId,
  };
}

/**
 * The invariants that one look at a step can check, in production too: what lies before it, what lies after it, and what it
 * asks for. A box that has broken one charges nobody any more (`halt.ts`). The names are those of test/README.md, "Invariants
 * by name".
 */
import { type Box, REFS_MAX, type Step, USED_CODES_MAX } from "./box.ts";
import { dangerOf, isRecordOf, objectionTo } from "./effect-check.ts";
import type { BoxEvent } from "./events.ts";
import { isOver, type Payment } from "./payment.ts";
import { factsOf, undoOf } from "./providers.ts";
import { UNRESOLVED_MAX } from "./readiness.ts";
import type { Rules } from "./rules.ts";
import { keyOf } from "./selling.ts";

/** What the step from `before` breaks, as a sentence that begins with the invariant's name; null where all hold. */
export function violationOf(before: Box, step: Step, event: BoxEvent, rules: Rules): string | null {
  const { box: after } = step;
  for (const [outTradeNo, payment] of after.orders) {
    const broken = brokenBy(before.orders.get(outTradeNo), payment, event, rules);
    if (broken !== null) return broken;
  }
  return (
    vanished(before, after, event) ??
    appeared(before, after) ??
    forgotten(before, after) ??
    asked(before, step, event, rules) ??
    crowded(before, after)
  );
}

/** The orders that `before` had open and that are gone without having come to their end. */
export function vanishedOrders(before: Box, after: Box, event: BoxEvent): readonly Payment[] {
  const gone: Payment[] = [];
  for (const [outTradeNo, payment] of before.orders) {
    if (!after.orders.has(outTradeNo) && !mayLeave(payment, event)) gone.push(payment);
  }
  return gone;
}

/** Only what is over leaves: by the record of its end, by the last look at a decline, or because nothing was ever sent. */
function mayLeave(payment: Payment, event: BoxEvent): boolean {
  const { phase, inFlight, intent } = payment;
  const own = event.type === "payment" && event.outTradeNo === intent.outTradeNo ? event.event.type : null;
  switch (phase.name) {
    case "recording-outcome":
      return own === "recorded";
    case "recording":
      return own === "record-failed";
    case "final":
      return isOver(payment) || (own === "query-answered" && inFlight?.call === "query");
    default:
      return isOver(payment);
  }
}

function vanished(before: Box, after: Box, event: BoxEvent): string | null {
  const [lost] = vanishedOrders(before, after, event);
  return lost === undefined
    ? null
    : `I18: an order is forgotten only when it is over, and ${lost.intent.outTradeNo} was ${lost.phase.name}`;
}

function appeared(before: Box, after: Box): string | null {
  const begun: (readonly [string, Payment])[] = [];
  for (const order of after.orders) if (!before.orders.has(order[0])) begun.push(order);
  const [first] = begun;
  if (first === undefined) return null;
  if (begun.length > 1) return "I1: one scan makes one order";
  const [outTradeNo, { intent, phase, recovered }] = first;
  if (phase.name !== "recording" || recovered) return "I3: an order begins with its record";
  if (outTradeNo !== intent.outTradeNo) return "I7: an order is known by its own number";
  const { codeHash } = intent;
  if (codeHash !== null && before.usedCodes.includes(codeHash)) return "I2: a code is charged once";
  if (codeHash !== null && !after.usedCodes.includes(codeHash))
    return "I2: a code that is charged is remembered";
  const sale = keyOf(intent);
  return sale === null || after.refs.get(sale) === outTradeNo
    ? null
    : "till: a sale is known by its newest order";
}

/** What keeps a code, a sale or a broken journal from being charged stays; only the oldest of too many codes and sales go. */
function forgotten(before: Box, after: Box): string | null {
  if (before.journalBroken && !after.journalBroken) return "I22: a journal that failed once stays broken";
  if (before.journalDamaged && !after.journalDamaged) return "I22: a journal that is damaged stays so";
  if (before.stopping && !after.stopping) return "I22: a box that stops begins nothing again";
  if (before.usedCodes !== after.usedCodes) {
    const gone = after.usedCodes.length >= USED_CODES_MAX ? before.usedCodes.length + 1 - USED_CODES_MAX : 0;
    const kept = before.usedCodes.slice(Math.max(0, gone));
    if (!kept.every((code, index) => after.usedCodes[index] === code))
      return "I2: a code that was charged is remembered";
  }
  if (before.refs !== after.refs) {
    const gone = [...before.refs.keys()].some((ref) => !after.refs.has(ref));
    if (gone && after.refs.size < REFS_MAX) return "till: a sale is remembered";
    if ([...after.refs].some(([ref, now]) => (before.refs.get(ref) ?? now) !== now && before.orders.has(now)))
      return "till: a sale is known by its newest order";
  }
  return null;
}

function asked(before: Box, { box, effects }: Step, event: BoxEvent, rules: Rules): string | null {
  const dangers = new Set<string>();
  for (const effect of effects) {
    const objection = objectionTo(effect, before, box, event);
    if (objection !== null) return objection;
    if (effect.type === "charge" && !box.clockTrusted && factsOf(effect.intent, rules).needsClock)
      return "precondition: who needs a clock is charged through with one that is trusted";
    const danger = dangerOf(effect);
    if (danger === null) continue;
    const name = `${danger.kind} ${danger.outTradeNo}`;
    if (dangers.has(name)) return `I5: ${name} leaves once in a step`;
    dangers.add(name);
  }
  return null;
}

function crowded(before: Box, after: Box): string | null {
  // What is counted stays broken: told once, it must not stop the reversals that would mend it.
  if (before.violation !== null) return null;
  // One order alone crowds nobody.
  if (after.orders.size < 2) return null;
  const own = [...after.orders.values()].filter(({ recovered }) => !recovered);
  if (own.filter(isYoung).length > 1)
    return "I6: one order at most is without a durable outcome or a durable reversal";
  const open = own.filter((payment) => !isFinal(payment) && !isContradicted(payment));
  const byProvider = Map.groupBy(open, ({ intent }) => intent.payee.provider);
  return [...byProvider.values()].some(({ length }) => length > UNRESOLVED_MAX + 1)
    ? "I6: no more than four unresolved orders of one provider stand behind the front"
    : null;
}

function isYoung({ phase: { name } }: Payment): boolean {
  return name === "recording" || name === "charging" || name === "asking";
}

function isFinal({ phase: { name } }: Payment): boolean {
  return name === "final" || name === "abandoned";
}

/** A decline that the provider took back: it was over when the payments after it began, and the box could not know. */
function isContradicted({ phase }: Payment): boolean {
  switch (phase.name) {
    case "recording-reversal":
    case "reversing":
      return phase.reason === "contradiction";
    case "recording-outcome":
      return phase.verdict.reason === "contradiction";
    default:
      return false;
  }
}

/** What one order breaks in the step from `before` to `after`; nothing where it has only begun. */
export function brokenBy(
  before: Payment | undefined,
  after: Payment,
  event: BoxEvent,
  rules: Rules,
): string | null {
  if (before === undefined) return null;
  if (before.intent !== after.intent) return "I4: an intent never changes";
  if (before.recovered !== after.recovered) return "late: what a start found stays what a start found";
  if (after.sentAt < before.sentAt) return "I17: a charge does not become older";
  return brokenCall(before, after, rules) ?? brokenPhase(before, after, event, rules);
}

function brokenCall(before: Payment, after: Payment, rules: Rules): string | null {
  if (before.inFlight !== null || after.inFlight === null) return null;
  const { phase: was } = before;
  const { phase: is, inFlight } = after;
  if (inFlight.call === "charge" && (was.name !== "recording" || is.name !== "charging"))
    return "I3: a charge leaves once, after its record";
  if (inFlight.call !== "undo") return null;
  const recorded = was.name === "reversing" || was.name === "recording-reversal";
  if (!recorded || is.name !== "reversing") return "I14: a reversal leaves only after its record";
  // What was seen paid in this very step may be taken back in the other way already.
  return inFlight.at - before.sentAt < undoOf(after, factsOf(after.intent, rules)).notBeforeMs
    ? "I17: a reversal never races the charge"
    : null;
}

function brokenPhase(before: Payment, after: Payment, event: BoxEvent, rules: Rules): string | null {
  const { phase: was } = before;
  const { phase: is } = after;
  const recorded = isRecordOf(event, after.intent.outTradeNo);
  if (was.name === "reversing" || was.name === "recording-reversal") {
    const paid = is.name === "recording-outcome" && is.verdict.state === "paid";
    if (paid) return "I15: what is being reversed never becomes paid";
    const asks = is.name === "recording" || is.name === "charging" || is.name === "asking";
    if (asks) return "I15: what is being reversed is not asked for its outcome any more";
  }
  if (was.name === "charging" && is.name === "recording-outcome" && is.verdict.state === "paid") {
    if (!factsOf(after.intent, rules).chargeProves)
      return "I10: a charge that proves nothing waits for a query";
  }
  if (was.name === "doubted" && is.name !== "doubted") {
    const ends =
      is.name === "recording-outcome" && (is.verdict.state === "manual" || is.verdict.charged === "no");
    if (!ends) return "doubt: an order whose last row is lost is only asked about";
  }
  if (was.name !== is.name) {
    if (is.name === "recording") return "I3: an order is recorded once";
    if (is.name === "charging" && was.name !== "recording") return "I5: an order is charged once";
    if (is.name === "abandoned" && was.name !== "recording")
      return "I18: what may have been sent is not dropped";
    if (is.name === "dispensing" && (was.name !== "recording-outcome" || before.recovered || !recorded))
      return "goods: they are given once, for a payment in front";
    if (is.name === "final" && (was.name !== "recording-outcome" || !recorded))
      return "I11: an end is durable before it counts";
  }
  if (was.name === "recording-outcome" && is.name === "final" && was.verdict !== is.verdict)
    return "I12: a verdict never changes";
  return null;
}

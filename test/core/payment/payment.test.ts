import assert from "node:assert/strict";
import { before, test } from "node:test";
import { advance } from "../../../src/core/payment/advance.ts";
import { isOver, type PaymentEvent, wakeAt } from "../../../src/core/payment/payment.ts";
import {
  allEvents,
  type Edge,
  explore,
  type Graph,
  isExpected,
  providerOf,
  smallRules,
  stampAt,
} from "./reachable.ts";

const rules = smallRules("keep");
const facts = providerOf(rules);
let graph: Graph;
const phaseOf = ({ before, after }: Edge) => [before.phase.name, after.phase.name] as const;

before(() => {
  graph = explore(rules);
});

test("every reachable state was met with every event: what nobody asked for is a defect", () => {
  let refused = 0;
  for (const payment of graph.states.values()) {
    for (const event of allEvents(["a"])) {
      if (isExpected(payment, event) || isOver(payment)) continue;
      assert.throws(() => advance(payment, event, stampAt(0), rules), { name: "Defect" });
      refused += 1;
    }
  }
  assert.ok(graph.states.size > 500, `${graph.states.size} states`);
  assert.ok(refused > graph.states.size);
});

test("a charge leaves only when its intent has become durable, and only once (I3, I5)", () => {
  const charges = graph.edges.filter(({ effects }) => effects.some(({ type }) => type === "charge"));
  assert.ok(charges.length > 0);
  for (const edge of charges) {
    assert.deepEqual(phaseOf(edge), ["recording", "charging"]);
    assert.deepEqual(edge.event, { type: "recorded", state: "charging" });
  }
});

test("a reversal leaves only after its record is durable, and never before its time (I14, I17)", () => {
  const reversals = graph.edges.filter(({ effects }) => effects.some(({ type }) => type === "undo"));
  assert.ok(reversals.length > 0);
  for (const edge of reversals) {
    assert.equal(edge.before.phase.name, "reversing");
    assert.ok(edge.now - edge.before.sentAt >= facts.undo.cpm.unpaid.notBeforeMs);
  }
});

/** Phases that wait for the journal. */
const waiting: ReadonlySet<string> = new Set([
  "recording",
  "recording-reversal",
  "recording-conflict",
  "recording-outcome",
]);

test("only proof makes an order paid, and a reversal never does (I10, I15)", () => {
  const paid = graph.edges.filter(
    ({ before, after }) =>
      after.phase.name === "recording-outcome" &&
      after.phase.verdict.state === "paid" &&
      before.phase.name !== "recording-outcome",
  );
  assert.ok(paid.length > 0);
  for (const { before, event } of paid) {
    const { phase } = before;
    assert.ok(["charging", "asking", "number-conflict"].includes(phase.name), phase.name);
    assert.ok(isProof(event));
    if (phase.name !== "number-conflict") continue;
    assert.ok(!phase.reversalRecorded && event.type === "query-answered" && !("unmarked" in event.answer));
  }
});

test("declined comes from a signed refusal or from proof that nothing was sent, never from silence (I8, I9)", () => {
  const declined = graph.edges.filter(
    ({ before, after }) =>
      after.phase.name === "recording-outcome" &&
      after.phase.verdict.state === "declined" &&
      before.phase.name !== "recording-outcome",
  );
  assert.ok(declined.length > 0);
  for (const { before, event } of declined) {
    if (event.type === "recorded" || event.type === "withheld") {
      assert.equal(before.phase.name, "recording");
      continue;
    }
    assert.ok(event.type === "charge-answered");
    assert.ok(event.answer.kind === "declined" || event.answer.kind === "not-sent");
  }
});

test("an order is reversed only on a signed end or on two late absences after an answered reversal", () => {
  const ends = graph.edges.filter(
    ({ before, after }) =>
      before.phase.name === "reversing" &&
      after.phase.name === "recording-outcome" &&
      after.phase.verdict.state !== "manual",
  );
  assert.ok(ends.length > 0);
  for (const { before, event } of ends) {
    assert.ok(event.type === "query-answered" && before.phase.name === "reversing");
    const { kind } = event.answer;
    if (kind === "closed" || kind === "refunded") continue;
    if (kind === "foreign" && event.answer.kind === "foreign" && event.answer.state === "closed") continue;
    assert.equal(kind, "absent");
    assert.ok(before.phase.heard !== "nothing" && !before.seenPaid);
    assert.ok(
      (before.inFlight?.at ?? 0) - before.answeredAt >=
        (facts.absence?.notBeforeMs ?? Number.POSITIVE_INFINITY),
    );
    assert.ok(before.phase.absences.count >= 1);
  }
});

test("an order whose number is known there is never reversed, but where it was found paid, ours, and late", () => {
  const known = graph.edges.filter(
    ({ before: { phase } }) => phase.name === "recording-conflict" || phase.name === "number-conflict",
  );
  assert.ok(known.some(({ after }) => after.phase.name === "number-conflict"));
  for (const { before, after, effects } of known) {
    assert.ok(effects.every(({ type }) => type !== "undo"));
    if (before.phase.name === "recording-conflict")
      assert.ok(["recording-conflict", "number-conflict", "unrecorded"].includes(after.phase.name));
    if (before.phase.name === "number-conflict")
      assert.ok(["number-conflict", "recording-outcome"].includes(after.phase.name));
  }
});

test("a verdict does not change once it is on its way into the journal (I12)", () => {
  for (const { before, after } of graph.edges) {
    if (before.phase.name !== "recording-outcome") continue;
    if (after.phase.name === "recording-outcome" || after.phase.name === "final") {
      assert.deepEqual(after.phase.verdict, before.phase.verdict);
    } else {
      assert.equal(after.phase.name, "unrecorded");
    }
  }
});

test("nothing dangerous and nothing final happens without the journal", () => {
  for (const { before, after, event } of graph.edges) {
    if (event.type !== "record-failed") continue;
    const expected = before.phase.name === "recording" ? "abandoned" : "unrecorded";
    assert.equal(after.phase.name, expected);
  }
});

test("every state wants to be woken, waits for something, or is over", () => {
  for (const payment of graph.states.values()) {
    const waits = payment.inFlight !== null || waiting.has(payment.phase.name);
    assert.ok(isOver(payment) || waits || wakeAt(payment) !== null, JSON.stringify(payment));
  }
});

test("every state but a stranded one has a way to its end, and some way to a proved one", () => {
  const back = new Map<string, string[]>();
  for (const { from, to } of graph.edges) {
    const sources = back.get(to);
    if (sources === undefined) back.set(to, [from]);
    else sources.push(from);
  }
  const reaches = new Set<string>();
  const queue = [...graph.states].filter(([, payment]) => isOver(payment)).map(([key]) => key);
  for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
    if (reaches.has(key)) continue;
    reaches.add(key);
    queue.push(...(back.get(key) ?? []));
  }
  for (const [key, payment] of graph.states) {
    if (payment.phase.name !== "unrecorded") assert.ok(reaches.has(key), key);
  }
});

test("where late payments are reversed, a recovered order never ends paid", () => {
  const strict = explore(smallRules("reverse"));
  const paid = strict.edges.filter(
    ({ after }) =>
      after.recovered && after.phase.name === "recording-outcome" && after.phase.verdict.state === "paid",
  );
  assert.equal(paid.length, 0);
  assert.ok(
    strict.edges.some(
      ({ after }) => after.phase.name === "recording-reversal" && after.phase.reason === "late-reversed",
    ),
  );
});

test("an order that customers scan is paid by a query alone, closed no sooner than it may be, refunded once paid", () => {
  const native = explore(rules, "mpm");
  const paid = native.edges.filter(
    ({ before, after }) =>
      after.phase.name === "recording-outcome" &&
      after.phase.verdict.state === "paid" &&
      before.phase.name !== "recording-outcome",
  );
  assert.ok(paid.length > 0);
  for (const { event } of paid) assert.ok(event.type === "query-answered" && isProof(event));
  const reversals = native.edges.flatMap(({ before, now, effects }) =>
    effects.flatMap((effect) => (effect.type === "undo" ? [{ before, now, effect }] : [])),
  );
  assert.deepEqual(new Set(reversals.map(({ effect }) => effect.way)), new Set(["close", "refund"]));
  for (const { before, now, effect } of reversals) {
    assert.equal(effect.way, before.seenPaid ? "refund" : "close");
    const age = now - before.sentAt;
    const { mpm } = facts.undo;
    assert.ok(mpm !== null && age >= (before.seenPaid ? mpm.paid : mpm.unpaid).notBeforeMs);
  }
  const shown = native.edges.filter(
    ({ after }) => after.phase.name === "asking" && after.phase.codeUrl !== null,
  );
  assert.ok(shown.length > 0);
  for (const { before } of shown)
    assert.ok(before.phase.name === "charging" || before.phase.name === "asking");
  const looks = native.edges.flatMap(({ before, effects }) =>
    effects.flatMap((effect) => (effect.type === "query" ? [{ before, effect }] : [])),
  );
  for (const { before, effect } of looks) {
    assert.equal(effect.of, before.phase.name === "reversing" && before.seenPaid ? "refund" : "payment");
  }
  for (const payment of native.states.values()) {
    const waits = payment.inFlight !== null || waiting.has(payment.phase.name);
    assert.ok(isOver(payment) || waits || wakeAt(payment) !== null, JSON.stringify(payment));
  }
});

/** A merchant's refund, too, says that the order was paid. */
function isProof(event: PaymentEvent): boolean {
  if (event.type !== "charge-answered" && event.type !== "query-answered") return false;
  const { answer } = event;
  return answer.kind === "paid" || (answer.kind === "refunded" && answer.transactionId !== null);
}

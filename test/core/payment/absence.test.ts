/** When it is believed that an order is not there, though a host may never come back (money rule 9). */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isAbsent,
  isLasting,
  noAbsences,
  resumedAbsences,
  withAbsence,
} from "../../../src/core/payment/absence.ts";
import type { QueryAnswer } from "../../../src/core/payment/answers.ts";
import type { Effect } from "../../../src/core/payment/effects.ts";
import type { Evidence, OpenOrder } from "../../../src/core/payment/order.ts";
import { providerOf, stampAt } from "./reachable.ts";
import { keypadRules, Story } from "./story.ts";

const absent = { kind: "absent" } as const;
const gone = { kind: "not-sent", why: "no-connection" } as const;
const at = (ms: number) => stampAt(ms).at;

function phaseOf({ order: { phase } }: Story) {
  assert.ok(phase.name === "reversing", phase.name);
  return phase;
}

function evidenceOf(effects: readonly Effect[]): readonly Evidence[] {
  return effects.flatMap((effect) =>
    effect.type === "note" && effect.entry.kind === "evidence" ? [effect.entry.evidence] : [],
  );
}

/** Lets each query be answered by the host that it goes to: `a` is gone, `b` says `answer`. Until the order ends, or `ms` have passed. */
function asked(story: Story, answer: QueryAnswer, ms: number): Story {
  const until = story.now + ms;
  while (story.order.phase.name === "reversing" && story.now < until) {
    const { inFlight, counts } = story.order;
    const host = counts.query % 2 === 0 ? "a" : "b";
    if (inFlight?.call === "query") story.query(host === "a" ? gone : answer, host);
    else if (inFlight?.call === "undo") story.reverse(counts.reverse % 2 === 0 ? gone : { kind: "done" });
    else story.wait(phaseOf(story).next.at - story.now);
  }
  return story;
}

/** An order that a start found being reversed. */
function found(evidence?: Evidence): Story {
  const before = Story.ready().payTo().charge({ kind: "pending" }).keys("X");
  const record = before.effects.findLast((effect) => effect.type === "record");
  assert.ok(record?.type === "record" && record.entry.kind === "money");
  const order: OpenOrder = {
    intent: before.order.intent,
    last: record.entry.tx,
    ...(evidence === undefined ? {} : { evidence }),
  };
  return new Story(keypadRules, [order]).wait(15_000);
}

test("running time is what passed between one absence and the question for the next", () => {
  const one = withAbsence(noAbsences, "a", at(1_000), at(1_200));
  assert.deepEqual(one, { hosts: ["a"], count: 1, runMs: 0, since: at(1_200) });
  const two = withAbsence(one, "b", at(3_000), at(9_000));
  assert.deepEqual(two, { hosts: ["a", "b"], count: 2, runMs: 1_800, since: at(9_000) });
  assert.equal(
    withAbsence(two, "b", at(8_000), at(9_500)).runMs,
    1_800,
    "asked before the last one was heard",
  );
});

test("a start goes on with the count and the time, and with no host", () => {
  assert.deepEqual(resumedAbsences(undefined, at(5)), noAbsences);
  assert.deepEqual(resumedAbsences({ absences: 0, runMs: 0 }, at(5)), noAbsences);
  assert.deepEqual(resumedAbsences({ absences: 3, runMs: 400 }, at(5)), {
    ...{ hosts: [], count: 3, runMs: 400, since: at(5) },
  });
});

test("an order is absent by the host that was charged, by all where none is known, or by five in ten minutes", () => {
  const said = (hosts: readonly string[], count = hosts.length, runMs = 0) => ({
    ...{ hosts, count, runMs, since: at(0) },
  });
  const facts = providerOf(keypadRules);
  const { absence } = facts;
  assert.ok(absence !== null);
  assert.equal(isAbsent(said(["a"]), "a", facts, absence), false, "one is none");
  assert.equal(isAbsent(said(["a", "b"]), "a", facts, absence), true);
  assert.equal(isAbsent(said(["b", "b"]), "a", facts, absence), false);
  assert.equal(isAbsent(said(["b", "b"]), null, facts, absence), false);
  assert.equal(isAbsent(said(["b", "a"]), null, facts, absence), true);
  assert.equal(isAbsent(said(["b"], 5, 599_999), "a", facts, absence), false);
  assert.equal(isAbsent(said(["b"], 4, 600_000), "a", facts, absence), false);
  assert.equal(isAbsent(said(["b"], 5, 600_000), "a", facts, absence), true);
  assert.equal(isLasting(said([], 5, 600_000), absence), true);
});

test("a host that never comes back is stood for by absences over ten minutes, after a restart too", () => {
  for (const story of [
    Story.ready().payTo().charge({ kind: "pending" }, "a").keys("X").recorded().wait(15_000),
    found(),
  ]) {
    asked(story, absent, 3_600_000);
    const { phase } = story.order;
    assert.ok(phase.name === "recording-outcome", phase.name);
    assert.equal(phase.verdict.state, "reversed");
    assert.ok(story.now >= 660_000 && story.now < 860_000, `${story.now} ms`);
    const notes = evidenceOf(story.effects).map(({ absences }) => absences);
    const counted = notes.filter((count) => count > 0);
    assert.deepEqual(
      counted,
      counted.map((_, index) => index + 1),
      "each is noted",
    );
  }
});

test("a signed answer that says something else begins the count anew, silence does not", () => {
  const busy = { kind: "unknown", why: "system-error", signed: true } as const;
  for (const [answer, count] of [
    [busy, 0],
    [{ kind: "unpaid", paying: false } as const, 0],
    [{ kind: "unknown", why: "silence", signed: false } as const, 6],
  ] as const) {
    const story = asked(found(), absent, 200_000);
    assert.ok(phaseOf(story).absences.count >= 5);
    while (story.order.inFlight?.call !== "query" || story.order.counts.query % 2 === 0) {
      if (story.order.inFlight?.call === "query") story.query(gone, "a");
      else story.wait(phaseOf(story).next.at - story.now);
    }
    const before = phaseOf(story).absences.count;
    story.query(answer, "b");
    assert.equal(phaseOf(story).absences.count, count === 0 ? 0 : before, answer.kind);
    assert.equal(evidenceOf(story.effects).at(-1)?.absences, count === 0 ? 0 : before);
  }
});

test("the running time of earlier starts is added up", () => {
  const evidence = { chargedHost: null, paid: false, absences: 4, runMs: 540_000 };
  const story = asked(found(evidence), absent, 3_600_000);
  assert.equal(story.order.phase.name, "recording-outcome");
  assert.ok(story.now < 90_000, `${story.now} ms: the minute since this start was enough`);
  const fresh = asked(found({ ...evidence, absences: 0, runMs: 0 }), absent, 90_000);
  assert.equal(fresh.order.phase.name, "reversing");
});

test("the host that was charged is known after a restart where the reversal was recorded, with no flush for it", () => {
  const story = Story.ready().payTo().charge({ kind: "pending" }, "b");
  story.take();
  story.keys("X");
  const [note, record] = story.effects;
  assert.deepEqual(evidenceOf(note === undefined ? [] : [note]), [
    { chargedHost: "b", paid: false, absences: 0, runMs: 0 },
  ]);
  assert.equal(record?.type, "record", "both go into the journal together");
  const known = asked(found({ chargedHost: "b", paid: false, absences: 0, runMs: 0 }), absent, 100_000);
  assert.equal(known.order.phase.name, "recording-outcome", "two absences of it are enough");
});

test("money that was seen to move is not forgotten by a restart: no absence says that it went back", () => {
  const seen = Story.ready().payTo().charge({ kind: "pending" }).keys("X").recorded().wait(15_000);
  seen.reverse({ kind: "done" }).query({ kind: "paid", transactionId: "42" });
  assert.equal(evidenceOf(seen.effects).at(-1)?.paid, true);
  const story = asked(found({ chargedHost: "b", paid: true, absences: 0, runMs: 0 }), absent, 3_600_000);
  while (story.order.inFlight?.call !== "query") {
    if (story.order.inFlight?.call === "undo") story.reverse({ kind: "done" });
    else story.wait(phaseOf(story).next.at - story.now);
  }
  story.query({ kind: "closed", paidOnce: false, transactionId: null });
  const { phase } = story.order;
  assert.ok(phase.name === "recording-outcome", phase.name);
  assert.equal(phase.verdict.state, "refunded");
});

test("what may be an absence is asked for on a connection of its own", () => {
  const story = Story.ready().payTo().charge({ kind: "unknown", why: "silence", signed: false });
  const fresh = () => story.effects.findLast((effect) => effect.type === "query")?.fresh;
  assert.equal(fresh(), false);
  story.query(absent).keys("X").recorded().wait(15_000).reverse({ kind: "done" });
  assert.equal(fresh(), true);
});

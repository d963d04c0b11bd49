/** When WeChat Pay is believed, and when it is asked to prove itself again (money rules 4 and 12). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { instantOf } from "../../../src/core/kernel/instant.ts";
import type { QueryAnswer, UnknownReason } from "../../../src/core/payment/answers.ts";
import {
  afterAnswer,
  afterProbe,
  type ProviderHealth,
  probeAt,
  unverifiedHealth,
} from "../../../src/core/payment/provider-health.ts";
import { standardTiming } from "../../../src/core/payment/rules.ts";

const now = instantOf(1_000_000);
const timing = { ...standardTiming, probeAgainMs: [100, 200, 400] };
const facts = { queryEveryMs: 5_000 };
const fresh = unverifiedHealth(instantOf(7));
const proved: ProviderHealth = { proved: true, unclear: false, failure: null, probe: null, failures: 0 };
const soon = instantOf(1_000_042);

function unknown(why: UnknownReason, signed = false): QueryAnswer {
  return { kind: "unknown", why, signed };
}

test("a process begins without trust and with a probe at once", () => {
  assert.deepEqual(fresh, { proved: false, unclear: false, failure: null, probe: 7, failures: 0 });
  assert.equal(probeAt(fresh), 7);
  assert.equal(probeAt(proved), null);
  assert.equal(probeAt({ ...fresh, probe: "inFlight" }), null);
});

test("what was never sent says nothing about WeChat Pay", () => {
  for (const trust of [fresh, proved, { ...proved, unclear: true, probe: soon }]) {
    assert.deepEqual(
      afterAnswer(trust, { kind: "not-sent", why: "no-connection" }, now, timing, facts),
      trust,
    );
  }
});

test("a silence, or an answer that nobody can read, makes trust unclear and is followed by a probe", () => {
  const reasons: readonly UnknownReason[] = [
    ...(["silence", "http-status", "malformed", "mismatch"] as const),
    ...(["system-error", "unlisted-code", "configuration", "request"] as const),
  ];
  for (const why of reasons) {
    const unclear = { ...proved, unclear: true, probe: 1_005_000 };
    assert.deepEqual(afterAnswer(proved, unknown(why), now, timing, facts), unclear, why);
    const waiting = afterAnswer({ ...proved, probe: soon }, unknown(why), now, timing, facts);
    assert.equal(waiting.probe, soon, "a probe that is due sooner stays so");
    const inFlight = afterAnswer({ ...proved, probe: "inFlight" }, unknown(why), now, timing, facts);
    assert.equal(inFlight.probe, "inFlight");
  }
});

test("a refusal without a signature, or with a wrong one, takes the proof away and is followed by a probe at once", () => {
  for (const why of ["unsigned-refusal", "bad-signature"] as const) {
    const doubted = { ...proved, proved: false, unclear: true, probe: now };
    assert.deepEqual(afterAnswer(proved, unknown(why), now, timing, facts), doubted, why);
    const waiting = afterAnswer({ ...proved, probe: soon }, unknown(why), now, timing, facts);
    assert.equal(waiting.probe, soon);
  }
});

test("who says that our time is wrong is not charged through before a probe has passed, signed or not", () => {
  for (const signed of [true, false]) {
    const wrong = { ...proved, proved: false, unclear: !signed, failure: "clock", probe: now };
    assert.deepEqual(afterAnswer(proved, unknown("clock", signed), now, timing, facts), wrong);
    const waiting = afterAnswer({ ...proved, probe: soon }, unknown("clock", signed), now, timing, facts);
    assert.equal(waiting.probe, soon);
  }
});

test("any signed answer clears what was unclear, and a probe that was planned is not needed then", () => {
  const answers: readonly QueryAnswer[] = [{ kind: "absent" }, unknown("system-error", true)];
  for (const answer of answers) {
    assert.deepEqual(
      afterAnswer({ ...proved, unclear: true, probe: soon }, answer, now, timing, facts),
      proved,
    );
    const inFlight: ProviderHealth = { ...proved, unclear: true, probe: "inFlight" };
    assert.deepEqual(afterAnswer(inFlight, answer, now, timing, facts), { ...proved, probe: "inFlight" });
    const unproved: ProviderHealth = { ...fresh, unclear: true, probe: soon };
    assert.deepEqual(afterAnswer(unproved, answer, now, timing, facts), { ...fresh, probe: soon });
    assert.deepEqual(afterAnswer({ ...fresh, probe: "inFlight" }, answer, now, timing, facts), {
      ...fresh,
      probe: "inFlight",
    });
  }
});

test("a charge that is declined because of the merchant takes the proof away for as long as a probe can wait", () => {
  const refused = { kind: "declined", reason: "configuration", code: "NO_AUTH" } as const;
  const gone = { proved: false, unclear: false, failure: "account", probe: 1_000_400, failures: 3 };
  assert.deepEqual(afterAnswer(proved, refused, now, timing, facts), gone);
  const inFlight = afterAnswer({ ...proved, probe: "inFlight" }, refused, now, timing, facts);
  assert.deepEqual(inFlight, { ...gone, probe: "inFlight" });
  const request = { kind: "declined", reason: "request", code: "LACK_PARAMS" } as const;
  assert.deepEqual(
    afterAnswer(proved, request, now, timing, facts),
    { ...gone, failure: "request" },
    "what is missing in a request does not make the merchant unknown",
  );
  const funds = { kind: "declined", reason: "funds", code: "NOTENOUGH" } as const;
  assert.deepEqual(
    afterAnswer(proved, funds, now, timing, facts),
    proved,
    "a customer's decline is a signed answer",
  );
});

test("a probe that passes proves the box, whatever was before", () => {
  const worst: ProviderHealth = {
    proved: false,
    unclear: true,
    failure: "api-key",
    probe: "inFlight",
    failures: 9,
  };
  assert.deepEqual(afterProbe(worst, { kind: "passed" }, now, timing), proved);
});

test("a probe that fails is repeated ever later, and its reason stands meanwhile", () => {
  let trust: ProviderHealth = { ...proved, probe: "inFlight", unclear: true };
  for (const [failures, wait] of [100, 200, 400, 400].entries()) {
    trust = afterProbe({ ...trust, probe: "inFlight" }, { kind: "failed", why: "no-answer" }, now, timing);
    assert.deepEqual(trust, {
      proved: false,
      unclear: true,
      failure: "no-answer",
      probe: now + wait,
      failures: failures + 1,
    });
  }
});

/** What forbids a charge in the moment it leaves, as the checker of a world sees it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpsOutcome, HttpsRequest } from "../../src/runtime/ports.ts";
import { type Departure, Preconditions } from "../../src/simulator/checker/preconditions.ts";

const request: HttpsRequest = {
  lane: "charge",
  host: "https://api.example",
  method: "POST",
  path: "/pay/micropay",
  headers: {},
  body: "",
  replyBytesMax: 65_536,
  sendWithinMs: 6_000,
  answerWithinMs: 10_000,
};
const charge = { call: "charge", order: "old", payee: "shop" } as const;
const reversal = { call: "undo", order: "old", payee: "shop" } as const;
const silence: HttpsOutcome = { kind: "unanswered", why: "timeout" };
const reply: HttpsOutcome = { kind: "answered", status: 200, headers: {}, body: new Uint8Array() };
const word = { signed: true };
const forged = { signed: false };

/** A charge against which nothing stands. */
const good = {
  now: 100_000,
  request,
  outTradeNo: "new",
  payee: "shop",
  open: 0,
  certificateBadSince: null,
  clockless: false,
  code: "134567890123456789",
} as const satisfies Departure;

/** Somebody scanned a second ago; before that, what `told` says. */
function against(told: (heard: Preconditions) => void, departure: Partial<Departure> = {}): string {
  const preconditions = new Preconditions();
  told(preconditions);
  preconditions.scanned(good.code, 99_000);
  return preconditions.against({ ...good, ...departure }).join("; ");
}

function heard(outcome: HttpsOutcome, said?: typeof word, of: typeof charge | typeof reversal = charge) {
  return (preconditions: Preconditions): void => preconditions.answered(of, outcome, { said, now: 50_000 });
}

const nothing = (): void => undefined;

test("nothing stands against a charge of a box that has heard nothing or a word", () => {
  assert.equal(against(nothing), "");
  assert.equal(against(heard(reply, word)), "");
  assert.equal(against(heard({ kind: "not-sent", why: "no-connection" })), "");
});

test("what nobody has said stands against it, until a word comes or another process begins", () => {
  for (const last of [heard(silence), heard(reply, forged), heard(reply)])
    assert.match(against(last), /nobody's word/);
  const mended = (by: (preconditions: Preconditions) => void) => (preconditions: Preconditions) => {
    heard(silence)(preconditions);
    by(preconditions);
  };
  assert.equal(against(mended(heard(reply, word))), "");
  assert.equal(against(mended((preconditions) => preconditions.started())), "");
  assert.match(against(mended(heard({ kind: "not-sent", why: "no-name" }))), /nobody's word/);
});

test("four open orders stand against it, and three do not", () => {
  assert.equal(against(nothing, { open: 3 }), "");
  assert.match(against(nothing, { open: 4 }), /beside 4 open orders/);
});

test("four reversals without a word stand against it, until one is answered or their order has ended", () => {
  const mute = (calls: number) => (preconditions: Preconditions) => {
    for (let call = 0; call < calls; call += 1) heard(silence, undefined, reversal)(preconditions);
    heard(reply, word)(preconditions);
  };
  assert.equal(against(mute(3)), "");
  assert.match(against(mute(4)), /4 reversals of old had no signed answer/);
  const then = (by: (preconditions: Preconditions) => void) => (preconditions: Preconditions) => {
    mute(4)(preconditions);
    by(preconditions);
  };
  assert.equal(against(then(heard(reply, word, reversal))), "");
  assert.equal(against(then((preconditions) => preconditions.ended("old"))), "");
});

test("what came of calls for one account says nothing about another", () => {
  const elsewhere = { payee: "other shop" };
  assert.equal(against(heard(silence), elsewhere), "");
  const mute = (preconditions: Preconditions): void => {
    for (let call = 0; call < 4; call += 1) heard(silence, undefined, reversal)(preconditions);
  };
  assert.equal(against(mute, elsewhere), "");
  const lifted = (preconditions: Preconditions): void => {
    heard(silence)(preconditions);
    const word = { said: { signed: true }, now: 50_000 };
    preconditions.answered({ ...charge, ...elsewhere }, reply, word);
  };
  assert.match(against(lifted), /nobody's word/);
});

test("a certificate that has been bad for more than a minute stands against it", () => {
  assert.equal(against(nothing, { certificateBadSince: 40_000 }), "");
  assert.match(against(nothing, { certificateBadSince: 38_000 }), /takes nothing back/);
});

test("a clock stands against it that its provider needs and nobody trusts", () => {
  assert.match(against(nothing, { clockless: true }), /with a clock that is not trusted/);
});

test("a scan stands against it that is ten seconds old before the charge must have left", () => {
  assert.equal(against(nothing, { now: 103_900 }), "");
  assert.match(against(nothing, { now: 104_500 }), /up to 11500 ms after its scan/);
});

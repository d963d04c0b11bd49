import assert from "node:assert/strict";
import { test } from "node:test";
import { instantOf } from "../../../src/core/kernel/instant.ts";
import { AuthCode } from "../../../src/core/payment/auth-code.ts";
import { chargeCodes } from "../../../src/gateway/codes.ts";
import { Gateway } from "../../../src/gateway/gateway.ts";
import type { GatewaySettings } from "../../../src/gateway/settings.ts";
import type { Log } from "../../../src/runtime/ports.ts";
import { chargeRefusals } from "../../../src/simulator/bank/refusals.ts";
import { scenarios } from "../../../src/simulator/bank/scenarios.ts";
import { serveBank } from "../../../src/simulator/bank/serve.ts";
import { SimulatedHttpsLink } from "../../../src/simulator/https.ts";
import { Random } from "../../../src/simulator/random.ts";
import { SimulatedClock, SimulatedTime } from "../../../src/simulator/time.ts";
import { intent, providerSettings, settings } from "../../gateway/fixtures.ts";
import { morning, Teller } from "./teller.ts";

// Goal: the box and the bank understand each other. Method: the real gateway calls the bank through the
// simulated network.
const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const code = new AuthCode("134567890123456789");

function world(name: string, used: GatewaySettings = settings) {
  const time = new SimulatedTime();
  const { bank } = new Teller({ name });
  const serve = serveBank(bank, () => morning + time.now);
  const link = new SimulatedHttpsLink({ time, random: new Random(7), serve, certificate: true });
  const clock = new SimulatedClock(time, morning);
  const gateway = new Gateway({ settings: used, link, entropy: new Random(2), clock, log: silent });
  const answers: string[] = [];
  const done = (_host: string, answer: { readonly kind: string; readonly why?: string }) => {
    answers.push(answer.why === undefined ? answer.kind : `${answer.kind}: ${answer.why}`);
  };
  const order = { ...intent, merchant: used.merchant };
  const wait = (milliseconds: number) => time.runUntil(time.now + milliseconds);
  const charge = () => gateway.charge(order, code, instantOf(time.now + 10_000), done);
  return { answers, bank, charge, done, gateway, order, wait };
}

// What the box makes of the reply to the charge, and of a query ten seconds after it.
const readings: Readonly<Record<string, readonly [charge: string, query: string]>> = {
  success: ["paid", "paid"],
  password: ["pending", "paid"],
  "password-wrong": ["pending", "paid"],
  cancelled: ["pending", "failed"],
  never: ["pending", "unpaid"],
  "paid-at-last": ["pending", "unpaid"],
  "card-changed": ["pending", "failed"],
  accepted: ["pending", "paid"],
  "reply-lost": ["unknown: silence", "paid"],
  "reply-late": ["unknown: silence", "paid"],
  "reply-cut": ["unknown: silence", "paid"],
  "reply-unsigned": ["unknown: bad-signature", "paid"],
  "reply-html": ["unknown: malformed", "paid"],
  "http-502": ["unknown: http-status", "paid"],
  forged: ["unknown: bad-signature", "unknown: bad-signature"],
  "wrong-amount": ["unknown: mismatch", "paid"],
  "other-order": ["unknown: mismatch", "paid"],
  "other-merchant": ["unknown: mismatch", "paid"],
  "reply-reset": ["unknown: silence", "paid"],
  "reply-empty": ["unknown: malformed", "paid"],
  "reply-doctype": ["unknown: malformed", "paid"],
  "reply-twice": ["unknown: malformed", "paid"],
  "reply-not-utf8": ["unknown: malformed", "paid"],
  "reply-huge": ["unknown: malformed", "paid"],
  "request-lost": ["unknown: silence", "absent"],
  declined: ["declined", "unpaid"],
  "expired-code": ["declined", "absent"],
  "system-error": ["unknown: system-error", "paid"],
  "bank-error": ["unknown: system-error", "paid"],
  "unlisted-code": ["unknown: unlisted-code", "unpaid"],
  "refused-but-paid": ["disputed", "paid"],
  "query-lost": ["unknown: silence", "unknown: silence"],
  "query-error": ["pending", "unknown: system-error"],
  "absent-at-first": ["unknown: silence", "absent"],
  "rate-limited": ["pending", "unknown: unlisted-code"],
  "reverse-userpaying": ["pending", "unpaid"],
  "reverse-lost": ["pending", "unpaid"],
  "reverse-lies": ["pending", "unpaid"],
  "reverse-expired": ["pending", "unpaid"],
};

for (const { name, down } of scenarios) {
  if (down) continue;
  test(`the box reads ${name} as it is meant`, () => {
    const { answers, charge, done, gateway, order, wait } = world(name);
    charge();
    wait(11_000);
    gateway.query(order, null, done);
    wait(11_000);
    assert.deepEqual(answers, readings[name]);
  });
}

for (const [how, used] of Object.entries({
  MD5: settings,
  "HMAC-SHA256": { ...settings, signType: "HMAC-SHA256" as const },
  "a service provider": providerSettings,
})) {
  test(`the requests of the box pass the strict bank: ${how}`, () => {
    const { answers, bank, charge, done, gateway, order, wait } = world("success", used);
    charge();
    wait(20_000);
    gateway.reverse(order, null, done);
    wait(1_000);
    gateway.query(order, null, done);
    wait(1_000);
    gateway.probe((answer) => answers.push(`probe ${answer.kind}`));
    wait(1_000);
    assert.deepEqual(answers, ["paid", "done", "closed", "probe passed"]);
    assert.equal(bank.ledger.movements().length, 2);
  });
}

test("a bank that is down says nothing to what still arrives", () => {
  const { answers, bank, charge, wait } = world("bank-down");
  charge();
  wait(30_000);
  assert.deepEqual(answers, ["unknown: silence"]);
  assert.equal(bank.ledger.orders().length, 0);
});

test("the end that a refusal names agrees with what the box makes of its err_code", () => {
  for (const [name, { ends }] of Object.entries(chargeRefusals)) {
    const meaning = chargeCodes.get(name)?.meaning.kind;
    const expected = { declined: "declined", taken: "manual" };
    assert.equal(ends, meaning === "declined" || meaning === "taken" ? expected[meaning] : "reversed", name);
  }
});

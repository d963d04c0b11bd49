import assert from "node:assert/strict";
import { test } from "node:test";
import { instantOf } from "../../../../src/core/kernel/instant.ts";
import { PaymentCode } from "../../../../src/core/payment/payment-code.ts";
import type { WechatV2Settings } from "../../../../src/providers/wechat-v2/account.ts";
import { chargeCodes } from "../../../../src/providers/wechat-v2/codes.ts";
import { payeeOf } from "../../../../src/providers/wechat-v2/merchant.ts";
import { paths } from "../../../../src/providers/wechat-v2/message.ts";
import { WechatV2 } from "../../../../src/providers/wechat-v2/provider.ts";
import { type Refund, readRefund, refundRequest } from "../../../../src/providers/wechat-v2/refund.ts";
import { readRefundQuery, refundQueryRequest } from "../../../../src/providers/wechat-v2/refund-query.ts";
import { openReply } from "../../../../src/providers/wechat-v2/replies.ts";
import { laterScenarios } from "../../../../src/providers/wechat-v2/sandbox/later-scenarios.ts";
import { chargeRefusals } from "../../../../src/providers/wechat-v2/sandbox/refusals.ts";
import { scenarios } from "../../../../src/providers/wechat-v2/sandbox/scenarios.ts";
import { serveSandbox } from "../../../../src/providers/wechat-v2/sandbox/serve.ts";
import { payerRequest, readPayer } from "../../../../src/providers/wechat-v2/server/payer.ts";
import type { NativeOrder } from "../../../../src/providers/wechat-v2/unified-order.ts";
import type { Log } from "../../../../src/runtime/ports.ts";
import { SimulatedHttpsLink } from "../../../../src/simulator/outside/https.ts";
import { Random } from "../../../../src/simulator/outside/random.ts";
import { SimulatedClock, SimulatedTime } from "../../../../src/simulator/outside/time.ts";
import { intent, providerSettings, settings } from "../fixtures.ts";
import { native, refund } from "../later-calls.ts";
import { morning, Teller } from "./teller.ts";

// Goal: the box and the sandbox understand each other. Method: the real gateway calls the sandbox through the
// simulated network.
const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const code = new PaymentCode("134567890123456789", "wechat");

function world(name: string, used: WechatV2Settings = settings) {
  const time = new SimulatedTime();
  const { sandbox } = new Teller({ name });
  const serve = serveSandbox(sandbox, () => morning + time.now);
  const link = new SimulatedHttpsLink({ time, random: new Random(7), serve, certificate: true });
  const clock = new SimulatedClock(time, morning);
  const gateway = new WechatV2({
    id: "wechat",
    settings: used,
    link,
    entropy: new Random(2),
    clock,
    log: silent,
  });
  const answers: string[] = [];
  const done = (_host: string, answer: { readonly kind: string; readonly why?: string }) => {
    answers.push(answer.why === undefined ? answer.kind : `${answer.kind}: ${answer.why}`);
  };
  const order = { ...intent, payee: payeeOf("wechat", used.merchant) };
  const wait = (milliseconds: number) => time.runUntil(time.now + milliseconds);
  const charge = () => gateway.charge(order, code, instantOf(time.now + 10_000), done);
  return { answers, sandbox, charge, done, gateway, order, wait };
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
  "other-mark": ["unknown: mismatch", "paid"],
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
  "declined-but-paid": ["declined", "paid"],
  "refused-but-paid": ["refused-unconfirmed", "paid"],
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
  test(`the requests of the box pass the strict sandbox: ${how}`, () => {
    const { answers, sandbox, charge, done, gateway, order, wait } = world("success", used);
    charge();
    wait(20_000);
    gateway.undo(order, null, false, done);
    wait(1_000);
    gateway.query(order, null, done);
    wait(1_000);
    gateway.probe((answer) => answers.push(`probe ${answer.kind}`));
    wait(1_000);
    assert.deepEqual(answers, ["paid", "done", "closed", "probe passed"]);
    assert.equal(sandbox.ledger.movements().length, 2);
  });
}

// What the box hears of an order on its screen that it books, asks about every ten seconds and closes after five minutes; what
// comes again stands once.
const unpaid = ["ordered", "unpaid"];
const never = [...unpaid, "close closed", "closed"];
const scans: Readonly<Record<string, readonly string[]>> = {
  success: ["ordered", "paid"],
  never,
  "scan-paid": [...unpaid, "paid"],
  "scan-again": [...unpaid, "paid"],
  "scan-never": never,
  "scan-late": never,
  "scan-at-last": [...unpaid, "close paid", "paid"],
  "scan-order-lost": ["unknown: silence", "ordered", "paid"],
  "scan-order-vanished": ["unknown: silence", ...unpaid, "paid"],
  "scan-order-error": ["unknown: system-error", ...unpaid, "paid"],
  "scan-order-forged": ["unknown: bad-signature"],
  "scan-query-lost": ["ordered", "unknown: silence", "paid"],
  "scan-query-forged": ["ordered", "unknown: bad-signature", "unpaid", "close closed", "closed"],
  "scan-close-lost": [...unpaid, "close unknown: silence", "closed"],
  "scan-close-error": [...unpaid, "close again", "unpaid", "close again", "unpaid", "close closed", "closed"],
  "scan-close-lies": [...unpaid, "close closed", "paid"],
};

for (const [how, used] of [
  ["an ordinary merchant", settings],
  ["a service provider", providerSettings],
] as const) {
  for (const [name, story] of Object.entries(scans)) {
    test(`${how} reads ${name} on its screen as it is meant`, () => {
      const { answers, done, gateway, wait } = world(name, used);
      const order: NativeOrder = { ...native, payee: payeeOf("wechat", used.merchant) };
      for (let tries = 0; tries < 5 && answers.at(-1) !== "ordered"; tries += 1) {
        gateway.createNative(order, null, done);
        wait(11_000);
      }
      const isOver = () => ["paid", "closed"].includes(answers.at(-1) ?? "");
      for (let count = 1; count < 40 && answers.includes("ordered") && !isOver(); count += 1) {
        gateway.query({ ...order, mode: "mpm" }, null, done);
        wait(11_000);
        if (count < 28 || isOver()) continue;
        gateway.closeNative(order, null, (host, answer) => {
          done(host, { ...answer, kind: `close ${answer.kind}` });
        });
        wait(11_000);
      }
      assert.deepEqual(
        answers.filter((answer, index) => answer !== answers[index - 1]),
        story,
      );
    });
  }
}

test("every scenario of a booked order is read here", () => {
  const names = laterScenarios.map(({ name }) => name).filter((name) => name.startsWith("scan-"));
  for (const name of names) assert.equal(name in scans, true, name);
});

test("payers and refunds are understood by both sides", () => {
  for (const used of [settings, { ...settings, signType: "HMAC-SHA256" as const }, providerSettings]) {
    const { sandbox, charge, order, wait } = world("success", used);
    const post = (path: string, body: string) => {
      const reply = sandbox.handle({
        ...{ method: "POST", path, body: Buffer.from(body), clientCertificate: true },
        ...{ host: null, now: morning + 20_000 },
      });
      assert.ok(reply.kind === "reply");
      return openReply({ kind: "answered", status: reply.status, headers: {}, body: reply.body }, used);
    };
    assert.equal(readPayer(post(paths.payer, payerRequest(used, code, "n1"))).kind, "known");
    charge();
    wait(11_000);
    const wanted: Refund = { ...refund, order };
    assert.equal(readRefund(post(paths.refund, refundRequest(used, wanted, "n2")), wanted).kind, "accepted");
    for (const question of [
      { order, about: { kind: "refund", outRefundNo: wanted.outRefundNo } },
      { order, about: { kind: "order", offset: 0 } },
    ] as const) {
      const body = refundQueryRequest(used, question, "n3");
      const answer = readRefundQuery(post(paths.refundQuery, body), question);
      assert.equal(answer.kind === "found" && answer.refunds[0]?.status, "processing");
    }
  }
});

test("a bank that is down says nothing to what still arrives", () => {
  const { answers, sandbox, charge, wait } = world("provider-down");
  charge();
  wait(30_000);
  assert.deepEqual(answers, ["unknown: silence"]);
  assert.equal(sandbox.ledger.orders().length, 0);
});

test("the end that a refusal names agrees with what the box makes of its err_code", () => {
  for (const [name, { ends }] of Object.entries(chargeRefusals)) {
    const meaning = chargeCodes.get(name)?.meaning.kind;
    const expected = { declined: "declined", "number-conflict": "manual" };
    assert.equal(
      ends,
      meaning === "declined" || meaning === "number-conflict" ? expected[meaning] : "reversed",
      name,
    );
  }
});

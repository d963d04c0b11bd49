import assert from "node:assert/strict";
import { test } from "node:test";
import { instantOf } from "../../../src/core/kernel/instant.ts";
import type { ProbeFailure } from "../../../src/core/payment/answers.ts";
import { PaymentCode } from "../../../src/core/payment/payment-code.ts";
import type { AlipaySettings } from "../../../src/providers/alipay/account.ts";
import { alipay } from "../../../src/providers/alipay/maker.ts";
import { methods } from "../../../src/providers/alipay/requests.ts";
import { payeeOf } from "../../../src/providers/alipay/seller.ts";
import type { HttpsOutcome, HttpsRequest } from "../../../src/runtime/ports.ts";
import { Random } from "../../../src/simulator/outside/random.ts";
import { SimulatedClock, SimulatedTime } from "../../../src/simulator/outside/time.ts";
import { answered, fixtureMoment, intent, replyOf, settings } from "./account.ts";

const [mainHost = "", backupHost = ""] = settings.hosts;
const code = new PaymentCode("281234567890123456", "alipay");
const order = { out_trade_no: intent.outTradeNo };
const paid = { code: "10000", ...order, trade_no: "42", total_amount: "12.80" };

/** What a network says to a request. */
type Network = (request: HttpsRequest) => HttpsOutcome;

interface WorldOptions {
  readonly network?: Network;
  readonly fault?: ProbeFailure | null;
  readonly used?: AlipaySettings;
  readonly trusted?: boolean;
}

const silence: HttpsOutcome = { kind: "unanswered", why: "timeout" };
const notSent = (why: "no-name" | "no-connection" | "stopped"): HttpsOutcome => ({ kind: "not-sent", why });

/** A provider with its network, which answers after 100 ms, and all that came of it. */
function world({
  network = () => silence,
  fault = null,
  used = settings,
  trusted = true,
}: WorldOptions = {}) {
  const time = new SimulatedTime();
  const clock = new SimulatedClock(time, fixtureMoment, trusted);
  const requests: HttpsRequest[] = [];
  const said: { readonly at: number; readonly host: string; readonly answer: unknown }[] = [];
  const probed: unknown[] = [];
  const warmed: string[] = [];
  const logged: string[] = [];
  let closed = 0;
  const note = (event: string, fields = {}): void => void logged.push(JSON.stringify([event, fields]));
  const provider = alipay({
    ...{ id: "alipay", charges: true, wallets: ["alipay"], settings: used },
    link: {
      exchange: (request, done) => {
        requests.push(request);
        time.after(100, () => done(network(request)));
      },
      warm: (host) => void warmed.push(host),
      localAddress: () => null,
      close: (done) => {
        closed += 1;
        time.after(0, done);
      },
    },
    fault: () => fault,
  })({ clock, entropy: new Random(1), log: { debug: note, info: note, warn: note, error: note } });
  const done = (host: string, answer: unknown): void => void said.push({ at: time.now, host, answer });
  const run = (): void => time.runUntil(time.now + 60_000);
  const charge = (mayLeave = () => true): void =>
    provider.charge({ intent, code, sendBefore: instantOf(10_000), mayLeave }, done);
  const probe = (): void => provider.probe((answer) => void probed.push(answer));
  return {
    provider,
    time,
    requests,
    said,
    probed,
    warmed,
    logged,
    done,
    run,
    charge,
    probe,
    closed: () => closed,
  };
}

/** What a request asks for. */
function asked({ path, body }: HttpsRequest) {
  const query = new URL(path, mainHost).searchParams;
  const content = JSON.parse(new URLSearchParams(body).get("biz_content") ?? "");
  return { method: query.get("method"), timestamp: query.get("timestamp"), content };
}

/** Answers each call with this, signed. */
function saying(said: object, headers: Readonly<Record<string, string>> = {}): Network {
  return (request) => answered(replyOf(asked(request).method ?? "", JSON.stringify(said)), headers);
}

test("a charge is one signed request on its own lane, and its answer comes with the host", () => {
  const { requests, said, charge, run } = world({ network: saying(paid) });
  charge();
  assert.deepEqual(said, [], "nothing comes before the call has returned");
  run();
  assert.deepEqual(said, [{ at: 100, host: mainHost, answer: { kind: "paid", transactionId: "42" } }]);
  const [request, ...others] = requests;
  assert.ok(request !== undefined && others.length === 0);
  assert.deepEqual(
    [request.lane, request.host, request.sendWithinMs, request.answerWithinMs],
    ["charge", mainHost, 6_000, 10_000],
  );
  const { method, content } = asked(request);
  assert.deepEqual(
    [method, content.auth_code, content.total_amount],
    [methods.charge, code.reveal(), "12.80"],
  );
});

test("only what was not sent may go to the other host, and only while it may leave", () => {
  const backup: Network = (request) =>
    request.host === mainHost ? notSent("no-name") : saying(paid)(request);
  const moved = world({ network: backup });
  moved.charge();
  moved.run();
  assert.deepEqual(
    moved.requests.map(({ host }) => host),
    [mainHost, backupHost],
  );
  assert.equal(moved.said[0]?.host, backupHost);
  const cancelled = world({ network: backup });
  cancelled.charge(() => false);
  cancelled.run();
  assert.deepEqual(cancelled.said, [
    { at: 100, host: mainHost, answer: { kind: "not-sent", why: "no-name" } },
  ]);
  for (const outcome of [silence, answered("<html>"), { ...answered(""), status: 502 } as HttpsOutcome]) {
    const sent = world({ network: () => outcome });
    sent.charge();
    sent.run();
    assert.equal(sent.requests.length, 1, "what may have arrived is never sent again");
    assert.equal(sent.said.length, 1);
  }
});

test("a host that gave nothing worth anything stands behind the other one", () => {
  const { provider, requests, charge, run, done } = world({
    network: (request) => (request.host === mainHost ? silence : saying(paid)(request)),
  });
  charge();
  run();
  provider.query({ intent, of: "payment", host: null, fresh: false }, done);
  run();
  assert.deepEqual(
    requests.map(({ host }) => host),
    [mainHost, backupHost],
  );
});

test("a charge whose time is over never leaves", () => {
  const { provider, requests, said, done, run, time } = world();
  time.runUntil(10_000);
  provider.charge({ intent, code, sendBefore: instantOf(10_000), mayLeave: () => true }, done);
  assert.deepEqual(said, []);
  run();
  assert.deepEqual(requests, []);
  assert.deepEqual(said, [{ at: 10_000, host: mainHost, answer: { kind: "not-sent", why: "too-late" } }]);
});

test("a question is about the payment or about its refund, at the host that is named, on a connection of its own if so wanted", () => {
  const { provider, requests, done, run } = world();
  provider.query({ intent, of: "payment", host: backupHost, fresh: true }, done);
  provider.query({ intent, of: "refund", host: null, fresh: false }, done);
  run();
  assert.deepEqual(
    requests.map((request) => [asked(request).method, request.lane, request.host, request.fresh ?? false]),
    [
      [methods.query, "query", backupHost, true],
      [methods.refundQuery, "query", mainHost, false],
    ],
  );
  const [payment, refund] = requests.map((request) => asked(request).content);
  assert.deepEqual(payment, order);
  assert.deepEqual(refund, { ...order, out_request_no: `${intent.outTradeNo}C` });
});

test("an order is taken back by a cancel or by a refund of the whole, and by nothing else", () => {
  const { provider, requests, done, run } = world();
  provider.undo({ intent, way: "cancel", host: null }, done);
  provider.undo({ intent, way: "refund", host: backupHost }, done);
  run();
  assert.deepEqual(
    requests.map((request) => [asked(request).method, request.lane, request.host]),
    [
      [methods.cancel, "reverse", mainHost],
      [methods.refund, "reverse", backupHost],
    ],
  );
  const [cancel, refund] = requests.map((request) => asked(request).content);
  assert.deepEqual(cancel, order);
  assert.deepEqual(refund, { ...order, refund_amount: "12.80", out_request_no: `${intent.outTradeNo}C` });
  for (const way of ["reverse", "close"] as const)
    assert.throws(() => provider.undo({ intent, way, host: null }, done), { name: "Defect" });
  assert.equal(requests.length, 2);
});

test("the answers to what takes back are read each in its own words", () => {
  const cancelled = world({ network: saying({ code: "10000", ...order, retry_flag: "N", action: "close" }) });
  cancelled.provider.undo({ intent, way: "cancel", host: null }, cancelled.done);
  cancelled.run();
  assert.deepEqual(cancelled.said[0]?.answer, { kind: "done" });
  const refunded = world({ network: saying({ code: "10000", ...order, fund_change: "Y" }) });
  refunded.provider.undo({ intent, way: "refund", host: null }, refunded.done);
  refunded.run();
  assert.deepEqual(refunded.said[0]?.answer, { kind: "done" });
  const there = { ...order, out_request_no: `${intent.outTradeNo}C`, refund_amount: "12.80" };
  const seen = world({ network: saying({ code: "10000", ...there, refund_status: "REFUND_SUCCESS" }) });
  seen.provider.query({ intent, of: "refund", host: null, fresh: false }, seen.done);
  seen.run();
  assert.deepEqual(seen.said[0]?.answer, { kind: "refunded", transactionId: null });
});

test("an order of another account, and a charge without a code, are defects", () => {
  const { provider, requests, done } = world();
  const { seller } = settings;
  const other = { ...intent, payee: payeeOf("alipay", { ...seller, sellerId: "2088000000000009" }) };
  const wanted = { code, sendBefore: instantOf(10_000), mayLeave: () => true };
  const defect = { name: "Defect" };
  assert.throws(() => provider.charge({ ...wanted, intent: other }, done), defect);
  assert.throws(() => provider.charge({ ...wanted, intent, code: null }, done), defect);
  assert.throws(
    () => provider.query({ intent: other, of: "payment", host: null, fresh: false }, done),
    defect,
  );
  assert.throws(() => provider.undo({ intent: other, way: "cancel", host: null }, done), defect);
  assert.deepEqual(requests, []);
});

test("the probe asks for an order that nobody made, and only a signed absence passes", () => {
  const absent = { code: "40004", sub_code: "ACQ.TRADE_NOT_EXIST" };
  const { requests, probed, probe, run } = world({ network: saying(absent) });
  probe();
  assert.deepEqual(probed, []);
  run();
  probe();
  run();
  assert.deepEqual(probed, [{ kind: "passed" }, { kind: "passed" }]);
  const numbers = requests.map((request) => asked(request).content.out_trade_no);
  for (const number of numbers) assert.match(number, /^probe_[0-9a-f]{24}$/);
  assert.notEqual(numbers[0], numbers[1]);
  const failures: readonly (readonly [Network, ProbeFailure])[] = [
    [saying({ code: "40002", sub_code: "isv.invalid-app-id" }), "account"],
    [saying({ code: "40002", sub_code: "isv.invalid-timestamp" }), "clock"],
    [saying({ code: "20000" }), "no-answer"],
    [saying({ ...paid, trade_status: "TRADE_SUCCESS" }), "account"],
    [() => answered('{"error_response":{"code":"40002","sub_code":"isv.invalid-app-id"}}'), "api-key"],
    [() => answered('{"error_response":{"code":"40002","sub_code":"isv.invalid-timestamp"}}'), "clock"],
    [() => answered("<html>"), "no-answer"],
    [() => silence, "no-answer"],
    [() => notSent("no-name"), "no-network"],
  ];
  for (const [network, why] of failures) {
    const failed = world({ network });
    failed.probe();
    failed.run();
    assert.deepEqual(failed.probed, [{ kind: "failed", why }], why);
  }
});

test("what is wrong with the keys is said by the probe, and nobody is asked", () => {
  const { provider, requests, probed, probe, run } = world({ fault: "api-key" });
  assert.equal(provider.fault(), "api-key");
  probe();
  assert.deepEqual(probed, []);
  run();
  assert.deepEqual(probed, [{ kind: "failed", why: "api-key" }]);
  assert.deepEqual(requests, []);
});

test("without keys nothing leaves, and nothing comes before the call has returned", () => {
  const { provider, requests, said, done, charge, run } = world({ used: { ...settings, keys: null } });
  charge();
  provider.query({ intent, of: "payment", host: backupHost, fresh: false }, done);
  assert.deepEqual(said, []);
  run();
  assert.deepEqual(requests, []);
  const answer = { kind: "not-sent", why: "no-connection" };
  assert.deepEqual(said, [
    { at: 0, host: mainHost, answer },
    { at: 0, host: backupHost, answer },
  ]);
});

/** The times that requests bear, one after the other, 60 s apart. */
function timesOf({ charge, run, requests }: ReturnType<typeof world>, times: number): readonly unknown[] {
  for (let count = 0; count < times; count += 1) {
    charge();
    run();
  }
  return requests.map((request) => asked(request).timestamp);
}

test("a request bears the time in Beijing, by our clock where it is trusted", () => {
  const date = { date: "Sun, 15 Mar 2026 05:00:00 GMT" };
  const made = world({ network: saying({ code: "20000" }, date), used: { ...settings, hosts: [mainHost] } });
  made.provider.query({ intent, of: "payment", host: null, fresh: false }, made.done);
  made.run();
  made.provider.query({ intent, of: "payment", host: null, fresh: false }, made.done);
  made.run();
  const times = made.requests.map((request) => asked(request).timestamp);
  assert.deepEqual(times, ["2026-03-15 09:30:12", "2026-03-15 09:31:12"]);
});

test("where our clock is not trusted the gateway's last reply says what time it is, and ours goes on from there", () => {
  const dates = ["Sun, 15 Mar 2026 05:00:00 GMT", "not a date", "Sun, 15 Mar 2026 06:00:00 GMT"];
  let reply = 0;
  const network: Network = (request) => {
    reply += 1;
    return saying({ code: "20000" }, { date: dates[reply - 1] ?? "" })(request);
  };
  const made = world({ network, trusted: false, used: { ...settings, hosts: [mainHost] } });
  const query = (): void =>
    made.provider.query({ intent, of: "payment", host: null, fresh: false }, made.done);
  for (let count = 0; count < 4; count += 1) {
    query();
    made.run();
  }
  const times = made.requests.map((request) => asked(request).timestamp);
  // The first is all that there is; 60 s pass from question to question, of which 100 ms before the reply.
  assert.deepEqual(times, [
    "2026-03-15 09:30:12",
    "2026-03-15 13:00:59",
    "2026-03-15 13:01:59",
    "2026-03-15 14:00:59",
  ]);
});

test("what says nothing of the time leaves it as it was", () => {
  for (const outcome of [silence, notSent("no-name"), answered("", {})]) {
    const made = world({ network: () => outcome, trusted: false, used: { ...settings, hosts: [mainHost] } });
    const [first, second] = timesOf(made, 2);
    assert.deepEqual([first, second], ["2026-03-15 09:30:12", second]);
  }
});

test("a gateway that refuses our time is believed about the time, though our clock is trusted", () => {
  let refusals = 0;
  const network: Network = (request) => {
    refusals += 1;
    const said = refusals === 1 ? { code: "40002", sub_code: "isv.invalid-timestamp" } : { code: "20000" };
    return saying(said, { date: "Sun, 15 Mar 2026 05:00:00 GMT" })(request);
  };
  const made = world({ network });
  made.probe();
  made.run();
  assert.deepEqual(made.probed, [{ kind: "failed", why: "clock" }]);
  made.probe();
  made.run();
  const times = made.requests.map((request) => asked(request).timestamp);
  assert.deepEqual(times, ["2026-03-15 09:30:12", "2026-03-15 13:00:59"]);
});

test("no code, key or token stands in a log line", () => {
  const used = { ...settings, appAuthToken: "202603BBsecrettoken" };
  const { logged, charge, run } = world({
    used,
    network: saying({ code: "40004", sub_code: "ACQ.X", sub_msg: `${code.reveal()} 余额` }),
  });
  charge();
  run();
  assert.equal(logged.length, 1);
  assert.doesNotMatch(logged.join(""), /281234567890123456|secrettoken|sign=/);
  assert.match(logged.join(""), /"says":"ACQ.X … 余额"/);
});

test("its facts say how an order goes back, that a charge proves nothing and that a clock is needed", () => {
  const { provider } = world();
  const { facts, kind } = provider;
  assert.equal(kind, "alipay");
  const overdue = { way: "refund", notBeforeMs: 15_000, confirm: "refund" };
  const cancel = { way: "cancel", notBeforeMs: 15_000, confirm: "payment", overdue };
  assert.deepEqual(facts, {
    payee: { provider: "alipay", account: "2026000000000001", key: "alipay 2026000000000001 -" },
    ...{ charges: true, wallets: ["alipay"], hosts: settings.hosts, chargeProves: false, needsClock: true },
    ...{ queryEveryMs: 5_000, giveUpAfterMs: 45_000, offersCode: false },
    undo: { cpm: { unpaid: cancel, paid: cancel }, mpm: null },
    absence: { notBeforeMs: 60_000, count: 5, lastingMs: 600_000 },
  });
  const seller = { appId: "1", sellerId: "2088000000000009" };
  assert.deepEqual(payeeOf("main", seller), {
    provider: "main",
    account: "2088000000000009",
    key: "alipay 1 2088000000000009",
  });
});

test("it keeps the connection of the next charge warm, and closes with its link", () => {
  const { provider, warmed, closed, run } = world();
  provider.warm();
  let ended = 0;
  provider.close(() => {
    ended += 1;
  });
  run();
  assert.deepEqual([warmed, closed(), ended], [[mainHost], 1, 1]);
});

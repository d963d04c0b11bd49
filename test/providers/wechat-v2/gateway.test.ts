import assert from "node:assert/strict";
import { test } from "node:test";
import { Defect } from "../../../src/core/kernel/defect.ts";
import { instantOf } from "../../../src/core/kernel/instant.ts";
import type { ProbeAnswer } from "../../../src/core/payment/answers.ts";
import { PaymentCode } from "../../../src/core/payment/payment-code.ts";
import { HOST_REST_MS } from "../../../src/providers/host-health.ts";
import type { WechatV2Settings } from "../../../src/providers/wechat-v2/account.ts";
import { payeeOf } from "../../../src/providers/wechat-v2/merchant.ts";
import { WechatV2 } from "../../../src/providers/wechat-v2/provider.ts";
import type { Fields } from "../../../src/providers/wechat-v2/xml.ts";
import type { HttpsLink, HttpsOutcome, HttpsRequest, Log, LogFields } from "../../../src/runtime/ports.ts";
import { Random } from "../../../src/simulator/outside/random.ts";
import { SimulatedClock, SimulatedTime } from "../../../src/simulator/outside/time.ts";
import { answered, fieldsOf, fixtureFields, fixtureText, intent, resigned, settings } from "./fixtures.ts";
import { native } from "./later-calls.ts";

const [mainHost = "", backupHost = ""] = settings.hosts;
const code = new PaymentCode("134567890123456789", "wechat");
const paid = answered(fixtureText("micropay-success"));
const notSent = (why: "no-name" | "no-connection" | "no-trust" | "too-late" | "stopped"): HttpsOutcome => ({
  kind: "not-sent",
  why,
});

/** What the network does with a request, and how long it takes. */
type Network = (request: HttpsRequest) => { readonly ms: number; readonly outcome: HttpsOutcome };

class FakeLink implements HttpsLink {
  readonly requests: HttpsRequest[] = [];
  readonly warmed: string[] = [];
  address: string | null = null;
  readonly #time: SimulatedTime;
  readonly #network: Network;

  constructor(time: SimulatedTime, network: Network) {
    this.#time = time;
    this.#network = network;
  }

  exchange(request: HttpsRequest, done: (outcome: HttpsOutcome) => void): void {
    this.requests.push(request);
    const { ms, outcome } = this.#network(request);
    this.#time.after(ms, () => {
      done(outcome);
    });
  }

  warm(host: string): void {
    this.warmed.push(host);
  }

  localAddress(): string | null {
    return this.address;
  }

  close(done: () => void): void {
    this.#time.after(0, done);
  }
}

class Lines implements Log {
  readonly lines: { readonly event: string; readonly fields: LogFields }[] = [];

  debug(event: string, fields: LogFields = {}): void {
    this.lines.push({ event, fields });
  }
  info(event: string, fields: LogFields = {}): void {
    this.lines.push({ event, fields });
  }
  warn(event: string, fields: LogFields = {}): void {
    this.lines.push({ event, fields });
  }
  error(event: string, fields: LogFields = {}): void {
    this.lines.push({ event, fields });
  }
}

function world(network: Network, used: WechatV2Settings = settings) {
  const time = new SimulatedTime();
  const link = new FakeLink(time, network);
  const clock = new SimulatedClock(time, 0);
  const log = new Lines();
  const gateway = new WechatV2({ id: "wechat", settings: used, link, entropy: new Random(1), clock, log });
  const answers: {
    readonly at: number;
    readonly host: string;
    readonly answer: { readonly kind: string };
  }[] = [];
  const done = (host: string, answer: { readonly kind: string }) => {
    answers.push({ at: time.now, host, answer });
  };
  return { time, link, gateway, log, answers, done, run: () => time.runUntil(time.now + 60_000) };
}

/** One answer for every request, after 100 ms. */
function always(outcome: HttpsOutcome): Network {
  return () => ({ ms: 100, outcome });
}

/** One answer for each host, after 100 ms. */
function byHost(main: HttpsOutcome, backup: HttpsOutcome): Network {
  return ({ host }) => ({ ms: 100, outcome: host === mainHost ? main : backup });
}

/** Connections to these hosts are made and say nothing; the others pay after 100 ms. */
function bySilence(silent: readonly string[]): Network {
  return ({ host, sendWithinMs }) =>
    silent.includes(host) ? { ms: sendWithinMs, outcome: notSent("too-late") } : { ms: 100, outcome: paid };
}

function sentFields(request: HttpsRequest | undefined): Fields {
  return fieldsOf(request?.body ?? "");
}

test("a charge is one signed request on its own lane, and its answer comes with the host", () => {
  const { gateway, link, answers, done, run } = world(always(paid));
  gateway.charge(intent, code, instantOf(10_000), done);
  assert.equal(answers.length, 0, "nothing comes before the call has returned");
  run();
  const answer = { kind: "paid", transactionId: "4200009990202603150000000001" };
  assert.deepEqual(answers, [{ at: 100, host: mainHost, answer }]);
  assert.equal(link.requests.length, 1);
  const { body, ...request } = link.requests[0] ?? { body: "" };
  assert.deepEqual(request, {
    lane: "charge",
    host: mainHost,
    method: "POST",
    path: "/pay/micropay",
    headers: { "content-type": "text/xml; charset=utf-8" },
    replyBytesMax: 65_536,
    sendWithinMs: 6_000,
    answerWithinMs: 10_000,
  });
  const fields = fieldsOf(body);
  assert.equal(fields.get("auth_code"), "134567890123456789");
  assert.equal(fields.get("sign"), resigned(fields).get("sign"));
});

test("queries and reversals go their own ways", () => {
  const { gateway, link, answers, done, run } = world(({ lane }) => ({
    ms: 1,
    outcome: answered(fixtureText(lane === "query" ? "orderquery-notpay" : "reverse-done")),
  }));
  gateway.query(intent, null, done);
  gateway.undo(intent, null, false, done);
  run();
  assert.deepEqual(
    link.requests.map(({ lane, path, sendWithinMs, answerWithinMs }) => [
      lane,
      path,
      sendWithinMs,
      answerWithinMs,
    ]),
    [
      ["query", "/pay/orderquery", 6_000, 10_000],
      ["reverse", "/secapi/pay/reverse", 6_000, 10_000],
    ],
  );
  assert.deepEqual(
    answers.map(({ answer }) => answer),
    [{ kind: "unpaid", paying: false }, { kind: "done" }],
  );
});

test("a charge whose moment has passed is never sent, and says so later", () => {
  for (const sendBefore of [0, -5]) {
    const { gateway, link, answers, done, run } = world(always(paid));
    gateway.charge(intent, code, instantOf(sendBefore), done);
    assert.equal(answers.length, 0);
    run();
    assert.deepEqual(answers, [{ at: 0, host: mainHost, answer: { kind: "not-sent", why: "too-late" } }]);
    assert.equal(link.requests.length, 0);
  }
});

test("a charge that may not leave any more moves to no other host", () => {
  const { gateway, link, answers, done, run } = world(always(notSent("no-connection")));
  gateway.charge(intent, code, instantOf(10_000), done, () => false);
  run();
  assert.equal(link.requests.length, 1);
  assert.deepEqual(answers.at(-1)?.answer, { kind: "not-sent", why: "no-connection" });
});

test("a charge that was not sent moves to the next host with the time that is left", () => {
  const { gateway, link, answers, done, run } = world(({ host }) =>
    host === mainHost ? { ms: 6_000, outcome: notSent("no-connection") } : { ms: 50, outcome: paid },
  );
  gateway.charge(intent, code, instantOf(10_000), done);
  run();
  assert.deepEqual(
    link.requests.map(({ host, sendWithinMs }) => [host, sendWithinMs]),
    [
      [mainHost, 6_000],
      [backupHost, 4_000],
    ],
  );
  assert.equal(answers[0]?.host, backupHost);
  assert.equal(answers[0]?.answer.kind, "paid");
  const nonces = link.requests.map((request) => sentFields(request).get("nonce_str"));
  assert.equal(new Set(nonces).size, 2);
});

test("a charge that was not sent stays unsent once its time is over or the box stops", () => {
  const late = world(() => ({ ms: 5_000, outcome: notSent("no-connection") }));
  late.gateway.charge(intent, code, instantOf(5_000), late.done);
  late.run();
  assert.equal(late.link.requests.length, 1);
  assert.deepEqual(late.answers[0]?.answer, { kind: "not-sent", why: "no-connection" });

  const stopped = world(always(notSent("stopped")));
  stopped.gateway.charge(intent, code, instantOf(10_000), stopped.done);
  stopped.run();
  assert.equal(stopped.link.requests.length, 1);
  assert.deepEqual(stopped.answers[0]?.answer, { kind: "not-sent", why: "stopped" });
});

test("a charge that no host could be sent is not-sent, after one attempt each", () => {
  const { gateway, link, answers, done, run } = world(byHost(notSent("no-name"), notSent("no-trust")));
  gateway.charge(intent, code, instantOf(10_000), done);
  run();
  assert.deepEqual(
    link.requests.map(({ host }) => host),
    [mainHost, backupHost],
  );
  assert.deepEqual(answers, [{ at: 200, host: backupHost, answer: { kind: "not-sent", why: "no-trust" } }]);
});

test("whatever may have been sent is never sent again", () => {
  const outcomes: readonly HttpsOutcome[] = [
    { kind: "unanswered", why: "timeout" },
    { kind: "unanswered", why: "broken" },
    { kind: "unanswered", why: "too-large" },
    answered("", 502),
    answered("<html>"),
    answered(fixtureText("micropay-message-refused")),
    answered(fixtureText("micropay-systemerror")),
    answered(fixtureText("micropay-userpaying")),
  ];
  for (const outcome of outcomes) {
    const { gateway, link, answers, done, run } = world(always(outcome));
    gateway.charge(intent, code, instantOf(10_000), done);
    gateway.query(intent, null, done);
    gateway.undo(intent, null, false, done);
    run();
    assert.equal(link.requests.length, 3);
    assert.equal(answers.length, 3);
  }
});

test("a query or a reversal at a named host stays there", () => {
  const { gateway, link, answers, done, run } = world(always(notSent("no-connection")));
  gateway.query(intent, backupHost, done);
  gateway.undo(intent, backupHost, false, done);
  run();
  assert.deepEqual(
    link.requests.map(({ host }) => host),
    [backupHost, backupHost],
  );
  assert.equal(
    answers.every(({ answer }) => answer.kind === "not-sent"),
    true,
  );
});

test("a query or a reversal at any host begins at the first and moves on where nothing was sent", () => {
  const query = world(byHost(notSent("no-name"), answered(fixtureText("orderquery-notpay"))));
  query.gateway.query(intent, null, query.done);
  query.run();
  assert.deepEqual(query.answers, [{ at: 200, host: backupHost, answer: { kind: "unpaid", paying: false } }]);
  const reverse = world(byHost(notSent("no-name"), answered(fixtureText("reverse-done"))));
  reverse.gateway.undo(intent, null, false, reverse.done);
  reverse.run();
  assert.deepEqual(reverse.answers, [{ at: 200, host: backupHost, answer: { kind: "done" } }]);
});

test("a host that fails in whatever way is asked after the others for three minutes, then the first is first again", () => {
  const failures: readonly HttpsOutcome[] = [
    notSent("no-name"),
    notSent("no-connection"),
    notSent("no-trust"),
    { kind: "unanswered", why: "timeout" },
    { kind: "unanswered", why: "broken" },
    answered("<html>sign in to this network</html>"),
    answered("", 502),
  ];
  for (const failure of failures) {
    const { time, gateway, link, done, run } = world(
      byHost(failure, answered(fixtureText("orderquery-systemerror"))),
    );
    gateway.query(intent, null, done);
    time.runUntil(1_000);
    gateway.warm();
    gateway.query(intent, null, done);
    time.runUntil(2_000);
    assert.equal(link.requests.at(-1)?.host, backupHost, JSON.stringify(failure));
    assert.deepEqual(link.warmed, [backupHost]);
    time.runUntil(HOST_REST_MS + 2_000);
    gateway.query(intent, null, done);
    assert.equal(link.requests.at(-1)?.host, mainHost);
    run();
  }
});

test("a host is not blamed for a call that came too late or was stopped", () => {
  const { gateway, link, time, done, run } = world(always(notSent("stopped")));
  gateway.query(intent, null, done);
  run();
  gateway.charge(intent, code, instantOf(time.now), done);
  run();
  gateway.query(intent, null, done);
  assert.equal(link.requests.at(-1)?.host, mainHost);
});

test("a host whose connection stays silent has failed: the next one gets what is left of the time for sending", () => {
  const { gateway, link, answers, done, run, log } = world(bySilence([mainHost]));
  gateway.charge(intent, code, instantOf(10_000), done);
  run();
  assert.deepEqual(
    link.requests.map(({ host, sendWithinMs }) => [host, sendWithinMs]),
    [
      [mainHost, 6_000],
      [backupHost, 4_000],
    ],
  );
  assert.deepEqual([answers[0]?.host, answers[0]?.answer.kind, answers[0]?.at], [backupHost, "paid", 6_100]);
  assert.deepEqual(
    log.lines.map(({ fields }) => fields.why),
    ["no-connection", null],
  );
  link.requests.length = 0;
  gateway.warm();
  gateway.query(intent, null, done);
  assert.deepEqual([link.warmed, link.requests.map(({ host }) => host)], [[backupHost], [backupHost]]);
});

test("a query that no silent host takes is answered as without a connection, by each of them", () => {
  const { gateway, link, answers, done, run } = world(bySilence([mainHost, backupHost]));
  gateway.query(intent, null, done);
  run();
  assert.deepEqual(answers, [
    { at: 12_000, host: backupHost, answer: { kind: "not-sent", why: "no-connection" } },
  ]);
  gateway.query(intent, null, done);
  assert.equal(link.requests.at(-1)?.host, mainHost, "both have failed, this one longer ago");
});

test("a charge that two silent hosts cost its time is not late: the network is at fault", () => {
  const { gateway, link, answers, done, run, log } = world(bySilence([mainHost, backupHost]));
  gateway.charge(intent, code, instantOf(10_000), done);
  run();
  assert.deepEqual(answers, [
    { at: 10_000, host: backupHost, answer: { kind: "not-sent", why: "no-connection" } },
  ]);
  assert.deepEqual(
    log.lines.map(({ fields }) => fields.why),
    ["no-connection", "too-late"],
  );
  // The second one had less time than a connection may take, so that nothing is known of it.
  gateway.warm();
  assert.deepEqual(link.warmed, [backupHost]);
});

test("a charge with no more time left than a connection may take is late where that is over", () => {
  for (const left of [6_000, 500]) {
    const { gateway, link, answers, done, run } = world(bySilence([mainHost, backupHost]));
    gateway.charge(intent, code, instantOf(left), done);
    run();
    const answer = { kind: "not-sent", why: "too-late" };
    assert.deepEqual(answers, [{ at: left, host: mainHost, answer }]);
    gateway.query(intent, null, done);
    assert.equal(link.requests.at(-1)?.host, mainHost);
  }
});

test("the host that brings signed documents is asked first, until it fails", () => {
  let isMainUp = false;
  let isBackupUp = true;
  const { gateway, link, done, run } = world(({ host }) => ({
    ms: 1,
    outcome: (host === mainHost ? isMainUp : isBackupUp)
      ? answered(fixtureText("orderquery-systemerror"))
      : notSent("no-connection"),
  }));
  const ask = () => {
    link.requests.length = 0;
    gateway.query(intent, null, done);
    run();
    return link.requests.map(({ host }) => host);
  };
  gateway.warm();
  assert.deepEqual(ask(), [mainHost, backupHost]);
  isMainUp = true;
  assert.deepEqual(ask(), [backupHost]);
  gateway.warm();
  isBackupUp = false;
  assert.deepEqual(ask(), [backupHost, mainHost]);
  assert.deepEqual(ask(), [mainHost]);
  assert.deepEqual(link.warmed, [mainHost, backupHost]);
});

test("an unsigned reply does not make its host the first choice", () => {
  const { gateway, link, done, run } = world(always(answered("", 502)));
  gateway.query(intent, backupHost, done);
  run();
  gateway.query(intent, null, done);
  assert.equal(link.requests.at(-1)?.host, mainHost);
});

test("an order that is scanned goes its own ways: booked, queried as what it is, and closed", () => {
  const { gateway, link, answers, done, run } = world(({ path }) => {
    const name = path.includes("unifiedorder") ? "unifiedorder-native" : "orderquery-native-success";
    return { ms: 1, outcome: answered(fixtureText(path.includes("close") ? "closeorder-closed" : name)) };
  });
  gateway.createNative(native, null, done);
  gateway.query({ ...native, mode: "mpm" }, null, done);
  gateway.closeNative(native, backupHost, done);
  assert.equal(answers.length, 0, "nothing comes before the call has returned");
  run();
  assert.deepEqual(
    link.requests.map(({ lane, host, path }) => [lane, host, path]),
    [
      ["query", mainHost, "/pay/unifiedorder"],
      ["query", mainHost, "/pay/orderquery"],
      ["query", backupHost, "/pay/closeorder"],
    ],
  );
  const codeUrl = "weixin://wxpay/bizpayurl?pr=fixture01";
  assert.deepEqual(
    answers.map(({ answer }) => answer),
    [
      { kind: "ordered", prepayId: "wx15093012345678fixture0000000001", codeUrl },
      { kind: "paid", transactionId: "4200009990202603150000000001" },
      { kind: "closed" },
    ],
  );
});

test("for the payment machine an order that is scanned is booked, closed, refunded and asked about like any other", () => {
  const { gateway, link, answers, done, run } = world(
    ({ path }) => {
      const names: Readonly<Record<string, string>> = {
        "/pay/unifiedorder": "unifiedorder-native",
        "/pay/closeorder": "closeorder-orderpaid",
        "/secapi/pay/refund": "refund-notenough",
        "/pay/refundquery": "refundquery-refundnotexist",
      };
      return { ms: 1, outcome: answered(fixtureText(names[path] ?? "")) };
    },
    { ...settings, notifyUrl: native.notifyUrl },
  );
  const scanned = { ...intent, mode: "mpm", codeHash: null } as const;
  gateway.order(scanned, instantOf(10_000), done);
  gateway.undo(scanned, null, false, done);
  gateway.undo(scanned, backupHost, true, done);
  gateway.refundQuery(scanned, null, done);
  run();
  assert.deepEqual(
    link.requests.map(({ lane, host, path }) => [lane, host, path]),
    [
      ["query", mainHost, "/pay/unifiedorder"],
      ["query", mainHost, "/pay/closeorder"],
      ["reverse", backupHost, "/secapi/pay/refund"],
      ["query", mainHost, "/pay/refundquery"],
    ],
  );
  const body = link.requests[2]?.body ?? "";
  assert.match(body, new RegExp(`<out_refund_no>${scanned.outTradeNo}</out_refund_no>`));
  assert.match(body, new RegExp(`<refund_fee>${scanned.amountFen}</refund_fee>`));
  assert.deepEqual(
    answers.map(({ answer }) => answer.kind),
    ["ordered", "paid", "again", "unpaid"],
  );
  assert.throws(() => world(always(answered(""))).gateway.order(scanned, instantOf(10_000), done), Defect);
});

test("a payment by code is no payment of an order that is scanned, and the other way round", () => {
  const scanned = world(always(answered(fixtureText("orderquery-success"))));
  scanned.gateway.query({ ...native, mode: "mpm" }, null, scanned.done);
  scanned.run();
  const charged = world(always(answered(fixtureText("orderquery-native-success"))));
  charged.gateway.query(intent, null, charged.done);
  charged.run();
  for (const { answers } of [scanned, charged]) assert.equal(answers[0]?.answer.kind, "unknown");
});

test("an order that was not sent moves to the next host, and one that may have been does not", () => {
  const moved = world(byHost(notSent("no-connection"), answered(fixtureText("unifiedorder-native"))));
  moved.gateway.createNative(native, null, moved.done);
  moved.run();
  assert.deepEqual([moved.answers[0]?.host, moved.answers[0]?.answer.kind], [backupHost, "ordered"]);
  const silent = world(always({ kind: "unanswered", why: "timeout" }));
  silent.gateway.createNative(native, null, silent.done);
  silent.gateway.closeNative(native, null, silent.done);
  silent.run();
  assert.equal(silent.link.requests.length, 2);
  for (const { answer } of silent.answers) {
    assert.deepEqual(answer, { kind: "unknown", why: "silence", signed: false });
  }
});

test("a scanned order's code stands in no log line", () => {
  const { gateway, log, done, run } = world(always(answered(fixtureText("unifiedorder-native"))));
  gateway.createNative(native, null, done);
  run();
  assert.deepEqual(
    log.lines.map(({ event, fields }) => [event, fields.call, fields.kind]),
    [["provider.answered", "order", "ordered"]],
  );
  assert.equal(JSON.stringify(log.lines).includes("weixin:"), false);
});

test("an order of another merchant is refused as a defect before anything is sent", () => {
  const { gateway, link, done } = world(always(paid));
  for (const change of [
    { appId: "wx0000000000000000" },
    { merchantId: "1900000108" },
    { subAppId: "wxfedcba0987654321" },
    { subMerchantId: "1900000100" },
  ]) {
    const foreign = { ...intent, payee: payeeOf("wechat", { ...settings.merchant, ...change }) };
    assert.throws(() => gateway.charge(foreign, code, instantOf(10_000), done), Defect);
    assert.throws(() => gateway.query(foreign, null, done), Defect);
    assert.throws(() => gateway.undo(foreign, null, false, done), Defect);
    assert.throws(() => gateway.createNative({ ...native, payee: foreign.payee }, null, done), Defect);
    assert.throws(() => gateway.query(foreign, null, done), Defect);
    assert.throws(() => gateway.closeNative(foreign, null, done), Defect);
  }
  assert.equal(link.requests.length, 0);
});

test("a gateway without hosts is a defect", () => {
  assert.throws(() => world(always(paid), { ...settings, hosts: [] }), Defect);
});

test("the box's address is the configured one, else that of the last connection, else loopback", () => {
  const addressSent = (clientIp: string | null, local: string | null) => {
    const { gateway, link, done } = world(always(paid), { ...settings, clientIp });
    link.address = local;
    gateway.charge(intent, code, instantOf(10_000), done);
    return sentFields(link.requests[0]).get("spbill_create_ip");
  };
  assert.equal(addressSent("203.0.113.7", "192.0.2.1"), "203.0.113.7");
  assert.equal(addressSent(null, "192.0.2.1"), "192.0.2.1");
  assert.equal(addressSent(null, null), "127.0.0.1");
});

const absent = resigned(fixtureFields("orderquery-ordernotexist"));
const withCode = (errCode: string) => answered(resigned(absent, { err_code: errCode }));

/** What may come back to a probe, and what it says about the box. */
const probes: readonly (readonly [about: string, outcome: HttpsOutcome, why: string | null])[] = [
  ["a signed ORDERNOTEXIST", answered(absent), null],
  ["an unsigned refusal", answered(fixtureText("micropay-message-refused")), "api-key"],
  ["a wrong signature", answered(resigned(absent, {}, "HMAC-SHA256")), "api-key"],
  ["an unknown app", withCode("APPID_NOT_EXIST"), "account"],
  ["an app of somebody else", withCode("APPID_MCHID_NOT_MATCH"), "account"],
  ["a missing permission", withCode("NOAUTH"), "account"],
  ["another merchant's reply", answered(resigned(absent, { mch_id: "1900000108" })), "account"],
  ["an untrusted certificate", notSent("no-trust"), "no-trust"],
  ["no name", notSent("no-name"), "no-network"],
  ["no connection", notSent("no-connection"), "no-network"],
  ["no time", notSent("too-late"), "no-network"],
  ["silence", { kind: "unanswered", why: "timeout" }, "no-answer"],
  ["a broken connection", { kind: "unanswered", why: "broken" }, "no-answer"],
  ["status 502", answered("", 502), "no-answer"],
  ["HTML", answered("<html>"), "no-answer"],
  ["a system error", withCode("SYSTEMERROR"), "no-answer"],
  ["an unlisted code", withCode("FREQUENCY_LIMITED"), "no-answer"],
];

for (const [about, outcome, why] of probes) {
  test(`a probe ${why === null ? "passes" : `fails for ${why}`} after ${about}`, () => {
    const { gateway, run } = world(always(outcome));
    const answers: ProbeAnswer[] = [];
    gateway.probe((answer) => {
      answers.push(answer);
    });
    assert.equal(answers.length, 0);
    run();
    assert.deepEqual(answers, [why === null ? { kind: "passed" } : { kind: "failed", why }]);
  });
}

test("a probe fails where its number exists, paid or not, whatever the amount", () => {
  for (const name of ["orderquery-success", "orderquery-notpay", "orderquery-closed"]) {
    const { gateway, run } = world((request) => ({
      ms: 1,
      outcome: answered(
        resigned(fixtureFields(name), { out_trade_no: sentFields(request).get("out_trade_no") ?? "" }),
      ),
    }));
    let answer: ProbeAnswer | null = null;
    gateway.probe((given) => {
      answer = given;
    });
    run();
    assert.equal((answer as ProbeAnswer | null)?.kind, "failed", name);
  }
});

test("each probe asks for a new number that no order of a box can have", () => {
  const { gateway, link, run } = world(always(answered(absent)));
  for (let count = 0; count < 20; count += 1) gateway.probe(() => {});
  run();
  const numbers = link.requests.map((request) => sentFields(request).get("out_trade_no") ?? "");
  assert.equal(new Set(numbers).size, 20);
  for (const number of numbers) assert.match(number, /^probe-[0-9a-f]{24}$/);
});

test("the nonce of a request is 128 random bits, new for each call and each attempt", () => {
  const { gateway, link, done, run } = world(({ host, lane }) =>
    host === mainHost && lane === "charge"
      ? { ms: 1, outcome: notSent("no-connection") }
      : { ms: 1, outcome: answered(absent) },
  );
  for (let count = 0; count < 64; count += 1) {
    gateway.charge(intent, code, instantOf(10_000_000), done);
    gateway.query(intent, null, done);
    gateway.undo(intent, null, false, done);
    gateway.probe(() => {});
    run();
  }
  const nonces = link.requests.map((request) => sentFields(request).get("nonce_str") ?? "");
  assert.ok(nonces.length > 256, "some charges were tried at both hosts");
  assert.equal(new Set(nonces).size, nonces.length);
  for (const nonce of nonces) assert.match(nonce, /^[0-9a-f]{32}$/);
  for (let place = 0; place < 32; place += 1) {
    // Sixteen digits, drawn some three hundred times.
    assert.equal(new Set(nonces.map((nonce) => nonce[place])).size, 16, `digit ${place}`);
  }
});

test("a probe moves to the next host where nothing was sent", () => {
  const { gateway, link, run } = world(byHost(notSent("no-connection"), answered(absent)));
  let answer: ProbeAnswer | null = null;
  gateway.probe((given) => {
    answer = given;
  });
  run();
  assert.deepEqual(answer, { kind: "passed" });
  assert.deepEqual(
    link.requests.map(({ host }) => host),
    [mainHost, backupHost],
  );
});

test("every attempt leaves one line with order, host, outcome and time", () => {
  const { gateway, log, done, run } = world(
    byHost(notSent("no-name"), answered(fixtureText("micropay-notenough"))),
  );
  gateway.charge(intent, code, instantOf(10_000), done);
  run();
  const common = { provider: "wechat", call: "charge", outTradeNo: intent.outTradeNo };
  assert.deepEqual(log.lines, [
    {
      event: "provider.not-sent",
      fields: { ...common, host: mainHost, kind: "not-sent", why: "no-name", says: null, ms: 100 },
    },
    {
      event: "provider.answered",
      fields: {
        ...common,
        host: backupHost,
        kind: "declined",
        why: null,
        says: "NOTENOUGH 余额不足，请更换支付方式",
        ms: 100,
      },
    },
  ]);
});

test("neither code nor key nor the payer's id reaches the log, even where a reply repeats them", () => {
  const secrets = ["134567890123456789", settings.apiKey.reveal(), "oFIXTUREopenid0000000000000A"];
  const refusal = resigned(fixtureFields("micropay-notenough"), {
    err_code_des: `auth_code ${secrets.join(" ")} refused`,
    openid: secrets[2] ?? "",
  });
  const outcomes = [
    paid,
    answered(refusal),
    answered(resigned(refusal, { err_code: secrets[2] ?? "" })),
    answered(
      new Map([
        ["return_code", "FAIL"],
        ["return_msg", secrets.join()],
      ]),
    ),
  ];
  const texts = outcomes.map((outcome) => {
    const { gateway, log, done, run } = world(always(outcome));
    gateway.charge(intent, code, instantOf(10_000), done);
    run();
    return JSON.stringify(log.lines);
  });
  assert.ok(texts[1]?.includes("auth_code … … … refused"));
  for (const text of texts) {
    assert.ok(text.includes(intent.outTradeNo));
    for (const secret of secrets) assert.equal(text.includes(secret), false, text);
  }
});

/** What the box may believe of a provider, whoever it is; shown by WeChat Pay v2. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { instantOf } from "../../src/core/kernel/instant.ts";
import type { ProbeFailure } from "../../src/core/payment/answers.ts";
import { PaymentCode } from "../../src/core/payment/payment-code.ts";
import { wechatV2Facts } from "../../src/providers/wechat-v2/facts.ts";
import { wechatV2 } from "../../src/providers/wechat-v2/maker.ts";
import { payeeOf } from "../../src/providers/wechat-v2/merchant.ts";
import type { HttpsRequest } from "../../src/runtime/ports.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";
import { intent as charged, settings as given } from "./wechat-v2/fixtures.ts";

const settings = { ...given, notifyUrl: "https://merchant.example/paid" };
const cpm = { ...charged, payee: payeeOf("main", settings.merchant) };
const mpm = { ...cpm, mode: "mpm" } as const;
const code = new PaymentCode("134567890123456789", "wechat");

/** A provider whose network says nothing, and what it has asked that network. */
function world(fault: ProbeFailure | null = null) {
  const time = new SimulatedTime();
  const requests: HttpsRequest[] = [];
  const said: unknown[] = [];
  const warmed: string[] = [];
  const logged: unknown[] = [];
  let closed = 0;
  const note = (_event: string, fields = {}): void => void logged.push(fields);
  const provider = wechatV2({
    ...{ id: "main", charges: true, wallets: ["wechat"], settings, timing: { giveUpAfterMs: 31_000 } },
    link: {
      exchange: (request, done) => {
        requests.push(request);
        time.after(10, () => done({ kind: "unanswered", why: "timeout" }));
      },
      warm: (host) => void warmed.push(host),
      localAddress: () => null,
      close: (done) => {
        closed += 1;
        time.after(0, done);
      },
    },
    fault: () => fault,
  })({
    clock: new SimulatedClock(time, 0),
    entropy: new Random(1),
    log: { debug: note, info: note, warn: note, error: note },
  });
  const done = (...answer: readonly unknown[]): void => void said.push(answer);
  const run = (): void => time.runUntil(time.now + 60_000);
  return { provider, requests, said, warmed, logged, done, run, closed: () => closed };
}

/** Where this call goes. */
function pathOf(call: (of: ReturnType<typeof world>) => void): string {
  const made = world();
  call(made);
  assert.deepEqual(made.said, [], "nothing comes before the call has returned");
  made.run();
  assert.equal(made.said.length, 1);
  const [{ path } = assert.fail(), ...others] = made.requests;
  assert.deepEqual(others, []);
  return path;
}

test("its facts name the account by the id that the box has for it, and its own waits", () => {
  const { kind, facts } = world().provider;
  assert.equal(kind, "wechat-v2");
  assert.deepEqual(facts.payee, payeeOf("main", settings.merchant));
  assert.deepEqual([facts.charges, facts.wallets, facts.hosts], [true, ["wechat"], settings.hosts]);
  assert.deepEqual([facts.giveUpAfterMs, facts.queryEveryMs], [31_000, 5_000]);
  assert.equal(facts.offersCode, true);
  const { offersCode } = wechatV2Facts(
    { id: "main", charges: true, wallets: [] },
    {
      ...settings,
      notifyUrl: null,
    },
  );
  assert.equal(offersCode, false, "nobody could be told of its payment");
});

test("a charge takes the customer's code, or asks for a code of ours", () => {
  const sendBefore = instantOf(10_000);
  const wanted = { sendBefore, mayLeave: () => true };
  const path = (intent: typeof cpm | typeof mpm, used: PaymentCode | null): string =>
    pathOf(({ provider, done }) => provider.charge({ ...wanted, intent, code: used }, done));
  assert.equal(path(cpm, code), "/pay/micropay");
  assert.equal(path(mpm, null), "/pay/unifiedorder");
});

test("a question is about the payment or about its refund", () => {
  const path = (of: "payment" | "refund"): string =>
    pathOf(({ provider, done }) => provider.query({ intent: cpm, of, host: null, fresh: false }, done));
  assert.equal(path("payment"), "/pay/orderquery");
  assert.equal(path("refund"), "/pay/refundquery");
});

test("an order is taken back in one of its own ways and in no other", () => {
  const path = (intent: typeof cpm | typeof mpm, way: "reverse" | "close" | "refund"): string =>
    pathOf(({ provider, done }) => provider.undo({ intent, way, host: null }, done));
  assert.equal(path(cpm, "reverse"), "/secapi/pay/reverse");
  assert.equal(path(mpm, "close"), "/pay/closeorder");
  assert.equal(path(mpm, "refund"), "/secapi/pay/refund");
  const { provider, requests, done } = world();
  for (const [intent, way] of [
    [cpm, "close"],
    [cpm, "refund"],
    [cpm, "cancel"],
    [mpm, "reverse"],
    [mpm, "cancel"],
  ] as const)
    assert.throws(() => provider.undo({ intent, way, host: null }, done), { name: "Defect" }, way);
  assert.deepEqual(requests, []);
});

test("an order of another account is a defect, whatever is asked", () => {
  const { provider, requests, done } = world();
  const intent = { ...cpm, payee: payeeOf("main", { ...settings.merchant, merchantId: "1900000110" }) };
  const wanted = { intent, code, sendBefore: instantOf(10_000), mayLeave: () => true };
  assert.throws(() => provider.charge(wanted, done), { name: "Defect" });
  assert.throws(() => provider.charge({ ...wanted, code: null }, done), { name: "Defect" });
  for (const about of ["payment", "refund"] as const)
    assert.throws(() => provider.query({ intent, of: about, host: null, fresh: false }, done), {
      name: "Defect",
    });
  assert.throws(() => provider.undo({ intent, way: "reverse", host: null }, done), { name: "Defect" });
  assert.deepEqual(requests, []);
});

test("a probe looks at what takes money back first, and asks nobody without it", () => {
  const bad = world("certificate-expired");
  assert.equal(bad.provider.fault(), "certificate-expired");
  bad.provider.probe(bad.done);
  assert.deepEqual(bad.said, [], "nothing comes before the call has returned");
  bad.run();
  assert.deepEqual(bad.said, [[{ kind: "failed", why: "certificate-expired" }]]);
  assert.deepEqual(bad.requests, []);
  assert.equal(
    pathOf(({ provider, done }) => provider.probe(done)),
    "/pay/orderquery",
  );
});

test("warming opens the first host, closing closes the link, and log lines say whose call it was", () => {
  const { provider, warmed, closed, done, said, run, logged } = world();
  provider.warm();
  assert.deepEqual(warmed, [settings.hosts[0]]);
  provider.probe(done);
  run();
  assert.deepEqual(
    logged.map((fields) => (fields as { readonly provider?: string }).provider),
    ["main"],
  );
  provider.close(done);
  run();
  assert.equal(closed(), 1);
  assert.equal(said.length, 2);
});

import assert from "node:assert/strict";
import test from "node:test";
import { type BrokerFacts, judgeBroker } from "../../../src/cli/doctor/broker.ts";
import type { Finding } from "../../../src/cli/doctor/finding.ts";
import { judgeProvider, type ProviderHostFacts } from "../../../src/cli/doctor/provider.ts";
import type { ProbeFailure } from "../../../src/core/payment/answers.ts";
import type { PeerSeen } from "../../../src/links/https/host-probe.ts";
import type { BrokerVisit } from "../../../src/links/mqtt/broker-probe.ts";
import { levelsOf, the } from "./sound.ts";

const DAY = 86_400_000;
const now = Date.UTC(2026, 10, 21);
const name = { ok: true, v4: ["192.0.2.1"], v6: ["2001:db8::1"], ms: 12 } as const;
const peer: PeerSeen = {
  distrust: null,
  subject: "Tenpay",
  issuer: "DigiCert Inc",
  validFrom: now - 90 * DAY,
  validTo: now + 90 * DAY,
};
const reached = { ok: true, ms: 40, peer, clockAheadMs: 0 } as const;
const sandbox: ProviderHostFacts = {
  host: "https://api.mch.weixin.qq.com",
  name,
  reached,
  probe: { kind: "passed" },
  says: null,
};
const second = { ...sandbox, host: "https://api2.mch.weixin.qq.com" };
const remedies = { "api-key": "Compare the key.", account: "Compare the ids.", request: "Check the rest." };
const failed = (why: ProbeFailure) => ({ probe: { kind: "failed", why } }) as const;

function judged(...hosts: readonly ProviderHostFacts[]): readonly Finding[] {
  const findings = judgeProvider([{ hosts, remedies }], now);
  levelsOf(findings);
  return findings;
}

test("a bank that is found, trusted, of one mind about the time and with a signed answer is in order", () => {
  assert.deepEqual(levelsOf(judged(sandbox)), [
    "provider.name ok",
    "provider.tls ok",
    "provider.clock ok",
    "provider.probe ok",
  ]);
  const loopback = { ...sandbox, host: "http://127.0.0.1:8080", reached: { ...reached, peer: null } };
  const address = ["provider.tls ok", "provider.clock ok", "provider.probe ok"];
  assert.deepEqual(levelsOf(judged(loopback)), address, "an address needs no name");
});

test("no account that is charged is a note, and so is a key that cannot be read", () => {
  assert.deepEqual(levelsOf(judgeProvider([], now)), ["provider.probe note"]);
  assert.equal(the("provider.probe", judged({ ...sandbox, probe: null })).level, "note");
});

test("a name without an address is one fault, a slow one a warning", () => {
  const lost = {
    ...sandbox,
    name: { ok: false, code: "EAI_AGAIN", ms: 5_000 },
    ...failed("no-network"),
  } as const;
  assert.deepEqual(levelsOf(judged(lost)), ["provider.name fault"]);
  const slow = judged({ ...sandbox, name: { ...name, ms: 1_001 } });
  assert.equal(the("provider.name", slow).level, "warning");
});

test("a host that cannot be reached is one fault", () => {
  const dead = {
    ...sandbox,
    reached: { ok: false, code: "ECONNREFUSED", ms: 3 },
    ...failed("no-network"),
  } as const;
  assert.deepEqual(levelsOf(judged(dead)), ["provider.name ok", "provider.tls fault"]);
});

test("a look that failed where the question passed is told beside it, as a warning", () => {
  const odd = { ...sandbox, reached: { ok: false, code: "ETIMEDOUT", ms: 5_000 } } as const;
  assert.deepEqual(levelsOf(judged(odd)), ["provider.name ok", "provider.tls warning", "provider.probe ok"]);
});

test("a certificate that is not trusted is a fault whose remedy tells dates from strangers", () => {
  const tls = (changes: Partial<PeerSeen>) => {
    const distrusted = { ...peer, distrust: "DEPTH_ZERO_SELF_SIGNED_CERT", ...changes };
    return the(
      "provider.tls",
      judged({ ...sandbox, reached: { ...reached, peer: distrusted }, ...failed("no-trust") }),
    );
  };
  assert.equal(tls({}).level, "fault");
  assert.match(tls({}).remedy ?? "", /captive portal/);
  assert.match(tls({ validFrom: now + DAY }).remedy ?? "", /not valid yet/);
  assert.match(tls({ validTo: now - DAY }).remedy ?? "", /expired/);
  assert.equal(tls({ validTo: Number.NaN }).data?.validTo, null);
});

test("a certificate of theirs that ends within the week is a warning", () => {
  const soon = { ...peer, validTo: now + 6 * DAY };
  assert.equal(
    the("provider.tls", judged({ ...sandbox, reached: { ...reached, peer: soon } })).level,
    "warning",
  );
});

test("a clock that differs is a warning, by more than a day a fault, and a silent host says nothing of it", () => {
  const clock = (clockAheadMs: number | null) =>
    judged({ ...sandbox, reached: { ...reached, clockAheadMs } }).filter(
      ({ check }) => check === "provider.clock",
    );
  assert.equal(clock(30_000)[0]?.level, "ok");
  assert.equal(clock(30_001)[0]?.level, "warning");
  assert.match(clock(-40_000)[0]?.found ?? "", /40 s ahead of/);
  assert.match(clock(DAY + 1)[0]?.found ?? "", /behind/);
  assert.equal(clock(DAY + 1)[0]?.level, "fault");
  assert.deepEqual(clock(null), []);
});

test("every failure of the question is a fault of its own, with the provider's words where it had some", () => {
  const reasons: readonly ProbeFailure[] = [
    ...(["no-network", "no-trust", "no-answer", "api-key", "account"] as const),
    ...(["certificate-missing", "certificate-mismatch", "certificate-expired"] as const),
  ];
  for (const why of reasons) {
    const finding = the(
      "provider.probe",
      judged({ ...sandbox, ...failed(why), says: "SIGNERROR wrong sign" }),
    );
    assert.equal(finding.level, "fault", why);
    assert.match(finding.found, /\(SIGNERROR wrong sign\)/);
    assert.equal(finding.data?.why, why);
  }
});

test("while one host works, what another one lacks can wait, but not the clock", () => {
  const lost = { ...second, name: { ok: false, code: "ENOTFOUND", ms: 3 }, ...failed("no-network") } as const;
  assert.deepEqual(levelsOf(judged(sandbox, lost)).slice(4), ["provider.name warning"]);
  assert.deepEqual(levelsOf(judged(lost, lost)), ["provider.name fault", "provider.name fault"]);
  const late = { ...second, reached: { ...reached, clockAheadMs: 2 * DAY } };
  assert.ok(levelsOf(judged(sandbox, late)).includes("provider.clock fault"));
});

const broker: Exclude<BrokerFacts, string> = {
  where: "broker.example:8883",
  host: "broker.example",
  name,
  reached,
  visit: {
    kind: "let-in",
    ms: 80,
    session: { version: 5, receiveMaximum: 20, retains: true, packetBytesMax: null },
    answers: [0x10, 0],
    lost: null,
  },
  clientId: "box-000123",
  asBox: true,
  said: ["scanbox/v1/box-000123/status", "scanbox/v1/box-000123/tx"],
  event: true,
};

type LetIn = Extract<BrokerVisit, { readonly kind: "let-in" }>;

function judgedBroker(changes: Partial<typeof broker>): readonly Finding[] {
  return judgeBroker({ ...broker, ...changes }, now);
}

/** A broker that lets us in, in another way. */
function letIn(changes: Partial<LetIn>, session: Partial<LetIn["session"]> = {}): { readonly visit: LetIn } {
  const { visit } = broker;
  assert.ok(visit.kind === "let-in");
  return { visit: { ...visit, ...changes, session: { ...visit.session, ...session } } };
}

const visitOk = ["mqtt.login ok", "mqtt.publish ok"];

test("a broker that lets us in and takes what we say is in order, with TLS and without", () => {
  assert.deepEqual(levelsOf(judgedBroker({})), ["mqtt.name ok", "mqtt.tls ok", ...visitOk]);
  const plain = judgedBroker({ reached: null, ...letIn({}, { version: 4 }) });
  assert.deepEqual(levelsOf(plain), ["mqtt.name ok", "mqtt.login ok", "mqtt.publish note"]);
  assert.match(the("mqtt.login", plain).found, /MQTT 3\.1\.1/);
  assert.match(the("mqtt.publish", plain).found, /no word for a message that it throws away/);
});

test("no broker, and one that cannot be read, are notes", () => {
  for (const facts of ["none", "unread"] as const) {
    assert.deepEqual(levelsOf(judgeBroker(facts, now)), ["mqtt.login note"]);
  }
});

test("a broker without an address, or out of reach, is one fault", () => {
  const visit = { kind: "unreached", code: "ECONNREFUSED" } as const;
  const lost = judgedBroker({ name: { ok: false, code: "ENOTFOUND", ms: 3 }, visit });
  assert.deepEqual(levelsOf(lost), ["mqtt.name fault"]);
  const dead = judgedBroker({ reached: { ok: false, code: "ECONNREFUSED", ms: 3 }, visit });
  assert.deepEqual(levelsOf(dead), ["mqtt.name ok", "mqtt.tls fault"]);
  const silent = judgedBroker({ reached: null, visit });
  assert.deepEqual(levelsOf(silent), ["mqtt.name ok", "mqtt.login fault"]);
});

test("each refusal names what to compare, in both versions of MQTT", () => {
  const login = (reason: number, asBox = true): Finding =>
    the("mqtt.login", judgedBroker({ visit: { kind: "refused", reason }, asBox }));
  for (const reason of [0x04, 0x86]) assert.match(login(reason).remedy ?? "", /mqtt\.password/);
  for (const reason of [0x02, 0x85]) {
    assert.equal(login(reason).level, "fault");
    assert.equal(login(reason, false).level, "warning", "an id that is not the box's proves nothing");
  }
  for (const reason of [0x05, 0x87]) {
    assert.match(login(reason).remedy ?? "", /access list/);
    assert.match(login(reason, false).remedy ?? "", /box\.id alone/);
  }
  for (const reason of [0x01, 0x84]) assert.match(login(reason).remedy ?? "", /mqtt\.version/);
  assert.match(login(0x9b).found, /no message with QoS 1/);
  assert.match(login(0x9b).remedy ?? "", /max_qos/);
  assert.equal(login(0x88).level, "fault");
});

test("a broker that keeps nothing is a warning, one that takes no whole event a fault", () => {
  assert.equal(the("mqtt.retain", judgedBroker(letIn({}, { retains: false }))).level, "warning");
  assert.equal(the("mqtt.packet", judgedBroker(letIn({}, { packetBytesMax: 4_000 }))).level, "fault");
  assert.deepEqual(levelsOf(judgedBroker(letIn({}, { packetBytesMax: 65_536 }))).slice(2), visitOk);
});

test("a topic that is forbidden is named, each one, and a connection that is ended is a fault", () => {
  const refused = judgedBroker(letIn({ answers: [0x87, 0x95] })).filter(
    ({ check }) => check === "mqtt.publish",
  );
  assert.deepEqual(
    refused.map(({ found }) => found),
    [
      "broker.example:8883 refuses scanbox/v1/box-000123/status: not authorized (0x87).",
      "broker.example:8883 refuses scanbox/v1/box-000123/tx: the packet is larger than it takes (0x95).",
    ],
  );
  const cut = letIn({ answers: [0], lost: { cause: "Subscribe error: Not authorized", reason: null } });
  assert.match(the("mqtt.publish", judgedBroker(cut)).found, /Not authorized/);
});

test("a second client with the box's id is named", () => {
  const taken = judgedBroker(letIn({ lost: { cause: "session taken over", reason: 0x8e } }));
  assert.equal(the("mqtt.login", taken).level, "fault");
  assert.match(the("mqtt.login", taken).remedy ?? "", /box\.id of its own/);
});

test("what cannot be tried is a note: beside a box that runs, and without an event", () => {
  assert.equal(the("mqtt.publish", judgedBroker({ asBox: false, said: [], event: false })).level, "note");
  assert.equal(the("mqtt.publish", judgedBroker({ event: false, ...letIn({ answers: [0] }) })).level, "note");
});

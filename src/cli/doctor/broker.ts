import { randomBytes } from "node:crypto";
import { type BrokerKnocked, knockAtBroker } from "../../links/broker-probe.ts";
import { type HostReached, lookUpName, type NameLooked, reachTls } from "../../links/host-probe.ts";
import { type Finding, fault, note, ok, warning } from "./finding.ts";
import { judgeName, judgeReached, networkWithinMs } from "./network.ts";
import type { Area, Subject } from "./subject.ts";

/** The MQTT broker. The client id is doctor's own, since a broker drops a client whose id comes a second time. */
export const brokerArea: Area = {
  name: "mqtt",
  about: "the MQTT broker: name, TLS, log-in; nothing is published",
  network: true,
  configured: true,
  examine: async (subject) => judgeBroker(await brokerFacts(subject), Date.now()),
};

/** What came of the broker; "none" where none is configured, "unread" where that cannot be read. */
export type BrokerFacts =
  | "none"
  | "unread"
  | {
      /** Host and port. */
      readonly where: string;
      readonly host: string;
      readonly name: NameLooked;
      /** Null without TLS. */
      readonly reached: HostReached | null;
      readonly knocked: BrokerKnocked & { readonly version: 5 | 4 };
      readonly clientId: string;
    };

/** Reason codes that mean "who are you?": MQTT 5, 3.2.2.2, and MQTT 3.1.1, 3.2.2.3. */
const WRONG_LOGIN: readonly number[] = [0x04, 0x86];
const WRONG_CLIENT: readonly number[] = [0x02, 0x85];
const NOT_ALLOWED: readonly number[] = [0x05, 0x87];
const WRONG_VERSION: readonly number[] = [0x01, 0x84];

/** Judges the broker at a moment, in milliseconds since 1970. */
export function judgeBroker(facts: BrokerFacts, now: number): readonly Finding[] {
  if (facts === "none") return [note("mqtt.login", "No broker is configured; nothing is reported.")];
  if (facts === "unread") return [note("mqtt.login", "The broker was not asked: mqtt cannot be read.")];
  const { where, host, name, reached } = facts;
  const looked = judgeName("mqtt.name", host, name);
  // What needs a name fails without one: one cause, one finding.
  if (!name.ok) return looked;
  if (reached === null) return [...looked, login(facts)];
  const answered = judgeReached("mqtt.tls", where, reached, now);
  return reached.ok ? [...looked, answered, login(facts)] : [...looked, answered];
}

type Asked = Exclude<BrokerFacts, string>;

function login({ where, knocked, clientId }: Asked): Finding {
  const check = "mqtt.login";
  const data = { where, clientId, version: knocked.version === 5 ? "5" : "3.1.1" };
  if (knocked.kind === "let-in") {
    return ok(check, `${where} lets us in (MQTT ${data.version}, ${knocked.ms} ms).`, data);
  }
  if (knocked.kind === "unreached") {
    const found = `${where} does not answer as an MQTT broker (${knocked.code}).`;
    const remedy = "Does it run? Is the port that of MQTT, and mqtt: or mqtts: what it speaks there?";
    return fault(check, found, remedy, { ...data, code: knocked.code });
  }
  const { reason } = knocked;
  const said = `${where} refuses us (reason ${reason})`;
  const more = { ...data, reason };
  if (WRONG_LOGIN.includes(reason)) {
    return fault(
      check,
      `${said}: user name or password are wrong.`,
      "Compare mqtt.username and mqtt.password.",
      more,
    );
  }
  if (WRONG_CLIENT.includes(reason)) {
    const remedy =
      "It may take box.id alone as client id, which doctor does not use: look at the log of the box.";
    return warning(check, `${said}: it does not take the client id ${clientId}.`, remedy, more);
  }
  if (NOT_ALLOWED.includes(reason)) {
    const remedy = `Compare mqtt.username, mqtt.password and mqtt.cert; or it takes box.id alone, not ${clientId}.`;
    return fault(check, `${said}: we are not allowed in.`, remedy, more);
  }
  if (WRONG_VERSION.includes(reason)) {
    return fault(
      check,
      `${said}: it does not speak MQTT ${data.version}.`,
      "Set mqtt.version to auto.",
      more,
    );
  }
  return fault(check, `${said}.`, "Look at the log of the broker.", more);
}

async function brokerFacts(subject: Subject): Promise<BrokerFacts> {
  const { mqtt, box } = subject.sections;
  if (mqtt === undefined) return "unread";
  if (mqtt === null) return "none";
  const { protocol, hostname, port: named } = new URL(mqtt.url);
  const tls = protocol === "mqtts:";
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const port = Number(named || (tls ? 8883 : 1883));
  const withinMs = networkWithinMs(subject.sections);
  const clientId = `${box?.id ?? "scanbox"}-doctor-${randomBytes(2).toString("hex")}`;
  const [ca, cert, key] = [
    subject.secret("mqtt.ca"),
    subject.secret("mqtt.cert"),
    subject.secret("mqtt.key"),
  ];
  const password = subject.secret("mqtt.password");
  const knock = async (version: 5 | 4): Promise<Asked["knocked"]> => {
    const { username } = mqtt;
    const probe = { host, port, tls, version, clientId, username, password, ca, cert, key };
    return { ...(await knockAtBroker(probe, withinMs)), version };
  };
  const login = async (): Promise<Asked["knocked"]> => {
    const first = await knock(mqtt.version === "3.1.1" ? 4 : 5);
    const older = first.kind === "refused" && WRONG_VERSION.includes(first.reason) && mqtt.version === "auto";
    return older ? await knock(4) : first;
  };
  const where = `${host}:${port}`;
  const name = await lookUpName(host, withinMs);
  if (!name.ok) {
    // What needs the name would look it up again, and keep the process waiting for each time.
    const knocked = { kind: "unreached", code: name.code, version: 5 } as const;
    return { where, host, name, reached: null, knocked, clientId };
  }
  const [reached, knocked] = await Promise.all([
    tls ? reachTls(host, port, { ca, cert, key }, withinMs) : null,
    login(),
  ]);
  return { where, host, name, reached, knocked, clientId };
}

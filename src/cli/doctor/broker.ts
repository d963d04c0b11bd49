import { randomBytes } from "node:crypto";
import { mqttReason } from "../../core/codecs/mqtt-reasons.ts";
import { wallTimeOf } from "../../core/kernel/instant.ts";
import { readRow } from "../../journal/row.ts";
import { type HostReached, lookUpName, type NameLooked, reachTls } from "../../links/https/host-probe.ts";
import { liesInMemory } from "../../links/machine/mounts.ts";
import { type BrokerVisit, visitBroker } from "../../links/mqtt/broker-probe.ts";
import { openReader } from "../../links/sqlite/sqlite-reader.ts";
import { txEvent } from "../../reporting/event.ts";
import { offlineStatus } from "../../reporting/status-event.ts";
import { topicsOf } from "../../reporting/topics.ts";
import type { BrokerMessage } from "../../runtime/ports.ts";
import { version } from "../version.ts";
import { type Finding, fault, note, ok, warning } from "./finding.ts";
import { judgeName, judgeReached, networkWithinMs } from "./network.ts";
import type { Area, Subject } from "./subject.ts";

/**
 * The MQTT broker. Where no box runs, doctor does what a box does, under its id, with its will, on its topics: it says that the
 * box is stopped, and repeats the newest event of the journal with the same bytes, which consumers must bear anyway. Beside a
 * box that runs it only looks whether the broker lets it in, under an id of its own.
 */
export const brokerArea: Area = {
  name: "mqtt",
  about: "the MQTT broker: name, TLS, log-in, and whether it takes what the box says",
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
      readonly visit: BrokerVisit;
      readonly clientId: string;
      /** Whether the visit was made as the box, which then does not run. */
      readonly asBox: boolean;
      /** The topics of what was said there, in order. */
      readonly said: readonly string[];
      /** Whether there was an event to repeat. */
      readonly event: boolean;
    };

/** Reason codes that mean "who are you?": MQTT 5, 3.2.2.2, and MQTT 3.1.1, 3.2.2.3. */
const WRONG_LOGIN: readonly number[] = [0x04, 0x86];
const WRONG_CLIENT: readonly number[] = [0x02, 0x85];
const NOT_ALLOWED: readonly number[] = [0x05, 0x87];
const WRONG_VERSION: readonly number[] = [0x01, 0x84];
const QOS_REFUSED = 0x9b;
const TAKEN_OVER = 0x8e;
/** From here on a reason code is a refusal (MQTT 5, 2.4). */
const REFUSED_FROM = 0x80;

/** What the link says where the other side ends a connection without a word of MQTT. */
const CLOSED: readonly string[] = ["closed by the broker", "ECONNRESET", "EPIPE"];

/** The largest packet of a box: 4 KiB of payload, a topic, and what MQTT needs beside them. */
const PACKET_BYTES_MAX = 4_096 + 128 + 64;

/** Judges the broker at a moment, in milliseconds since 1970. */
export function judgeBroker(facts: BrokerFacts, now: number): readonly Finding[] {
  if (facts === "none") return [note("mqtt.login", "No broker is configured; nothing is reported.")];
  if (facts === "unread") return [note("mqtt.login", "The broker was not asked: mqtt cannot be read.")];
  const { where, host, name, reached } = facts;
  const looked = judgeName("mqtt.name", host, name);
  // What needs a name fails without one: one cause, one finding.
  if (!name.ok) return looked;
  const visited = [login(facts), ...limits(facts), ...topics(facts)];
  if (reached === null) return [...looked, ...visited];
  const answered = judgeReached("mqtt.tls", where, reached, now);
  return reached.ok ? [...looked, answered, ...visited] : [...looked, answered];
}

type Asked = Exclude<BrokerFacts, string>;

function login({ where, visit, clientId, asBox }: Asked): Finding {
  const check = "mqtt.login";
  const data = { where, clientId };
  if (visit.kind === "let-in") {
    const spoken = visit.session.version === 5 ? "5" : "3.1.1";
    const more = { ...data, version: spoken };
    if (visit.lost?.reason === TAKEN_OVER) {
      const remedy = "Give each box a box.id of its own: two with one id throw each other out for ever.";
      return fault(
        check,
        `${where} let us in, and another client came with the id ${clientId}.`,
        remedy,
        more,
      );
    }
    return ok(check, `${where} lets us in (MQTT ${spoken}, ${visit.ms} ms).`, more);
  }
  if (visit.kind === "unreached") {
    if (CLOSED.includes(visit.code)) {
      const found = `${where} closes the connection without a word (${visit.code}).`;
      const remedy =
        "Look at its log: it may not be a broker, take no packets of this size (Mosquitto: max_packet_size), or forbid the status topic.";
      return fault(check, found, remedy, { ...data, code: visit.code });
    }
    const found = `${where} does not answer as an MQTT broker (${visit.code}).`;
    const remedy = "Does it run? Is the port that of MQTT, and mqtt: or mqtts: what it speaks there?";
    return fault(check, found, remedy, { ...data, code: visit.code });
  }
  const { reason } = visit;
  const said = `${where} refuses us: ${mqttReason(reason)}`;
  const more = { ...data, reason };
  if (WRONG_LOGIN.includes(reason))
    return fault(check, `${said}.`, "Compare mqtt.username and mqtt.password.", more);
  if (WRONG_CLIENT.includes(reason)) {
    if (asBox) return fault(check, `${said} (${clientId}).`, "Let it take box.id as a client id.", more);
    const remedy =
      "It may take box.id alone as client id, which doctor does not use: look at the log of the box.";
    return warning(check, `${said} (${clientId}).`, remedy, more);
  }
  if (NOT_ALLOWED.includes(reason)) {
    const alone = asBox ? "" : `; or it takes box.id alone, not ${clientId}`;
    return fault(
      check,
      `${said}.`,
      `Compare mqtt.username, mqtt.password and mqtt.cert${alone}. Its access list may forbid the status topic too.`,
      more,
    );
  }
  if (WRONG_VERSION.includes(reason)) return fault(check, `${said}.`, "Set mqtt.version to auto.", more);
  if (reason === QOS_REFUSED) {
    const remedy =
      "Let it take QoS 1 (Mosquitto: max_qos): without confirmation no event could ever be done with.";
    return fault(check, `${said}.`, remedy, more);
  }
  return fault(check, `${said}.`, "Look at the log of the broker.", more);
}

/** What a broker that lets us in does not take. */
function limits({ where, visit }: Asked): readonly Finding[] {
  if (visit.kind !== "let-in") return [];
  const { retains, packetBytesMax } = visit.session;
  const findings: Finding[] = [];
  if (!retains) {
    const remedy = "Allow retained messages for this box (Mosquitto: retain_available), or do without.";
    const found = `${where} keeps no retained messages: who subscribes later does not learn whether the box is there.`;
    findings.push(warning("mqtt.retain", found, remedy));
  }
  if (packetBytesMax !== null && packetBytesMax < PACKET_BYTES_MAX) {
    const found = `${where} takes packets of ${packetBytesMax} bytes at most; those of a box have up to ${PACKET_BYTES_MAX}.`;
    const remedy =
      "Let it take larger ones (Mosquitto: max_packet_size): an event that is refused holds up all others.";
    findings.push(fault("mqtt.packet", found, remedy, { packetBytesMax }));
  }
  return findings;
}

/** What became of what was said there. */
function topics({ visit, asBox, said, event, where }: Asked): readonly Finding[] {
  if (visit.kind !== "let-in") return [];
  if (!asBox) {
    const found = "A box runs: what the broker refuses it is not tried beside it.";
    return [note("mqtt.publish", found, 'Ask the box: "scanbox status", the line MQTT.')];
  }
  const { answers, lost, session } = visit;
  const refused = said.flatMap((topic, index) => {
    const code = answers[index];
    if (code === undefined || code < REFUSED_FROM) return [];
    const remedy =
      "Let the user of the box publish below scanbox/v1/ and its id: look at the access list (ACL).";
    return [
      fault("mqtt.publish", `${where} refuses ${topic}: ${mqttReason(code)}.`, remedy, {
        topic,
        reason: code,
      }),
    ];
  });
  if (refused.length > 0) return refused;
  if (lost !== null && lost.reason !== TAKEN_OVER) {
    const remedy = "Look at the log of the broker: it may forbid a topic, or what is subscribed.";
    return [fault("mqtt.publish", `${where} ended the connection: ${lost.cause}.`, remedy)];
  }
  if (session.version !== 5) {
    const found =
      "In MQTT 3.1.1 a broker has no word for a message that it throws away: whether it passes ours on is not known.";
    return [
      note("mqtt.publish", found, "Subscribe to scanbox/v1/# elsewhere and look, or let it speak MQTT 5."),
    ];
  }
  if (!event) {
    const found = "It takes the status; there is no event in the journal yet that could be repeated.";
    return [note("mqtt.publish", found, "Run doctor again after the first payment.")];
  }
  return [ok("mqtt.publish", "It takes the status and an event.")];
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
  const [ca, cert, key] = [
    subject.secret("mqtt.ca"),
    subject.secret("mqtt.cert"),
    subject.secret("mqtt.key"),
  ];
  const password = subject.secret("mqtt.password");
  const id = box?.id ?? null;
  const asBox = id !== null && subject.runningBox === null;
  const clientId = asBox ? id : `${id ?? "scanbox"}-doctor-${randomBytes(2).toString("hex")}`;
  const { will, messages } = asBox ? words(id, subject) : { will: null, messages: [] };
  const subscribes = asBox && mqtt.confirm === "ack" ? topicsOf(id).ack : null;
  const { url, username, version: spoken } = mqtt;
  const broker = { url, username, password, ca, cert, key, version: spoken === "5" ? 5 : spoken } as const;
  const where = `${host}:${port}`;
  const facts = {
    ...{ where, host, clientId, asBox },
    said: messages.map(({ topic }) => topic),
    event: messages.length > 1,
  };
  const name = await lookUpName(host, withinMs);
  if (!name.ok) {
    // What needs the name would look it up again, and keep the process waiting for each time.
    return { ...facts, name, reached: null, visit: { kind: "unreached", code: name.code } };
  }
  const [reached, visit] = await Promise.all([
    tls ? reachTls(host, port, { ca, cert, key }, withinMs) : null,
    visitBroker({ broker, clientId, will, subscribes, messages }, withinMs),
  ]);
  return { ...facts, name, reached, visit };
}

/** What a box that is stopped has to say: that it is, and its newest event once more. */
function words(
  id: string,
  subject: Subject,
): { readonly will: BrokerMessage; readonly messages: readonly BrokerMessage[] } {
  const { status, tx } = topicsOf(id);
  const newest = newestEvent(subject);
  const directory = subject.sections.journal?.directory;
  const who = {
    ...{ box: id, version, journal: newest?.journal ?? "none", boot: "doctor" },
    journalInMemory: directory !== undefined && liesInMemory(directory),
  };
  const session = { number: 1, since: wallTimeOf(Date.now()), head: newest?.seq ?? 0 };
  const said = (payload: string): BrokerMessage => ({ topic: status, payload, qos: 1, retain: true });
  const event: BrokerMessage[] =
    newest === null ? [] : [{ topic: tx, payload: newest.payload, qos: 1, retain: false }];
  return {
    will: said(offlineStatus(who, session, "lost")),
    messages: [said(offlineStatus(who, session, "stopped")), ...event],
  };
}

/** The newest money event as the box sends it; null where there is none, or it cannot be read: the journal has its own checks. */
function newestEvent(
  subject: Subject,
): { readonly journal: string; readonly seq: number; readonly payload: string } | null {
  const directory = subject.sections.journal?.directory;
  const opened = directory === undefined ? null : openReader(directory);
  if (opened?.ok !== true) return null;
  using reader = opened.value;
  const { journal } = reader;
  const [row] = reader.newestOrders(1);
  const read = row === undefined ? null : readRow(row, journal);
  const event = read?.ok === true ? read.value.event : null;
  return event === null ? null : { journal, seq: event.seq, payload: txEvent(event, journal) };
}

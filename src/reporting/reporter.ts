import { mqttReason } from "../core/codecs/mqtt-reasons.ts";
import { after, type Instant } from "../core/kernel/instant.ts";
import type { BrokerConnection, BrokerLink, BrokerSession, Timer } from "../runtime/ports.ts";
import { Backoff } from "./backoff.ts";
import { type Confirmation, Outbox, type OutboxPorts, STALL_MS } from "./outbox.ts";
import {
  offlineStatus,
  onlineStatus,
  type Reporting,
  type ServiceWord,
  type Session,
} from "./status-event.ts";
import { type Topics, topicsOf } from "./topics.ts";

/** The back-off begins again at its shortest only after a connection that lasted this long. */
const STEADY_MS = 60_000;
/** A graceful stop takes no longer than this. */
const STOP_WITHIN_MS = 2_000;
/** So many of them are what two clients with one id do to each other, where the broker has no word for it. */
const SHORT_SESSIONS = 3;
/** Reason codes from here on are refusals (MQTT 5, 2.4); below it the message was taken. */
const REFUSED_FROM = 0x80;
/** How much of it PUBACKs of events may take; the rest is for the status. */
const DRAIN_WITHIN_MS = 1_000;
/** A service that comes and goes is told of so often at most; what stands then counts. */
export const SERVICE_EVERY_MS = 5_000;
const CONNECT_TIMEOUT_MS = 30_000;
/** Home routers and mobile networks forget a silent connection after some 30 s. */
const KEEP_ALIVE_S = 30;

/** What a reporter works with. */
export interface ReporterPorts extends OutboxPorts {
  readonly broker: BrokerLink;
}

/** Who reports, and what confirms an event. */
export interface ReporterSettings extends Reporting {
  readonly confirm: Confirmation;
  /** Name of the journal's cursor. */
  readonly cursor: string;
  /** Where the cursor stood when the journal was opened. */
  readonly confirmed: number;
}

/** What logs and `doctor` say about reporting. */
export interface ReporterStatus {
  readonly phase: "idle" | "connecting" | "online" | "waiting" | "stopping" | "stopped";
  /** The newest event up to which all are confirmed. */
  readonly confirmed: number;
  /** How many durable events are not confirmed. */
  readonly unconfirmed: number;
  /** Whether the first unconfirmed event was refused or thrown away when it was last tried. */
  readonly held: boolean;
  /** Connections made since the start. */
  readonly sessions: number;
  /** Negotiated MQTT version of this or the last connection: 5, or 4 for MQTT 3.1.1. */
  readonly version: 5 | 4 | null;
  /** Why the last connection ended or could not be made. */
  readonly lastCause: string | null;
  /** Whether this or the last broker keeps the status for who subscribes later; null before the first connection. */
  readonly retains: boolean | null;
  /** What the broker refuses on this connection and why, in words; null where it refuses nothing. */
  readonly refused: string | null;
}

/**
 * Keeps one connection to the broker and lets the outbox report over it. Nothing here is on the way of a payment: a broker
 * that is down at the start or for a week costs a back-off timer and nothing else, for the journal is the queue.
 */
export class Reporter {
  readonly #ports: ReporterPorts;
  readonly #settings: ReporterSettings;
  readonly #topics: Topics;
  readonly #backoff: Backoff;
  readonly #outbox: Outbox;

  #phase: ReporterStatus["phase"] = "idle";
  #connection: BrokerConnection | null = null;
  /** Counts attempts to connect: a will names the one it belongs to. */
  #attempts = 0;
  #sessions = 0;
  #session: Session | null = null;
  /** When the connection was made, null while there is none. */
  #onlineAt: Instant | null = null;
  /** Whether the broker has confirmed the online status, before which no event is sent. */
  #greeted = false;
  #version: 5 | 4 | null = null;
  #lastCause: string | null = null;
  /** Connections in a row that were made and did not last. */
  #short = 0;
  #retains: boolean | null = null;
  /** The reason code with which the broker refused the status, null where it took it. */
  #statusRefusal: number | null = null;
  /** The next attempt, the missing PUBACK of the online status, or the next step of a stop. */
  #timer: Timer | null = null;
  #saidFarewell = false;
  #service: ServiceWord = { inService: false, code: null, reason: "starting" };
  /** How many `online` messages this session has had, and what the last one said of the service. */
  #tellings = 0;
  #told: ServiceWord | null = null;
  /** No further one goes out before this has come. */
  #serviceTimer: Timer | null = null;
  #stopDone: (() => void) | null = null;

  constructor(ports: ReporterPorts, settings: ReporterSettings) {
    this.#ports = ports;
    this.#settings = settings;
    this.#topics = topicsOf(settings.box);
    this.#backoff = new Backoff(ports.entropy);
    this.#outbox = new Outbox(ports, { ...settings, topic: this.#topics.tx });
  }

  /** Connects, now and whenever the connection is lost, until `stop`. */
  start(): void {
    if (this.#phase !== "idle") return;
    this.#ports.source.onAppended(() => this.#outbox.appended());
    this.#connect();
  }

  /**
   * Waits a little for the PUBACKs that are owed, says `stopped` on the status topic and disconnects. Calls back within 2 s
   * and the time the link needs to close.
   */
  stop(done: () => void): void {
    const online = this.#onlineAt !== null;
    this.#phase = "stopping";
    this.#stopDone = done;
    this.#serviceTimer?.cancel();
    this.#serviceTimer = null;
    this.#timer?.cancel();
    if (this.#connection === null) {
      // The caller learns of the end after this call has returned, as everywhere.
      this.#timer = this.#later(0, () => this.#ended());
    } else if (!online) {
      this.#timer = this.#later(0, () => this.#disconnect());
    } else {
      this.#timer = this.#later(DRAIN_WITHIN_MS, () => this.#sayFarewell());
      if (this.#greeted) this.#outbox.drain(() => this.#sayFarewell());
    }
  }

  /** Says whether the box takes payments; it is told when that changes, not too often, the newest word in the end. */
  tell(service: ServiceWord): void {
    this.#service = service;
    this.#tellService();
  }

  #tellService(): void {
    const connection = this.#connection;
    if (connection === null || !this.#greeted || this.#phase !== "online" || this.#serviceTimer !== null)
      return;
    if (this.#told !== null && isSameService(this.#told, this.#service)) return;
    // QoS 0: what the broker still owes for events is not touched, and a connection that breaks begins with the status again.
    this.#publishOnline(connection, 0, () => undefined);
  }

  #publishOnline(connection: BrokerConnection, qos: 0 | 1, done: (reasonCode: number) => void): void {
    const { clock } = this.#ports;
    if (this.#session === null) return;
    this.#tellings += 1;
    this.#told = this.#service;
    const telling = { number: this.#tellings, at: clock.wall() };
    const session = { ...this.#session, head: this.#ports.source.head() };
    const payload = onlineStatus(this.#settings, session, this.#service, telling);
    this.#serviceTimer?.cancel();
    this.#serviceTimer = this.#later(SERVICE_EVERY_MS, () => {
      this.#serviceTimer = null;
      this.#tellService();
    });
    connection.publish({ topic: this.#topics.status, payload, qos, retain: true }, done);
  }

  /** How reporting stands. */
  status(): ReporterStatus {
    const { confirmed, held } = this.#outbox;
    return {
      phase: this.#phase,
      confirmed: Math.max(0, confirmed),
      unconfirmed: Math.max(0, this.#ports.source.head() - confirmed),
      held,
      sessions: this.#sessions,
      version: this.#version,
      lastCause: this.#cause(),
      retains: this.#retains,
      refused: this.#refused(),
    };
  }

  #cause(): string | null {
    if (this.#short < SHORT_SESSIONS || this.#lastCause === null) return this.#lastCause;
    return `${this.#lastCause} (${this.#short} short connections in a row: is there a second box with this box.id?)`;
  }

  #refused(): string | null {
    const { confirmed, refusal } = this.#outbox;
    const parts = [
      ...(this.#statusRefusal === null ? [] : [`${this.#topics.status}: ${mqttReason(this.#statusRefusal)}`]),
      ...(refusal === null ? [] : [`event ${confirmed + 1} on ${this.#topics.tx}: ${mqttReason(refusal)}`]),
    ];
    return parts.length === 0 ? null : parts.join("; ");
  }

  #connect(): void {
    this.#phase = "connecting";
    this.#attempts += 1;
    const session = this.#newSession();
    const payload = offlineStatus(this.#settings, session, "lost");
    const connection = this.#ports.broker.connect(
      {
        clientId: this.#settings.box,
        will: { topic: this.#topics.status, payload, qos: 1, retain: true },
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        keepAliveS: KEEP_ALIVE_S,
      },
      {
        connected: (made) => {
          if (this.#connection === connection) this.#connected(connection, made);
        },
        message: (topic, bytes) => {
          if (this.#connection === connection) this.#message(topic, bytes);
        },
        closed: (cause) => {
          if (this.#connection === connection) this.#lost(cause);
        },
      },
    );
    this.#connection = connection;
  }

  #connected(connection: BrokerConnection, { version, receiveMaximum, retains }: BrokerSession): void {
    if (this.#phase === "stopping") return;
    this.#phase = "online";
    this.#sessions += 1;
    this.#version = version;
    this.#retains = retains;
    this.#statusRefusal = null;
    this.#onlineAt = this.#ports.clock.now();
    this.#session = this.#newSession();
    this.#ports.log.info("mqtt.connected", { version, receiveMaximum, confirmed: this.#outbox.confirmed });
    if (!retains) this.#ports.log.warn("mqtt.not-retained", { topic: this.#topics.status });
    if (this.#settings.confirm === "ack") connection.subscribe(this.#topics.ack);
    this.#timer = this.#later(STALL_MS, () => this.#drop("no PUBACK for the status"));
    this.#tellings = 0;
    this.#publishOnline(connection, 1, (code) => {
      if (this.#connection !== connection) return;
      if (code >= REFUSED_FROM) {
        this.#statusRefusal = code;
        this.#ports.log.warn("mqtt.status-refused", { reasonCode: code, says: mqttReason(code) });
      }
      this.#greet(connection, receiveMaximum);
    });
  }

  /** The status was taken (or refused, which is no reason to withhold events): the whole Receive Maximum is free again. */
  #greet(connection: BrokerConnection, receiveMaximum: number): void {
    this.#greeted = true;
    if (this.#phase === "stopping") {
      this.#sayFarewell();
      return;
    }
    this.#timer?.cancel();
    this.#tellService();
    this.#outbox.attach({
      receiveMaximum,
      publish: (message, done) => connection.publish(message, done),
      stalled: () => this.#drop("no PUBACK for an event"),
    });
  }

  #message(topic: string, payload: Uint8Array): void {
    if (topic === this.#topics.ack) this.#outbox.acknowledged(payload);
    else this.#ports.log.debug("mqtt.message-ignored", { topic, bytes: payload.length });
  }

  /** Gives up a connection that does not work. */
  #drop(cause: string): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#connection = null;
    this.#outbox.detach();
    connection.close(() => this.#lost(cause));
  }

  #lost(cause: string): void {
    if (this.#phase === "stopped") return;
    const { clock, log } = this.#ports;
    const steady = this.#onlineAt !== null && clock.now() - this.#onlineAt >= STEADY_MS;
    this.#timer?.cancel();
    this.#serviceTimer?.cancel();
    this.#serviceTimer = null;
    this.#connection = null;
    this.#greeted = false;
    this.#outbox.detach();
    if (this.#phase === "stopping") {
      this.#ended();
      return;
    }
    const short = this.#onlineAt !== null && !steady;
    if (short) this.#short += 1;
    else if (steady) this.#short = 0;
    if (short && this.#short === SHORT_SESSIONS) log.warn("mqtt.short-connections", { count: this.#short });
    if (steady) this.#backoff.reset();
    this.#onlineAt = null;
    const retryInMs = this.#backoff.next();
    // A broker that is away for a day would fill the log with one sentence.
    if (cause === this.#lastCause && !steady) log.debug("mqtt.lost", { cause, retryInMs });
    else log.warn("mqtt.lost", { cause, retryInMs });
    this.#lastCause = cause;
    this.#phase = "waiting";
    this.#timer = this.#later(retryInMs, () => this.#connect());
  }

  #sayFarewell(): void {
    const connection = this.#connection;
    if (this.#saidFarewell || connection === null || this.#session === null) return;
    this.#saidFarewell = true;
    this.#timer?.cancel();
    this.#timer = this.#later(STOP_WITHIN_MS - DRAIN_WITHIN_MS, () => this.#disconnect());
    // Who says goodbye knows how far its journal has come; a will cannot.
    const session = { ...this.#session, head: this.#ports.source.head() };
    const payload = offlineStatus(this.#settings, session, "stopped");
    connection.publish({ topic: this.#topics.status, payload, qos: 1, retain: true }, () =>
      this.#disconnect(),
    );
  }

  #disconnect(): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#connection = null;
    this.#timer?.cancel();
    connection.close(() => this.#ended());
  }

  #ended(): void {
    if (this.#phase === "stopped") return;
    this.#phase = "stopped";
    this.#outbox.close();
    this.#stopDone?.();
  }

  #newSession(): Session {
    const { clock, source } = this.#ports;
    return { number: this.#attempts, since: clock.wall(), head: source.head() };
  }

  #later(delayMs: number, callback: () => void): Timer {
    const { clock } = this.#ports;
    return clock.at(after(clock.now(), delayMs), callback);
  }
}

function isSameService(a: ServiceWord, b: ServiceWord): boolean {
  return a.inService === b.inService && a.code === b.code && a.reason === b.reason;
}

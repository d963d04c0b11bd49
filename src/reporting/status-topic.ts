import { mqttReason } from "../core/codecs/mqtt-reasons.ts";
import { after } from "../core/kernel/instant.ts";
import type { BrokerMessage, Clock, Log, Timer } from "../runtime/ports.ts";
import type { Channel, Greeting, Publisher } from "./connection.ts";
import type { EventSource } from "./source.ts";
import {
  offlineStatus,
  onlineStatus,
  type Reporting,
  type ServiceWord,
  type Session,
} from "./status-event.ts";

/** Reason codes from here on are refusals (MQTT 5, 2.4); below it the message was taken. */
const REFUSED_FROM = 0x80;
/** A service that comes and goes is told of so often at most; what stands then counts. */
export const SERVICE_EVERY_MS = 5_000;

/** What the status is made with. */
export interface StatusPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly source: Pick<EventSource, "head">;
}

/**
 * The retained message that says whether the box is there and takes payments: the first word of each connection, its last,
 * its will, and one more whenever the service changes.
 */
export class StatusTopic implements Greeting, Publisher {
  readonly #ports: StatusPorts;
  readonly #who: Reporting;
  readonly #topic: string;
  #session: Session | null = null;
  /** Null while service is not told of. */
  #channel: Channel | null = null;
  #service: ServiceWord = { inService: false, code: null, reason: "starting" };
  /** How many `online` messages this session has had, and what the last one said of the service. */
  #tellings = 0;
  #told: ServiceWord | null = null;
  /** No further one goes out before this has come. */
  #timer: Timer | null = null;
  #refusal: number | null = null;
  #stopping = false;

  constructor(ports: StatusPorts, who: Reporting, topic: string) {
    this.#ports = ports;
    this.#who = who;
    this.#topic = topic;
  }

  /** The reason code with which the broker refused it on this or the last connection, null where it took it. */
  get refusal(): number | null {
    return this.#refusal;
  }

  will(number: number): BrokerMessage {
    const payload = offlineStatus(this.#who, this.#newSession(number), "lost");
    return { topic: this.#topic, payload, qos: 1, retain: true };
  }

  greet(channel: Channel, number: number, done: () => void): void {
    this.#session = this.#newSession(number);
    this.#refusal = null;
    this.#tellings = 0;
    if (!channel.retains) this.#ports.log.warn("mqtt.not-retained", { topic: this.#topic });
    this.#publishOnline(channel, this.#session, 1, (code) => {
      if (code >= REFUSED_FROM) {
        // No reason to withhold events.
        this.#refusal = code;
        this.#ports.log.warn("mqtt.status-refused", { reasonCode: code, says: mqttReason(code) });
      }
      done();
    });
  }

  farewell(channel: Channel, done: () => void): void {
    if (this.#session === null) return;
    // Who says goodbye knows how far its journal has come; a will cannot.
    const session = { ...this.#session, head: this.#ports.source.head() };
    const payload = offlineStatus(this.#who, session, "stopped");
    channel.publish({ topic: this.#topic, payload, qos: 1, retain: true }, done);
  }

  attach(channel: Channel): void {
    this.#channel = channel;
    this.#tellService();
  }

  detach(): void {
    this.#channel = null;
    this.#timer?.cancel();
    this.#timer = null;
  }

  freed(): void {
    // What is told of the service needs no PUBACK.
  }

  /** Says whether the box takes payments; it is told when that changes, not too often, the newest word in the end. */
  tell(service: ServiceWord): void {
    this.#service = service;
    this.#tellService();
  }

  /** Nothing is told any more but the farewell. */
  stop(): void {
    this.#stopping = true;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #tellService(): void {
    if (this.#channel === null || this.#session === null || this.#stopping || this.#timer !== null) return;
    if (this.#told !== null && isSameService(this.#told, this.#service)) return;
    // QoS 0: what the broker still owes for events is not touched, and a connection that breaks begins with the status again.
    this.#publishOnline(this.#channel, this.#session, 0, () => undefined);
  }

  #publishOnline(channel: Channel, made: Session, qos: 0 | 1, done: (reasonCode: number) => void): void {
    const { clock, source } = this.#ports;
    this.#tellings += 1;
    this.#told = this.#service;
    const telling = { number: this.#tellings, at: clock.wall() };
    const payload = onlineStatus(this.#who, { ...made, head: source.head() }, this.#service, telling);
    this.#timer?.cancel();
    this.#timer = clock.at(after(clock.now(), SERVICE_EVERY_MS), () => {
      this.#timer = null;
      this.#tellService();
    });
    channel.publish({ topic: this.#topic, payload, qos, retain: true }, done);
  }

  #newSession(number: number): Session {
    const { clock, source } = this.#ports;
    return { number, since: clock.wall(), head: source.head() };
  }
}

function isSameService(a: ServiceWord, b: ServiceWord): boolean {
  return a.inService === b.inService && a.code === b.code && a.reason === b.reason;
}

import { mqttReason } from "../core/codecs/mqtt-reasons.ts";
import { Connection, type ConnectionPorts, type ConnectionStatus } from "./connection.ts";
import { type Confirmation, Outbox, type OutboxPorts } from "./outbox.ts";
import type { Reporting, ServiceWord } from "./status-event.ts";
import { StatusTopic } from "./status-topic.ts";
import { type Topics, topicsOf } from "./topics.ts";

/** What a reporter works with. */
export interface ReporterPorts extends OutboxPorts, ConnectionPorts {}

/** Who reports, and what confirms an event. */
export interface ReporterSettings extends Reporting {
  readonly confirm: Confirmation;
  /** Name of the journal's cursor. */
  readonly cursor: string;
  /** Where the cursor stood when the journal was opened. */
  readonly confirmed: number;
}

/** What logs and `doctor` say about reporting. */
export interface ReporterStatus extends ConnectionStatus {
  /** The newest event up to which all are confirmed. */
  readonly confirmed: number;
  /** How many durable events are not confirmed. */
  readonly unconfirmed: number;
  /** Whether the first unconfirmed event was refused or thrown away when it was last tried. */
  readonly held: boolean;
  /** What the broker refuses on this connection and why, in words; null where it refuses nothing. */
  readonly refused: string | null;
}

/** Reports over MQTT: one connection, over which the status and the events of the journal go. The journal is the queue. */
export class Reporter {
  readonly #ports: ReporterPorts;
  readonly #topics: Topics;
  readonly #status: StatusTopic;
  readonly #outbox: Outbox;
  readonly #connection: Connection;

  constructor(ports: ReporterPorts, settings: ReporterSettings) {
    this.#ports = ports;
    const topics = topicsOf(settings.box);
    this.#topics = topics;
    this.#status = new StatusTopic(ports, settings, topics.status);
    this.#outbox = new Outbox(ports, { ...settings, topic: topics.tx });
    const hearsAck = (payload: Uint8Array): void => this.#outbox.acknowledged(payload);
    this.#connection = new Connection(ports, {
      clientId: settings.box,
      greeting: this.#status,
      publishers: [this.#status, this.#outbox],
      subscriptions: new Map(settings.confirm === "ack" ? [[topics.ack, hearsAck]] : []),
    });
  }

  /** Connects, now and whenever the connection is lost, until `stop`. */
  start(): void {
    this.#ports.source.onAppended(() => this.#outbox.appended());
    this.#connection.start();
  }

  /** Sends nothing new, says `stopped` on the status topic and disconnects; calls back as `Connection.stop` does. */
  stop(done: () => void): void {
    this.#status.stop();
    this.#outbox.stop();
    this.#connection.stop(() => {
      this.#outbox.close();
      done();
    });
  }

  /** Says whether the box takes payments. */
  tell(service: ServiceWord): void {
    this.#status.tell(service);
  }

  /** How reporting stands. */
  status(): ReporterStatus {
    const { confirmed, held } = this.#outbox;
    return {
      ...this.#connection.status(),
      confirmed: Math.max(0, confirmed),
      unconfirmed: Math.max(0, this.#ports.source.head() - confirmed),
      held,
      refused: this.#refused(),
    };
  }

  #refused(): string | null {
    const { confirmed, refusal } = this.#outbox;
    const status = this.#status.refusal;
    const parts = [
      ...(status === null ? [] : [`${this.#topics.status}: ${mqttReason(status)}`]),
      ...(refusal === null ? [] : [`event ${confirmed + 1} on ${this.#topics.tx}: ${mqttReason(refusal)}`]),
    ];
    return parts.length === 0 ? null : parts.join("; ");
  }
}

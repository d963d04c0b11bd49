import { after, type Instant } from "../core/kernel/instant.ts";
import type {
  BrokerConnection,
  BrokerLink,
  BrokerMessage,
  BrokerSession,
  Clock,
  Entropy,
  Log,
  Timer,
} from "../runtime/ports.ts";
import { Backoff } from "./backoff.ts";

/** The back-off begins again at its shortest only after a connection that lasted this long. */
const STEADY_MS = 60_000;
/** A graceful stop takes no longer than this. */
const STOP_WITHIN_MS = 2_000;
/** How much of it PUBACKs may take; the rest is for the farewell. */
const DRAIN_WITHIN_MS = 1_000;
/** So many of them are what two clients with one id do to each other, where the broker has no word for it. */
const SHORT_SESSIONS = 3;
const CONNECT_TIMEOUT_MS = 30_000;
/** Home routers and mobile networks forget a silent connection after some 30 s. */
const KEEP_ALIVE_S = 30;
/** Without any PUBACK for this long, whatever is on its way counts as lost. */
export const STALL_MS = 60_000;

/** A connection that takes messages. */
export interface Channel {
  readonly receiveMaximum: number;
  /** Whether the broker keeps retained messages. */
  readonly retains: boolean;
  /** How many PUBACKs the broker owes, whoever published. */
  readonly owed: number;
  /** Calls back with the reason code of the PUBACK, never after `detach`. */
  publish(message: BrokerMessage, done: (reasonCode: number) => void): void;
  /** Gives the connection up for a new one. */
  drop(cause: string): void;
}

/** Who publishes over the connection. */
export interface Publisher {
  /** A connection takes messages from now on. */
  attach(channel: Channel): void;
  /** It is gone, and with it whatever was on its way. */
  detach(): void;
  /** The broker owes one PUBACK less. */
  freed(): void;
}

/** What is said first and last on each connection. */
export interface Greeting {
  /** The last will of a connection, which counts those of this boot from 1. */
  will(number: number): BrokerMessage;
  /** Publishes the first message; calls back when the broker has answered it. */
  greet(channel: Channel, number: number, done: () => void): void;
  /** Publishes the last one; calls back when the broker has answered it. */
  farewell(channel: Channel, done: () => void): void;
}

/** What a connection works with. */
export interface ConnectionPorts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly broker: BrokerLink;
}

/** Who connects, and who speaks and listens there. */
export interface ConnectionSettings {
  readonly clientId: string;
  readonly greeting: Greeting;
  /** In the order in which they are offered what the broker has room for. */
  readonly publishers: readonly Publisher[];
  /** Topics, and who hears each. */
  readonly subscriptions: ReadonlyMap<string, (payload: Uint8Array) => void>;
}

/** How the connection stands. */
export interface ConnectionStatus {
  readonly phase: "idle" | "connecting" | "online" | "waiting" | "stopping" | "stopped";
  /** Connections made since the start. */
  readonly sessions: number;
  /** Negotiated MQTT version of this or the last connection: 5, or 4 for MQTT 3.1.1. */
  readonly version: 5 | 4 | null;
  /** Why the last connection ended or could not be made. */
  readonly lastCause: string | null;
  /** Whether this or the last broker keeps the status for who subscribes later; null before the first connection. */
  readonly retains: boolean | null;
}

/**
 * Keeps one connection to the broker, whatever is said over it. Nothing here is on the way of a payment: a broker that is
 * down at the start or for a week costs a back-off timer and nothing else.
 */
export class Connection {
  readonly #ports: ConnectionPorts;
  readonly #settings: ConnectionSettings;
  readonly #backoff: Backoff;

  #phase: ConnectionStatus["phase"] = "idle";
  #link: BrokerConnection | null = null;
  /** Null while there is no connection that was let in. */
  #channel: LinkChannel | null = null;
  /** Counts attempts to connect: a will names the one it belongs to. */
  #attempts = 0;
  #sessions = 0;
  /** When the connection was made, null while there is none. */
  #onlineAt: Instant | null = null;
  /** Whether the broker has answered the greeting, before which nobody else publishes. */
  #greeted = false;
  #version: 5 | 4 | null = null;
  #lastCause: string | null = null;
  /** Connections in a row that were made and did not last. */
  #short = 0;
  #retains: boolean | null = null;
  /** The next attempt, the missing answer to the greeting, or the next step of a stop. */
  #timer: Timer | null = null;
  #saidFarewell = false;
  #stopDone: (() => void) | null = null;

  constructor(ports: ConnectionPorts, settings: ConnectionSettings) {
    this.#ports = ports;
    this.#settings = settings;
    this.#backoff = new Backoff(ports.entropy);
  }

  /** Connects, now and whenever the connection is lost, until `stop`. */
  start(): void {
    if (this.#phase === "idle") this.#connect();
  }

  /**
   * Waits a little for the PUBACKs that are owed, says farewell and disconnects. Calls back within 2 s and the time the link
   * needs to close.
   */
  stop(done: () => void): void {
    this.#phase = "stopping";
    this.#stopDone = done;
    this.#timer?.cancel();
    if (this.#link === null) {
      // The caller learns of the end after this call has returned, as everywhere.
      this.#timer = this.#later(0, () => this.#ended());
    } else if (this.#channel === null) {
      this.#timer = this.#later(0, () => this.#disconnect());
    } else {
      this.#timer = this.#later(DRAIN_WITHIN_MS, () => this.#sayFarewell());
      if (this.#greeted && this.#channel.owed === 0) this.#sayFarewell();
    }
  }

  /** How it stands. */
  status(): ConnectionStatus {
    return {
      phase: this.#phase,
      sessions: this.#sessions,
      version: this.#version,
      lastCause: this.#cause(),
      retains: this.#retains,
    };
  }

  #cause(): string | null {
    if (this.#short < SHORT_SESSIONS || this.#lastCause === null) return this.#lastCause;
    return `${this.#lastCause} (${this.#short} short connections in a row: is there a second box with this box.id?)`;
  }

  #connect(): void {
    this.#phase = "connecting";
    this.#attempts += 1;
    const { clientId, greeting, subscriptions } = this.#settings;
    const link = this.#ports.broker.connect(
      {
        clientId,
        will: greeting.will(this.#attempts),
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        keepAliveS: KEEP_ALIVE_S,
      },
      {
        connected: (made) => {
          if (this.#link === link) this.#connected(link, made);
        },
        message: (topic, payload) => {
          if (this.#link !== link) return;
          const hears = subscriptions.get(topic);
          if (hears === undefined)
            this.#ports.log.debug("mqtt.message-ignored", { topic, bytes: payload.length });
          else hears(payload);
        },
        closed: (cause) => {
          if (this.#link === link) this.#lost(cause);
        },
      },
    );
    this.#link = link;
  }

  #connected(link: BrokerConnection, { version, receiveMaximum, retains }: BrokerSession): void {
    if (this.#phase === "stopping") return;
    const { greeting, subscriptions } = this.#settings;
    this.#phase = "online";
    this.#sessions += 1;
    this.#version = version;
    this.#retains = retains;
    this.#onlineAt = this.#ports.clock.now();
    this.#ports.log.info("mqtt.connected", { version, receiveMaximum });
    const channel = new LinkChannel(
      link,
      { receiveMaximum, retains },
      {
        freed: () => this.#freed(channel),
        drop: (cause) => this.#drop(channel, cause),
      },
    );
    this.#channel = channel;
    for (const topic of subscriptions.keys()) link.subscribe(topic);
    this.#timer = this.#later(STALL_MS, () => this.#drop(channel, "no PUBACK for the status"));
    greeting.greet(channel, this.#attempts, () => this.#attach(channel));
  }

  /** The greeting was answered: the whole Receive Maximum is free again. */
  #attach(channel: LinkChannel): void {
    this.#greeted = true;
    if (this.#phase === "stopping") {
      this.#sayFarewell();
      return;
    }
    this.#timer?.cancel();
    for (const publisher of this.#settings.publishers) publisher.attach(channel);
  }

  #freed(channel: LinkChannel): void {
    if (!this.#greeted) return;
    if (this.#phase !== "stopping") for (const publisher of this.#settings.publishers) publisher.freed();
    else if (channel.owed === 0) this.#sayFarewell();
  }

  #detach(): void {
    this.#channel?.close();
    this.#channel = null;
    this.#greeted = false;
    for (const publisher of this.#settings.publishers) publisher.detach();
  }

  /** Gives up a connection that does not work. */
  #drop(channel: LinkChannel, cause: string): void {
    const link = this.#link;
    if (link === null || this.#channel !== channel) return;
    this.#link = null;
    this.#detach();
    link.close(() => this.#lost(cause));
  }

  #lost(cause: string): void {
    if (this.#phase === "stopped") return;
    const { clock, log } = this.#ports;
    const steady = this.#onlineAt !== null && clock.now() - this.#onlineAt >= STEADY_MS;
    this.#timer?.cancel();
    this.#link = null;
    this.#detach();
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
    if (this.#saidFarewell || this.#channel === null) return;
    this.#saidFarewell = true;
    this.#timer?.cancel();
    this.#timer = this.#later(STOP_WITHIN_MS - DRAIN_WITHIN_MS, () => this.#disconnect());
    this.#settings.greeting.farewell(this.#channel, () => this.#disconnect());
  }

  #disconnect(): void {
    const link = this.#link;
    if (link === null) return;
    this.#link = null;
    this.#timer?.cancel();
    link.close(() => this.#ended());
  }

  #ended(): void {
    if (this.#phase === "stopped") return;
    this.#phase = "stopped";
    this.#detach();
    this.#stopDone?.();
  }

  #later(delayMs: number, callback: () => void): Timer {
    const { clock } = this.#ports;
    return clock.at(after(clock.now(), delayMs), callback);
  }
}

/** What publishers have of one link, and what it still owes them. */
class LinkChannel implements Channel {
  readonly receiveMaximum: number;
  readonly retains: boolean;
  readonly #link: BrokerConnection;
  readonly #hears: { readonly freed: () => void; readonly drop: (cause: string) => void };
  #owed = 0;
  #closed = false;

  constructor(
    link: BrokerConnection,
    made: Pick<BrokerSession, "receiveMaximum" | "retains">,
    hears: { readonly freed: () => void; readonly drop: (cause: string) => void },
  ) {
    this.#link = link;
    this.receiveMaximum = made.receiveMaximum;
    this.retains = made.retains;
    this.#hears = hears;
  }

  get owed(): number {
    return this.#owed;
  }

  publish(message: BrokerMessage, done: (reasonCode: number) => void): void {
    const owes = message.qos;
    this.#owed += owes;
    this.#link.publish(message, (reasonCode) => {
      if (this.#closed) return;
      this.#owed -= owes;
      done(reasonCode);
      this.#hears.freed();
    });
  }

  drop(cause: string): void {
    this.#hears.drop(cause);
  }

  /** The link is gone: nobody is called back any more. */
  close(): void {
    this.#closed = true;
  }
}

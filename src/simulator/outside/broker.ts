import type {
  BrokerConnection,
  BrokerLink,
  BrokerListener,
  BrokerMessage,
  BrokerSettings,
  Timer,
} from "../../runtime/ports.ts";
import type { SimulatedTime } from "./time.ts";

/** MQTT 5, 2.2.2.2 "No matching subscribers": the broker has thrown the message away. */
const NO_SUBSCRIBERS = 0x10;

/**
 * What happens to one PUBLISH. `accept`: it arrives and is confirmed. `refuse`: it is answered with a reason code and thrown
 * away. `cut-before` and `cut-after`: the connection breaks before it arrives, or after and before its PUBACK.
 * `mute`: it arrives, and its PUBACK never comes.
 */
export type PublishOutcome =
  | { readonly kind: "accept" }
  | { readonly kind: "refuse"; readonly reasonCode: number }
  | { readonly kind: "cut-before" | "cut-after" | "mute" };

/** A message that arrived at the broker. */
export interface Receipt {
  /** Milliseconds since the world began. */
  readonly at: number;
  readonly clientId: string;
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  /** Whether it is the last will of a connection that broke. */
  readonly will: boolean;
}

/** How a broker is; the world may change it at any time. */
export interface BrokerFaults {
  /** No connection can be made while it is down; to end those that are, `cut`. */
  down: boolean;
  /** Answers a CONNECT with this cause; null lets it in. */
  refusal: string | null;
  /** Time from the box to the broker, and as much back. */
  latencyMs: number;
  version: 5 | 4;
  receiveMaximum: number;
  /** Whether it keeps what is published as retained. */
  retains: boolean;
  /** Whether somebody is subscribed to everything; otherwise only what `watch` names counts. */
  heard: boolean;
  /** Decides what happens to each PUBLISH that gets on its way. */
  fate: (message: BrokerMessage) => PublishOutcome;
}

type Watcher = { readonly filter: readonly string[]; readonly listener: (receipt: Receipt) => void };

/**
 * A broker of the simulated world: it keeps retained messages, remembers everything that arrived, publishes wills, lets a
 * new connection of a client id end the old one, and holds a client to its Receive Maximum.
 */
export class SimulatedBroker implements BrokerLink {
  readonly #time: SimulatedTime;
  readonly temper: BrokerFaults = {
    down: false,
    refusal: null,
    latencyMs: 5,
    version: 5,
    receiveMaximum: 20,
    retains: true,
    heard: true,
    fate: () => ({ kind: "accept" }),
  };
  readonly #receipts: Receipt[] = [];
  readonly #retained = new Map<string, string>();
  readonly #watchers: Watcher[] = [];
  readonly #sessions = new Map<string, SimulatedSession>();

  constructor(time: SimulatedTime) {
    this.#time = time;
  }

  /** Everything that arrived, in order. */
  get receipts(): readonly Receipt[] {
    return this.#receipts;
  }

  /** The retained message of a topic, null where there is none. */
  retained(topic: string): string | null {
    return this.#retained.get(topic) ?? null;
  }

  /** Client ids that are connected. */
  get connected(): readonly string[] {
    return [...this.#sessions.keys()];
  }

  /** Calls `listener` with every message that arrives on a topic that matches; `filter` may use `+` and `#`. */
  watch(filter: string, listener: (receipt: Receipt) => void): void {
    this.#watchers.push({ filter: filter.split("/"), listener });
  }

  /** Publishes as somebody else, such as the host. */
  publish(topic: string, payload: string, retain: boolean): void {
    this.#arrive({ at: this.#time.now, clientId: "", topic, payload, retain, will: false });
  }

  /** Breaks every connection, or those of one client; their wills are published. */
  cut(cause = "connection reset", clientId: string | null = null): void {
    for (const session of this.#sessions.values())
      if (clientId === null || session.clientId === clientId) session.break(cause);
  }

  connect(settings: BrokerSettings, listener: BrokerListener): BrokerConnection {
    const session = new SimulatedSession(this, this.#time, settings, listener);
    session.open();
    return session;
  }

  /** Called by a session whose CONNECT arrived. */
  admit(session: SimulatedSession): void {
    this.#sessions.get(session.clientId)?.break("session taken over");
    this.#sessions.set(session.clientId, session);
  }

  /** Called by a session that has ended; `will` is null after a DISCONNECT. */
  dismiss(session: SimulatedSession, will: BrokerMessage | null): void {
    if (this.#sessions.get(session.clientId) !== session) return;
    this.#sessions.delete(session.clientId);
    if (will !== null) this.take(session.clientId, will, true);
  }

  /** Takes a message in; the answer is the reason code of its PUBACK. */
  take(clientId: string, { topic, payload, retain }: BrokerMessage, will: boolean): number {
    const somebody = this.#arrive({ at: this.#time.now, clientId, topic, payload, retain, will });
    return somebody || this.temper.version === 4 ? 0 : NO_SUBSCRIBERS;
  }

  /** The retained messages that a new subscription gets. */
  retainedFor(filter: string): readonly (readonly [topic: string, payload: string])[] {
    const parts = filter.split("/");
    return [...this.#retained].filter(([topic]) => matches(parts, topic.split("/")));
  }

  #arrive(receipt: Receipt): boolean {
    const { topic, payload, retain } = receipt;
    this.#receipts.push(receipt);
    if (retain && payload === "") this.#retained.delete(topic);
    else if (retain && this.temper.retains) this.#retained.set(topic, payload);
    const levels = topic.split("/");
    const watchers = this.#watchers.filter(({ filter }) => matches(filter, levels));
    const subscribed = [...this.#sessions.values()].filter((session) => session.wants(levels));
    for (const { listener } of watchers) listener(receipt);
    for (const session of subscribed) session.deliver(topic, payload);
    return this.temper.heard || watchers.length + subscribed.length > 0;
  }
}

class SimulatedSession implements BrokerConnection {
  readonly #broker: SimulatedBroker;
  readonly #time: SimulatedTime;
  readonly #settings: BrokerSettings;
  readonly #listener: BrokerListener;
  readonly #filters: (readonly string[])[] = [];
  #timeout: Timer | null = null;
  /** While `closing`, what was sent before still arrives, and nothing comes back. */
  #state: "connecting" | "connected" | "closing" | "ended" = "connecting";
  #unanswered = 0;
  /** When the last thing sent arrives, each way: a connection is a stream, nothing in it overtakes. */
  #lastUpAt = 0;
  #lastDownAt = 0;

  constructor(
    broker: SimulatedBroker,
    time: SimulatedTime,
    settings: BrokerSettings,
    listener: BrokerListener,
  ) {
    this.#broker = broker;
    this.#time = time;
    this.#settings = settings;
    this.#listener = listener;
  }

  get clientId(): string {
    return this.#settings.clientId;
  }

  open(): void {
    const { temper } = this.#broker;
    this.#timeout = this.#time.after(this.#settings.connectTimeoutMs, () => this.break("connack timeout"));
    this.#up(() => {
      if (temper.down) this.break("connection refused");
      else if (temper.refusal !== null) this.break(temper.refusal);
      else {
        this.#broker.admit(this);
        this.#down(() => this.#welcome());
      }
    });
  }

  publish(message: BrokerMessage, done: (reasonCode: number) => void): void {
    if (this.#state !== "connected") return;
    if (message.qos === 1) this.#unanswered += 1;
    this.#up(() => {
      const fate = this.#broker.temper.fate(message);
      if (fate.kind === "cut-before") this.break("connection reset");
      else if (this.#unanswered > this.#broker.temper.receiveMaximum) this.break("receive maximum exceeded");
      else this.#receive(message, fate, done);
    });
  }

  subscribe(topic: string): void {
    this.#up(() => {
      this.#filters.push(topic.split("/"));
      for (const [name, payload] of this.#broker.retainedFor(topic)) this.deliver(name, payload);
    });
  }

  close(done: () => void): void {
    if (this.#state === "ended") {
      this.#time.after(0, done);
      return;
    }
    const will = this.#state === "connected" ? null : this.#settings.will;
    this.#state = "closing";
    this.#time.after(this.#delayUp(), () => {
      this.#finish();
      this.#broker.dismiss(this, will);
      done();
    });
  }

  /** Ends the connection from outside; the broker publishes the will, where the CONNECT had arrived. */
  break(cause: string): void {
    if (this.#state === "ended") return;
    const asked = this.#state === "closing";
    this.#finish();
    this.#broker.dismiss(this, this.#settings.will);
    if (!asked) this.#time.after(0, () => this.#listener.closed(cause));
  }

  wants(levels: readonly string[]): boolean {
    return this.#filters.some((filter) => matches(filter, levels));
  }

  deliver(topic: string, payload: string): void {
    this.#down(() => this.#listener.message(topic, encoder.encode(payload)));
  }

  #welcome(): void {
    const { version, receiveMaximum, retains } = this.#broker.temper;
    this.#timeout?.cancel();
    this.#state = "connected";
    this.#listener.connected({ version, receiveMaximum, retains, packetBytesMax: null });
  }

  #receive(message: BrokerMessage, fate: PublishOutcome, done: (reasonCode: number) => void): void {
    const reasonCode =
      fate.kind === "refuse" ? fate.reasonCode : this.#broker.take(this.clientId, message, false);
    if (fate.kind === "cut-after") this.break("connection reset");
    if (fate.kind === "mute") return;
    this.#down(() => {
      if (message.qos === 1) this.#unanswered -= 1;
      done(reasonCode);
    });
  }

  /** Lets something arrive at the broker, unless the connection has broken by then. */
  #up(arrived: () => void): void {
    this.#time.after(this.#delayUp(), () => {
      if (this.#state !== "ended") arrived();
    });
  }

  /** Lets something arrive at the box, unless it has closed the connection or lost it by then. */
  #down(arrived: () => void): void {
    this.#lastDownAt = Math.max(this.#lastDownAt, this.#time.now + this.#broker.temper.latencyMs);
    this.#time.after(this.#lastDownAt - this.#time.now, () => {
      if (this.#state === "connecting" || this.#state === "connected") arrived();
    });
  }

  #delayUp(): number {
    this.#lastUpAt = Math.max(this.#lastUpAt, this.#time.now + this.#broker.temper.latencyMs);
    return this.#lastUpAt - this.#time.now;
  }

  #finish(): void {
    this.#state = "ended";
    this.#timeout?.cancel();
  }
}

const encoder = new TextEncoder();

/** Whether a topic filter of MQTT matches a topic; both by their levels. */
function matches(parts: readonly string[], levels: readonly string[]): boolean {
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index];
    if (part === "#") return true;
    if (part !== "+" && part !== levels[index]) return false;
    if (levels[index] === undefined) return false;
  }
  return parts.length === levels.length;
}

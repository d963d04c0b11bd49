/**
 * What the box needs of the world, as narrow as it can be. `links/` fulfils these with Node and native packages,
 * `simulator/` with seeded twins; one contract suite runs on both. Results come by callback, so that a simulated world can
 * run without turning the real event loop. A callback never comes before the call that asked for it has returned.
 */
import type { Instant, WallTime } from "../core/kernel/instant.ts";
import { USED_CODES_MAX } from "../core/payment/box.ts";

/** Both clocks and the only timers. */
export interface Clock {
  now(): Instant;
  wall(): WallTime;
  /** Whether the wall clock is known to be right; it labels records and decides nothing. */
  trusted(): boolean;
  /** Calls back once, at `moment` or as soon after as possible. */
  at(moment: Instant, callback: () => void): Timer;
}

/** An appointment that can be called off. */
export interface Timer {
  cancel(): void;
}

/** Cryptographic randomness; seeded in simulation. */
export interface Entropy {
  bytes(count: number): Uint8Array;
}

/** Says what happens, in events with stable names; values that could be secret do not reach it. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** The fields of a log line; only names on the list of `links/log-fields.ts` pass. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** A serial device that sends lines. Each `open` is a new connection that shares nothing with the last. */
export interface SerialLink {
  open(settings: SerialSettings, listener: SerialListener): SerialConnection;
}

/** Which device, at which speed in baud, 8N1. */
export interface SerialSettings {
  readonly path: string;
  readonly baudRate: number;
}

/** Hears one connection to a serial device. */
export interface SerialListener {
  opened(): void;
  /** One line without its terminator, latin1, at most `LINE_BYTES_MAX` characters. */
  line(text: string): void;
  /** A line was over-long and thrown away. */
  discarded(): void;
  /** The connection ended, or could not be made. Comes once; nothing comes after it. */
  closed(cause: string): void;
}

/** One connection to a serial device, from `open` to its end. */
export interface SerialConnection {
  /** Ends the connection; `closed` does not come. Calls back when the device is free again. */
  close(done: () => void): void;
}

/** A character display that takes whole pictures; it shows the last one it was given. */
export interface GlassLink {
  write(rows: readonly string[]): void;
}

/** HTTPS to one merchant's hosts: one attempt a call, no redirects, no retries. */
export interface HttpsLink {
  exchange(request: HttpsRequest, done: (outcome: HttpsOutcome) => void): void;
  /** Opens the charge connection to `host` ahead of need. */
  warm(host: string): void;
  /** The address of the box as the last connection had it, null before the first. */
  localAddress(): string | null;
  close(done: () => void): void;
}

/** Charges have a connection of their own; `reverse` presents the client certificate. */
export type HttpsLane = "charge" | "query" | "reverse";

/** One request of the merchant's: always POST, always XML. */
export interface HttpsRequest {
  readonly lane: HttpsLane;
  /** Origin of one of the configured hosts, such as `https://api.mch.weixin.qq.com`. */
  readonly host: string;
  readonly path: string;
  /** UTF-8 XML. */
  readonly body: string;
  /** The headers must be handed to a socket within this time, or nothing is sent at all. */
  readonly sendWithinMs: number;
  /** The whole reply must have come within this time after the headers left. */
  readonly answerWithinMs: number;
}

/** `not-sent` is proof: the request's headers were never handed to a socket. */
export type HttpsOutcome =
  | { readonly kind: "answered"; readonly status: number; readonly body: Uint8Array }
  | {
      readonly kind: "not-sent";
      readonly why: "no-name" | "no-connection" | "no-trust" | "too-late" | "stopped";
    }
  | { readonly kind: "unanswered"; readonly why: "timeout" | "broken" | "too-large" };

/** Durable rows in a dense sequence, appended by one writer and never changed. */
export interface StoreLink {
  /** Takes the writer's lock, checks the store and reads what the start needs. */
  open(done: (outcome: StoreOpened) => void): void;
  /** Makes all rows durable or none; `null` means durable. Rows continue the sequence without a gap. */
  append(rows: readonly StoredRow[], done: (error: string | null) => void): void;
  /** Up to `limit` rows with `seq` above `afterSeq`, in order: what a follower reports next. */
  follow(afterSeq: number, limit: number, done: (rows: readonly StoredRow[] | null) => void): void;
  /** Moves a follower's cursor; losing the last moves costs a repetition. */
  moveCursor(name: string, seq: number): void;
  close(done: () => void): void;
}

/** `n` is the dense number of the row, `seq` of the money event it holds, null for other entries. */
export interface StoredRow {
  readonly n: number;
  readonly seq: number | null;
  readonly kind: string;
  readonly outTradeNo: string | null;
  /** Whether this row closes its order. */
  readonly final: boolean;
  /** JSON text of the entry. */
  readonly body: string;
  /** Hex SHA-256 that chains this row to the one before it. */
  readonly hash: string;
}

/** What a store says when it is opened: what the start needs, or why there is no start. */
export type StoreOpened =
  | {
      readonly kind: "opened";
      /** Random id made with the journal. */
      readonly journal: string;
      /** Key for salted hashes, made with the journal. */
      readonly salt: Uint8Array;
      /** The newest rows in order, for the check of the chain; all rows where there are fewer than `TAIL_ROWS`. */
      readonly tail: readonly StoredRow[];
      /** The newest row that holds a money event, or null. */
      readonly lastMoney: StoredRow | null;
      /** All rows of the orders whose newest money row is not final, in order. */
      readonly open: readonly StoredRow[];
      /** The newest `charging` rows, newest last, at most `CODES_REMEMBERED`. */
      readonly charged: readonly StoredRow[];
      readonly cursors: Readonly<Record<string, number>>;
    }
  | {
      readonly kind: "refused";
      readonly why: "locked" | "newer-version" | "damaged" | "unreadable";
      readonly detail: string;
    };

/** How many rows at the end of the journal are checked at every start. */
export const TAIL_ROWS = 2_000;

/** How many charged codes a store hands to the start, so that none is charged twice (money rule 1). */
export const CODES_REMEMBERED = USED_CODES_MAX;

/** A transport to an MQTT broker without memory: no store, no reconnection, no queue of its own. */
export interface BrokerLink {
  connect(settings: BrokerSettings, listener: BrokerListener): BrokerConnection;
}

/** Who connects, and how long it may take and stay silent. */
export interface BrokerSettings {
  readonly clientId: string;
  readonly will: BrokerMessage;
  readonly connectTimeoutMs: number;
  readonly keepAliveS: number;
}

/** A message as it is published. */
export interface BrokerMessage {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

/** Hears one connection to a broker. */
export interface BrokerListener {
  connected(session: { readonly version: 5 | 4; readonly receiveMaximum: number }): void;
  message(topic: string, payload: Uint8Array): void;
  /** The connection ended or could not be made. Comes once; nothing comes after it. */
  closed(cause: string): void;
}

/** One connection to a broker, from `connect` to its end. */
export interface BrokerConnection {
  /** Sends once; calls back with the reason code of the PUBACK (0 on MQTT 3.1.1), never where the connection ends first. */
  publish(message: BrokerMessage, done: (reasonCode: number) => void): void;
  subscribe(topic: string): void;
  /** Sends DISCONNECT, which discards the will, and closes. `closed` does not come. */
  close(done: () => void): void;
}

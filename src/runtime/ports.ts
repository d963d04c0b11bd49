/**
 * What the box needs of the world, as narrow as it can be. `links/` fulfils these with Node and native packages,
 * `simulator/` with seeded twins; one contract suite runs on both. Results come by callback, so that a simulated world can
 * run without turning the real event loop. A callback never comes before the call that asked for it has returned.
 */
import type { Discarded } from "../core/codecs/line-guard.ts";
import type { ScannerProfileName } from "../core/codecs/scanner-profile.ts";
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
  /**
   * Calls back when something appears or changes at `path`: a hint that opening may succeed now. A machine that cannot
   * tell stays silent, and a hint may come for nothing.
   */
  watch(path: string, changed: () => void): PathWatch;
}

/** Which device, at which speed in baud, 8N1; a keyboard has no speed. */
export interface SerialSettings {
  readonly path: string;
  readonly baudRate: number;
  /** Whose binary replies are taken out of the lines. */
  readonly profile: ScannerProfileName;
}

/** A watch over a path that lasts until it is ended. */
export interface PathWatch {
  end(): void;
}

/** Hears one connection to a serial device. */
export interface SerialListener {
  opened(): void;
  /** Bytes came that are no whole line yet: something is before the scanner, though it may take a while to say what. */
  began?(): void;
  /** One line without its terminator, latin1, at most `LINE_BYTES_MAX` characters. */
  line(text: string): void;
  /** Something that came was thrown away. */
  discarded(why: ScanDiscarded): void;
  /** The connection ended, or could not be made. Comes once; nothing comes after it. */
  closed(cause: string): void;
}

/** Why something that a scanner sent is no line; `alt-numbers` is a keyboard scanner that types each character as Alt and a number. */
export type ScanDiscarded = Discarded | "alt-numbers";

/** One connection to a serial device, from `open` to its end. */
export interface SerialConnection {
  /** Sends bytes to the device, once `opened` has come; before that, and after the end, they are dropped. */
  write(bytes: Uint8Array): void;
  /** Ends the connection; `closed` does not come. Calls back when the device is free again. */
  close(done: () => void): void;
}

/** A character display module. Each `open` starts the module anew. */
export interface DisplayLink {
  open(listener: DisplayListener): DisplayConnection;
}

/** Hears one connection to a display. */
export interface DisplayListener {
  /** The module is initialised and blank. */
  ready(): void;
  /** The module cannot be reached, or not any more. Comes once; nothing comes after it. */
  closed(cause: string): void;
}

/** One connection to a display, from `open` to its end. */
export interface DisplayConnection {
  /** Writes cells, once `ready` has come; calls back when they stand in the module. One write at a time. */
  write(runs: readonly DisplayRun[], done: () => void): void;
  /** Ends the connection once the write that is under way has ended; `closed` does not come. Calls back when all is free. */
  close(done: () => void): void;
}

/** Neighbouring cells of one row, counted from 0; only characters of `DISPLAY_ALPHABET`, and never beyond the row's end. */
export interface DisplayRun {
  readonly row: number;
  readonly column: number;
  readonly text: string;
}

/** One device on an I2C bus. */
export interface I2cLink {
  /** Sends bytes in order, in one transfer or several; calls back with null, or with why the bus did not take them. */
  write(bytes: Uint8Array, done: (error: string | null) => void): void;
  /** Lets go of the bus; a later write takes it again. */
  close(done: () => void): void;
}

/** The pins of one GPIO chip, by BCM number. */
export interface GpioLink {
  /** Takes all these lines for one device, or none of them. */
  claim(lines: readonly GpioLine[], listener: GpioListener, done: (outcome: GpioClaimed) => void): void;
}

/** A line as a device needs it. */
export type GpioLine =
  /** `pullUp` and `debounceMs` are wishes: not every kernel interface can fulfil them. */
  | { readonly use: "input"; readonly pin: number; readonly pullUp: boolean; readonly debounceMs: number }
  /** Driven both ways; `level` from the moment of the claim. */
  | { readonly use: "output"; readonly pin: number; readonly level: Level }
  /** 0 pulls the line low, 1 lets go of it: it is never driven high. Let go of from the moment of the claim. */
  | { readonly use: "open-drain"; readonly pin: number };

/** Low or high, as a voltmeter sees it. */
export type Level = 0 | 1;

/** Hears one claim. */
export interface GpioListener {
  /** Inputs moved since the last look; several edges may be told as one. Comes only while watching. */
  edge(): void;
  /** A line failed, and all of the claim is gone. Comes once; nothing comes after it. */
  lost(cause: string): void;
}

/** The lines, or why there are none: a sentence that says what to do. */
export type GpioClaimed =
  | { readonly kind: "claimed"; readonly lines: GpioLines }
  | { readonly kind: "refused"; readonly why: string };

/** Claimed lines. After `lost` or `release` reads give the last levels and writes do nothing. */
export interface GpioLines {
  /** The level of one line now. */
  read(pin: number): Level;
  /** Sets output and open-drain lines, at the same moment where the kernel can, else in this order. */
  write(levels: readonly GpioLevel[]): void;
  /** Whether edges of the inputs are told; not from the start. */
  watch(watching: boolean): void;
  /** Gives the lines back as inputs; nothing is left exported. `lost` does not come. */
  release(done: () => void): void;
}

/** A level for one line. */
export interface GpioLevel {
  readonly pin: number;
  readonly level: Level;
}

/** HTTPS to the hosts of one provider: one attempt a call, no redirects, no retries. */
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

/** One request, as its provider words it. */
export interface HttpsRequest {
  readonly lane: HttpsLane;
  /** Origin of one of the configured hosts, such as `https://api.mch.weixin.qq.com`. */
  readonly host: string;
  readonly method: HttpsMethod;
  /** With its query, where there is one. */
  readonly path: string;
  /** Names in lower case. The link adds `user-agent` and what the transport needs, nothing else. */
  readonly headers: Readonly<Record<string, string>>;
  /** UTF-8; an empty one is not sent. */
  readonly body: string;
  /** More bytes of a reply than these are not read. */
  readonly replyBytesMax: number;
  /** The headers must be handed to a socket within this time, or nothing is sent at all. */
  readonly sendWithinMs: number;
  /** The whole reply must have come within this time after the headers left. */
  readonly answerWithinMs: number;
  /** Goes out on a connection that is made for it: an answer that names no order is bound to its question by nothing else. */
  readonly fresh?: boolean;
}

/** How a request is made; a link makes none of its own. */
export type HttpsMethod = "GET" | "POST" | "PUT" | "DELETE" | "PATCH";

/**
 * The headers of a reply, names in lower case. One that came more than once has all its values in a list, so that nobody
 * takes one of them for the only one.
 */
export type ReplyHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** `not-sent` is proof: the request's headers were never handed to a socket. */
export type HttpsOutcome =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: ReplyHeaders;
      readonly body: Uint8Array;
    }
  | {
      readonly kind: "not-sent";
      readonly why: "no-name" | "no-connection" | "no-trust" | "too-late" | "stopped";
    }
  | { readonly kind: "unanswered"; readonly why: "timeout" | "broken" | "too-large" };

/**
 * Durable rows in a dense sequence, appended by one writer, never changed, and dropped only from the beginning. `Outcome` is what
 * an opening tells: the rows that a start relies on, or what was learned of them where they lie.
 */
export interface StoreLink<Outcome = StoreOpened> {
  /** Takes the writer's lock, checks the store and reads what the start needs. */
  open(done: (outcome: Outcome) => void): void;
  /** Makes all rows durable or none; `null` means durable. Rows continue the sequence without a gap. */
  append(rows: readonly StoredRow[], done: (error: string | null) => void): void;
  /** Up to `limit` rows with `seq` above `afterSeq`, in order: what a follower reports next. */
  follow(afterSeq: number, limit: number, done: (rows: readonly StoredRow[] | null) => void): void;
  /** All rows of an order, in order; null where they cannot be read. */
  order(outTradeNo: string, done: (rows: readonly StoredRow[] | null) => void): void;
  /** Moves a follower's cursor; losing the last moves costs a repetition. */
  moveCursor(name: string, seq: number): void;
  /** Whether a charge could be recorded: on a full disk the last of its room is for open orders. */
  room(done: (room: boolean) => void): void;
  /** What a rotation has to know, or null where it cannot be read. */
  survey(wish: StoreSurveyOptions, done: (survey: StoreSurvey | null) => void): void;
  /**
   * Appends the row `segment` and drops every row below `first`, both or neither. A row of an open order is never dropped.
   */
  rotate(segment: StoredRow, first: number, done: (outcome: StoreRotated) => void): void;
  /** The next rows of the whole journal, for the proof of what a start does not read. */
  read(after: number, limit: number, done: (slice: StoreSlice) => void): void;
  /** Makes durable that the store is damaged: every later opening is refused with this sentence. `null` means durable. */
  condemn(sentence: string, done: (error: string | null) => void): void;
  close(done: () => void): void;
}

/** A slice of the journal. `open` is the list of open orders, where there are no more rows; `busy` says that another try may read it. */
export type StoreSlice =
  | { readonly kind: "rows"; readonly rows: readonly StoredRow[]; readonly open: readonly string[] | null }
  | { readonly kind: "damaged"; readonly detail: string }
  | { readonly kind: "busy" };

/** What a rotation came to in the store. `no-room` is proof: nothing was written, and other rows are taken as before. */
export type StoreRotated =
  | { readonly kind: "rotated" }
  | { readonly kind: "no-room" }
  | { readonly kind: "failed"; readonly error: string };

/** How much a rotation wants to know. */
export interface StoreSurveyOptions {
  /** Of so many `segment` rows at most, the oldest first. */
  readonly segments: number;
  /** How many of the newest charges must stay. */
  readonly charges: number;
}

/** What stands at the beginning of a store, and what holds it there. */
export interface StoreSurvey {
  readonly first: StoredRow | null;
  readonly segments: readonly StoredRow[];
  /** The first row of any open order, null where none is open. */
  readonly firstOpen: number | null;
  /** The oldest of the charges that must stay, null where there are not so many. */
  readonly firstCharge: number | null;
}

/** `n` is the dense number of the row, `seq` of the money event it holds, null for other entries. */
export interface StoredRow {
  readonly n: number;
  readonly seq: number | null;
  readonly kind: string;
  /** What it is about: an order, by its number. */
  readonly subject: string | null;
  /** Whether this row closes its order. */
  readonly final: boolean;
  /** JSON text of the entry. */
  readonly body: string;
  /** Hex SHA-256 that chains this row to the one before it. */
  readonly hash: string;
}

/** What every start has to know of a store, whoever reads its rows. */
export interface StoreIdentity {
  /** Random id made with the journal. */
  readonly journal: string;
  /** Key for salted hashes, made with the journal. */
  readonly salt: Uint8Array;
  readonly cursors: Readonly<Record<string, number>>;
}

/** The rows that a start relies on. `Rows` that are read one at a time are read once, in the order of the members here. */
export interface StartRows<Rows = Iterable<StoredRow>> {
  /** Random id made with the journal. */
  readonly journal: string;
  /** The first row, null in an empty store. Its number is above 1 where rows have been dropped. */
  readonly first: StoredRow | null;
  /** The newest row of kind `segment`, or null. */
  readonly segment: StoredRow | null;
  /** The newest row that holds a money event, or null. */
  readonly lastMoney: StoredRow | null;
  /** The newest rows in order, for the check of the chain; all rows where there are fewer than `TAIL_ROWS`. */
  readonly tail: Rows;
  /** All rows of the orders whose newest money row is not final, in order. */
  readonly open: Rows;
  /** The newest rows of the kinds `charging` and `quarantine`, newest first, at most `CODES_REMEMBERED`. */
  readonly charged: Rows;
}

/** What a store says when it is opened: what the start needs, or why there is no start. */
export type StoreOpened =
  | ({ readonly kind: "opened" } & StoreIdentity & StartRows<readonly StoredRow[]>)
  | StoreRefused;

/** The same from a store whose rows were read in its own thread, by who knows what they mean. */
export type StoreLearned<Learned> =
  | ({ readonly kind: "learned"; readonly learned: Learned } & StoreIdentity)
  | StoreRefused;

/** Why a store does not open. */
export interface StoreRefused {
  readonly kind: "refused";
  readonly why: "locked" | "newer-version" | "damaged" | "unreadable";
  readonly detail: string;
}

/** How many rows at the end of the journal are checked at every start. */
export const TAIL_ROWS = 2_000;

/** For how many charges a store hands their rows to the start, so that none is charged twice (money rule 1). */
export const CODES_REMEMBERED = USED_CODES_MAX;

/** A transport to an MQTT broker without memory: no store, no reconnection, no queue of its own. */
export interface BrokerLink {
  connect(settings: BrokerSettings, listener: BrokerListener): BrokerConnection;
}

/** Who connects, and how long it may take and stay silent. */
export interface BrokerSettings {
  readonly clientId: string;
  /** Null for who only looks: nothing is published when it goes. */
  readonly will: BrokerMessage | null;
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
  connected(session: BrokerSession): void;
  message(topic: string, payload: Uint8Array): void;
  /**
   * The connection ended or could not be made; `reasonCode` is the broker's word for it, where it had one. Comes once;
   * nothing comes after it.
   */
  closed(cause: string, reasonCode?: number | null): void;
}

/** What a broker says about itself when it lets somebody in. */
export interface BrokerSession {
  readonly version: 5 | 4;
  readonly receiveMaximum: number;
  /** Whether it keeps retained messages, as far as the version can say; where not, nothing is published as retained. */
  readonly retains: boolean;
  /** The largest packet that it takes, in bytes; null where it names none. */
  readonly packetBytesMax: number | null;
}

/** One connection to a broker, from `connect` to its end. */
export interface BrokerConnection {
  /** Sends once; calls back with the reason code of the PUBACK (0 on MQTT 3.1.1), never where the connection ends first. */
  publish(message: BrokerMessage, done: (reasonCode: number) => void): void;
  subscribe(topic: string): void;
  /** Sends DISCONNECT, which discards the will, and closes. `closed` does not come. */
  close(done: () => void): void;
}

/** Whoever started the box and watches over it. */
export interface ServiceManager {
  /** Tells it something in the words of sd_notify(3); false where it could not be told. */
  notify(state: string): boolean;
}

/** A control socket for programs on this machine: bytes in, text out. Nothing listens on a network. */
export interface ControlLink {
  /** Begins to listen, once; `accept` meets everybody who comes in. */
  listen(accept: (peer: ControlPeer) => ControlPeerListener, done: (outcome: ControlOpened) => void): void;
  /** Listens no more, and ends whoever is there. */
  close(done: () => void): void;
}

/** Where the control socket is, or a sentence that says why there is none. */
export type ControlOpened =
  | { readonly kind: "listening"; readonly path: string }
  | { readonly kind: "refused"; readonly why: string };

/** Somebody who came in. After `end`, and after `closed`, what is sent is dropped. */
export interface ControlPeer {
  send(text: string): void;
  /** Ends the connection once everything sent has left, or at once where it does not leave; `closed` does not come. */
  end(): void;
}

/** Hears one of them. */
export interface ControlPeerListener {
  received(bytes: Uint8Array): void;
  /** They have said everything, and may still read answers, or have gone: that shows when something is sent. */
  finished(): void;
  /** They have gone. Comes once; nothing comes after it. */
  closed(): void;
}

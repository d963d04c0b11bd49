import { mqttReason } from "../core/codecs/mqtt-reasons.ts";
import { after, type Instant } from "../core/kernel/instant.ts";
import type { Clock, Entropy, Log, Timer } from "../runtime/ports.ts";
import { readAck } from "./ack.ts";
import { Backoff } from "./backoff.ts";
import { type Channel, type Publisher, STALL_MS } from "./connection.ts";
import { txEvent } from "./event.ts";
import type { EventRow, EventSource } from "./source.ts";

/** No more events than these are on their way at once, whatever the broker would take. */
export const WINDOW_MAX = 16;
/** A confirmed position is written at most this often. */
const CURSOR_EVERY_MS = 1_000;

/** What confirms an event: the broker's PUBACK with reason code 0, or the host's word on the `ack` topic. */
export type Confirmation = "puback" | "ack";

/** What an outbox works with. */
export interface OutboxPorts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly source: EventSource;
}

/** What is reported, where to, and what confirms it. */
export interface OutboxSettings {
  readonly journal: string;
  readonly topic: string;
  readonly confirm: Confirmation;
  /** Name of the journal's cursor. */
  readonly cursor: string;
  /** Where the cursor stood when the journal was opened: every event up to here is confirmed. */
  readonly confirmed: number;
}

/** An event that was sent and is not confirmed. */
interface Flight {
  readonly seq: number;
  readonly known: EventRow["known"];
  /** The broker has taken it; in `puback` mode it is confirmed as soon as all before it are. */
  taken: boolean;
}

/**
 * Reports the money events of the journal in order and at least once. The journal is the queue: a few rows are read ahead,
 * and whatever happens, sending begins again behind the last confirmed event.
 *
 * No event is ever dropped. Where the broker refuses one (any reason code from 0x80, 0x99 included) or throws it away for
 * want of a subscriber (0x10), the outbox goes back to the first unconfirmed event, waits, and tries that one alone until it
 * is taken; what was on its way behind it is sent again after it, so that the last word on every event comes in order.
 * A refused event holds up those behind it: all events have one shape and one topic, so what refuses one is the broker's
 * configuration and would refuse the others too.
 */
export class Outbox implements Publisher {
  readonly #ports: OutboxPorts;
  readonly #settings: OutboxSettings;
  readonly #backoff: Backoff;

  /** Every event up to here is confirmed. */
  #confirmed: number;
  /** The newest event sent since the last going back; at least `#confirmed`. */
  #sent: number;
  /**
   * The newest event that may ever have been sent: an `ack` above it confirms what nobody sent. A process before this one may
   * have sent all that was durable at the start, for a power failure takes moves of the cursor.
   */
  #sentEver: number;
  /** What the host has of this journal while events of an earlier one are unconfirmed: these are not skipped. */
  #ahead = 0;
  /** Sent and unconfirmed, oldest first; at most `WINDOW_MAX`. */
  #flights: Flight[] = [];
  /** Read and unsent, oldest first, following `#sent` without a gap; at most `WINDOW_MAX`. */
  #rows: readonly EventRow[] = [];

  #channel: Channel | null = null;
  /** Counts goings back: what was asked for before one is not believed after it. */
  #epoch = 0;
  /** One event at a time until one is confirmed. */
  #probing = false;
  #reading = false;
  /** Whether there may be rows that were not read. */
  #more = true;
  #pause: Timer | null = null;
  #progressAt: Instant;
  #stallTimer: Timer | null = null;
  #refusal: number | null = null;
  #stopping = false;

  #cursorNoted: number;
  #cursorTimer: Timer | null = null;
  #closed = false;

  constructor(ports: OutboxPorts, settings: OutboxSettings) {
    this.#ports = ports;
    this.#settings = settings;
    this.#backoff = new Backoff(ports.entropy);
    this.#confirmed = settings.confirmed;
    this.#sent = settings.confirmed;
    this.#sentEver = Math.max(settings.confirmed, ports.source.head());
    this.#cursorNoted = settings.confirmed;
    this.#progressAt = ports.clock.now();
  }

  /** The newest event up to which all are confirmed. */
  get confirmed(): number {
    return this.#confirmed;
  }

  /** Whether the last try with the first unconfirmed event failed: it was refused, thrown away, or not confirmed in time. */
  get held(): boolean {
    return this.#probing;
  }

  /** Why the broker did not take the first unconfirmed event when it was last tried, as its reason code; null where it did. */
  get refusal(): number | null {
    return this.#refusal;
  }

  /** Begins to send on a new connection, from the first unconfirmed event on. */
  attach(channel: Channel): void {
    this.#channel = channel;
    this.#goBack();
    this.#pump();
  }

  /** The connection is gone, and with it whatever was on its way. */
  detach(): void {
    this.#channel = null;
    this.#goBack();
  }

  freed(): void {
    this.#pump();
  }

  /** The journal has more events. */
  appended(): void {
    this.#more = true;
    this.#pump();
  }

  /** Sends nothing more; what is on its way may still be confirmed. */
  stop(): void {
    this.#stopping = true;
  }

  /** Writes the cursor and forgets everything else; nothing is sent afterwards. */
  close(): void {
    this.detach();
    this.#closed = true;
    this.#stopping = true;
    this.#noteCursor();
  }

  /** A message on the `ack` topic. Ignored for another journal, for an event that was never sent, and going backwards. */
  acknowledged(payload: Uint8Array): void {
    if (this.#closed) return;
    const ack = readAck(payload);
    if (!ack.ok) {
      this.#ignored(ack.reason, null);
      return;
    }
    const { journal, upto } = ack.value;
    if (journal !== this.#settings.journal) this.#acknowledgedEarlier(journal, upto);
    else if (this.#confirmed < 0 && upto <= this.#sentEver) this.#ahead = Math.max(this.#ahead, upto);
    else if (upto > this.#sentEver) this.#ignored("never-sent", upto);
    else if (upto < this.#confirmed) this.#ignored("backwards", upto);
    else if (upto > this.#confirmed) this.#confirm(upto);
    this.#pump();
  }

  /** The host has events of an earlier journal, which come before this one's. */
  #acknowledgedEarlier(journal: string, upto: number): void {
    const last = this.#flights.findLast(({ known }) => known?.journal === journal && known.seq <= upto);
    if (last === undefined) this.#ignored("other-journal", upto);
    else this.#confirm(last.seq);
    if (this.#confirmed >= 0 && this.#ahead > this.#confirmed) this.#confirm(this.#ahead);
  }

  #ignored(why: string, upto: number | null): void {
    this.#ports.log.warn("mqtt.ack-ignored", { why, upto, confirmed: this.#confirmed });
  }

  #pump(): void {
    const channel = this.#channel;
    if (channel === null || this.#pause !== null || this.#stopping) return;
    const quota = Math.min(channel.receiveMaximum, WINDOW_MAX);
    const flightsMax = this.#probing ? 1 : quota;
    for (;;) {
      const row = this.#rows[0];
      if (row === undefined) break;
      if (this.#flights.length >= flightsMax || channel.owed >= quota) return;
      this.#rows = this.#rows.slice(1);
      this.#send(channel, row, txEvent(row, this.#settings.journal));
    }
    this.#read();
  }

  #read(): void {
    if (this.#reading || !this.#more) return;
    this.#reading = true;
    this.#more = false;
    const epoch = this.#epoch;
    this.#ports.source.follow(this.#sent, WINDOW_MAX, (rows) => {
      this.#reading = false;
      if (this.#closed) return;
      if (epoch !== this.#epoch) {
        this.#pump();
      } else if (rows === null) {
        this.#ports.log.warn("mqtt.journal-unread", { after: this.#sent });
        this.#more = true;
        this.#wait();
      } else {
        this.#taken(rows);
      }
    });
  }

  #taken(rows: readonly EventRow[]): void {
    // A host may have confirmed, while the rows were read, what was sent before a going back.
    const unsent = rows.filter((row) => row.seq > this.#sent);
    const dense = unsent.every((row, index) => row.seq === this.#sent + 1 + index);
    if (!dense) {
      this.#ports.log.error("mqtt.journal-gap", { after: this.#sent });
      this.#more = true;
      this.#wait();
      return;
    }
    this.#rows = unsent;
    if (rows.length > 0) this.#more = true;
    this.#pump();
  }

  #send(channel: Channel, { seq, known }: EventRow, payload: string): void {
    const flight: Flight = { seq, known, taken: false };
    if (this.#flights.length === 0) this.#progressed();
    this.#flights.push(flight);
    this.#sent = seq;
    this.#sentEver = Math.max(this.#sentEver, seq);
    const epoch = this.#epoch;
    channel.publish({ topic: this.#settings.topic, payload, qos: 1, retain: false }, (reasonCode) => {
      if (epoch === this.#epoch) this.#answered(flight, reasonCode);
    });
  }

  #answered(flight: Flight, reasonCode: number): void {
    if (reasonCode !== 0) {
      this.#refusal = reasonCode;
      this.#ports.log.warn("mqtt.event-kept", { seq: flight.seq, reasonCode, says: mqttReason(reasonCode) });
      this.#holdBack();
      return;
    }
    flight.taken = true;
    this.#progressed();
    if (this.#settings.confirm === "ack") return;
    const gap = this.#flights.find((other) => !other.taken);
    const upto = gap === undefined ? this.#sent : gap.seq - 1;
    if (upto > this.#confirmed) this.#confirm(upto);
  }

  #confirm(upto: number): void {
    this.#confirmed = upto;
    this.#flights = this.#flights.filter((flight) => flight.seq > upto);
    if (this.#sent < upto) {
      this.#sent = upto;
      this.#rows = this.#rows.filter((row) => row.seq > upto);
    }
    this.#probing = false;
    this.#refusal = null;
    this.#backoff.reset();
    this.#endPause();
    this.#progressed();
    this.#cursorMoved();
  }

  /** Goes back to the first unconfirmed event and waits before that one is tried, alone. */
  #holdBack(): void {
    this.#goBack();
    this.#probing = true;
    this.#wait();
  }

  #wait(): void {
    this.#endPause();
    this.#pause = this.#later(this.#backoff.next(), () => {
      this.#pause = null;
      this.#pump();
    });
  }

  #goBack(): void {
    this.#epoch += 1;
    this.#flights = [];
    this.#rows = [];
    this.#sent = this.#confirmed;
    this.#more = true;
    this.#endPause();
    this.#stallTimer?.cancel();
    this.#stallTimer = null;
  }

  #endPause(): void {
    this.#pause?.cancel();
    this.#pause = null;
  }

  #progressed(): void {
    this.#progressAt = this.#ports.clock.now();
    this.#stallTimer ??= this.#later(STALL_MS, () => this.#checkProgress());
  }

  #checkProgress(): void {
    this.#stallTimer = null;
    const channel = this.#channel;
    if (channel === null || this.#flights.length === 0) return;
    const { clock, log } = this.#ports;
    const stallsAt = after(this.#progressAt, STALL_MS);
    if (clock.now() < stallsAt) {
      this.#stallTimer = clock.at(stallsAt, () => this.#checkProgress());
    } else if (channel.owed > 0) {
      // Only a new connection helps.
      log.warn("mqtt.puback-missing", { owed: channel.owed });
      channel.drop("no PUBACK for an event");
    } else {
      // The broker has the events and the host does not answer: it may have lost them, or come back later.
      log.warn("mqtt.ack-missing", { confirmed: this.#confirmed, sent: this.#sent });
      this.#goBack();
      this.#probing = true;
      this.#pump();
    }
  }

  #cursorMoved(): void {
    this.#cursorTimer ??= this.#later(CURSOR_EVERY_MS, () => {
      this.#cursorTimer = null;
      this.#noteCursor();
    });
  }

  #noteCursor(): void {
    this.#cursorTimer?.cancel();
    this.#cursorTimer = null;
    if (this.#cursorNoted === this.#confirmed) return;
    this.#cursorNoted = this.#confirmed;
    this.#ports.source.moveCursor(this.#settings.cursor, this.#confirmed);
  }

  #later(delayMs: number, callback: () => void): Timer {
    const { clock } = this.#ports;
    return clock.at(after(clock.now(), delayMs), callback);
  }
}

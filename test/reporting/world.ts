import type { TxData } from "../../src/core/payment/order.ts";
import type { Confirmation } from "../../src/reporting/outbox.ts";
import { Reporter } from "../../src/reporting/reporter.ts";
import type { EventRow, EventSource } from "../../src/reporting/source.ts";
import type { LogFields } from "../../src/runtime/ports.ts";
import { SimulatedBroker } from "../../src/simulator/outside/broker.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";
import { eventRow, txData } from "./records.ts";

export const BOX = "box-000123";
export const JOURNAL = "jrnl0001";
export const TX = `scanbox/v1/${BOX}/tx`;
export const STATUS = `scanbox/v1/${BOX}/status`;
export const ACK = `scanbox/v1/${BOX}/ack`;

/** A journal of money events in memory, which notes how much of it is asked for. */
class SimulatedJournal implements EventSource {
  readonly #time: SimulatedTime;
  readonly #records: TxData[] = [];
  #earlier: readonly { readonly journal: string; readonly seq: number }[] = [];
  /** Events that a read leaves out, as if they had never been. */
  readonly missing = new Set<number>();
  /** The first event that cannot be read any more. */
  #damagedAt = Number.POSITIVE_INFINITY;
  #listeners: (() => void)[] = [];
  cursor = 0;
  cursorMoves = 0;
  /** The largest read. */
  rowsMost = 0;
  /** How many of the next reads fail. */
  readsFail = 0;

  constructor(time: SimulatedTime) {
    this.#time = time;
  }

  append(count = 1): void {
    for (let made = 0; made < count; made += 1) {
      const outTradeNo = `k3b9x0aaQ7dV2mTz${String(this.#records.length + 1).padStart(8, "0")}`;
      this.#records.push(txData({ outTradeNo }));
    }
    for (const listener of this.#listeners) listener();
  }

  /** Events that earlier journals have left unconfirmed, by their identity. */
  inherit(...known: readonly { readonly journal: string; readonly seq: number }[]): void {
    this.#earlier = known;
    this.cursor = -known.length;
  }

  damage(seq: number): void {
    this.#damagedAt = seq;
  }

  head(): number {
    return this.#records.length;
  }

  follow(afterSeq: number, limit: number, done: (rows: readonly EventRow[] | null) => void): void {
    this.#time.after(1, () => {
      if (this.readsFail > 0) {
        this.readsFail -= 1;
        done(null);
        return;
      }
      // A long journal is not made anew for each read.
      const begin = Math.max(0, afterSeq);
      const all = [
        ...this.#earlier.map((known, index) => {
          const place = index + 1 - this.#earlier.length;
          return { ...eventRow(known.seq, txData()), seq: place, known };
        }),
        ...this.#records.slice(begin, begin + limit).map((tx, index) => eventRow(begin + index + 1, tx)),
      ];
      const rows = all.filter(({ seq }) => seq > afterSeq && !this.missing.has(seq)).slice(0, limit);
      this.rowsMost = Math.max(this.rowsMost, rows.length);
      const whole = rows.filter(({ seq }) => seq < this.#damagedAt);
      done(whole.length === 0 && rows.length > 0 ? null : whole);
    });
  }

  moveCursor(_name: string, seq: number): void {
    this.cursor = seq;
    this.cursorMoves += 1;
  }

  onAppended(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** The process that listened has died. */
  forget(): void {
    this.#listeners = [];
  }
}

export interface Line {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly event: string;
  readonly fields: LogFields;
}

/** A box that does nothing but report, with its broker and its journal. */
export class World {
  readonly time = new SimulatedTime();
  readonly broker = new SimulatedBroker(this.time);
  readonly journal = new SimulatedJournal(this.time);
  readonly lines: Line[] = [];
  readonly #random: Random;
  readonly #confirm: Confirmation;
  readonly #journalInMemory: boolean;
  #clock: SimulatedClock | null = null;
  #boots = 0;

  constructor(
    settings: {
      readonly seed?: number;
      readonly confirm?: Confirmation;
      readonly journalInMemory?: boolean;
    } = {},
  ) {
    this.#random = new Random(settings.seed ?? 1);
    this.#journalInMemory = settings.journalInMemory ?? false;
    this.#confirm = settings.confirm ?? "puback";
  }

  /** Starts the process; what it remembers is the journal's cursor. */
  start(): Reporter {
    this.#boots += 1;
    const clock = new SimulatedClock(this.time, Date.parse("2026-01-01T00:00:00Z") + this.time.now);
    this.#clock = clock;
    const note =
      (level: Line["level"]) =>
      (event: string, fields: LogFields = {}): void => {
        this.lines.push({ level, event, fields });
      };
    const log = { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") };
    const reporter = new Reporter(
      { clock, entropy: this.#random.fork(), log, source: this.journal, broker: this.broker },
      {
        box: BOX,
        version: "0.1.0",
        journal: JOURNAL,
        journalInMemory: this.#journalInMemory,
        boot: `boot${this.#boots}`,
        confirm: this.#confirm,
        cursor: "mqtt",
        confirmed: this.journal.cursor,
      },
    );
    reporter.start();
    return reporter;
  }

  /** Kills the process at this moment. */
  crash(): void {
    this.#clock?.stop();
    this.journal.forget();
    this.broker.cut();
  }

  /** Lets time pass. */
  run(milliseconds: number): void {
    let over = false;
    this.time.after(milliseconds, () => {
      over = true;
    });
    while (!over) this.time.step();
  }

  /** The payloads that arrived on a topic, oldest first. */
  arrived(topic: string): readonly string[] {
    return this.broker.receipts.filter((receipt) => receipt.topic === topic).map(({ payload }) => payload);
  }

  /** The numbers of the money events that arrived, oldest first. */
  seqs(): readonly number[] {
    return this.arrived(TX).map((payload) => JSON.parse(payload).seq);
  }

  events(event: string): readonly Line[] {
    return this.lines.filter((line) => line.event === event);
  }
}

/** The numbers from `first` to `last`, both included. */
export function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

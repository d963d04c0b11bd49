import { LineGuard } from "../core/codecs/line-guard.ts";
import type { SerialConnection, SerialLink, SerialListener, SerialSettings } from "../runtime/ports.ts";
import type { Random } from "./random.ts";
import type { SimulatedTime } from "./time.ts";

const LF = 0x0a;

/** Opening takes up to this long, and so does noticing that the plug was pulled. */
const LATENCY_MS_MAX = 20;

/**
 * A serial device on a plug. What it sends is cut into chunks at random borders; what it sends while nobody has it open
 * is lost, and what is on the wire when the plug is pulled never arrives.
 */
export class SimulatedSerialLink implements SerialLink {
  readonly #time: SimulatedTime;
  readonly #random: Random;
  #plugged = true;
  #holder: Connection | null = null;
  /** When the last byte that was sent arrives; chunks never overtake each other. */
  #wireFreeAt = 0;

  constructor(time: SimulatedTime, random: Random) {
    this.#time = time;
    this.#random = random;
  }

  open(_settings: SerialSettings, listener: SerialListener): SerialConnection {
    const connection = new Connection(this.#time, listener, () => {
      if (this.#holder === connection) this.#holder = null;
    });
    this.#time.after(this.#latencyMs(), () => {
      if (!this.#plugged) connection.end("No such file or directory");
      else if (this.#holder !== null) connection.end("Resource temporarily unavailable");
      else if (connection.open()) this.#holder = connection;
    });
    return connection;
  }

  plug(): void {
    this.#plugged = true;
  }

  unplug(): void {
    this.#plugged = false;
    const connection = this.#holder;
    if (connection === null) return;
    this.#holder = null;
    connection.hangUp();
    this.#time.after(this.#latencyMs(), () => connection.end("the device hung up"));
  }

  /** Puts bytes on the wire at 9,600 baud or so. */
  send(bytes: Uint8Array): void {
    const connection = this.#holder;
    if (connection === null) return;
    let from = 0;
    let moment = Math.max(this.#time.now, this.#wireFreeAt);
    while (from < bytes.length) {
      const to = Math.min(bytes.length, from + this.#random.between(1, this.#random.chance(0.5) ? 4 : 64));
      const chunk = bytes.slice(from, to);
      moment += (to - from) * this.#random.fraction();
      this.#time.after(moment - this.#time.now, () => connection.take(chunk));
      from = to;
    }
    this.#wireFreeAt = moment;
  }

  /** The process of this link has died: its listener hears nothing more and the device is free. */
  abandon(): void {
    this.#holder?.release();
    this.#holder = null;
  }

  #latencyMs(): number {
    return this.#random.between(0, LATENCY_MS_MAX);
  }
}

class Connection implements SerialConnection {
  readonly #time: SimulatedTime;
  readonly #listener: SerialListener;
  readonly #freed: () => void;
  readonly #guard = new LineGuard();
  #discarded = 0;
  #state: "opening" | "open" | "hung-up" | "over" = "opening";

  constructor(time: SimulatedTime, listener: SerialListener, freed: () => void) {
    this.#time = time;
    this.#listener = listener;
    this.#freed = freed;
  }

  /** False where the owner has lost interest meanwhile. */
  open(): boolean {
    if (this.#state !== "opening") return false;
    this.#state = "open";
    this.#listener.opened();
    return this.#isOpen();
  }

  take(chunk: Uint8Array): void {
    if (!this.#isOpen()) return;
    let line = "";
    for (const byte of this.#guard.pass(chunk)) {
      if (byte !== LF) {
        line += String.fromCharCode(byte);
        continue;
      }
      this.#listener.line(line);
      line = "";
      if (!this.#isOpen()) return;
    }
    while (this.#discarded < this.#guard.discardedLines && this.#isOpen()) {
      this.#discarded += 1;
      this.#listener.discarded();
    }
  }

  /** Nothing arrives any more; that it is so is noticed a little later. */
  hangUp(): void {
    if (this.#isOpen()) this.#state = "hung-up";
  }

  end(cause: string): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#freed();
    this.#listener.closed(cause);
  }

  release(): void {
    this.#state = "over";
    this.#freed();
  }

  close(done: () => void): void {
    this.release();
    this.#time.after(0, done);
  }

  #isOpen(): boolean {
    return this.#state === "open";
  }
}

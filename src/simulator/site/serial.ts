import { LineGuard } from "../../core/codecs/line-guard.ts";
import { scannerProfiles } from "../../core/codecs/scanner-profile.ts";
import { GuardedLines, textsOf } from "../../runtime/guarded-lines.ts";
import type {
  PathWatch,
  SerialConnection,
  SerialLink,
  SerialListener,
  SerialSettings,
} from "../../runtime/ports.ts";
import type { Random } from "../outside/random.ts";
import { SimulatedClock, type SimulatedTime } from "../outside/time.ts";

/** Opening takes up to this long, and so does noticing that the plug was pulled. */
const LATENCY_MS_MAX = 20;

/** From the plug to the hint that a watch gives of it. */
const HINT_MS = 1;

/**
 * A serial device on a plug. What it sends is cut into chunks at random borders; what it sends while nobody has it open
 * is lost, and what is on the wire when the plug is pulled never arrives. What is written to it reaches `device` at once.
 */
export class SimulatedSerialLink implements SerialLink {
  readonly #time: SimulatedTime;
  readonly #random: Random;
  readonly #device: (bytes: Uint8Array) => void;
  readonly #watches = new Set<() => void>();
  #plugged = true;
  #holder: Connection | null = null;
  /** Those that have asked for it and have it not yet. */
  readonly #opening = new Set<Connection>();
  /** When the last byte that was sent arrives; chunks never overtake each other. */
  #wireFreeAt = 0;

  constructor(time: SimulatedTime, random: Random, device: (bytes: Uint8Array) => void = () => {}) {
    this.#time = time;
    this.#random = random;
    this.#device = device;
  }

  open(settings: SerialSettings, listener: SerialListener): SerialConnection {
    const guard = new LineGuard(scannerProfiles[settings.profile].replies);
    const connection = new Connection(this.#time, guard, listener, {
      written: this.#device,
      freed: () => {
        if (this.#holder === connection) this.#holder = null;
      },
    });
    this.#opening.add(connection);
    this.#time.after(this.#latencyMs(), () => {
      // The process that asked may have died meanwhile.
      if (!this.#opening.delete(connection)) return;
      if (!this.#plugged) connection.end("No such file or directory");
      else if (this.#holder !== null) connection.end("Resource temporarily unavailable");
      else if (connection.open()) this.#holder = connection;
    });
    return connection;
  }

  watch(_path: string, changed: () => void): PathWatch {
    // A function of its own for each watch, so that two with the same callback are two.
    const hint = (): void => changed();
    this.#watches.add(hint);
    return { end: () => void this.#watches.delete(hint) };
  }

  plug(): void {
    this.#plugged = true;
    for (const hint of this.#watches) {
      this.#time.after(HINT_MS, () => {
        if (this.#watches.has(hint)) hint();
      });
    }
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
    this.#opening.clear();
    this.#holder?.release();
    this.#holder = null;
    this.#watches.clear();
  }

  #latencyMs(): number {
    return this.#random.between(0, LATENCY_MS_MAX);
  }
}

/** What the device learns of a connection to it. */
interface DeviceEnd {
  written(bytes: Uint8Array): void;
  freed(): void;
}

class Connection implements SerialConnection {
  readonly #time: SimulatedTime;
  readonly #lines: GuardedLines;
  readonly #listener: SerialListener;
  readonly #device: DeviceEnd;
  #state: "opening" | "open" | "hung-up" | "over" = "opening";

  constructor(time: SimulatedTime, guard: LineGuard, listener: SerialListener, device: DeviceEnd) {
    this.#time = time;
    this.#lines = new GuardedLines(new SimulatedClock(time, 0), guard, {
      began: () => {
        if (this.#isOpen()) listener.began?.();
      },
      lines: (bytes) => {
        for (const line of textsOf(bytes)) if (this.#isOpen()) listener.line(line);
      },
      discarded: (why) => {
        if (this.#isOpen()) listener.discarded(why);
      },
    });
    this.#listener = listener;
    this.#device = device;
  }

  /** False where the owner has lost interest meanwhile. */
  open(): boolean {
    if (this.#state !== "opening") return false;
    this.#state = "open";
    this.#listener.opened();
    return this.#isOpen();
  }

  take(chunk: Uint8Array): void {
    if (this.#isOpen()) this.#lines.take(chunk);
  }

  /** Nothing arrives any more; that it is so is noticed a little later. */
  hangUp(): void {
    if (!this.#isOpen()) return;
    this.#state = "hung-up";
    this.#lines.end();
  }

  end(cause: string): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#lines.end();
    this.#device.freed();
    this.#listener.closed(cause);
  }

  release(): void {
    this.#state = "over";
    this.#lines.end();
    this.#device.freed();
  }

  write(bytes: Uint8Array): void {
    if (this.#isOpen()) this.#device.written(bytes);
  }

  close(done: () => void): void {
    this.release();
    this.#time.after(0, done);
  }

  #isOpen(): boolean {
    return this.#state === "open";
  }
}

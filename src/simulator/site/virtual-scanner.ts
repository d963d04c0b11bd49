import { LineGuard } from "../../core/codecs/line-guard.ts";
import { scannerProfiles } from "../../core/codecs/scanner-profile.ts";
import { GuardedLines, textsOf } from "../../runtime/guarded-lines.ts";
import type {
  Clock,
  PathWatch,
  SerialConnection,
  SerialLink,
  SerialListener,
  SerialSettings,
} from "../../runtime/ports.ts";

/**
 * A scanner on a plug whose codes are typed by a person, in real time: they go through the same guard as those
 * of a serial line. What it sends while nobody has it open is lost, and so is what is written to it.
 */
export class VirtualScanner implements SerialLink {
  readonly #clock: Clock;
  readonly #watches = new Set<() => void>();
  #plugged = true;
  #holder: Connection | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the plug is in. */
  get plugged(): boolean {
    return this.#plugged;
  }

  open(settings: SerialSettings, listener: SerialListener): SerialConnection {
    const guard = new LineGuard(scannerProfiles[settings.profile].replies);
    const connection = new Connection(this.#clock, guard, listener, (done) => {
      if (this.#holder === connection) this.#holder = null;
      this.#soon(done);
    });
    this.#soon(() => {
      if (connection.over) return;
      if (!this.#plugged) connection.end("No such file or directory");
      else if (this.#holder !== null) connection.end("Resource temporarily unavailable");
      else {
        this.#holder = connection;
        listener.opened();
      }
    });
    return connection;
  }

  watch(_path: string, changed: () => void): PathWatch {
    const hint = (): void => changed();
    this.#watches.add(hint);
    return { end: () => void this.#watches.delete(hint) };
  }

  plug(): void {
    this.#plugged = true;
    for (const hint of this.#watches) {
      this.#soon(() => {
        if (this.#watches.has(hint)) hint();
      });
    }
  }

  unplug(): void {
    this.#plugged = false;
    const connection = this.#holder;
    this.#holder = null;
    if (connection !== null) this.#soon(() => connection.end("the device hung up"));
  }

  /** Puts bytes on the wire and calls back when they have arrived; false where nobody listens. */
  send(bytes: Uint8Array, arrived: () => void): boolean {
    const connection = this.#holder;
    if (connection === null) return false;
    this.#soon(() => {
      connection.take(bytes);
      arrived();
    });
    return true;
  }

  #soon(callback: () => void): void {
    this.#clock.at(this.#clock.now(), callback);
  }
}

/** One connection, from the try to open it to its end. */
class Connection implements SerialConnection {
  readonly #lines: GuardedLines;
  readonly #listener: SerialListener;
  readonly #free: (done: () => void) => void;
  over = false;

  constructor(clock: Clock, guard: LineGuard, listener: SerialListener, free: (done: () => void) => void) {
    this.#lines = new GuardedLines(clock, guard, {
      began: () => {
        if (!this.over) listener.began?.();
      },
      lines: (bytes) => {
        for (const line of textsOf(bytes)) if (!this.over) listener.line(line);
      },
      discarded: (why) => {
        if (!this.over) listener.discarded(why);
      },
    });
    this.#listener = listener;
    this.#free = free;
  }

  take(chunk: Uint8Array): void {
    if (!this.over) this.#lines.take(chunk);
  }

  end(cause: string): void {
    if (this.over) return;
    this.over = true;
    this.#lines.end();
    this.#listener.closed(cause);
  }

  /** A person who types codes needs no trigger. */
  write(_bytes: Uint8Array): void {}

  close(done: () => void): void {
    this.over = true;
    this.#lines.end();
    this.#free(done);
  }
}

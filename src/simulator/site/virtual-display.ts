import type { DisplaySize } from "../../core/codecs/display-frame.ts";
import { after } from "../../core/kernel/instant.ts";
import type {
  Clock,
  DisplayConnection,
  DisplayLink,
  DisplayListener,
  DisplayRun,
} from "../../runtime/ports.ts";

/** What a played display is made of. */
export interface VirtualDisplayParts {
  readonly clock: Clock;
  readonly size: DisplaySize;
  /** Hears what stands on the display after each write. */
  readonly shown: (rows: readonly string[]) => void;
  /** How long the module takes to start, and to take a write. */
  readonly startMs?: number;
  readonly writeMs?: number;
}

/** A character display on a plug that is played: whatever stands on it is told instead of being lit. */
export class VirtualDisplay implements DisplayLink {
  readonly #parts: VirtualDisplayParts;
  #plugged = true;
  #holder: Connection | null = null;

  constructor(parts: VirtualDisplayParts) {
    this.#parts = parts;
  }

  open(listener: DisplayListener): DisplayConnection {
    const { clock, startMs = 0 } = this.#parts;
    const connection = new Connection(this.#parts, listener, () => {
      if (this.#holder === connection) this.#holder = null;
    });
    clock.at(after(clock.now(), startMs), () => {
      if (!this.#plugged) connection.end("No such file or directory");
      else if (this.#holder !== null) connection.end("Device or resource busy");
      else if (connection.begin()) this.#holder = connection;
    });
    return connection;
  }

  plug(): void {
    this.#plugged = true;
  }

  unplug(): void {
    const { clock } = this.#parts;
    this.#plugged = false;
    const connection = this.#holder;
    this.#holder = null;
    if (connection !== null) clock.at(clock.now(), () => connection.end("Remote I/O error"));
  }
}

/** One connection, from the try to start the module to its end. */
class Connection implements DisplayConnection {
  readonly #parts: VirtualDisplayParts;
  readonly #listener: DisplayListener;
  readonly #freed: () => void;
  #rows: readonly string[] = [];
  #state: "opening" | "open" | "over" = "opening";
  #writing = false;
  #whenWritten: (() => void) | null = null;

  constructor(parts: VirtualDisplayParts, listener: DisplayListener, freed: () => void) {
    this.#parts = parts;
    this.#listener = listener;
    this.#freed = freed;
  }

  /** False where the owner has lost interest meanwhile. */
  begin(): boolean {
    if (this.#state !== "opening") return false;
    const { size } = this.#parts;
    this.#state = "open";
    this.#rows = Array.from({ length: size.rows }, () => " ".repeat(size.columns));
    this.#listener.ready();
    return true;
  }

  write(runs: readonly DisplayRun[], done: () => void): void {
    const { clock, writeMs = 0 } = this.#parts;
    this.#writing = true;
    clock.at(after(clock.now(), writeMs), () => {
      this.#writing = false;
      if (this.#state === "open") this.#take(runs);
      const written = this.#whenWritten;
      if (written !== null) written();
      else if (this.#state === "open") done();
    });
  }

  close(done: () => void): void {
    const { clock } = this.#parts;
    const free = (): void => {
      this.#state = "over";
      this.#freed();
      done();
    };
    if (this.#writing && this.#state === "open") this.#whenWritten = free;
    else {
      this.#state = "over";
      clock.at(clock.now(), free);
    }
  }

  end(cause: string): void {
    if (this.#state === "over" || this.#whenWritten !== null) return;
    this.#state = "over";
    this.#freed();
    this.#listener.closed(cause);
  }

  #take(runs: readonly DisplayRun[]): void {
    const rows = [...this.#rows];
    for (const { row, column, text } of runs) {
      const before = rows[row] ?? "";
      rows[row] = `${before.slice(0, column)}${text}${before.slice(column + text.length)}`;
    }
    this.#rows = rows;
    this.#parts.shown(rows);
  }
}

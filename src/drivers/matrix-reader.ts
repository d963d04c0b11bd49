import {
  beginMatrix,
  type KeyEvent,
  type KeyLayout,
  type KeyMatrix,
  matrixRest,
  takeScan,
} from "../core/codecs/key-matrix.ts";
import { after, type Instant } from "../core/kernel/instant.ts";
import type { Clock, Timer } from "../runtime/ports.ts";
import type { MatrixLines } from "./matrix-lines.ts";

/** How often is scanned while something moves, in milliseconds. */
const MOVING_EVERY_MS = 5;

/** How often is scanned while a key is down and known, in milliseconds. */
const HELD_EVERY_MS = 25;

/** How long all must have been open before scanning ends, in milliseconds. */
const QUIET_MS = 20;

/** How often the columns are looked at while nothing happens, in milliseconds: an edge may get lost. */
const LOOK_EVERY_MS = 1_000;

/** What a matrix reader is made of. */
export interface MatrixReaderParts {
  readonly lines: MatrixLines;
  readonly clock: Clock;
  readonly layout: KeyLayout;
  readonly heard: (event: KeyEvent) => void;
}

/**
 * Reads a key matrix: idle, all rows pull low and an edge wakes; awake, scans decide until all has been open for a while. An
 * edge is never more than a reason to look.
 */
export class MatrixReader {
  readonly #parts: MatrixReaderParts;
  #state: "stopped" | "idle" | "scanning" = "stopped";
  #matrix: KeyMatrix;
  /** The first of the latest scans that saw nothing closed; null where the last one did. */
  #openSince: Instant | null = null;
  #timer: Timer | null = null;

  constructor(parts: MatrixReaderParts) {
    this.#parts = parts;
    this.#matrix = beginMatrix({ closed: [], at: parts.clock.now() });
  }

  /** Keys that are down now are not told until they have come up. */
  start(): void {
    const { clock, lines } = this.#parts;
    this.#state = "scanning";
    this.#matrix = beginMatrix({ closed: lines.scan(), at: clock.now() });
    this.#later(MOVING_EVERY_MS, () => this.#scan());
  }

  edge(): void {
    if (this.#state === "idle") this.#wake();
  }

  /** Nothing is heard after this call; the lines stay as they are. */
  stop(): void {
    this.#state = "stopped";
    this.#timer?.cancel();
  }

  #idle(): void {
    this.#state = "idle";
    this.#parts.lines.arm();
    // Looks at once: a key that went down before the watching began makes no edge any more.
    this.#look();
  }

  #look(): void {
    if (this.#parts.lines.lowColumns().length > 0) this.#wake();
    else this.#later(LOOK_EVERY_MS, () => this.#look());
  }

  #wake(): void {
    this.#timer?.cancel();
    this.#state = "scanning";
    this.#openSince = null;
    this.#parts.lines.disarm();
    this.#scan();
  }

  #scan(): void {
    const { clock, heard, layout, lines } = this.#parts;
    const closed = lines.scan();
    const at = clock.now();
    this.#openSince = closed.length > 0 ? null : (this.#openSince ?? at);
    const { matrix, events } = takeScan(this.#matrix, { closed, at }, layout);
    this.#matrix = matrix;
    for (const event of events) if (this.#state === "scanning") heard(event);
    if (this.#state === "scanning") this.#goOn(at);
  }

  #goOn(at: Instant): void {
    const rest = matrixRest(this.#matrix, at, this.#parts.layout.debounceMs);
    const isQuiet = this.#openSince !== null && at >= after(this.#openSince, QUIET_MS);
    if (rest === "open" && isQuiet) this.#idle();
    else this.#later(rest === "held" ? HELD_EVERY_MS : MOVING_EVERY_MS, () => this.#scan());
  }

  #later(milliseconds: number, callback: () => void): void {
    const { clock } = this.#parts;
    this.#timer = clock.at(after(clock.now(), milliseconds), callback);
  }
}

import type { KeyEvent, KeyLayout } from "../core/codecs/key-matrix.ts";
import { readKeyName } from "../core/codecs/key-names.ts";
import { invariant } from "../core/kernel/defect.ts";
import { after } from "../core/kernel/instant.ts";
import type { Key } from "../core/payment/amount-entry.ts";
import type { Clock, GpioClaimed, GpioLink, Log, Timer } from "../runtime/ports.ts";
import { MatrixLines, type MatrixPins, matrixLines } from "./matrix-lines.ts";
import { MatrixReader } from "./matrix-reader.ts";

/** The first pause before the pins are claimed again; each failure in a row doubles it up to the last. */
export const RECLAIM_FIRST_MS = 500;
export const RECLAIM_LAST_MS = 2_000;

/** The pins of a keypad and what stands on its keys, as `keypad` in the configuration. */
export interface KeypadSettings extends MatrixPins {
  /** One text for each row, one character for each column. */
  readonly keys: readonly string[];
  /** How long a key must be steady, in milliseconds. */
  readonly debounceMs: number;
}

/** Hears what is typed and whether it can be. */
export interface KeypadListener {
  /** A key went down; it does not repeat. */
  pressed(key: Key): void;
  /** `clear`, which was told as pressed before, has been down for two seconds. */
  held(key: Key): void;
  /** Comes at each change and once for the first try; `cause` says what is wrong. */
  status(state: KeypadStatus, cause: string | null): void;
}

/** `stuck`: a key is down for too long and is ignored, the others go on. */
export type KeypadStatus = "ready" | "absent" | "stuck";

/** What a keypad is made of. */
export interface KeypadParts {
  readonly link: GpioLink;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: KeypadSettings;
  readonly listener: KeypadListener;
}

/** One claim of the pins; whoever stops the keypad while it is under way leaves word here whom to tell. */
interface Attempt {
  stopped: (() => void) | null;
}

type State =
  | { readonly at: "stopped" }
  | { readonly at: "claiming" | "letting-go"; readonly attempt: Attempt }
  | {
      readonly at: "ready";
      readonly attempt: Attempt;
      readonly lines: MatrixLines;
      readonly reader: MatrixReader;
    }
  | { readonly at: "failed"; readonly timer: Timer };

/**
 * A matrix keypad whose pins are claimed, tried, read and claimed again for ever. No row is ever driven high, and a keypad
 * whose columns have no pull-ups is refused with the pins named, before it can type anything by itself.
 */
export class Keypad {
  readonly #parts: KeypadParts;
  readonly #layout: KeyLayout;
  #state: State = { at: "stopped" };
  #pauseMs = RECLAIM_FIRST_MS;
  #status: KeypadStatus | null = null;

  constructor(parts: KeypadParts) {
    this.#parts = parts;
    const { debounceMs } = parts.settings;
    this.#layout = { keys: labelsOf(parts.settings).map(keyNamed), debounceMs };
  }

  /** Whether keys can be pressed; null while nobody has found out. */
  get status(): KeypadStatus | null {
    return this.#status;
  }

  start(): void {
    if (this.#state.at === "stopped") this.#claim();
  }

  /** Ends typing; nothing is heard after this call. Calls back when the pins are free. */
  stop(done: () => void): void {
    const { clock } = this.#parts;
    const state = this.#state;
    this.#state = { at: "stopped" };
    this.#pauseMs = RECLAIM_FIRST_MS;
    this.#status = null;
    switch (state.at) {
      case "claiming":
      case "letting-go":
        state.attempt.stopped = done;
        return;
      case "ready":
        state.reader.stop();
        state.lines.release(done);
        return;
      case "failed":
        state.timer.cancel();
        break;
      case "stopped":
        break;
    }
    clock.at(clock.now(), done);
  }

  #claim(): void {
    const { link, settings } = this.#parts;
    const attempt: Attempt = { stopped: null };
    this.#state = { at: "claiming", attempt };
    const listener = { edge: () => this.#edge(), lost: (cause: string) => this.#lost(attempt, cause) };
    link.claim(matrixLines(settings), listener, (outcome) => this.#claimed(attempt, outcome));
  }

  #claimed(attempt: Attempt, outcome: GpioClaimed): void {
    if (outcome.kind === "refused") {
      this.#ended(attempt, outcome.why);
      return;
    }
    const lines = new MatrixLines(outcome.lines, this.#parts.settings);
    if (attempt.stopped !== null) {
      lines.release(attempt.stopped);
      return;
    }
    const low = lines.unpulledColumns();
    if (low.length > 0) {
      this.#state = { at: "letting-go", attempt };
      lines.release(() => this.#ended(attempt, withoutPullUp(low)));
      return;
    }
    this.#begin(attempt, lines);
  }

  #begin(attempt: Attempt, lines: MatrixLines): void {
    const { clock, log } = this.#parts;
    const reader = new MatrixReader({
      lines,
      clock,
      layout: this.#layout,
      heard: (event) => this.#heard(event),
    });
    this.#state = { at: "ready", attempt, lines, reader };
    this.#pauseMs = RECLAIM_FIRST_MS;
    log.info("keypad.ready");
    reader.start();
    this.#report("ready", null);
  }

  #edge(): void {
    if (this.#state.at === "ready") this.#state.reader.edge();
  }

  #lost(attempt: Attempt, cause: string): void {
    if (this.#state.at !== "ready" || this.#state.attempt !== attempt) return;
    this.#state.reader.stop();
    this.#failed(cause);
  }

  #heard(event: KeyEvent): void {
    const { listener, log } = this.#parts;
    switch (event.kind) {
      case "key":
        if (event.held) listener.held(event.key);
        else listener.pressed(event.key);
        return;
      case "stuck": {
        const cause = stuckAt(event.positions, this.#parts.settings);
        log.warn("keypad.stuck", { cause });
        this.#report("stuck", cause);
        return;
      }
      case "freed":
        log.info("keypad.freed");
        this.#report("ready", null);
        return;
    }
  }

  /** A claim came to nothing, and its pins are free. */
  #ended(attempt: Attempt, cause: string): void {
    if (attempt.stopped === null) this.#failed(cause);
    else attempt.stopped();
  }

  #failed(cause: string): void {
    const { clock, log } = this.#parts;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(2 * pauseMs, RECLAIM_LAST_MS);
    const timer = clock.at(after(clock.now(), pauseMs), () => this.#claim());
    this.#state = { at: "failed", timer };
    const fields = { cause, retryInMs: pauseMs };
    if (this.#status === "absent") log.debug("keypad.absent", fields);
    else log.warn("keypad.absent", fields);
    this.#report("absent", cause);
  }

  #report(status: KeypadStatus, cause: string | null): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#parts.listener.status(status, cause);
  }
}

/** What stands at each position; a place that no text names has no key. */
function labelsOf({ rows, columns, keys }: KeypadSettings): readonly string[] {
  return rows.flatMap((_, row) => columns.map((_, column) => keys[row]?.charAt(column) || " "));
}

function keyNamed(label: string): Key | null {
  const key = readKeyName(label);
  invariant(key.ok, `the configuration has only keys that there are, not "${label}"`);
  return key.value;
}

function withoutPullUp(pins: readonly number[]): string {
  const low = pins.length === 1 ? `column pin ${pins[0]} reads` : `column pins ${pins.join(", ")} read`;
  return `${low} low with no key pressed: no pull-up, or a key is held`;
}

function stuckAt(positions: readonly number[], settings: KeypadSettings): string {
  const labels = labelsOf(settings);
  const { rows, columns } = settings;
  const keys = positions.map((position) => {
    const row = rows[Math.floor(position / columns.length)];
    return `"${labels[position]}" (row pin ${row}, column pin ${columns[position % columns.length]})`;
  });
  return `${keys.length === 1 ? "the key" : "the keys"} ${keys.join(", ")} will not come up`;
}

import type { KeyEvent, KeyLayout } from "../core/codecs/key-matrix.ts";
import { readKeyName } from "../core/codecs/key-names.ts";
import { invariant } from "../core/kernel/defect.ts";
import type { Instant } from "../core/kernel/instant.ts";
import type { Key } from "../core/payment/amount-entry.ts";
import type { Clock, GpioLink, Log } from "../runtime/ports.ts";
import { Claim } from "./claim.ts";
import { MatrixLines, type MatrixPins, matrixLines } from "./matrix-lines.ts";
import { MatrixReader } from "./matrix-reader.ts";

/** The pins of a keypad and what stands on its keys, as `keypad` in the configuration. */
export interface KeypadSettings extends MatrixPins {
  /** One text for each row, one character for each column. */
  readonly keys: readonly string[];
  /** How long a key must be steady, in milliseconds. */
  readonly debounceMs: number;
}

/** Hears what is typed and whether it can be. */
export interface KeypadListener {
  /** A key went down at `downAt`, and has been steady since; it does not repeat. */
  pressed(key: Key, downAt: Instant): void;
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

/**
 * A matrix keypad whose pins are claimed, tried, read and claimed again for ever. No row is ever driven high, and a keypad
 * whose columns have no pull-ups is refused with the pins named, before it can type anything by itself.
 */
export class Keypad {
  readonly #parts: KeypadParts;
  readonly #layout: KeyLayout;
  readonly #claim: Claim;
  /** The lines that are held, and who reads them. */
  #held: { readonly lines: MatrixLines; readonly reader: MatrixReader } | null = null;
  #status: KeypadStatus | null = null;

  constructor(parts: KeypadParts) {
    this.#parts = parts;
    const { link, clock, log, settings } = parts;
    const { columns, debounceMs } = settings;
    this.#layout = { keys: labelsOf(settings).map(keyNamed), columns: columns.length, debounceMs };
    this.#claim = new Claim({
      ...{ link, clock, log, device: "keypad" },
      lines: matrixLines(settings),
      listener: {
        refuse: (lines) => withoutPullUp(new MatrixLines(lines, settings).unpulledColumns()),
        claimed: (lines) => this.#begin(new MatrixLines(lines, settings)),
        edge: () => this.#held?.reader.edge(),
        absent: (cause) => {
          this.#leave();
          this.#report("absent", cause);
        },
      },
    });
  }

  /** Whether keys can be pressed; null while nobody has found out. */
  get status(): KeypadStatus | null {
    return this.#status;
  }

  start(): void {
    this.#claim.start();
  }

  /** Ends typing; nothing is heard after this call. Calls back when the pins are free. */
  stop(done: () => void): void {
    this.#held?.lines.disarm();
    this.#leave();
    this.#status = null;
    this.#claim.stop(done);
  }

  #begin(lines: MatrixLines): void {
    const { clock } = this.#parts;
    const heard = (event: KeyEvent): void => this.#heard(event);
    const reader = new MatrixReader({ lines, clock, layout: this.#layout, heard });
    this.#held = { lines, reader };
    reader.start();
    this.#report("ready", null);
  }

  #leave(): void {
    this.#held?.reader.stop();
    this.#held = null;
  }

  #heard(event: KeyEvent): void {
    const { listener, log } = this.#parts;
    switch (event.kind) {
      case "key":
        if (event.held) listener.held(event.key);
        else listener.pressed(event.key, event.downAt);
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

function withoutPullUp(pins: readonly number[]): string | null {
  if (pins.length === 0) return null;
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

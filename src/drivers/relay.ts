import { invariant } from "../core/kernel/defect.ts";
import { after, type Instant, instantOf, later } from "../core/kernel/instant.ts";
import { PULSES_MAX } from "../core/payment/rules.ts";
import type { Clock, GpioLine, GpioLines, GpioLink, Log, Timer } from "../runtime/ports.ts";
import { Claim } from "./claim.ts";
import { isOn, levelOf, type Pin } from "./pin.ts";

/** Lengths that coin mechanisms have, and so most machines understand, in milliseconds. */
const WIDTH_MS = 50;
const GAP_MS = 100;

/**
 * How long the sensor must be steady where the kernel can tell: what falls through a light barrier takes
 * longer.
 */
const DROP_DEBOUNCE_MS = 2;

/** An edge of long ago that the kernel tells when it is first asked is over after so long. */
const SENSOR_SETTLE_MS = 20;

/** How often is looked whether the path of the drop sensor is clear again, in milliseconds. */
const CLEAR_EVERY_MS = 1_000;

/** The relay and how a machine wants its pulses. */
export interface RelaySettings extends Pin {
  /** Length of a pulse in milliseconds, at least; 50 where it is not given. */
  readonly widthMs?: number;
  /** Pause between pulses in milliseconds, at least; 100 where it is not given. */
  readonly gapMs?: number;
  /** The sensor that sees goods fall, and how many milliseconds after the last pulse they may take. */
  readonly drop: (Pin & { readonly withinMs: number }) | null;
}

/** How a train of pulses ended. */
export type RelayOutcome =
  /** All went out; no sensor looks at what came of it. */
  | { readonly kind: "pulsed" }
  /** All went out, and something fell. */
  | { readonly kind: "dropped" }
  /** All went out, and nothing fell in time. */
  | { readonly kind: "not-dropped" }
  /** `begun` says whether any pulse may have gone out; it is never false where one did. */
  | { readonly kind: "failed"; readonly begun: boolean; readonly cause: string };

/** Hears whether goods can be given. */
export interface RelayListener {
  /** Comes at each change and once for the first try; `cause` says why they cannot. */
  status(ready: boolean, cause: string | null): void;
}

/** What a relay is made of. */
export interface RelayParts {
  readonly link: GpioLink;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: RelaySettings;
  readonly listener: RelayListener;
}

/** Pulses that are asked for, until their outcome is told. */
interface Train {
  readonly count: number;
  readonly done: (outcome: RelayOutcome) => void;
  readonly askedAt: Instant;
  phase: "asked" | "pulsing" | "looking";
  sent: number;
  /** The longest pulse so far, in milliseconds. */
  longestMs: number;
  fell: boolean;
  timer: Timer | null;
}

/**
 * The relay that makes a machine give goods, as a coin mechanism would. It is off from the moment it is
 * claimed, and what interrupts a train of pulses ends it: none is resumed or repeated (money rule 14). Each
 * change is appointed when the one before it has been made, so that a clock that is late makes pulses and
 * pauses longer and never more, fewer or joined.
 */
export class Relay {
  readonly #parts: RelayParts;
  readonly #claim: Claim;
  #lines: GpioLines | null = null;
  #started: (() => void) | null = null;
  #train: Train | null = null;
  /** Waits for the path of the drop sensor to be clear; until then nobody is to be charged for a refund. */
  #clearing: Timer | null = null;
  /** Before this moment a pulse would join the last one. */
  #quietUntil: Instant = instantOf(0);

  constructor(parts: RelayParts) {
    this.#parts = parts;
    const { link, clock, log, settings } = parts;
    const listener = {
      claimed: (lines: GpioLines) => this.#claimed(lines),
      edge: () => {
        if (this.#train !== null) this.#look(this.#train);
      },
      absent: (cause: string) => this.#absent(cause),
    };
    this.#claim = new Claim({ link, clock, log, device: "relay", lines: linesFor(settings), listener });
  }

  /** Whether pulses could go out now. */
  get ready(): boolean {
    return this.#lines !== null && this.#clearing === null;
  }

  /** Claims the relay, off; calls back when the first try has ended, either way. */
  start(done?: () => void): void {
    this.#started = done ?? null;
    this.#claim.start();
  }

  /** Sends so many pulses, 1 to `PULSES_MAX`, one train at a time; calls back once with how it ended. */
  pulse(count: number, done: (outcome: RelayOutcome) => void): void {
    const { clock } = this.#parts;
    invariant(this.#train === null, "a relay is asked for one train of pulses at a time");
    invariant(Number.isInteger(count) && count >= 1 && count <= PULSES_MAX, "a train has 1 to 100 pulses");
    const askedAt = clock.now();
    const none = { sent: 0, longestMs: 0, fell: false, timer: null };
    const train: Train = { count, done, askedAt, phase: "asked", ...none };
    this.#train = train;
    this.#then(train, later(askedAt, this.#quietUntil), () => this.#begin(train));
  }

  /**
   * Drives the relay off, ends what is under way, and lets go of the lines. Calls back when they are free.
   */
  stop(done: () => void): void {
    this.#started = null;
    this.#off();
    this.#fail("The box was stopped.");
    this.#lines = null;
    this.#forgetClearing();
    this.#claim.stop(done);
  }

  #claimed(lines: GpioLines): void {
    this.#lines = lines;
    this.#parts.listener.status(true, null);
    this.#tellStarted();
  }

  #absent(cause: string): void {
    this.#lines = null;
    this.#forgetClearing();
    this.#parts.listener.status(false, cause);
    this.#fail(cause);
    this.#tellStarted();
  }

  #tellStarted(): void {
    const started = this.#started;
    this.#started = null;
    started?.();
  }

  #begin(train: Train): void {
    const { clock, settings } = this.#parts;
    const lines = this.#lines;
    if (lines === null) {
      this.#fail("The pin of the relay is not there.");
    } else if (settings.drop === null) {
      this.#rise(train);
    } else {
      lines.watch(true);
      this.#then(train, after(clock.now(), SENSOR_SETTLE_MS), () => this.#beginWatched(train));
    }
  }

  #beginWatched(train: Train): void {
    // Whether goods fall could not be seen then, and a refund for goods that came would be a loss.
    if (this.#sees()) {
      const cause = "The drop sensor is on before the first pulse: clear its path.";
      this.#awaitClear(cause);
      this.#fail(cause);
    } else this.#rise(train);
  }

  /** The relay counts as not there until the path of the drop sensor is clear. */
  #awaitClear(cause: string): void {
    const { clock, listener } = this.#parts;
    const isNews = this.#clearing === null;
    this.#forgetClearing();
    this.#clearing = clock.at(after(clock.now(), CLEAR_EVERY_MS), () => {
      if (this.#sees()) {
        this.#awaitClear(cause);
        return;
      }
      this.#clearing = null;
      listener.status(true, null);
    });
    if (isNews) listener.status(false, cause);
  }

  #forgetClearing(): void {
    this.#clearing?.cancel();
    this.#clearing = null;
  }

  #rise(train: Train): void {
    const { clock, settings } = this.#parts;
    train.phase = "pulsing";
    train.sent += 1;
    this.#write(true);
    const risenAt = clock.now();
    this.#then(train, after(risenAt, settings.widthMs ?? WIDTH_MS), () => this.#fall(train, risenAt));
  }

  #fall(train: Train, risenAt: Instant): void {
    const { clock, settings } = this.#parts;
    this.#off();
    const now = clock.now();
    train.longestMs = Math.max(train.longestMs, now - risenAt);
    this.#look(train);
    if (train.sent < train.count) {
      this.#then(train, this.#quietUntil, () => this.#rise(train));
    } else if (settings.drop === null) {
      this.#finish(train, { kind: "pulsed" });
    } else if (train.fell) {
      this.#finish(train, { kind: "dropped" });
    } else {
      train.phase = "looking";
      this.#then(train, after(now, settings.drop.withinMs), () => this.#waited(train));
    }
  }

  /** Goes on at `moment`, unless the train has ended by then. */
  #then(train: Train, moment: Instant, step: () => void): void {
    train.timer = this.#parts.clock.at(moment, () => {
      if (train === this.#train) step();
    });
  }

  /** The time for the goods is over; the last look is for an edge that nobody told of. */
  #waited(train: Train): void {
    this.#look(train);
    this.#finish(train, { kind: "not-dropped" });
  }

  /** An edge only says that there is something to see; a spike that is over again was none of the goods. */
  #look(train: Train): void {
    if (train.phase === "asked" || !this.#sees()) return;
    train.fell = true;
    if (train.phase === "looking") this.#finish(train, { kind: "dropped" });
  }

  /** Whether something is before the drop sensor now. */
  #sees(): boolean {
    const { drop } = this.#parts.settings;
    return drop !== null && this.#lines !== null && isOn(drop, this.#lines.read(drop.pin));
  }

  #off(): void {
    const { clock, settings } = this.#parts;
    this.#write(false);
    this.#quietUntil = after(clock.now(), settings.gapMs ?? GAP_MS);
  }

  #write(on: boolean): void {
    const { settings } = this.#parts;
    this.#lines?.write([{ pin: settings.pin, level: levelOf(settings, on) }]);
  }

  #fail(cause: string): void {
    const train = this.#train;
    if (train !== null) this.#finish(train, { kind: "failed", begun: train.sent > 0, cause });
  }

  /**
   * Tells how the train ended, unless it has ended otherwise: a line may be lost in the very act of writing
   * it.
   */
  #finish(train: Train, outcome: RelayOutcome): void {
    const { clock, log, settings } = this.#parts;
    if (train !== this.#train) return;
    this.#train = null;
    train.timer?.cancel();
    if (settings.drop !== null) this.#lines?.watch(false);
    const { count, done, sent, longestMs } = train;
    const fields = { kind: outcome.kind, count, sent, longestMs, tookMs: clock.now() - train.askedAt };
    if (outcome.kind === "failed") log.warn("relay.failed", { ...fields, cause: outcome.cause });
    else log.info("relay.done", fields);
    done(outcome);
  }
}

function linesFor(settings: RelaySettings): readonly GpioLine[] {
  const relay: GpioLine = { use: "output", pin: settings.pin, level: levelOf(settings, false) };
  const { drop } = settings;
  if (drop === null) return [relay];
  // The relay stands first, and so is off before anything else happens.
  return [relay, { use: "input", pin: drop.pin, pullUp: true, debounceMs: DROP_DEBOUNCE_MS }];
}

import {
  type BuzzerSignal,
  buzzerAt,
  type Lamp,
  type LightSignal,
  lamps,
  lightSignalOf,
  lightsAt,
} from "../core/codecs/signals.ts";
import { after, earliest, type Instant, instantOf } from "../core/kernel/instant.ts";
import type { Screen } from "../core/payment/screen.ts";
import type { TextName } from "../core/payment/texts.ts";
import type { Clock, GpioLine, GpioLines, GpioLink, Log, Timer } from "../runtime/ports.ts";
import { Claim } from "./claim.ts";
import { levelOf, type Pin } from "./pin.ts";

/** Lights and buzzer of a box, each of which may be missing. */
export type SignalOutputs = Readonly<Record<Output, Pin | null>>;

/** What signals are made of. */
export interface SignalsParts {
  readonly link: GpioLink;
  readonly clock: Clock;
  readonly log: Log;
  readonly outputs: SignalOutputs;
}

type Output = Lamp | "buzzer";

/** What is on at a moment, and when that changes. */
interface Picture {
  readonly on: readonly Output[];
  readonly next: Instant | null;
}

/**
 * Keeps lights and buzzer at what the newest screen says. Lights of equal meaning blink on while the screen
 * changes; a sound is played once when the text changes. No timer runs while nothing blinks or beeps.
 */
export class Signals {
  readonly #clock: Clock;
  readonly #outputs: SignalOutputs;
  /** Null where the box has neither lights nor buzzer. */
  readonly #claim: Claim | null;
  readonly #lamps: readonly Lamp[];
  #lines: GpioLines | null = null;
  /** What is on now; all of it is off when the lines have just been claimed. */
  #on: ReadonlySet<Output> = new Set();
  #timer: Timer | null = null;
  #text: TextName | null = null;
  #light = new Course<LightSignal>("off", instantOf(0));
  /** The sound of the text, and a click in its rest. */
  #voices: readonly Course<BuzzerSignal>[] = [];
  /** The text of the sound has gone: what repeats itself does so no more. */
  #soundOver = false;

  constructor({ link, clock, log, outputs }: SignalsParts) {
    this.#clock = clock;
    this.#outputs = outputs;
    this.#lamps = lamps.filter((lamp) => outputs[lamp] !== null);
    const lines: readonly GpioLine[] = Object.values(outputs)
      .filter((pin) => pin !== null)
      .map((pin) => ({ use: "output", pin: pin.pin, level: levelOf(pin, false) }));
    const listener = {
      claimed: (claimed: GpioLines) => {
        this.#lines = claimed;
        this.#play();
      },
      edge: () => {},
      absent: () => this.#leave(),
    };
    this.#claim =
      lines.length === 0 ? null : new Claim({ link, clock, log, device: "signals", lines, listener });
  }

  start(): void {
    this.#claim?.start();
  }

  /** Makes lights and buzzer say what this screen says, in place of the last one. */
  show(screen: Screen): void {
    const signal = lightSignalOf(screen);
    const { text, sound } = screen;
    if (signal === this.#light.signal && text === this.#text) return;
    const now = this.#clock.now();
    if (signal !== this.#light.signal) this.#light = new Course(signal, now);
    if (text !== this.#text) {
      this.#text = text;
      this.#soundOver = sound === "none";
      if (sound !== "none") this.#voices = [new Course(sound, now)];
    }
    this.#play();
  }

  /** Lets the buzzer click for a key, unless it has more to say. */
  click(): void {
    const now = this.#clock.now();
    if (this.#lines === null || this.#outputs.buzzer === null) return;
    if (this.#voices.some((voice) => !buzzerAt(voice.signal, voice.ms(now)).played)) return;
    this.#voices = [...this.#voices, new Course("click", now)];
    this.#play();
  }

  /** Puts everything out and lets go of the lines; calls back when they are free. */
  stop(done: () => void): void {
    this.#light = new Course("off", this.#clock.now());
    this.#text = null;
    this.#voices = [];
    this.#play();
    this.#leave();
    if (this.#claim === null) this.#clock.at(this.#clock.now(), done);
    else this.#claim.stop(done);
  }

  /** Without lines nothing is on and nothing is waited for; lines that return join in what stands then. */
  #leave(): void {
    this.#lines = null;
    this.#on = new Set();
    this.#timer?.cancel();
    this.#timer = null;
    for (const course of [this.#light, ...this.#voices]) course.leave();
  }

  /** Writes what is to be on now, and comes back when that changes. */
  #play(): void {
    const lines = this.#lines;
    if (lines === null) return;
    const now = this.#clock.now();
    const pictures = [this.#lit(now), this.#heard(now)];
    const next = earliest(pictures.map((picture) => picture.next));
    this.#timer?.cancel();
    this.#timer = next === null ? null : this.#clock.at(next, () => this.#play());
    this.#write(lines, new Set(pictures.flatMap((picture) => picture.on)));
  }

  #lit(now: Instant): Picture {
    const phases = lightsAt(this.#light.signal, this.#light.ms(now));
    const next = this.#light.meet(this.#lamps.map((lamp) => phases[lamp].nextMs));
    return { on: this.#lamps.filter((lamp) => phases[lamp].on), next };
  }

  #heard(now: Instant): Picture {
    if (this.#outputs.buzzer === null) return { on: [], next: null };
    const voices = this.#voices.map((voice) => ({ voice, phase: buzzerAt(voice.signal, voice.ms(now)) }));
    const lasting = voices.filter(
      ({ phase }) => !phase.played || (phase.nextMs !== null && !this.#soundOver),
    );
    this.#voices = lasting.map(({ voice }) => voice);
    return {
      on: lasting.some(({ phase }) => phase.on) ? ["buzzer"] : [],
      next: earliest(lasting.map(({ voice, phase }) => voice.meet([phase.nextMs]))),
    };
  }

  #write(lines: GpioLines, on: ReadonlySet<Output>): void {
    const was = this.#on;
    this.#on = on;
    const levels = [...was.symmetricDifference(on)].flatMap((output) => {
      const pin = this.#outputs[output];
      return pin === null ? [] : [{ pin: pin.pin, level: levelOf(pin, on.has(output)) }];
    });
    if (levels.length > 0) lines.write(levels);
  }
}

/**
 * A signal since it began. A clock that calls late stretches what was due and never hurries what follows: so
 * a blink stays slow enough, and three beeps stay three.
 */
class Course<Signal> {
  readonly signal: Signal;
  #begunAt: Instant;
  /** When the next change is due. */
  #nextAt: Instant | null = null;

  constructor(signal: Signal, begunAt: Instant) {
    this.signal = signal;
    this.#begunAt = begunAt;
  }

  /** Milliseconds since it began, of which those that a change came late do not count. */
  ms(now: Instant): number {
    if (this.#nextAt !== null && now > this.#nextAt) {
      this.#begunAt = after(this.#begunAt, now - this.#nextAt);
      this.#nextAt = now;
    }
    return now - this.#begunAt;
  }

  /** The moment of the next change: the first of these. */
  meet(nextMs: readonly (number | null)[]): Instant | null {
    this.#nextAt = earliest(nextMs.map((ms) => (ms === null ? null : after(this.#begunAt, ms))));
    return this.#nextAt;
  }

  /** Nobody waits for a change any more. */
  leave(): void {
    this.#nextAt = null;
  }
}

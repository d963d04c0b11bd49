/**
 * What lights and buzzer do over time, as tables. The three lights are paid (green), wait (yellow) and
 * refused (red); a text and a sound always say the same. Steady `paid` means paid and nothing else. No light
 * blinks faster than twice a second.
 */
import type { Light, Screen, Sound } from "../payment/screen.ts";

/** The lights of a box, by the names of its outputs. */
export const lamps = ["paid", "wait", "refused"] as const;
export type Lamp = (typeof lamps)[number];

/** What the lights say: an outage blinks where a refused payment stands still. */
export type LightSignal = Light | "out-of-service";

/** What the buzzer plays: what a screen wants, or the click of a key. */
export type BuzzerSignal = Sound | "click";

/**
 * One lamp or the buzzer at one moment, and how many milliseconds after its signal began it changes; null
 * means never.
 */
export interface Phase {
  readonly on: boolean;
  readonly nextMs: number | null;
}

/** The buzzer at one moment. */
export interface BuzzerPhase extends Phase {
  /** All beeps have been heard; `nextMs` is when they begin again. */
  readonly played: boolean;
}

/** A lamp that blinks begins with its light. */
type Beat = "off" | "on" | { readonly onMs: number; readonly offMs: number };

const slow: Beat = { onMs: 1_000, offMs: 1_000 };
const even: Beat = { onMs: 500, offMs: 500 };
const fast: Beat = { onMs: 250, offMs: 250 };
const dark = { paid: "off", wait: "off", refused: "off" } as const;

const beats = {
  off: dark,
  ready: { ...dark, paid: slow },
  scan: { ...dark, paid: even },
  wait: { ...dark, wait: fast },
  paid: { ...dark, paid: "on" },
  dispensing: { ...dark, paid: fast },
  refused: { ...dark, refused: "on" },
  "out-of-service": { ...dark, refused: even },
  unknown: { ...dark, wait: "on", refused: "on" },
} as const satisfies Record<LightSignal, Record<Lamp, Beat>>;

/**
 * Lengths of a beep, a pause, a beep …, in milliseconds, and how long after their beginning they begin again.
 */
interface Tune {
  readonly spans: readonly number[];
  readonly everyMs: number | null;
}

/** An active buzzer has one pitch: what would rise gets longer. */
const tunes = {
  none: { spans: [], everyMs: null },
  read: { spans: [80], everyMs: null },
  paid: { spans: [100, 80, 300], everyMs: null },
  refused: { spans: [700], everyMs: null },
  changed: { spans: [80, 120, 80], everyMs: null },
  unknown: { spans: [100, 100, 100, 100, 100], everyMs: 10_000 },
  click: { spans: [10], everyMs: null },
} as const satisfies Record<BuzzerSignal, Tune>;

/** What the lights say about a screen. */
export function lightSignalOf({ light, text }: Pick<Screen, "light" | "text">): LightSignal {
  return light === "refused" && text === "out-of-service" ? text : light;
}

/** The three lamps `ms` milliseconds after the signal began. */
export function lightsAt(signal: LightSignal, ms: number): Readonly<Record<Lamp, Phase>> {
  const { paid, wait, refused } = beats[signal];
  return { paid: lampAt(paid, ms), wait: lampAt(wait, ms), refused: lampAt(refused, ms) };
}

/** The buzzer `ms` milliseconds after the signal began. */
export function buzzerAt(signal: BuzzerSignal, ms: number): BuzzerPhase {
  const { spans, everyMs }: Tune = tunes[signal];
  const begin = everyMs === null ? 0 : Math.floor(ms / everyMs) * everyMs;
  let end = begin;
  let on = false;
  for (const span of spans) {
    end += span;
    on = !on;
    if (ms < end) return { on, nextMs: end, played: false };
  }
  return { on: false, nextMs: everyMs === null ? null : begin + everyMs, played: true };
}

function lampAt(beat: Beat, ms: number): Phase {
  if (typeof beat === "string") return { on: beat === "on", nextMs: null };
  const { onMs, offMs } = beat;
  const begin = Math.floor(ms / (onMs + offMs)) * (onMs + offMs);
  const on = ms < begin + onMs;
  return { on, nextMs: begin + onMs + (on ? 0 : offMs) };
}

import type { Level } from "../runtime/ports.ts";

/** A pin of the header and what "on" is there. */
export interface Pin {
  /** BCM number. */
  readonly pin: number;
  /** Whether low means on. */
  readonly activeLow: boolean;
}

/** The level that means on, or off, at this pin. */
export function levelOf({ activeLow }: Pin, on: boolean): Level {
  return on === activeLow ? 0 : 1;
}

/** Whether this level means on at this pin. */
export function isOn(pin: Pin, level: Level): boolean {
  return level === levelOf(pin, true);
}

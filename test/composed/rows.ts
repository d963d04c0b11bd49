import type { Files, Keys, Stand } from "./stand.ts";

/** Two values of one key, and what is different to see. */
export interface Row {
  readonly key: string;
  /** The keys of an earlier life, in which the power goes amid a payment; the other keys are those of the next one. */
  readonly earlier?: (files: Files) => Keys;
  /** Other keys that both boxes have. */
  readonly also?: Keys;
  /** The values, or whole sets of keys where one cannot change alone. */
  readonly values: readonly [unknown, unknown] | ((files: Files) => readonly [unknown, unknown]);
  /** How many charges a rotation keeps, where a story is too short for as many as a box keeps. */
  readonly codesKept?: number;
  /** What happens; a payment that goes well, where nothing is said. */
  readonly story?: (stand: Stand) => void;
  readonly see: (stand: Stand) => unknown;
  readonly seen: readonly [unknown, unknown];
}

/** Several keys at once, as a value of a row. */
export class Together {
  readonly keys: Keys;

  constructor(keys: Keys) {
    this.keys = keys;
  }
}

/** A payment at a fixed amount, to its end on the screen. */
export function pays(stand: Stand): void {
  stand.scan().shows("paid");
}

/** The same with another scenario of the sandbox, and its end. */
export function tells(scenario: string, text: string): (stand: Stand) => void {
  return (stand) => void stand.scan(scenario).shows(text);
}

/** A field of the first charge. */
export function field(...names: readonly string[]): (stand: Stand) => unknown {
  return (stand) => {
    const values = names.map((name) => stand.charges[0]?.fields[name] ?? null);
    return values.length === 1 ? values[0] : values;
  };
}

/** So many milliseconds after the first charge arrived. */
export function sinceCharge(stand: Stand, at: number | undefined): number | null {
  const charged = stand.charges[0]?.at;
  return charged === undefined || at === undefined ? null : at - charged;
}

/** A number as people tell it: within the few milliseconds that network and journal take. */
export function about(ms: number | null, toMs = 100): number | null {
  return ms === null ? null : Math.round(ms / toMs) * toMs;
}

/** Whether the sandbox takes what comes: the box is proved and a payment goes through. */
export function tries(stand: Stand): void {
  stand.scan().pass(3_000);
}

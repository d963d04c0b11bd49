import { type Draft, isObject, valueAt } from "./draft.ts";

/** A pin of `outputs` and what "on" is there. */
export interface OutputPin {
  readonly pin: number;
  readonly activeLow: boolean;
}

/** The pin of an output, in either of the ways that the configuration allows; null where it has none. */
export function pinAt(draft: Draft, which: string): OutputPin | null {
  const value = valueAt(draft, `outputs.${which}`);
  if (typeof value === "number") return { pin: value, activeLow: false };
  if (!isObject(value) || typeof value.pin !== "number") return null;
  return { pin: value.pin, activeLow: value.activeLow === true };
}

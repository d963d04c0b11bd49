/** What may come between two steps of a small world. */
import type { Point } from "./choices.ts";

/** The power comes back at once, or when everything that was on its way has arrived and time-outs at the sandbox are over. */
const SOON_MS = 60;
const LATER_MS = 70_000;

/** One of them. `kept` says whether a write that is under way becomes durable. */
export type Interruption =
  | { readonly kind: "nothing" | "cancel" | "pin" }
  | { readonly kind: "power"; readonly kept: boolean; readonly forMs: number };

/** What could be interrupted now. */
export interface Moment {
  /** A payment is in front, and its reversal is not recorded: later on a cancel key is ignored by name. */
  readonly cancellable: boolean;
  /** The machine is giving goods. */
  readonly giving: boolean;
  /** A write was asked for, is not durable and has not failed. */
  readonly writing: boolean;
  /** Something outside goes on without the box, so that the length of an outage matters. */
  readonly pending: boolean;
  /** Whether an outage now is another world than one before, where what is being written is lost, and where it is kept. */
  readonly lost: boolean;
  readonly kept: boolean;
}

/** A point at which one of several things interrupts the world, or nothing does. */
export interface InterruptionPoint extends Point {
  readonly interruptions: readonly Interruption[];
}

const points = new Map<number, InterruptionPoint>();

/** The point of such a moment. Points of equal moments are the same object. */
export function interruptionPoint(moment: Moment): InterruptionPoint {
  const { cancellable, giving, writing, pending, lost, kept } = moment;
  const facts = [cancellable, giving, writing, pending, lost, writing && kept];
  const key = facts.reduce((bits, fact) => 2 * bits + Number(fact), 0);
  const known = points.get(key);
  if (known !== undefined) return known;
  const lengths = pending ? [SOON_MS, LATER_MS] : [SOON_MS];
  const fates = [...(lost ? [false] : []), ...(writing && kept ? [true] : [])];
  const interruptions: readonly Interruption[] = [
    { kind: "nothing" },
    ...(cancellable ? [{ kind: "cancel" } as const] : []),
    ...(giving ? [{ kind: "pin" } as const] : []),
    ...lengths.flatMap((forMs) => fates.map((fate) => ({ kind: "power", kept: fate, forMs }) as const)),
  ];
  const options = interruptions.map((one) => nameOf(one, writing));
  const point = { what: "between two steps", options, fault: true, way: null, interruptions };
  points.set(key, point);
  return point;
}

function nameOf(interruption: Interruption, writing: boolean): string {
  switch (interruption.kind) {
    case "nothing":
      return "nothing";
    case "cancel":
      return "somebody presses cancel";
    case "pin":
      return "the relay's pin fails";
    case "power": {
      const write = writing ? `, what was being written is ${interruption.kept ? "kept" : "lost"}` : "";
      return `the power fails for ${interruption.forMs / 1_000} s${write}`;
    }
  }
}

declare const instant: unique symbol;
declare const wallTime: unique symbol;

/** A moment on the monotonic clock, in whole milliseconds since the process (or the simulation) started. It decides. */
export type Instant = number & { readonly [instant]: true };

/** A moment on the wall clock, in milliseconds since 1970-01-01 UTC. It only labels: a Pi wakes up in the past. */
export type WallTime = number & { readonly [wallTime]: true };

/** Reads a number of milliseconds as a monotonic moment. */
export function instantOf(milliseconds: number): Instant {
  return milliseconds as Instant;
}

/** Reads a number of milliseconds since 1970 as a wall-clock moment. */
export function wallTimeOf(milliseconds: number): WallTime {
  return milliseconds as WallTime;
}

/** The moment `milliseconds` after `moment`. */
export function after(moment: Instant, milliseconds: number): Instant {
  return (moment + milliseconds) as Instant;
}

/** The later of two moments. */
export function later(a: Instant, b: Instant): Instant {
  return a > b ? a : b;
}

/** The earlier of two moments. */
export function earlier(a: Instant, b: Instant): Instant {
  return a < b ? a : b;
}

/** The earlier of two moments of which either may be missing; null where both are. */
export function sooner(a: Instant | null, b: Instant | null): Instant | null {
  return a === null ? b : b === null ? a : earlier(a, b);
}

/** The earliest of some moments of which any may be missing; null where all are. */
export function earliest(moments: readonly (Instant | null)[]): Instant | null {
  return moments.reduce(sooner, null);
}

declare const instant: unique symbol;
declare const wallTime: unique symbol;

/** A moment on the monotonic clock, in milliseconds since the process (or the simulation) started. It decides. */
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

/** The earlier of two moments, where either may be missing. */
export function earlier(a: Instant | null, b: Instant | null): Instant | null {
  if (a === null) return b;
  if (b === null) return a;
  return a < b ? a : b;
}

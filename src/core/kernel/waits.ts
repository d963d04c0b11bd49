/** Waits between attempts, in milliseconds and in order; the last one repeats for ever. */
export type Waits = readonly number[];

/** The wait after `failures` attempts in a row have failed; none where no waits are given. */
export function waitAfter(waits: Waits, failures: number): number {
  return waits[Math.min(failures, waits.length - 1)] ?? 0;
}

/** Milliseconds on the clock that every process of the machine shares (CLOCK_MONOTONIC), with fractions. */
export function moment(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

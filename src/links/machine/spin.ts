/**
 * Lets at least so many microseconds pass with the processor at work: for waits that a device asks for and that are far
 * shorter than any timer. Whoever spins for more than a millisecond in a turn of the event loop keeps a payment waiting.
 */
export function spin(us: number): void {
  const end = performance.now() + us / 1_000;
  while (performance.now() < end);
}

import type { Entropy } from "../runtime/ports.ts";

/** The first ceiling of a wait. */
const FIRST_MS = 1_000;
/** No wait is longer than this. */
const LONGEST_WAIT_MS = 120_000;

/**
 * Waits with full jitter: any time from nothing to a ceiling that doubles from 1 s to 120 s. Ten thousand boxes that lose
 * one broker at one moment come back spread over two minutes instead of all at once.
 */
export class Backoff {
  readonly #entropy: Entropy;
  #ceilingMs = FIRST_MS;

  constructor(entropy: Entropy) {
    this.#entropy = entropy;
  }

  /** Draws the next wait, in whole milliseconds. */
  next(): number {
    const waitMs = Math.floor(fraction(this.#entropy) * this.#ceilingMs);
    this.#ceilingMs = Math.min(this.#ceilingMs * 2, LONGEST_WAIT_MS);
    return waitMs;
  }

  /** Begins again at the shortest wait. */
  reset(): void {
    this.#ceilingMs = FIRST_MS;
  }
}

function fraction(entropy: Entropy): number {
  const bytes = entropy.bytes(4);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 2 ** 32;
}

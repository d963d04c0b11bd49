import type { Random } from "./random.ts";

/** How many worlds keep each of these faults. */
const LASTS = 0.03;

/** What stays broken when all else is well again: what owes money must come to its end without it. */
export class LastingFaults {
  /** The reader was unplugged, and nobody plugs it in again. */
  readonly reader: boolean;
  /** A line of the header stays dead; which of them, as a share of those that there are. */
  readonly line: number | null;
  /** The broker takes no connection any more. */
  readonly broker: boolean;

  constructor(random: Random) {
    this.reader = random.chance(LASTS);
    // Only one world in four has a header at all.
    const line = random.fraction();
    this.line = random.chance(2 * LASTS) ? line : null;
    this.broker = random.chance(LASTS);
  }

  /** Whether nothing stays broken. */
  get none(): boolean {
    return !this.reader && this.line === null && !this.broker;
  }
}

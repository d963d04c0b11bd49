import type { Random } from "./random.ts";

/** How many worlds lose a host for good; in half of these it was never there. */
const LOST_SHARE = 0.2;

/** When a host was seen last at the latest, in milliseconds. */
const LEAVES_MS_MAX = 60_000;

/**
 * A host of the merchant that cannot be reached from some moment on and never comes back, not even when all other faults have
 * ended: a name that somebody misspelt, or a wall that lets one address through.
 */
export class LostHost {
  /** Which host, null where all of them stay. */
  readonly name: string | null;
  readonly leavesAt: number;

  constructor(random: Random, hosts: readonly [string, ...string[]]) {
    this.name = random.chance(LOST_SHARE) ? random.pick(hosts) : null;
    this.leavesAt = random.chance(0.5) ? 0 : random.between(1, LEAVES_MS_MAX);
  }

  /** Whether `host` is gone for good at this moment. */
  isGone(host: string, now: number): boolean {
    return host === this.name && now >= this.leavesAt;
  }
}

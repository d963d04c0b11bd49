/** What makes the usual twins of the links do what is chosen, and nothing by chance. */
import type { Timer } from "../../runtime/ports.ts";
import { type HttpsFaults, NO_HTTPS_FAULTS } from "../outside/https.ts";
import { Random } from "../outside/random.ts";
import { SimulatedTime } from "../outside/time.ts";

/**
 * No chance: what takes time takes the most it may, what may happen never does, what must happen does, and what would be
 * drawn evenly is `even`. Bytes come from the seed, for numbers must differ.
 */
export class NoChance extends Random {
  readonly #even: () => boolean;

  constructor(even: () => boolean = () => false) {
    super(1);
    this.#even = even;
  }

  override fraction(): number {
    return 0;
  }

  override between(_low: number, high: number): number {
    return high;
  }

  override chance(probability: number): boolean {
    return probability >= 1 || (probability > 0 && this.#even());
  }

  override fork(): Random {
    return this;
  }
}

/** The time of the world as one part of it sees it; `acts` hears whenever that part does something. */
export class PartTime extends SimulatedTime {
  readonly #whole: SimulatedTime;
  readonly #acts: () => void;

  constructor(whole: SimulatedTime, acts: () => void) {
    super();
    this.#whole = whole;
    this.#acts = acts;
  }

  override get now(): number {
    return this.#whole.now;
  }

  override after(delayMs: number, callback: () => void): Timer {
    return this.#whole.after(delayMs, () => {
      this.#acts();
      callback();
    });
  }
}

/** A request that nothing holds back arrives sooner after it left, in milliseconds, and an outage is longer. */
export const PROMPT_MS = 50;

/** What becomes of one exchange with the sandbox. */
export type Delivery = (typeof chargeDeliveries)[number];

/** How long a request or its second copy is held back: until its answer is given up, and almost as long as any may be. */
const LATE_MS = 12_000;
const VERY_LATE_MS = 59_000;

/** A reply comes shortly before it is given up. */
const SLOW_MS = 9_000;

/** Of a charge: everything. */
export const chargeDeliveries = [
  "arrives",
  "never leaves",
  "is lost",
  "is lost, the connection breaks",
  "arrives after 12 s",
  "arrives after 59 s",
  "arrives twice, again after 12 s",
  "arrives twice, again after 59 s",
  "its reply is lost",
  "its reply is cut",
  "its reply comes after 9 s",
] as const;

/** Of a reversal: while it is under way nothing else is, so that a slow reply is a moment's difference. */
export const reversalDeliveries: readonly Delivery[] = chargeDeliveries.slice(0, 10);

/**
 * Of a query, which changes nothing at the sandbox: whether it or its reply is lost, late, doubled or cut is the same, as long
 * as the box waits equally long.
 */
export const queryDeliveries: readonly Delivery[] = [
  "arrives",
  "never leaves",
  "is lost",
  "is lost, the connection breaks",
  "its reply comes after 9 s",
];

/** The faults of a network in which this happens for certain. */
export function faultsOf(fate: Delivery): HttpsFaults {
  switch (fate) {
    case "arrives":
      return NO_HTTPS_FAULTS;
    case "never leaves":
      return { ...NO_HTTPS_FAULTS, noConnection: 1 };
    case "is lost":
    case "is lost, the connection breaks":
      return { ...NO_HTTPS_FAULTS, requestLost: 1 };
    case "arrives after 12 s":
      return { ...NO_HTTPS_FAULTS, requestLate: 1, lateMsMax: LATE_MS };
    case "arrives after 59 s":
      return { ...NO_HTTPS_FAULTS, requestLate: 1, lateMsMax: VERY_LATE_MS };
    case "arrives twice, again after 12 s":
      return { ...NO_HTTPS_FAULTS, requestTwice: 1, lateMsMax: LATE_MS };
    case "arrives twice, again after 59 s":
      return { ...NO_HTTPS_FAULTS, requestTwice: 1, lateMsMax: VERY_LATE_MS };
    case "its reply is lost":
      return { ...NO_HTTPS_FAULTS, replyLost: 1 };
    case "its reply is cut":
      return { ...NO_HTTPS_FAULTS, replyCut: 1 };
    case "its reply comes after 9 s":
      return { ...NO_HTTPS_FAULTS, replyLate: 1, lateMsMax: SLOW_MS };
  }
}

/** By then everything of an exchange that will arrive has arrived, in milliseconds since its request left. */
export function heldMs(fate: Delivery): number {
  switch (fate) {
    case "arrives after 12 s":
    case "arrives twice, again after 12 s":
      return LATE_MS + PROMPT_MS;
    case "arrives after 59 s":
    case "arrives twice, again after 59 s":
      return VERY_LATE_MS + PROMPT_MS;
    case "never leaves":
    case "is lost":
    case "is lost, the connection breaks":
      return 0;
    case "arrives":
    case "its reply is lost":
    case "its reply is cut":
    case "its reply comes after 9 s":
      return PROMPT_MS;
  }
}

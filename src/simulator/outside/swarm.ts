import type { HttpsFaults } from "./https.ts";
import { NO_HTTPS_FAULTS } from "./https.ts";
import type { Random } from "./random.ts";
import type { FlushTime } from "./store.ts";

/**
 * How one world is: every seed draws its own mixture, so that some worlds have one fault often, others many rarely, and
 * some none. Probabilities are from 0 to 1, times in milliseconds.
 */
export interface Swarm {
  readonly https: HttpsFaults;
  readonly flush: FlushTime;
  /** From one crash of the box to the next, on average; null for a box that never crashes. */
  readonly crashEveryMs: number | null;
  /** Share of the stops that are orderly. */
  readonly gracefulStops: number;
  readonly restartAfterMs: number;
  /** How often people do something silly instead of what the screen says. */
  readonly silliness: number;
  /** From one act of people to the next, on average. */
  readonly actEveryMs: number;
  /** How often a payment gets a scenario other than success. */
  readonly trouble: number;
  /** How often the disk begins to fail, for each act of people. */
  readonly diskFailure: number;
  /** How often the broker loses its connections, for each act of people. */
  readonly brokerCut: number;
  readonly broker: BrokerSwarm;
  readonly clock: ClockSwarm;
  readonly hostDown: number;
  readonly autoRevoke: boolean;
  readonly unseenReversal: "tombstone" | "forget";
  readonly unseenAnswer: "done" | "invalid" | "refused";
  readonly paidReversal: "revoked" | "refund";
  readonly late: "keep" | "reverse";
  /** Whether customers may also scan a code of ours. */
  readonly native: boolean;
  readonly amountSource: "keypad" | "fixed" | "menu" | "till";
  /** The pins of the box and the machine behind its relay, null for a box whose keys are pressed without any. */
  readonly machine: MachineSwarm | null;
  /** How the journal's segments are, null where they are as usual and none ends in a world's time. */
  readonly segments: SegmentSwarm | null;
}

/** What happens to single messages at the broker; each is a probability, drawn for each of them. */
export interface BrokerSwarm {
  /** The connection breaks before the message arrives, or after it and before its PUBACK. */
  readonly cutBefore: number;
  readonly cutAfter: number;
  readonly refused: number;
  /** It arrives, and its PUBACK never comes. */
  readonly mute: number;
}

/** How wrong the wall clock of the box is; it may label, and decides nothing. */
export interface ClockSwarm {
  /** How often somebody sets it, by hours or years, for each act of people. */
  readonly jumps: number;
  /** How often a start begins in 1970, until the network brings the time. */
  readonly forgotten: number;
}

/** Segments that end, and are dropped, within minutes. */
export interface SegmentSwarm {
  readonly segmentRows: number;
  readonly retentionMs: number;
  /**
   * People come again with their last two codes, and no older ones. A code that was not charged when it was new may be
   * charged after a newer one, so that both can have two charges after them.
   */
  readonly codesKept: number;
}

/** How the machine and its wires are. */
export interface MachineSwarm {
  readonly barrier: boolean;
  readonly jams: number;
  readonly onAmbiguous: "hold" | "refund";
  /** How often a pin fails, for each act of people. */
  readonly pinFailure: number;
}

/**
 * The most that a simulated network holds a request back: a charge may be in flight, and the sandbox's books behind by 14 s, for
 * less than the 60 s of money rule 9.
 */
const LATE_MS_MAX = 45_000;

/** Draws the mixture of one seed. */
export function swarmOf(random: Random): Swarm {
  const sometimes = (most: number): number => (random.chance(0.5) ? 0 : random.fraction() * most);
  const calm = random.chance(0.1);
  const machine = random.chance(0.25) ? machineOf(random) : null;
  return {
    https: calm
      ? NO_HTTPS_FAULTS
      : {
          noName: sometimes(0.1),
          noConnection: sometimes(0.2),
          noTrust: sometimes(0.02),
          slowConnection: sometimes(0.1),
          requestLost: sometimes(0.2),
          requestLate: sometimes(0.2),
          requestTwice: sometimes(0.1),
          replyLost: sometimes(0.3),
          replyLate: sometimes(0.2),
          replyCut: sometimes(0.2),
          lateMsMax: random.pick([1_000, 12_000, LATE_MS_MAX]),
        },
    flush: random.pick([
      { least: 1, most: 8 },
      { least: 1, most: 8 },
      { least: 5, most: 200 },
      { least: 100, most: 4_000 },
    ]),
    crashEveryMs: random.chance(0.4) ? null : random.pick([5_000, 30_000, 120_000]),
    gracefulStops: random.pick([0, 0.3]),
    restartAfterMs: random.pick([200, 3_000, 60_000]),
    silliness: sometimes(0.5),
    actEveryMs: random.pick([800, 3_000, 10_000]),
    trouble: random.pick([0, 0.3, 0.9]),
    diskFailure: random.chance(0.9) ? 0 : 0.02,
    brokerCut: sometimes(0.1),
    broker: {
      cutBefore: sometimes(0.1),
      cutAfter: sometimes(0.1),
      refused: sometimes(0.1),
      mute: sometimes(0.05),
    },
    clock: { jumps: sometimes(0.2), forgotten: random.pick([0, 0, 0.5, 1]) },
    hostDown: sometimes(0.05),
    autoRevoke: random.chance(0.5),
    unseenReversal: random.pick(["tombstone", "forget"]),
    unseenAnswer: random.pick(["done", "invalid", "refused"]),
    paidReversal: random.pick(["revoked", "refund"]),
    late: random.pick(["keep", "reverse"]),
    native: random.chance(0.5),
    // What is typed is seldom a whole number of pulses, so a machine sells at fixed prices.
    amountSource: machine !== null ? random.pick(["fixed", "menu"]) : sourceOf(random),
    machine,
    segments: random.chance(0.4)
      ? { segmentRows: random.between(2, 30), retentionMs: random.pick([0, 60_000]), codesKept: 6 }
      : null,
  };
}

/** Who says the amount where no machine sells. */
function sourceOf(random: Random): Swarm["amountSource"] {
  const draw = random.fraction();
  if (draw < 0.6) return "keypad";
  return draw < 0.8 ? "till" : "fixed";
}

function machineOf(random: Random): MachineSwarm {
  return {
    barrier: random.chance(0.5),
    jams: random.pick([0, 0.2]),
    onAmbiguous: random.pick(["hold", "refund"]),
    pinFailure: random.pick([0, 0.02]),
  };
}

import type { DeviceConfig } from "../../config/device-config.ts";
import type { SimulatedProvider } from "../outside/provider.ts";
import { Random } from "../outside/random.ts";
import type { Swarm } from "../outside/swarm.ts";
import type { SimulatedTime } from "../outside/time.ts";
import type { StagedBox } from "../site/staged-box.ts";

/** What everybody and everything in a seeded world shares. */
export interface Scene {
  readonly seed: number;
  readonly swarm: Swarm;
  readonly config: DeviceConfig;
  readonly time: SimulatedTime;
  /** The draws of the world from moment to moment; whatever was added later has a stream of its own. */
  readonly random: Random;
  readonly box: StagedBox;
  readonly provider: SimulatedProvider;
  /** Whether things still go wrong; they stop to, once. */
  readonly faulty: boolean;
  readonly tell: (line: string) => void;
}

/** Added to a world's seed times 2^40, for draws that move no other draw of the world. Providers have 6, 21, 31, 37 and 43. */
const streams = {
  /** What people do by habit. */
  habits: 1,
  /** What takes from a box the means to take money back. */
  takingBack: 5,
  /** Libraries of optional parts that throw. */
  throws: 7,
  secondTill: 11,
  /** How late the timers of the box are. */
  timers: 12,
  /** What the scanner sends behind a code. */
  codeEnd: 12,
  /** The habit of the reader, and when it tells of what. */
  reader: 17,
  /** The host that is lost. */
  hosts: 20,
  /** Disks that are full when the box starts. */
  full: 22,
  /** Journals that are damaged, and put aside. */
  damage: 23,
  /** The host that confirms. */
  confirming: 32,
  /** What stays broken. */
  lasting: 33,
  lastCustomer: 34,
  /** Boxes without keys. */
  headless: 35,
  /** Pages that go bad where no start reads. */
  rot: 41,
  /** Which providers there are. */
  providers: 44,
} as const;

/** The draws of a world for one thing. */
export function streamOf(seed: number, name: keyof typeof streams): Random {
  return new Random(seed + streams[name] * 2 ** 40);
}

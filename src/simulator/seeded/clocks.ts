import type { Random } from "../outside/random.ts";
import { SimulatedClock } from "../outside/time.ts";
import type { Stage } from "../site/stage.ts";
import type { Scene } from "./scene.ts";

/** The years by which a wall clock jumps at most, in milliseconds; less than back to 1970. */
const TEN_YEARS_MS = 10 * 365 * 86_400_000;

/** The clocks of the box, life after life: how wrong its wall clock is, and how late its timers are. */
export class Clocks {
  readonly #scene: Scene;
  readonly #stage: Stage;
  readonly #lateness: () => number;
  /** How far the wall clock of the box is ahead of the sandbox's, and whether the box believes it. */
  #errorMs = 0;
  #believed = true;

  constructor(scene: Scene, stage: Stage, timers: Random) {
    this.#scene = scene;
    this.#stage = stage;
    this.#lateness = latenessOf(timers);
  }

  /** The clock of the next life. Without a battery it begins in 1970, and the network puts it right some time later. */
  next(): SimulatedClock {
    const { faulty, random, swarm, time } = this.#scene;
    const forgotten = faulty && random.chance(swarm.clock.forgotten);
    if (!forgotten) {
      return this.#late(new SimulatedClock(time, this.#stage.wall + this.#errorMs, this.#believed));
    }
    const clock = this.#late(new SimulatedClock(time, random.between(0, 60_000), false));
    time.after(random.between(100, 90_000), () => this.#set(clock, 0, true));
    return clock;
  }

  /** Somebody may set the clock of the box. */
  maybeJump(): void {
    const { box, random, swarm } = this.#scene;
    if (!random.chance(swarm.clock.jumps) || box.life === null) return;
    const errorMs = random.pick([0, 3_600_000, -3_600_000, TEN_YEARS_MS, -TEN_YEARS_MS]);
    this.#set(box.life.clock, errorMs, random.chance(0.5));
  }

  /** The network puts the clock of the box right, and says so. */
  calm(): void {
    const { life } = this.#scene.box;
    if (this.#errorMs === 0 && this.#believed) return;
    if (life === null) [this.#errorMs, this.#believed] = [0, true];
    else this.#set(life.clock, 0, true);
  }

  #late(clock: SimulatedClock): SimulatedClock {
    clock.lateness = this.#lateness;
    return clock;
  }

  #set(clock: SimulatedClock, errorMs: number, believed: boolean): void {
    if (clock !== this.#scene.box.life?.clock) return;
    this.#errorMs = errorMs;
    this.#believed = believed;
    const wall = this.#stage.wall + errorMs;
    clock.setWall(wall, believed);
    this.#scene.tell(`clock: set to ${new Date(wall).toISOString()}${believed ? "" : ", not believed"}`);
  }
}

/** How late the timers of one world's box are: in some never, else by some milliseconds, each by its own. */
function latenessOf(random: Random): () => number {
  const most = random.pick([0, 3, 40]);
  return () => (most === 0 ? 0 : random.between(1, most));
}

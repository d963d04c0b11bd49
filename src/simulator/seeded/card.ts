import type { Random } from "../outside/random.ts";
import type { SimulatedDisk } from "../outside/store.ts";
import type { BoxRun } from "../site/staged-box.ts";
import { type Scene, streamOf } from "./scene.ts";

/** In how many worlds a disk is full at a start, how often there, and for how long after the start, in milliseconds. */
const FULL_WORLDS = 0.1;
const FULL_STARTS = 0.5;
const FULL_MS = { least: 5_000, most: 120_000 };

/** The card of the box, which fails for a while now and then. */
export class Card {
  readonly #scene: Scene;
  readonly #disk: SimulatedDisk;
  readonly #fullStarts: Random;
  readonly #fullChance: number;
  /** The life that began on a full disk, on which it must not call itself in service. */
  #full: BoxRun | null = null;

  constructor(scene: Scene, disk: SimulatedDisk) {
    this.#scene = scene;
    this.#disk = disk;
    this.#fullStarts = streamOf(scene.seed, "full");
    this.#fullChance = this.#fullStarts.chance(FULL_WORLDS) ? FULL_STARTS : 0;
  }

  /** Somebody may have filled the disk while the box was off, and makes room some time later; says whether. */
  maybeFill(): boolean {
    const { faulty, tell, time } = this.#scene;
    if (!faulty || this.#disk.fault !== "none" || !this.#fullStarts.chance(this.#fullChance)) return false;
    this.#disk.fault = "full";
    tell("disk: full at the start");
    time.after(this.#fullStarts.between(FULL_MS.least, FULL_MS.most), () => {
      if (this.#disk.fault === "full") this.#disk.fault = "none";
      // A disk that fills up later is found out by looking every ten seconds.
      this.#forget();
    });
    return true;
  }

  /** This life has begun on the full disk, or on one with room. */
  began(life: BoxRun, full: boolean): void {
    if (full) this.#full = life;
  }

  /** Looks whether a box says that it sells what it could not write down. */
  look(life: BoxRun): void {
    if (this.#full !== life || this.#disk.fault !== "full") return;
    if (life.box.status()?.service.inService !== true) return;
    this.#scene.box.checker.found(
      "room",
      "the box says that it is in service, and its disk was full when it began",
    );
  }

  /** The disk may begin to fail, for up to a minute. */
  maybeFail(): void {
    const { random, swarm, tell, time } = this.#scene;
    if (!random.chance(swarm.diskFailure)) return;
    this.#disk.fault = random.pick(["refusing", "full", "read-only"]);
    this.#forget();
    tell(`disk: ${this.#disk.fault}`);
    time.after(random.between(1_000, 60_000), () => {
      this.#disk.fault = "none";
    });
  }

  /** It works, and quickly. */
  mend(): void {
    this.#disk.fault = "none";
    this.#disk.flush = { least: 1, most: 8 };
  }

  #forget(): void {
    if (this.#full === this.#scene.box.life) this.#full = null;
  }
}

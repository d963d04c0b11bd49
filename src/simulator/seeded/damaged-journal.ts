import type { SimulatedHost } from "../outside/host.ts";
import { Damage } from "./damage.ts";
import { type Scene, streamOf } from "./scene.ts";

/** From the damage to the next start, in milliseconds. */
const STARTS_MS = 1_000;

/** How often somebody looks whether the box has found the damage, and how long they take to come, in milliseconds. */
const LOOK_MS = 5_000;
const HELP_MS = 60_000;

/** What becomes of a journal that is damaged, where a world damages it. */
export class DamagedJournal {
  readonly #scene: Scene;
  readonly #damage: Damage;
  readonly #host: SimulatedHost | null;

  constructor(scene: Scene, host: SimulatedHost | null) {
    this.#scene = scene;
    this.#damage = new Damage(streamOf(scene.seed, "damage"), streamOf(scene.seed, "rot"));
    this.#host = host;
  }

  /** Whether no box may start on it. */
  get isDamaged(): boolean {
    const { disk } = this.#scene.box;
    return disk.gone || disk.torn || disk.condemned !== null;
  }

  /** The power goes, and takes some of the journal with it. */
  plan(
    safeUntil: number,
    { crash, start }: { readonly crash: () => void; readonly start: () => void },
  ): void {
    const { box, tell, time } = this.#scene;
    if (!this.#damage.planned) return;
    time.after(this.#damage.random.between(5_000, safeUntil), () => {
      if (box.life === null || box.life.stopping || !this.#scene.faulty || box.disk.fault !== "none") return;
      crash();
      const kind = this.#damage.strike(box.disk);
      if (kind !== null) tell(`disk: the journal is damaged (${kind})`);
      time.after(STARTS_MS, () => {
        if (box.life === null) start();
      });
    });
  }

  /** A page goes bad where no start reads: a box that proves all its rows finds it, and people put the journal aside. */
  planRot(
    safeUntil: number,
    { crash, start }: { readonly crash: () => void; readonly start: () => void },
  ): void {
    const { box, time } = this.#scene;
    if (!this.#damage.rots) return;
    const again = (): void => {
      if (box.life !== null) crash();
      time.after(STARTS_MS, () => {
        if (box.life === null) start();
      });
    };
    const look = (): void => {
      if (box.disk.rotten === null) return;
      const found = box.life?.box.status()?.journal.damage ?? box.disk.condemned;
      if (found === null) time.after(LOOK_MS, look);
      else
        time.after(this.#damage.random.between(LOOK_MS, HELP_MS), () => {
          if (box.disk.rotten === null) return;
          again();
          // A disk that takes nothing has kept no word of the damage: they come again.
          look();
        });
    };
    time.after(this.#damage.random.between(5_000, safeUntil), () => {
      if (box.life === null || box.life.stopping || !this.#scene.faulty || box.disk.fault !== "none") return;
      if (!this.#damage.rot(box.disk)) return;
      this.#scene.tell(`disk: the page of row ${box.disk.rotten} goes bad`);
      again();
      look();
    });
  }

  /** Whoever looks after the box puts the journal aside, or finds the file again. */
  mend(wall: number): void {
    const { checker, disk } = this.#scene.box;
    const { tell } = this.#scene;
    if (disk.gone && this.#damage.random.chance(0.3)) {
      tell("people: they bring the journal back");
      disk.gone = false;
      return;
    }
    const { journal } = disk;
    checker.beforeQuarantine();
    const taken = this.#damage.quarantine(disk, wall);
    this.#host?.misses(journal, taken.lostSeqs);
    checker.quarantined(taken, journal);
    tell(`people: journal quarantine, ${disk.rows.length} rows go on`);
  }
}

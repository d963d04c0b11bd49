import type { Random } from "../outside/random.ts";
import type { BoxRun } from "../site/staged-box.ts";
import { SimulatedTill } from "../site/till.ts";
import type { Scene } from "./scene.ts";

/** The tills of a box that is asked for its amounts: one, or two that know nothing of each other. */
export class Tills {
  readonly #scene: Scene;
  readonly #first: SimulatedTill;
  readonly #second: SimulatedTill | null;
  /** Draws whether there is a second one, and who asks when. */
  readonly #draws: Random;
  /** The moment for which a till has made up its mind. */
  #dueAsked: number | null = null;

  constructor(scene: Scene, random: Random, draws: Random) {
    this.#scene = scene;
    this.#draws = draws;
    this.#first = this.#till(random, "till-1");
    const second = scene.swarm.segments === null && draws.chance(0.6);
    this.#second = second ? this.#till(draws.fork(), "till-2") : null;
  }

  /** They do something at the box. */
  act(life: BoxRun): void {
    const { tell } = this.#scene;
    const { ask } = life.box;
    tell(`till: ${this.#first.act(ask)}`);
    const second = this.#second;
    const draws = this.#draws;
    if (second !== null && draws.chance(0.5)) tell(`till: ${second.act(ask)}`);
    if (second !== null && draws.chance(0.1)) tell(`till: ${second.remember(ask)}`);
    if (draws.chance(0.8))
      this.#askWhenDue(life, second !== null && draws.chance(0.5) ? second : this.#first);
  }

  /** The first one wants an amount paid. */
  ask(life: BoxRun): void {
    this.#first.askOnce(life.box.ask);
  }

  /** A till asks at the very moment at which something of the box is over; a timer that is late comes after it. */
  #askWhenDue(life: BoxRun, till: SimulatedTill): void {
    const { box, tell, time } = this.#scene;
    const { foreground, pausedUntil } = life.box.turn?.box ?? {
      foreground: { name: "idle" },
      pausedUntil: null,
    };
    const due = pausedUntil ?? ("until" in foreground ? foreground.until : null);
    if (due === null || due === this.#dueAsked) return;
    this.#dueAsked = due;
    time.after(due - life.clock.now(), () => {
      if (life === box.life && this.#scene.faulty) tell(`till: ${till.askOnce(life.box.ask)}`);
    });
  }

  /** A box that drops its orders within minutes knows no more than the newest sale for certain. */
  #till(random: Random, caller: string): SimulatedTill {
    const { box, swarm } = this.#scene;
    return new SimulatedTill({
      ...{ random, caller, silliness: swarm.silliness, ear: box.checker.tills },
      remembered: swarm.segments === null ? 6 : 1,
    });
  }
}

import { invariant } from "../../core/kernel/defect.ts";
import type { Random } from "../outside/random.ts";
import { SimulatedKeypad } from "../site/keypad.ts";
import type { SimulatedPins } from "../site/pins.ts";
import { VendingMachine } from "../site/vending-machine.ts";
import type { Scene } from "./scene.ts";
import { BARRIER_PIN, keypadPins, RELAY_PIN } from "./world-config.ts";

/** What hangs on the header of a box with a machine: the machine, and a real keypad. */
export class Machine {
  readonly keypad: SimulatedKeypad;
  readonly #scene: Scene;
  readonly #pins: SimulatedPins;

  constructor(scene: Scene, pins: SimulatedPins, random: Random) {
    const { box, swarm, tell, time } = scene;
    invariant(swarm.machine !== null, "a header belongs to a machine");
    const { jams, barrier } = swarm.machine;
    this.#scene = scene;
    this.#pins = pins;
    new VendingMachine({
      ...{ pins, time, jams, random: random.fork() },
      relay: RELAY_PIN,
      barrier: barrier ? BARRIER_PIN : null,
      pulsed: () => {
        tell("relay: a pulse");
        box.checker.pulsed();
      },
      fell: () => {
        tell("machine: goods fall");
        box.checker.fell();
      },
    });
    this.keypad = new SimulatedKeypad({ pins, time, random, ...keypadPins });
  }

  /** One of its lines may fail, until it is claimed again. */
  maybeFail(): void {
    const { random, swarm, tell } = this.#scene;
    if (!random.chance(swarm.machine?.pinFailure ?? 0)) return;
    const pin = random.pick([RELAY_PIN, keypadPins.rows[0]]);
    tell(`pins: ${pin} fails`);
    this.#pins.fail(pin, "the line failed");
  }

  /** One of its lines, by a share of all of them, never comes back. */
  failForGood(line: number): void {
    const pins = [RELAY_PIN, BARRIER_PIN, keypadPins.rows[0]];
    const pin = pins[Math.floor(line * pins.length)] ?? RELAY_PIN;
    this.#scene.tell(`pins: ${pin} fails for good`);
    this.#pins.failForGood(pin, "the line is dead");
  }
}

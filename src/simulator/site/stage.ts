import type { SimulatedBroker } from "../outside/broker.ts";
import type { Sandbox } from "../outside/sandbox.ts";
import { SharedSandbox } from "../outside/shared-sandbox.ts";
import type { SimulatedTime } from "../outside/time.ts";

/** Where the wall clock of a world begins if nobody says otherwise: 2027-01-15 08:00 UTC. */
const WALL_EPOCH = 1_800_000_000_000;

/** What a stage is made of. */
export interface StageParts {
  readonly time: SimulatedTime;
  readonly broker: SimulatedBroker;
  readonly sandbox: Sandbox;
  /** How many boxes there will be; where it is one, it has the sandbox for itself. */
  readonly boxes?: number;
  /** What the true time is when the world begins, in milliseconds since 1970. */
  readonly epoch?: number;
}

/** What all boxes of a world have in common; `StagedBox` puts one there. */
export class Stage {
  readonly time: SimulatedTime;
  readonly broker: SimulatedBroker;
  readonly #sandbox: Sandbox;
  readonly #shared: SharedSandbox | null;
  readonly #epoch: number;

  constructor({ time, broker, sandbox, boxes = 1, epoch = WALL_EPOCH }: StageParts) {
    this.time = time;
    this.broker = broker;
    this.#sandbox = sandbox;
    this.#shared = boxes === 1 ? null : new SharedSandbox(sandbox);
    this.#epoch = epoch;
  }

  /** The true time, in milliseconds since 1970. */
  get wall(): number {
    return this.#epoch + this.time.now;
  }

  /** The provider's sandbox as one more box has it; boxes are put on the stage before the first is switched on. */
  sandboxOfBox(): Sandbox {
    return this.#shared?.part() ?? this.#sandbox;
  }
}

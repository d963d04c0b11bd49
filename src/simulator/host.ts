import type { SimulatedBroker } from "./broker.ts";
import type { Random } from "./random.ts";
import type { SimulatedTime } from "./time.ts";

/** How long the host takes to keep an event before it says so, in milliseconds. */
const KEEPS_MS = { least: 20, most: 3_000 };

/**
 * Who the events of a box are for, where not the broker's word but the host's confirms them: it keeps each, and says on topic
 * `ack` up to which it has all of them.
 */
export class SimulatedHost {
  readonly #broker: SimulatedBroker;
  readonly #time: SimulatedTime;
  readonly #random: Random;
  readonly #kept = new Set<number>();
  #said = 0;

  constructor(parts: {
    readonly broker: SimulatedBroker;
    readonly time: SimulatedTime;
    readonly random: Random;
  }) {
    this.#broker = parts.broker;
    this.#time = parts.time;
    this.#random = parts.random;
  }

  /** The newest event up to which it has ever said to have all. */
  get said(): number {
    return this.#said;
  }

  /** An event has come by the broker. */
  hears(topic: string, payload: string): void {
    const seq = Number(/"seq":(\d+)/.exec(payload)?.[1]);
    const journal = /"journal":"(\w+)"/.exec(payload)?.[1] ?? "";
    this.#time.after(this.#random.between(KEEPS_MS.least, KEEPS_MS.most), () => {
      this.#kept.add(seq);
      while (this.#kept.has(this.#said + 1)) this.#said += 1;
      const ack = JSON.stringify({ journal, upto: this.#said });
      this.#broker.publish(topic.replace(/\/tx$/, "/ack"), ack, false);
    });
  }
}

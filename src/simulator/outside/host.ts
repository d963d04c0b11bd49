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
  /** By journal: the events that it has, and up to which it has said to have all. */
  readonly #kept = new Map<string, Set<number>>();
  readonly #said = new Map<string, number>();

  constructor(parts: {
    readonly broker: SimulatedBroker;
    readonly time: SimulatedTime;
    readonly random: Random;
  }) {
    this.#broker = parts.broker;
    this.#time = parts.time;
    this.#random = parts.random;
  }

  /** The newest event of a journal up to which it has ever said to have all. */
  saidOf(journal: string): number {
    return this.#said.get(journal) ?? 0;
  }

  /** People tell it which events of a damaged journal never come. */
  misses(journal: string, seqs: ReadonlySet<number>): void {
    for (const seq of seqs) this.#keep(journal, seq);
  }

  #keep(journal: string, seq: number): number {
    const kept = (this.#kept.get(journal) ?? new Set()).add(seq);
    this.#kept.set(journal, kept);
    let upto = this.saidOf(journal);
    while (kept.has(upto + 1)) upto += 1;
    this.#said.set(journal, upto);
    return upto;
  }

  /** An event has come by the broker. */
  hears(topic: string, payload: string): void {
    const seq = Number(/"seq":(\d+)/.exec(payload)?.[1]);
    const journal = /"journal":"(\w+)"/.exec(payload)?.[1] ?? "";
    this.#time.after(this.#random.between(KEEPS_MS.least, KEEPS_MS.most), () => {
      const ack = JSON.stringify({ journal, upto: this.#keep(journal, seq) });
      this.#broker.publish(topic.replace(/\/tx$/, "/ack"), ack, false);
    });
  }
}

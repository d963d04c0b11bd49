/** Runs a range of simulated worlds on all cores: threads take one seed after the other, and reports come in their order. */
import { inspect } from "node:util";
import { Worker } from "node:worker_threads";
import type { WorldReport } from "../../simulator/seeded/world.ts";

/** The worlds to run, both seeds included. */
export interface WorldsRange {
  readonly first: number;
  readonly last: number;
  /** How long faults go on in each, in simulated minutes. */
  readonly minutes: number;
}

/** What came of one world, as far as it is told of many. */
export type WorldOutcome = Pick<WorldReport, "seed" | "findings" | "payments" | "crashes" | "simulatedMs">;

/** What a thread is given. */
export interface WorldsOrder {
  readonly role: "worlds";
  readonly first: number;
  readonly last: number;
  readonly minutes: number;
  /** One number in shared memory: how many seeds have been taken, by whichever thread. */
  readonly taken: BigInt64Array;
}

/** What a thread tells, every now and then: what came of its worlds since it told the last time. */
export interface WorldsMessage {
  readonly outcomes: readonly WorldOutcome[];
}

/** A thread ended before its worlds did: a fault of this program. */
export class WorldsError extends Error {
  override readonly name = "WorldsError";
}

/**
 * Runs the worlds on `jobs` threads. `heard` gets the outcome of each, in the order of their seeds, whichever thread ran
 * it. Rejects with a `WorldsError` where a thread dies.
 */
export async function runWorlds(
  { first, last, minutes }: WorldsRange,
  jobs: number,
  heard: (outcome: WorldOutcome) => void,
): Promise<void> {
  const order: WorldsOrder = {
    role: "worlds",
    first,
    last,
    minutes,
    taken: new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)),
  };
  const early = new Map<number, WorldOutcome>();
  let next = first;
  const take = (outcome: WorldOutcome): void => {
    early.set(outcome.seed, outcome);
    for (let due = early.get(next); due !== undefined; due = early.get(next)) {
      early.delete(next);
      next += 1;
      heard(due);
    }
  };
  const threads = Array.from({ length: Math.min(jobs, last - first + 1) }, () => runThread(order, take));
  await Promise.all(threads);
  if (next <= last) throw new WorldsError(`the world of seed ${next} was never told of`);
}

function runThread(order: WorldsOrder, take: (outcome: WorldOutcome) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(program(), { name: "worlds", argv: ["simulate"], workerData: order });
    worker.on("message", (message: unknown) => {
      if (isWorldsMessage(message)) for (const outcome of message.outcomes) take(outcome);
    });
    worker.on("error", (error: unknown) => {
      reject(new WorldsError(`a thread that runs worlds has died: ${inspect(error)}`));
    });
    worker.on("exit", (status) => {
      if (status === 0) resolve();
      else reject(new WorldsError(`a thread that runs worlds ended with status ${status}`));
    });
  });
}

/** A thread is this program again: its one file where it is bundled, else the file that it starts with. */
export function program(): URL {
  const here = import.meta.url;
  return here.endsWith("/worlds.ts") ? new URL("../../main.ts", here) : new URL(here);
}

function isWorldsMessage(message: unknown): message is WorldsMessage {
  return typeof message === "object" && message !== null && "outcomes" in message;
}

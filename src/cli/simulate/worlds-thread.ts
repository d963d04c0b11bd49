/** The other side of `worlds.ts`: a thread that takes seeds until none is left. */
import { parentPort, workerData } from "node:worker_threads";
import { runWorld } from "../../simulator/seeded/world.ts";
import type { WorldOutcome, WorldsMessage, WorldsOrder } from "./worlds.ts";

/** How long outcomes wait for others to travel with, in milliseconds. */
const TELL_EVERY_MS = 100;

/** Runs worlds where this is a thread that was started for them; false where it is not. */
export function serveWorlds(): boolean {
  const port = parentPort;
  if (port === null || !isOrder(workerData)) return false;
  const { first, last, minutes, taken } = workerData;
  let outcomes: WorldOutcome[] = [];
  let toldAt = performance.now();
  for (;;) {
    const seed = first + Number(Atomics.add(taken, 0, 1n));
    if (seed > last) break;
    const { findings, payments, crashes, simulatedMs } = runWorld({ seed, minutes });
    outcomes.push({ seed, findings, payments, crashes, simulatedMs });
    if (performance.now() - toldAt < TELL_EVERY_MS) continue;
    toldAt = performance.now();
    port.postMessage({ outcomes } satisfies WorldsMessage);
    outcomes = [];
  }
  port.postMessage({ outcomes } satisfies WorldsMessage);
  return true;
}

function isOrder(data: unknown): data is WorldsOrder {
  return typeof data === "object" && data !== null && "role" in data && data.role === "worlds";
}

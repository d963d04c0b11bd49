/** The other side of `exhaustive.ts`: a thread that takes branches until none is left. */
import { parentPort, workerData } from "node:worker_threads";
import { explore } from "../../simulator/exhaustive/exploration.ts";
import { noTotals, type SmallOrder, type SmallTotals, withWorld } from "./exhaustive.ts";

/** How long totals wait for others to travel with, in milliseconds. */
const TELL_EVERY_MS = 500;

/** Runs small worlds where this is a thread that was started for them; false where it is not. */
export function serveSmallWorlds(): boolean {
  const port = parentPort;
  if (port === null || !isOrder(workerData)) return false;
  const { setup, faults, branches, taken } = workerData;
  let totals = noTotals;
  let toldAt = performance.now();
  for (;;) {
    const branch = branches[Number(Atomics.add(taken, 0, 1n))];
    if (branch === undefined) break;
    explore({ setup, faults }, branch, (world, report) => {
      totals = withWorld(totals, setup, world, report);
      if (performance.now() - toldAt >= TELL_EVERY_MS) {
        toldAt = performance.now();
        port.postMessage(totals satisfies SmallTotals);
        totals = noTotals;
      }
      return true;
    });
  }
  port.postMessage(totals satisfies SmallTotals);
  return true;
}

function isOrder(data: unknown): data is SmallOrder {
  return typeof data === "object" && data !== null && "role" in data && data.role === "small-worlds";
}

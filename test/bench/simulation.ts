import { availableParallelism } from "node:os";
import { FAULT_MINUTES } from "../../src/cli/simulate/simulate.ts";
import { runWorlds } from "../../src/cli/simulate/worlds.ts";
import { runWorld } from "../../src/simulator/seeded/world.ts";
import type { Bench } from "./figure.ts";

/** The engine goes on compiling for this long: a run of minutes is as quick as what comes after it. */
const WARM_UP_MS = 12_000;
const RUN_MS = 10_000;

/** Worlds on all cores, counted from the start of the threads. */
const WORLDS_ON_ALL = 10_000;

/** How many whole worlds a core simulates. */
export const simulation: Bench = {
  name: "simulation",
  what: "seeds a second on one core: whole boxes with real codecs and journal logic",
  measure: async (say) => {
    let seed = 1;
    let payments = 0;
    const run = (forMs: number): number => {
      const first = seed;
      payments = 0;
      for (const until = performance.now() + forMs; performance.now() < until; seed += 1)
        payments += runWorld({ seed, minutes: FAULT_MINUTES }).payments;
      return seed - first;
    };
    say("warming up");
    run(WARM_UP_MS);
    say("running worlds");
    const cpu = process.cpuUsage();
    const worlds = run(RUN_MS);
    const { user, system } = process.cpuUsage(cpu);
    const seconds = (user + system) / 1_000_000;
    say("running worlds on all cores");
    const jobs = availableParallelism();
    const beganAt = performance.now();
    await runWorlds({ first: 1, last: WORLDS_ON_ALL, minutes: FAULT_MINUTES }, jobs, () => {});
    const allSeconds = (performance.now() - beganAt) / 1_000;
    const faults = `${FAULT_MINUTES} ${FAULT_MINUTES === 1 ? "minute" : "minutes"} of faults each`;
    return [
      {
        name: "simulation.seeds",
        value: worlds / seconds,
        unit: "1/s",
        goal: { atLeast: 500 },
        note: `${faults}; a second of processor time, all threads of the engine counted`,
      },
      { name: "simulation.payments", value: payments / seconds, unit: "1/s" },
      { name: "simulation.cpu-per-seed", value: (seconds * 1_000) / worlds, unit: "ms" },
      {
        name: "simulation.seeds-all-cores",
        value: WORLDS_ON_ALL / allSeconds,
        unit: "1/s",
        note: `${jobs} threads, from their start`,
      },
    ];
  },
};

import { runWorld } from "../../src/simulator/world.ts";
import type { Bench } from "./figure.ts";

/** As many as `scanbox simulate` takes where nobody says otherwise. */
const MINUTES = 4;

const WARM_UP_MS = 3_000;
const RUN_MS = 10_000;

/** How many whole worlds a core simulates. */
export const simulation: Bench = {
  name: "simulation",
  what: "seeds a second on one core: whole boxes with real codecs and journal logic",
  measure: async (say) => {
    let seed = 1;
    const run = (forMs: number): number => {
      const first = seed;
      for (const until = performance.now() + forMs; performance.now() < until; seed += 1)
        runWorld({ seed, minutes: MINUTES });
      return seed - first;
    };
    say("warming up");
    run(WARM_UP_MS);
    say("running worlds");
    const cpu = process.cpuUsage();
    const beganAt = performance.now();
    const worlds = run(RUN_MS);
    const seconds = (performance.now() - beganAt) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    return [
      {
        name: "simulation.seeds",
        value: worlds / seconds,
        unit: "1/s",
        goal: { atLeast: 500 },
        note: `${MINUTES} minutes of faults each`,
      },
      { name: "simulation.cpu-per-seed", value: (user + system) / worlds / 1_000, unit: "ms" },
    ];
  },
};

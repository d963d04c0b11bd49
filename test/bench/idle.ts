import { setTimeout as sleep } from "node:timers/promises";
import { makeBundle } from "../e2e/bundle.ts";
import type { Bench } from "./figure.ts";
import { cpuMs, rssMiB } from "./process.ts";
import { RunningBox } from "./running-box.ts";
import { openSite } from "./site.ts";

/** V8 clears up once, some 10 s after the last work of a start: 50 ms of a processor that come once, not each 20 s. */
const SETTLE_MS = 15_000;
const WATCH_MS = 20_000;

/** What a box costs while nobody pays, with its scanner open and its broker connected. */
export const idle: Bench = {
  name: "idle",
  what: "memory and processor time of a box that waits for a customer, over 20 s",
  measure: async (say) => {
    const bundle = makeBundle();
    const site = await openSite();
    // The second start is the usual one: the first fills the compile cache.
    const first = new RunningBox(bundle, site);
    await first.when({ screen: "armed" });
    await first.stop();
    const box = new RunningBox(bundle, site);
    try {
      await box.when({ screen: "armed" });
      await sleep(SETTLE_MS);
      const before = cpuMs(box.pid);
      const beganAt = performance.now();
      say("watching for 20 s");
      await sleep(WATCH_MS);
      const share = (cpuMs(box.pid) - before) / (performance.now() - beganAt);
      return [
        { name: "idle.memory", value: rssMiB(box.pid), unit: "MiB", goal: { atMost: 85 }, note: "resident" },
        { name: "idle.cpu", value: share * 100, unit: "%", goal: { atMost: 0.1 }, note: "of one core" },
      ];
    } finally {
      await box.stop();
      await site.end();
    }
  },
};

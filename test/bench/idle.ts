import { setTimeout as sleep } from "node:timers/promises";
import { makeBundle } from "../e2e/bundle.ts";
import type { Bench } from "./figure.ts";
import { cpuMs, rssMiB } from "./process.ts";
import { RunningBox } from "./running-box.ts";
import { openSite, type SiteWishes } from "./site.ts";

/** V8 clears up once, some 10 s after the last work of a start: 50 ms of a processor that come once, not each 20 s. */
const SETTLE_MS = 15_000;
const WATCH_MS = 20_000;

/** What a box costs while nobody pays, with its scanner open and its broker connected. */
export const idle: Bench = {
  name: "idle",
  what: "memory and processor time of a box that waits for a customer, over 20 s; memory with a second provider",
  measure: async (say) => {
    const bundle = makeBundle();
    const one = await waiting(bundle, {}, async (pid) => {
      const before = cpuMs(pid);
      const beganAt = performance.now();
      say("watching for 20 s");
      await sleep(WATCH_MS);
      const share = (cpuMs(pid) - before) / (performance.now() - beganAt);
      return { memory: rssMiB(pid), share };
    });
    say("with two providers");
    const two = await waiting(bundle, { alipay: true }, async (pid) => {
      await sleep(WATCH_MS);
      return rssMiB(pid);
    });
    return [
      { name: "idle.memory", value: one.memory, unit: "MiB", goal: { atMost: 85 }, note: "resident" },
      { name: "idle.cpu", value: one.share * 100, unit: "%", goal: { atMost: 0.1 }, note: "of one core" },
      {
        ...{ name: "idle.memory-two", value: two, unit: "MiB", goal: { atMost: 85 } },
        note: `with WeChat Pay and Alipay: ${(two - one.memory).toFixed(1)} MiB for the second`,
      },
    ];
  },
};

/** Looks at a box that has come to rest. */
async function waiting<Seen>(
  bundle: string,
  wishes: SiteWishes,
  look: (pid: number) => Promise<Seen>,
): Promise<Seen> {
  const site = await openSite(wishes);
  try {
    // The second start is the usual one: the first fills the compile cache.
    const first = new RunningBox(bundle, site);
    await first.when({ screen: "armed" });
    await first.stop();
    const box = new RunningBox(bundle, site);
    try {
      await box.when({ screen: "armed" });
      await sleep(SETTLE_MS);
      return await look(box.pid);
    } finally {
      await box.stop();
    }
  } finally {
    await site.end();
  }
}

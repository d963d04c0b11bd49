import { type Bench, percentile } from "./figure.ts";
import { makeKeypadBundle } from "./keypad-bundle.ts";
import { cpuMs } from "./process.ts";
import { RunningBox } from "./running-box.ts";
import { openSite } from "./site.ts";

/** Starts after the first one, which fills the compile cache and makes the journal. */
const STARTS = 12;

/** How long the shipped program takes to be ready, once its compile cache is filled. */
export const start: Bench = {
  name: "start",
  what: "start of the bundle to ready: its journal open, and then able to take a payment",
  measure: async (say) => {
    // Staff type its amounts: a fixed one would rest before it can be paid, and the rest is no part of a start.
    const site = await openSite({ keypad: true });
    const bundle = await makeKeypadBundle(site.directory);
    const first: Times = await startOnce(bundle, site);
    const later: Times[] = [];
    try {
      for (let count = 0; count < STARTS; count += 1) {
        later.push(await startOnce(bundle, site));
        if (count % 4 === 0) say(`${count + 1} of ${STARTS} starts`);
      }
    } finally {
      await site.end();
    }
    const middle = (of: (times: Times) => number): number => percentile(later.map(of), 0.5);
    return [
      { name: "start.first-ready", value: first.ready, unit: "ms", note: "no compile cache, no journal yet" },
      { name: "start.ready", value: middle((times) => times.ready), unit: "ms", goal: { atMost: 300 } },
      {
        name: "start.payable",
        value: middle((times) => times.payable),
        unit: "ms",
        goal: { atMost: 600 },
        note: "a box with keys, whose pins are played; key and network proved by a query over TLS, too",
      },
      {
        name: "start.cpu",
        value: middle((times) => times.cpu),
        unit: "ms",
        note: "processor time of all threads until then",
      },
    ];
  },
};

interface Times {
  readonly ready: number;
  /** The screen asks for an amount: from here on a payment can begin. */
  readonly payable: number;
  readonly cpu: number;
}

async function startOnce(bundle: string, site: Awaited<ReturnType<typeof openSite>>): Promise<Times> {
  const box = new RunningBox(bundle, site);
  try {
    const ready = await box.when({ event: "run.ready" });
    const payable = await box.when({ screen: "idle" });
    return { ready: ready - box.askedAt, payable: payable - box.askedAt, cpu: cpuMs(box.pid) };
  } finally {
    await box.stop();
  }
}

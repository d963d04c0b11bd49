import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { endChild, startChild } from "../e2e/child.ts";
import { PATIENCE_MS } from "../e2e/until.ts";
import { type Bench, type Figure, percentile } from "./figure.ts";
import { moment } from "./moment.ts";
import { makeCodes, openSite } from "./site.ts";
import type { Served } from "./tls-bank.ts";

/** Measured payments, after some that warm everything up. */
const PAYMENTS = 150;
const WARM_UP = 15;

const CHARGE = "/pay/micropay";

/** From the scan to the charge, and from the answer to the display, of a box whose connection is warm. */
export const latency: Bench = {
  name: "latency",
  what: "scan to first byte of the charge, and answer to display, over TLS with a durable journal",
  measure: async (say) => {
    const charges: Served[] = [];
    const site = await openSite({
      served: (call) => {
        if (call.path === CHARGE) charges.push(call);
      },
    });
    const box = new ScreenedBox(site.configFile);
    const code = makeCodes();
    const toCharge: number[] = [];
    const toDisplay: number[] = [];
    let warmConnections = 0;
    try {
      await box.shown("armed");
      for (let count = 0; count < WARM_UP + PAYMENTS; count += 1) {
        if (count === WARM_UP) warmConnections = site.sandbox.connections();
        // Not in step with any timer of the box.
        await sleep(5 + Math.random() * 20);
        const scannedAt = moment();
        await site.scanner.send(`${code()}\r`);
        const shownAt = await box.shown("paid");
        const served = charges.pop();
        if (served === undefined) throw new Error("a box shows PAID only after a charge");
        if (count >= WARM_UP) {
          toCharge.push(served.arrivedAt - scannedAt);
          toDisplay.push(shownAt - served.answeredAt);
        }
        await box.shown("armed");
        if (count % 30 === 0) say(`${count} of ${WARM_UP + PAYMENTS} payments`);
      }
    } finally {
      await box.end();
      await site.end();
    }
    const opened = site.sandbox.connections() - warmConnections;
    return [
      ...figures("latency.scan-to-charge", toCharge, { p50: 3, p99: 10 }),
      ...figures("latency.answer-to-display", toDisplay, { p99: 10 }),
      { name: "latency.connections-opened", value: opened, unit: "", note: `in ${PAYMENTS} payments` },
    ];
  },
};

function figures(
  name: string,
  times: readonly number[],
  goals: { readonly p50?: number; readonly p99: number },
): readonly Figure[] {
  const half = goals.p50 === undefined ? {} : { goal: { atMost: goals.p50 } };
  return [
    { name: `${name}.p50`, value: percentile(times, 0.5), unit: "ms", ...half },
    { name: `${name}.p99`, value: percentile(times, 0.99), unit: "ms", goal: { atMost: goals.p99 } },
  ];
}

/** The box of `latency-box.ts` in its process. */
class ScreenedBox {
  readonly #child: ChildProcess;
  readonly #shown: { readonly screen: string; readonly at: number }[] = [];
  #heard: () => void = () => {};

  constructor(configFile: string) {
    const program = new URL("latency-box.ts", import.meta.url).pathname;
    this.#child = startChild(process.execPath, [program, configFile], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      env: { PATH: "/usr/bin:/bin" },
    });
    this.#child.on("message", (message: { readonly screen: string; readonly at: number }) => {
      this.#shown.push(message);
      this.#heard();
    });
  }

  /** Waits for the next screen of that name and gives the moment when it stood on the display. */
  async shown(screen: string): Promise<number> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      for (let next = this.#shown.shift(); next !== undefined; next = this.#shown.shift())
        if (next.screen === screen) return next.at;
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`the screen ${screen} did not come`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#heard = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async end(): Promise<void> {
    await endChild(this.#child, "SIGTERM");
  }
}

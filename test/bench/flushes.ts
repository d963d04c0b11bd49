import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeBundle } from "../e2e/bundle.ts";
import { endChild, startChild } from "../e2e/child.ts";
import { type Bench, CannotMeasure, type Figure } from "./figure.ts";
import { RunningBox } from "./running-box.ts";
import { makeCodes, openSite } from "./site.ts";

/** After this long the journal has nothing left to write: a note waits 5 s for company. */
const QUIET_MS = 6_000;

/** How long strace may take to hold every thread, on a busy machine too. */
const ATTACH_MS = 120_000;

interface Story {
  readonly name: string;
  /** Its last two digits choose the sandbox's scenario. */
  readonly fixed: string;
  /** The screen at its end. */
  readonly ends: string;
  readonly atMost: number;
}

const stories: readonly Story[] = [
  { name: "flushes.paid", fixed: "1.00", ends: "paid", atMost: 3 },
  { name: "flushes.reversed", fixed: "1.14", ends: "timed-out", atMost: 4 },
];

/** How often a payment makes the disk flush, counted at the system calls of the shipped program. */
export const flushes: Bench = {
  name: "flushes",
  what: "calls of fsync and fdatasync for one payment, by strace",
  measure: async (say) => {
    const bundle = makeBundle();
    say("a payment and a reversal, each with what the journal writes afterwards");
    return await Promise.all(stories.map((story) => count(bundle, story)));
  },
};

async function count(bundle: string, { name, fixed, ends, atMost }: Story): Promise<Figure> {
  const site = await openSite({ fixed });
  const box = new RunningBox(bundle, site);
  try {
    await box.when({ screen: "armed" });
    await sleep(QUIET_MS);
    const trace = join(site.directory, "trace");
    const end = await attach(box.pid, trace);
    try {
      await site.scanner.send(`${makeCodes()()}\r`);
      await box.when({ screen: ends });
      await sleep(QUIET_MS);
    } finally {
      await end();
    }
    const calls = readFileSync(trace, "utf8").match(/\b(?:fsync|fdatasync|syncfs|sync_file_range|msync)\(/g);
    return {
      name,
      value: calls?.length ?? 0,
      unit: "",
      goal: { atMost },
      note: "with the proof of what was shown, which rides with the next payment where one comes within 5 s",
    };
  } finally {
    await box.stop();
    await site.end();
  }
}

/** Lets strace write every flush of a process into a file; gives the way to end it. */
async function attach(pid: number, trace: string): Promise<() => Promise<void>> {
  const calls = "trace=fsync,fdatasync,syncfs,sync_file_range,msync";
  const strace = startChild("strace", ["-f", "-p", String(pid), "-e", calls, "-o", trace], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: "/usr/bin:/bin" },
  });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    const fail = (): void =>
      reject(new CannotMeasure(`flushes are counted by strace, which cannot be used here: ${said}`));
    const timer = setTimeout(fail, ATTACH_MS);
    strace.once("exit", fail);
    strace.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (!/attached with \d+ threads|Process \d+ attached\n/.test(said)) return;
      clearTimeout(timer);
      resolve();
    });
  });
  return () => endChild(strace, "SIGINT");
}

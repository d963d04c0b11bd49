import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { condemn } from "../../src/links/sqlite/journal-folder.ts";
import { fixtureMerchant } from "../../src/providers/wechat-v2/sandbox/fixture-merchant.ts";
import { endChild, startChild } from "../e2e/child.ts";
import { AgedJournal } from "./aged-journal.ts";
import { type Bench, type Figure, percentile } from "./figure.ts";
import { makeKeypadBundle } from "./keypad-bundle.ts";
import { cpuMs, peakMiB, rssMiB } from "./process.ts";
import { RunningBox } from "./running-box.ts";
import { openSite, type Site } from "./site.ts";

/** Payments in the journal: of a morning, of two months and of more than half a year at 5,000 a day. */
const AGES = [2_000, 300_000, 1_000_000];

const STARTS = 5;

/** As in the bench of an idle box. */
const SETTLE_MS = 15_000;
const WATCH_MS = 20_000;

/** A command that is not done by then is ended, and the part with it. */
const COMMAND_MS = 1_200_000;

/** What a journal costs as it grows: the start of a box, the proof behind it, and each command that reads it. */
export const journal: Bench = {
  name: "journal",
  what: `starts and commands with ${AGES.map((count) => count.toLocaleString("en")).join(", ")} payments in the journal`,
  minutes: 60,
  measure: async (say, had) => {
    const site = await openSite({ keypad: true });
    try {
      const bundle = await makeKeypadBundle(site.directory);
      const directory = join(site.directory, "journal");
      const aged = new AgedJournal(directory, { box: "bench", most: Math.max(...AGES) });
      for (const payments of AGES) {
        const measured = (figures: readonly Figure[]): void =>
          had(figures.map((one) => named(one, payments)));
        const began = performance.now();
        aged.growTo(payments);
        say(`${payments} payments are written, in ${((performance.now() - began) / 1_000).toFixed(0)} s`);
        measured(await starts(bundle, site));
        measured(await running(bundle, site, payments === Math.min(...AGES)));
        await commands({ bundle, site, aged, payments, measured });
      }
      return (await quarantine(bundle, site)).map((one) => named(one, Math.max(...AGES)));
    } finally {
      await site.end();
    }
  },
};

function named(figure: Figure, payments: number): Figure {
  return { ...figure, name: `journal.${payments}.${figure.name}` };
}

/** The first one fills the compile cache and writes what a start writes. */
async function starts(bundle: string, site: Site): Promise<readonly Figure[]> {
  const ready: number[] = [];
  const opened: number[] = [];
  const payable: number[] = [];
  const cpu: number[] = [];
  for (let count = 0; count <= STARTS; count += 1) {
    const box = new RunningBox(bundle, site);
    try {
      const times = [
        await box.when({ event: "journal.opened" }),
        await box.when({ event: "run.ready" }),
        await box.when({ screen: "idle" }),
      ].map((at) => at - box.askedAt);
      if (count === 0) continue;
      cpu.push(cpuMs(box.pid));
      opened.push(times[0] ?? Number.NaN);
      ready.push(times[1] ?? Number.NaN);
      payable.push(times[2] ?? Number.NaN);
    } finally {
      await box.stop();
    }
  }
  return [
    {
      name: "start.opened",
      value: percentile(opened, 0.5),
      unit: "ms",
      note: "from the start of the process to journal.opened",
    },
    { name: "start.ready", value: percentile(ready, 0.5), unit: "ms", goal: { atMost: 300 } },
    { name: "start.payable", value: percentile(payable, 0.5), unit: "ms", goal: { atMost: 600 } },
    {
      name: "start.cpu",
      value: percentile(cpu, 0.5),
      unit: "ms",
      note: "processor time of all threads until then",
    },
  ];
}

/** Memory and processor time while the journal is being proved, and after it where that is soon. */
async function running(bundle: string, site: Site, isShort: boolean): Promise<readonly Figure[]> {
  const box = new RunningBox(bundle, site);
  try {
    await box.when({ screen: "idle" });
    await sleep(SETTLE_MS);
    if (isShort) await box.when({ event: "journal.proved" });
    const before = cpuMs(box.pid);
    const beganAt = performance.now();
    await sleep(WATCH_MS);
    const share = (100 * (cpuMs(box.pid) - before)) / (performance.now() - beganAt);
    const when = isShort ? "proved" : "proving";
    const status = await command(bundle, site, ["status"], [0, 1]);
    return [
      { name: `${when}.memory`, value: rssMiB(box.pid), unit: "MiB", note: "resident, of the box" },
      { name: `${when}.peak`, value: peakMiB(box.pid), unit: "MiB", note: "of the box since its start" },
      { name: `${when}.cpu`, value: share, unit: "%", note: "of one core" },
      ...figuresOf("status", status),
    ];
  } finally {
    await box.stop();
  }
}

/** What one run of a command took. */
interface Took {
  readonly ms: number;
  /** Of the processor, all threads. */
  readonly cpuMs: number;
  readonly mib: number;
}

async function commands(parts: {
  readonly bundle: string;
  readonly site: Site;
  readonly aged: AgedJournal;
  readonly payments: number;
  readonly measured: (figures: readonly Figure[]) => void;
}): Promise<void> {
  const { bundle, site, aged, payments, measured } = parts;
  const bill = join(site.directory, "bill.csv");
  const day = aged.writeBill(bill, fixtureMerchant);
  const old = Math.floor(payments / 10);
  const runs: readonly (readonly [name: string, words: readonly string[], statuses: readonly number[]])[] = [
    ["status-offline", ["status"], [1]],
    ["list", ["journal", "list"], [0]],
    ["list-date", ["journal", "list", "--date", day], [0]],
    ["show-number", ["journal", "show", aged.numberOf(old)], [0]],
    ["show-ref-new", ["journal", "show", `till-${payments - 10}`], [0]],
    ["show-ref-old", ["journal", "show", `till-${old}`], [0]],
    // Younger ones have the same short form again.
    ["show-short", ["journal", "show", "42"], payments > 10_000 ? [1] : [0]],
    ["show-nothing", ["journal", "show", "nobody"], [1]],
    ["verify", ["journal", "verify"], [0]],
    ["reconcile", ["journal", "reconcile", "--bill", bill], [0]],
    ["doctor", ["doctor", "--only", "journal"], [0]],
  ];
  for (const [name, words, statuses] of runs)
    measured(figuresOf(name, await command(bundle, site, words, statuses)));
}

/** Puts the journal aside, as after damage that a box has found: the last that can be done with it. */
async function quarantine(bundle: string, site: Site): Promise<readonly Figure[]> {
  condemn(join(site.directory, "journal"), "a bench says so");
  return figuresOf("quarantine", await command(bundle, site, ["journal", "quarantine"], [0]));
}

function figuresOf(name: string, { ms, cpuMs: cpu, mib }: Took): readonly Figure[] {
  return [
    { name: `${name}.time`, value: ms, unit: "ms" },
    { name: `${name}.cpu`, value: cpu, unit: "ms", note: "processor time of all threads" },
    { name: `${name}.memory`, value: mib, unit: "MiB", goal: { atMost: 128 }, note: "at its peak" },
  ];
}

/** Runs a command of the program to its end, which leaves its peak behind in a file. */
async function command(
  bundle: string,
  site: Site,
  words: readonly string[],
  statuses: readonly number[],
): Promise<Took> {
  const peakFile = join(site.directory, "peak");
  const watch = `import { readFileSync, writeFileSync } from "node:fs";
process.once("exit", () => writeFileSync(${JSON.stringify(peakFile)}, readFileSync("/proc/self/status", "utf8") + JSON.stringify(process.cpuUsage())));`;
  rmSync(peakFile, { force: true });
  const beganAt = performance.now();
  const child = startChild(
    process.execPath,
    [
      "--import",
      `data:text/javascript,${encodeURIComponent(watch)}`,
      bundle,
      ...words,
      "--config",
      site.configFile,
    ],
    { stdio: ["ignore", "ignore", "pipe"], env: { PATH: "/usr/bin:/bin" } },
  );
  let said = "";
  child.stderr?.on("data", (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-2_000);
  });
  const limit = setTimeout(() => void endChild(child, "SIGKILL"), COMMAND_MS);
  const status = await new Promise<number | null>((resolve) => child.once("exit", resolve));
  clearTimeout(limit);
  const ms = performance.now() - beganAt;
  if (status === null || !statuses.includes(status))
    throw new Error(`"${words.join(" ")}" ended with ${status}: ${said}`);
  const left = readFileSync(peakFile, "utf8");
  const count = (pattern: RegExp): number => Number(pattern.exec(left)?.[1]);
  const cpu = (count(/"user":(\d+)/) + count(/"system":(\d+)/)) / 1_000;
  return { ms, cpuMs: cpu, mib: count(/^VmHWM:\s+(\d+) kB$/m) / 1_024 };
}

/**
 * Cuts the power of real ext4 disks while the journal writes to them, and looks after each cut whether everything that was
 * acknowledged is there. Started by scripts/power-cuts, which says what its options are.
 */
import { execFileSync } from "node:child_process";
import { appendFileSync, copyFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { bundling, journalThread } from "../../scripts/bundle.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { Account, type Finding } from "./account.ts";
import { cutAll, Machine } from "./machine.ts";

/** So many cuts one disk goes through before there is a new one: enough for its write-ahead log to be emptied. */
const CUTS_OF_A_DISK = 15;

/** The control must have lost something after so many cuts. */
const CONTROL_CUTS = 5;

const DISK_BYTES = 48 << 20;

/** A long run says how far it is so often. */
const PROGRESS_MS = 10_000;

const { values } = parseArgs({
  options: {
    cuts: { type: "string", default: "30" },
    jobs: { type: "string", default: String(availableParallelism()) },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    results: { type: "string" },
  },
});
const cuts = wholeNumber("cuts", values.cuts);
const jobs = wholeNumber("jobs", values.jobs);
const firstSeed = wholeNumber("seed", values.seed);

/** Where a cut falls. */
type Moment =
  /** While the guest starts: the disk replays its journal, SQLite its own. */
  | { readonly at: "start"; readonly ageMs: number }
  | { readonly at: "work"; readonly afterMs: number; readonly writeBack: boolean }
  | { readonly at: "rotation"; readonly count: number; readonly afterMs: number }
  /** Around the idle moment in which the write-ahead log is emptied. */
  | { readonly at: "idle"; readonly pauseAfter: number; readonly afterMs: number };

const totals = { cuts: 0, acknowledged: 0, lost: 0, failed: 0, control: { cuts: 0, lost: 0 } };
const began = performance.now();
const place = mkdtempSync(join(tmpdir(), "scanbox-power-"));
let keep = false;
if (values.results !== undefined) rmSync(values.results, { force: true });

for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    void cutAll().then(() => process.exit(130));
  });

function wholeNumber(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  console.error(`scripts/power-cuts: --${name} is a whole number from 1.`);
  process.exit(2);
}

/** The guest's program in one file; with the journal's own promise to flush taken out of it, for the control. */
async function makeProgram(name: string, broken: boolean): Promise<string> {
  const thread = await journalThread();
  const promised = "synchronous = FULL";
  if (!thread.includes(promised)) throw new Error("the journal's thread no longer says how it flushes");
  const outfile = join(place, name);
  await build({
    ...bundling,
    entryPoints: ["test/power/guest.ts"],
    outfile,
    define: {
      JOURNAL_THREAD: JSON.stringify(broken ? thread.replaceAll(promised, "synchronous = OFF") : thread),
    },
  });
  return outfile;
}

function makeDisk(name: string): string {
  const disk = join(place, `${name}.img`);
  writeFileSync(disk, "");
  truncateSync(disk, DISK_BYTES);
  execFileSync("mkfs.ext4", ["-q", "-F", disk], { stdio: ["ignore", "ignore", "inherit"] });
  return disk;
}

/** `idles` is false for a disk whose write-ahead log grows until a payment has to empty it. */
function chooseMoment(random: Random, usualStartMs: number, idles: boolean): Moment {
  const chance = random.fraction();
  if (chance < 0.15) return { at: "start", ageMs: usualStartMs * (0.2 + 0.9 * random.fraction()) };
  if (chance < 0.3) return { at: "rotation", count: random.between(1, 4), afterMs: random.between(0, 40) };
  if (chance < 0.45 && idles)
    return { at: "idle", pauseAfter: random.between(20, 100), afterMs: random.between(1_950, 2_500) };
  return { at: "work", afterMs: random.between(20, 2_000), writeBack: random.chance(0.5) };
}

function describeMoment(moment: Moment): string {
  switch (moment.at) {
    case "start":
      return `${moment.ageMs.toFixed(0)} ms after the start`;
    case "rotation":
      return `${moment.afterMs} ms after rotation ${moment.count}`;
    case "idle":
      return `${moment.afterMs} ms after the last of ${moment.pauseAfter} orders`;
    case "work":
      return `after ${moment.afterMs} ms of work${moment.writeBack ? " with pages written back at any time" : ""}`;
  }
}

/** One disk and everything that happens to it. */
class Life {
  readonly #seed: number;
  readonly #random: Random;
  readonly #program: string;
  readonly #disk: string;
  readonly #account = new Account();
  #boots = 0;
  /** How long the guest usually takes until it has opened its journal. */
  #startMs = 3_000;
  #folder = "";

  constructor(seed: number, program: string, name = `disk-${seed}`) {
    this.#seed = seed;
    this.#random = new Random(seed);
    this.#program = program;
    this.#disk = makeDisk(name);
  }

  /** How many records were acknowledged on this disk. */
  get acknowledged(): number {
    return this.#account.acknowledged;
  }

  /** Works until the power is cut at `moment`; null where the disk was as it must be, before. */
  async cut(moment: Moment): Promise<Finding | null> {
    const machine = this.#boot();
    if (moment.at === "start" && (await machine.opened(moment.ageMs)) === null && !machine.gone) {
      await machine.cut();
      return null;
    }
    const finding = await this.#look(machine);
    if (finding !== null) return finding;
    const seed = this.#random.between(0, 2 ** 31);
    const writeBack = moment.at === "work" && moment.writeBack;
    const pauseAfter = moment.at === "idle" ? moment.pauseAfter : null;
    machine.follow({ boot: this.#boots, seed, writeBack, pauseAfter, end: false });
    if (moment.at === "rotation") await machine.tells("rotating", moment.count, 10_000);
    if (moment.at === "idle") await machine.tells("pausing", 1, 10_000);
    if (moment.at !== "start") await sleep(moment.afterMs);
    const died = machine.gone;
    await machine.cut();
    this.#account.hear(this.#boots, machine.told());
    return died ? { lost: 0, faults: [`The guest ended by itself: ${machine.said}`] } : null;
  }

  /** Looks at the disk after its last cut and ends the guest in good order. */
  async end(): Promise<Finding | null> {
    const machine = this.#boot();
    const finding = await this.#look(machine);
    if (finding !== null) return finding;
    machine.follow({ boot: this.#boots, seed: 0, writeBack: false, pauseAfter: null, end: true });
    const status = await machine.ended();
    return status === "0" ? null : { lost: 0, faults: [`The guest ended with ${status}: ${machine.said}`] };
  }

  /** Removes what nobody needs any more. */
  remove(): void {
    rmSync(this.#disk);
    rmSync(this.#copy, { force: true });
    rmSync(this.#folders, { recursive: true, force: true });
  }

  /** What a person needs who looks for the cause. */
  get remains(): string {
    return `--seed ${this.#seed}; the disk as the cut left it: ${this.#copy}; what was told: ${this.#folders}`;
  }

  get #copy(): string {
    return `${this.#disk}.cut`;
  }

  get #folders(): string {
    return this.#disk.replace(/\.img$/, "");
  }

  #boot(): Machine {
    this.#boots += 1;
    this.#folder = join(this.#folders, `boot-${this.#boots}`);
    copyFileSync(this.#disk, this.#copy);
    return new Machine(this.#folder, this.#disk, this.#program);
  }

  async #look(machine: Machine): Promise<Finding | null> {
    const opened = await machine.opened();
    if (opened === null) {
      await machine.cut();
      return { lost: this.acknowledged, faults: [`The guest does not start: ${machine.said}`] };
    }
    this.#startMs = machine.age;
    const finding = this.#account.look(opened);
    if (finding.faults.length === 0) return null;
    await machine.cut();
    return finding;
  }

  /** Where the next cut falls. */
  moment(): Moment {
    return chooseMoment(this.#random, this.#startMs, this.#seed % 2 === 0);
  }
}

/** Puts a disk through `count` cuts, each looked at after the next start. */
async function liveThrough(seed: number, count: number, program: string): Promise<void> {
  const life = new Life(seed, program);
  let last: Moment | null = null;
  for (let cut = 0; cut <= count; cut += 1) {
    const moment = life.moment();
    const finding = cut < count ? await life.cut(moment) : await life.end();
    if (finding !== null) {
      const name = last === null ? "the first start" : `the cut ${describeMoment(last)}`;
      fail(`${name} (cut ${cut} of ${count})`, finding, life);
      return;
    }
    if (last !== null) {
      totals.cuts += 1;
      record({ name: `power cut ${seed}/${cut}: ${describeMoment(last)}`, outcome: "passed", why: "" });
    }
    last = moment;
  }
  totals.acknowledged += life.acknowledged;
  life.remove();
}

function fail(name: string, { lost, faults }: Finding, life: Life): void {
  keep = true;
  totals.cuts += 1;
  totals.failed += 1;
  totals.lost += lost;
  totals.acknowledged += life.acknowledged;
  const why = [...faults.slice(0, 10), `Again: scripts/power-cuts --jobs 1 ${life.remains}`].join("\n");
  record({ name: `power cut: ${name}`, outcome: "failed", why });
  console.log(`✖ ${name}\n${why}`);
}

/** The same with a journal that does not flush, on new disks: what is found here is what would be found there. */
async function control(program: string): Promise<void> {
  for (let cut = 1; cut <= CONTROL_CUTS && totals.control.lost === 0; cut += 1) {
    const life = new Life(firstSeed + cut, program, `control-${cut}`);
    const finding =
      (await life.cut({ at: "work", afterMs: 1_500, writeBack: false })) ?? (await life.end()) ?? null;
    totals.control.cuts += 1;
    totals.control.lost += finding?.lost ?? 0;
    life.remove();
  }
  const found = totals.control.lost > 0;
  if (!found) totals.failed += 1;
  const why = `A journal that does not flush has lost nothing in ${CONTROL_CUTS} cuts: these cuts prove nothing.`;
  record({
    name: "a journal that does not flush loses records",
    outcome: found ? "passed" : "failed",
    why: found ? "" : why,
  });
  if (!found) console.log(`✖ ${why}`);
}

function record(result: Readonly<Record<"name" | "outcome" | "why", string>>): void {
  if (values.results !== undefined) appendFileSync(values.results, `${JSON.stringify(result)}\n`);
}

/** Works the list off, `jobs` at a time. */
async function workOff(list: readonly (() => Promise<void>)[]): Promise<void> {
  const left = [...list];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await next();
  };
  await Promise.all(Array.from({ length: jobs }, worker));
}

const program = await makeProgram("guest.mjs", false);
const broken = await makeProgram("control.mjs", true);
const progress = setInterval(() => {
  const seconds = ((performance.now() - began) / 1_000).toFixed(0);
  console.error(`${totals.cuts} of ${cuts} cuts, ${seconds} s`);
}, PROGRESS_MS);
const disks = Math.max(Math.min(jobs, cuts), Math.ceil(cuts / CUTS_OF_A_DISK));
const lives = Array.from({ length: disks }, (_, disk) => {
  const count = Math.floor(cuts / disks) + (disk < cuts % disks ? 1 : 0);
  return () => liveThrough(firstSeed + disk, count, program);
});
await workOff([() => control(broken), ...lives]);
clearInterval(progress);
if (!keep) rmSync(place, { recursive: true });
const number = new Intl.NumberFormat("en-US");
const lost = totals.lost === 0 ? "none lost" : `${number.format(totals.lost)} lost`;
console.log(
  `${totals.cuts} cuts, ${number.format(totals.acknowledged)} acknowledged records, ${lost}; ` +
    `control lost ${number.format(totals.control.lost)} in ${totals.control.cuts} ` +
    `cut${totals.control.cuts === 1 ? "" : "s"} (--seed ${firstSeed})`,
);
process.exit(totals.failed === 0 ? 0 : 1);

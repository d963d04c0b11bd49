/** `scanbox simulate --exhaustive`: runs every small world up to a bound on all cores, and counts them. */
import { inspect } from "node:util";
import { Worker } from "node:worker_threads";
import { choicesText, readChoices } from "../../simulator/exhaustive/choices.ts";
import { type Bounds, type Branch, root, runBranch } from "../../simulator/exhaustive/exploration.ts";
import { type SmallSetup, setups } from "../../simulator/exhaustive/setups.ts";
import { runSmallWorld, type SmallWorldReport } from "../../simulator/exhaustive/small-world.ts";
import { exitStatus } from "../exit-status.ts";
import { type CommandIo, UsageError } from "../usage.ts";
import { program, WorldsError } from "./worlds.ts";

/** How many faults a world has at most where nobody says otherwise: as many as take a minute or so on two cores. */
const usualFaults: Readonly<Record<SmallSetup["name"], number>> = {
  one: 2,
  other: 1,
  goods: 1,
  barrier: 1,
  two: 1,
};

/** How many branches there are at least before they are given to threads, so that none waits long for another. */
const BRANCHES_MIN = 300;

/** How often a long run says how far it is. */
const PROGRESS_EVERY_MS = 5_000;

/** More findings than these are only counted. */
const FINDINGS_TOLD = 10;

/** What is wanted. */
export interface ExhaustiveOptions {
  /** Null for the usual bounds. */
  readonly faults: number | null;
  /** The name of one kind, null for all. */
  readonly kind: string | null;
  readonly jobs: number;
  readonly json: boolean;
}

/** A broken invariant, and the choices that show it. */
interface SmallFinding {
  readonly faults: number;
  readonly world: string;
  readonly sentence: string;
}

/** What came of some worlds. */
export interface SmallTotals {
  /** How many worlds had so many faults. */
  readonly worlds: readonly number[];
  readonly outages: number;
  /** The most points at which one world could have gone on otherwise. */
  readonly pointsMax: number;
  readonly broken: number;
  readonly findings: readonly SmallFinding[];
}

/** What a thread is given. */
export interface SmallOrder {
  readonly role: "small-worlds";
  readonly setup: SmallSetup;
  readonly faults: number;
  readonly branches: readonly Branch[];
  /** One number in shared memory: how many branches have been taken, by whichever thread. */
  readonly taken: BigInt64Array;
}

/** No worlds at all. */
export const noTotals: SmallTotals = { worlds: [], outages: 0, pointsMax: 0, broken: 0, findings: [] };

/** Adds what came of one world. */
export function withWorld(
  totals: SmallTotals,
  setup: SmallSetup,
  { choices, faults }: Branch,
  { findings, outages, points }: SmallWorldReport,
): SmallTotals {
  const world = `${setup.name} ${choicesText(choices)}`.trim();
  const [first] = findings;
  const news = first === undefined ? [] : [{ faults, world, sentence: `${first.check}: ${first.sentence}` }];
  const worlds = Array.from({ length: faults + 1 }, (_, count) => Number(count === faults));
  return sum(totals, { worlds, outages, pointsMax: points.length, broken: news.length, findings: news });
}

/** Adds up what came of some worlds and of others. */
function sum(a: SmallTotals, b: SmallTotals): SmallTotals {
  const length = Math.max(a.worlds.length, b.worlds.length);
  const inOrder = (one: SmallFinding, other: SmallFinding): number =>
    one.faults - other.faults || one.world.length - other.world.length || (one.world < other.world ? -1 : 1);
  return {
    worlds: Array.from({ length }, (_, faults) => (a.worlds[faults] ?? 0) + (b.worlds[faults] ?? 0)),
    outages: a.outages + b.outages,
    pointsMax: Math.max(a.pointsMax, b.pointsMax),
    broken: a.broken + b.broken,
    findings:
      b.findings.length === 0
        ? a.findings
        : [...a.findings, ...b.findings].sort(inOrder).slice(0, FINDINGS_TOLD),
  };
}

/** Runs the worlds of the kinds that are wanted, and says how many they were. */
export async function exhaustiveCommand(wish: ExhaustiveOptions, io: CommandIo): Promise<number> {
  const { faults, kind, jobs, json } = wish;
  const wanted = setups.filter(({ name }) => kind === null || name === kind);
  if (wanted.length === 0) throw new UsageError(`--of takes ${setups.map(({ name }) => name).join(", ")}.`);
  const began = performance.now();
  let all = noTotals;
  for (const setup of wanted) {
    const bounds = { setup, faults: faults ?? usualFaults[setup.name] };
    const since = performance.now();
    const totals = await explored(bounds, jobs, io);
    io.stdout.write(json ? "" : `${sentence(bounds, totals, (performance.now() - since) / 1_000)}\n`);
    tellFindings(totals, io);
    all = sum(all, totals);
  }
  const seconds = (performance.now() - began) / 1_000;
  if (json)
    io.stdout.write(`${JSON.stringify({ kinds: wanted.map(({ name }) => name), ...all, seconds })}\n`);
  else io.stdout.write(`${summary(all, seconds)}\n`);
  return all.broken > 0 ? exitStatus.no : exitStatus.done;
}

/** Runs one small world, which is named as findings name it, and tells its story. */
export function smallWorldCommand(named: string, story: boolean, io: CommandIo): number {
  const [, name, text = ""] = /^(\S+)(.*)$/s.exec(named.trim()) ?? [];
  const setup = setups.find((one) => one.name === name);
  const choices = readChoices(text);
  if (setup === undefined || choices === null) {
    throw new UsageError('--world takes a kind and its choices, such as "one 9:2 14:auto-revoke 31:1".');
  }
  const tell = (at: number, line: string): void => {
    if (story) io.stdout.write(`${(at / 1_000).toFixed(3).padStart(10)} s  ${line}\n`);
  };
  const { findings, points, outages, simulatedMs } = runSmallWorld({ setup, choices, tell });
  io.stdout.write(
    `${setup.title}: ${points.length} choices, ${outages} power failures, ${Math.round(simulatedMs / 1_000)} simulated seconds\n`,
  );
  for (const { check, at, sentence: said } of findings) {
    io.stderr.write(`at ${(at / 1_000).toFixed(3)} s: ${check}: ${said}\n`);
  }
  return findings.length > 0 ? exitStatus.no : exitStatus.done;
}

async function explored(bounds: Bounds, jobs: number, io: CommandIo): Promise<SmallTotals> {
  const { setup, faults } = bounds;
  let totals = noTotals;
  // Breadth first, until there is work for everybody.
  const branches: Branch[] = [root];
  while (branches.length > 0 && branches.length < BRANCHES_MIN) {
    const [branch] = branches.splice(0, 1);
    if (branch === undefined) break;
    const { report, next } = runBranch(bounds, branch);
    totals = withWorld(totals, setup, branch, report);
    branches.push(...next);
  }
  const taken = new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT));
  const order: SmallOrder = { role: "small-worlds", setup, faults, branches, taken };
  const since = performance.now();
  const ticking = setInterval(() => {
    const count = countOf(totals);
    const rate = (count * 1_000) / (performance.now() - since);
    const done = Math.min(Number(Atomics.load(taken, 0)), branches.length);
    io.stderr.write(
      `  ${setup.title}: ${figure(count)} worlds, ${rate.toFixed(0)} a second, branch ${done} of ${branches.length}\n`,
    );
  }, PROGRESS_EVERY_MS);
  const threads = Array.from({ length: Math.min(jobs, branches.length) }, () =>
    runThread(order, (news) => {
      totals = sum(totals, news);
    }),
  );
  await Promise.all(threads).finally(() => clearInterval(ticking));
  return totals;
}

function runThread(order: SmallOrder, heard: (news: SmallTotals) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(program(), { name: "small worlds", argv: ["simulate"], workerData: order });
    worker.on("message", (message: unknown) => {
      if (isTotals(message)) heard(message);
    });
    worker.on("error", (error: unknown) => {
      reject(new WorldsError(`a thread that runs small worlds has died: ${inspect(error)}`));
    });
    worker.on("exit", (status) => {
      if (status === 0) resolve();
      else reject(new WorldsError(`a thread that runs small worlds ended with status ${status}`));
    });
  });
}

function isTotals(message: unknown): message is SmallTotals {
  return typeof message === "object" && message !== null && "worlds" in message && "broken" in message;
}

function tellFindings({ findings, broken }: SmallTotals, io: CommandIo): void {
  for (const { world, sentence: said } of findings) {
    io.stderr.write(`${world}: ${said}\n  again: scanbox simulate --world "${world}" --story\n`);
  }
  if (broken > findings.length) io.stderr.write(`  and ${figure(broken - findings.length)} more worlds\n`);
}

function sentence({ setup, faults }: Bounds, totals: SmallTotals, seconds: number): string {
  const { worlds, outages, pointsMax } = totals;
  const each = worlds.map((count, some) => `${figure(count)} with ${some}`).join(", ");
  return (
    `${setup.title}: all worlds with at most ${faults} ${faults === 1 ? "fault" : "faults"} at up to ${pointsMax} ` +
    `choices: ${figure(countOf(totals))} worlds (${each}), ${figure(outages)} power failures, complete ` +
    `in ${seconds.toFixed(1)} s: ${foundIn(totals)}`
  );
}

function summary(totals: SmallTotals, seconds: number): string {
  const count = countOf(totals);
  return (
    `${figure(count)} small worlds, ${figure(totals.outages)} power failures, complete ` +
    `in ${seconds.toFixed(1)} s (${(count / seconds).toFixed(0)} a second): ${foundIn(totals)}`
  );
}

function foundIn({ broken }: SmallTotals): string {
  return broken === 0 ? "no invariant broken" : `${figure(broken)} WORLDS BROKE AN INVARIANT`;
}

function countOf({ worlds }: SmallTotals): number {
  return worlds.reduce((count, some) => count + some, 0);
}

function figure(count: number): string {
  return count.toLocaleString("en-US");
}

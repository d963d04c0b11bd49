import { availableParallelism } from "node:os";
import { isMainThread } from "node:worker_threads";
import type { Description } from "../description.ts";
import { exitStatus } from "../exit-status.ts";
import { type CommandIo, readOptions, UsageError } from "../usage.ts";
import type { WorldOutcome, WorldsRange } from "./worlds.ts";

/** `scanbox simulate`, as its help has it. */
export const description = {
  usage: [
    "scanbox simulate --seeds A..B [--minutes M] [--jobs N] [--json]",
    "scanbox simulate --seed N [--story | --json] [--minutes M]",
    "scanbox simulate --exhaustive [--of KIND] [--faults N] [--jobs N] [--json]",
    'scanbox simulate --world "KIND CHOICES" --story',
  ],
  about: [
    "Runs whole worlds: the real box on simulated links, with a sandbox, a broker, a card, people, and everything that goes wrong, each from one seed. The same seed gives the same world on any machine.",
    "With --exhaustive the worlds are small and left to no chance: a payment or two, and every combination of lost, late, doubled and cut messages, failing writes, power failures, pins that fail, and people who cancel or show a code again.",
  ],
  options: {
    seeds: {
      type: "string",
      value: "A..B",
      about: "the worlds to run, both included; whole numbers from 0 to 9007199254740991",
    },
    seed: { type: "string", takes: "a whole number", about: "one world" },
    story: { type: "boolean", about: "tell what happened in it, a line for each event" },
    minutes: {
      type: "string",
      takes: "a whole number",
      value: "M",
      about: "how long faults go on in each world, 1 to 1440 simulated minutes; 1 where not given",
    },
    jobs: {
      type: "string",
      takes: "a whole number",
      about: "how many worlds run at a time, 1 to 256; as many as there are cores where not given",
    },
    exhaustive: { type: "boolean", about: "every small world, and how many there are" },
    of: {
      type: "string",
      value: "KIND",
      words: ["one", "other", "two", "goods", "barrier"],
      about:
        "those of one kind: one, two (payments), other (one at the second provider), goods, barrier (that a machine gives); all where not given",
    },
    faults: {
      type: "string",
      takes: "a whole number",
      about:
        "how many things go wrong in one world at most, 0 to 9; where not given what takes about a minute",
    },
    world: { type: "string", value: '"…"', about: "one small world, as a finding names it" },
    json: { type: "boolean", about: "one JSON object at the end instead of a sentence" },
  },
  notes: ["What is found and told does not depend on --jobs. Ctrl-C ends at once and says how far it came."],
  exit: { 0: "nothing was found", 1: "an invariant was broken", 2: "wrong usage", 130: "interrupted" },
} as const satisfies Description;

/**
 * Faults go on for so many simulated minutes where nobody says otherwise; what is open ends after them. Of 1, 2, 4 and 8 it
 * finds most planted defects for a second of work, and rare ones as quickly as the others do.
 */
export const FAULT_MINUTES = 1;

/** How often a long run says how far it is. */
const PROGRESS_EVERY_MS = 5_000;

interface Totals {
  seeds: number;
  payments: number;
  crashes: number;
  simulatedMs: number;
  readonly failed: number[];
}

const INTERRUPTED = 130;

/** `scanbox simulate`: looks for a seed that breaks an invariant, or tells the story of one. */
export async function simulateCommand(args: readonly string[], io: CommandIo): Promise<number> {
  // The threads that run many worlds are this program again.
  if (!isMainThread && (await serves())) return exitStatus.done;
  const { values } = readOptions(args, description.options);
  const minutes = values.minutes === undefined ? FAULT_MINUTES : wholeNumber(values.minutes, "--minutes");
  if (minutes < 1 || minutes > 1_440) throw new UsageError("--minutes takes a whole number from 1 to 1440.");
  const jobs = values.jobs === undefined ? availableParallelism() : wholeNumber(values.jobs, "--jobs");
  if (jobs < 1 || jobs > 256) throw new UsageError("--jobs takes a whole number from 1 to 256.");
  const { seed, seeds, exhaustive, world } = values;
  if ([seed, seeds, exhaustive, world].filter((said) => said !== undefined).length !== 1) {
    throw new UsageError("Say one of --seeds A..B, --seed N, --exhaustive and --world.");
  }
  if (exhaustive === undefined && (values.of !== undefined || values.faults !== undefined)) {
    throw new UsageError("--of and --faults go with --exhaustive.");
  }
  const json = values.json === true;
  const story = values.story === true;
  if (json && (story || world !== undefined))
    throw new UsageError("--json does not go with --story and --world.");
  if (exhaustive !== undefined || world !== undefined) {
    const { exhaustiveCommand, smallWorldCommand } = await import("./exhaustive.ts");
    if (world !== undefined) return smallWorldCommand(world, story, io);
    const faults = values.faults === undefined ? null : wholeNumber(values.faults, "--faults");
    if (faults !== null && faults > 9) throw new UsageError("--faults takes a whole number from 0 to 9.");
    return await exhaustiveCommand({ faults, kind: values.of ?? null, jobs, json }, io);
  }
  if (values.seed !== undefined) {
    return await one(
      wholeNumber(values.seed, "--seed"),
      minutes,
      json ? "json" : story ? "story" : "sentence",
      io,
    );
  }
  if (story) throw new UsageError("--story tells of one world: say --seed N.");
  const range = { ...rangeOf(values.seeds ?? ""), minutes };
  return await many(range, { jobs, json }, io);
}

/** Runs worlds where this is a thread that was started for them; false where it is not. */
async function serves(): Promise<boolean> {
  const { serveWorlds } = await import("./worlds-thread.ts");
  return serveWorlds() || (await import("./exhaustive-thread.ts")).serveSmallWorlds();
}

async function one(
  seed: number,
  minutes: number,
  told: "sentence" | "story" | "json",
  io: CommandIo,
): Promise<number> {
  const { runWorld } = await import("../../simulator/seeded/world.ts");
  const tell = (at: number, line: string): void => {
    if (told === "story") io.stdout.write(`${(at / 1_000).toFixed(3).padStart(10)} s  ${line}\n`);
  };
  const report = runWorld({ seed, minutes, tell });
  const { payments, crashes, simulatedMs, findings } = report;
  if (told === "json") {
    io.stdout.write(`${JSON.stringify({ seed, minutes, payments, crashes, simulatedMs, findings })}\n`);
    return findings.length > 0 ? exitStatus.no : exitStatus.done;
  }
  io.stdout.write(
    `seed ${seed}: ${payments} payments, ${crashes} crashes, ${Math.round(simulatedMs / 60_000)} simulated minutes\n`,
  );
  return tellFindings(report, minutes, io) ? exitStatus.no : exitStatus.done;
}

async function many(
  range: WorldsRange,
  { jobs, json }: { readonly jobs: number; readonly json: boolean },
  io: CommandIo,
): Promise<number> {
  const { runWorlds } = await import("./worlds.ts");
  const { first, last, minutes } = range;
  const totals: Totals = { seeds: 0, payments: 0, crashes: 0, simulatedMs: 0, failed: [] };
  const began = performance.now();
  const progress = (): string => {
    const rate = (totals.seeds * 1_000) / (performance.now() - began);
    return `${totals.seeds} of ${last - first + 1} worlds, ${rate.toFixed(0)} a second`;
  };
  io.stderr.write(`worlds ${first}..${last}, ${minutes} minutes of faults each\n`);
  const ticking = setInterval(() => io.stderr.write(`  ${progress()}\n`), PROGRESS_EVERY_MS);
  const interruption = Promise.withResolvers<"interrupted">();
  const interrupt = (): void => interruption.resolve("interrupted");
  process.once("SIGINT", interrupt);
  const worlds = runWorlds(range, jobs, (outcome) => {
    totals.seeds += 1;
    totals.payments += outcome.payments;
    totals.crashes += outcome.crashes;
    totals.simulatedMs += outcome.simulatedMs;
    if (tellFindings(outcome, minutes, io)) totals.failed.push(outcome.seed);
  });
  const end = await Promise.race([worlds, interruption.promise]).finally(() => {
    clearInterval(ticking);
    process.off("SIGINT", interrupt);
  });
  if (end === "interrupted") {
    const rest = `scanbox simulate --seeds ${first + totals.seeds}..${last} --minutes ${minutes}`;
    io.stderr.write(`interrupted after ${progress()}; ${foundIn(totals)}\n  the others: ${rest}\n`);
    return INTERRUPTED;
  }
  const seconds = (performance.now() - began) / 1_000;
  io.stdout.write(
    `${json ? JSON.stringify({ first, last, minutes, ...totals, seconds }) : sentence(totals, seconds)}\n`,
  );
  return totals.failed.length > 0 ? exitStatus.no : exitStatus.done;
}

/** Says what was found and how to see it again; false where nothing was. */
function tellFindings(
  { seed, findings }: Pick<WorldOutcome, "seed" | "findings">,
  minutes: number,
  io: CommandIo,
): boolean {
  if (findings.length === 0) return false;
  for (const { check, at, sentence } of findings) {
    io.stderr.write(`seed ${seed} at ${(at / 1_000).toFixed(3)} s: ${check}: ${sentence}\n`);
  }
  io.stderr.write(`  again: scanbox simulate --seed ${seed} --minutes ${minutes} --story\n`);
  return true;
}

function sentence(totals: Totals, seconds: number): string {
  const { seeds, payments, crashes, simulatedMs } = totals;
  const days = (simulatedMs / 86_400_000).toFixed(1);
  return (
    `${seeds} seeds, ${payments} payments, ${crashes} crashes, ${days} simulated days ` +
    `in ${seconds.toFixed(1)} s (${(seeds / seconds).toFixed(0)} seeds/s): ${foundIn(totals)}`
  );
}

function foundIn({ failed }: Totals): string {
  return failed.length === 0 ? "no invariant broken" : `${failed.length} SEEDS BROKE AN INVARIANT`;
}

function rangeOf(text: string): { readonly first: number; readonly last: number } {
  const [, first, last] = /^(\d+)\.\.(\d+)$/.exec(text) ?? [];
  if (first === undefined || last === undefined)
    throw new UsageError("--seeds takes a range such as 1..1000.");
  const range = { first: wholeNumber(first, "--seeds"), last: wholeNumber(last, "--seeds") };
  if (range.first > range.last) throw new UsageError("--seeds takes the smaller number first.");
  return range;
}

function wholeNumber(text: string, option: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new UsageError(
      `${option} takes a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, not "${text}".`,
    );
  }
  return value;
}

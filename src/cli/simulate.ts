import type { WorldReport } from "../simulator/world.ts";
import { exitStatus } from "./exit-status.ts";
import { type CommandIo, readOptions, UsageError } from "./usage.ts";

const help = `Usage: scanbox simulate --seeds A..B [--minutes M] [--json]
       scanbox simulate --seed N --story [--minutes M]

Runs whole worlds: the real box on simulated links, with a bank, a broker, a card, people, and everything that goes
wrong, each from one seed. The same seed gives the same world on any machine.

  --seeds A..B    the worlds to run, both included; whole numbers from 0 to 9007199254740991
  --seed N        one world
  --story         tell what happened in it, a line for each event
  --minutes M     how long faults go on in each world, 1 to 1440 simulated minutes; 4 where not given
  --json          one JSON object at the end instead of a sentence

Exit status: 0 nothing was found, 1 an invariant was broken, 2 wrong usage.
`;

const options = {
  seeds: { type: "string" },
  seed: { type: "string" },
  story: { type: "boolean" },
  minutes: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** Faults go on for so long where nobody says otherwise; long enough for a payment, its reversal and a restart. */
const MINUTES = 4;

/** How often a long run says how far it is. */
const PROGRESS_EVERY_MS = 5_000;

interface Totals {
  seeds: number;
  payments: number;
  crashes: number;
  simulatedMs: number;
  readonly failed: number[];
}

/** `scanbox simulate`: looks for a seed that breaks an invariant, or tells the story of one. */
export async function simulateCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, options);
  if (values.help === true) {
    io.stdout.write(help);
    return exitStatus.done;
  }
  const minutes = values.minutes === undefined ? MINUTES : wholeNumber(values.minutes, "--minutes");
  if (minutes < 1 || minutes > 1_440) throw new UsageError("--minutes takes a whole number from 1 to 1440.");
  if ((values.seed === undefined) === (values.seeds === undefined)) {
    throw new UsageError("Say --seeds A..B for many worlds, or --seed N for one.");
  }
  if (values.seed !== undefined) {
    return await one(wholeNumber(values.seed, "--seed"), minutes, values.story === true, io);
  }
  if (values.story === true) throw new UsageError("--story tells of one world: say --seed N.");
  return await many(rangeOf(values.seeds ?? ""), minutes, values.json === true, io);
}

async function one(seed: number, minutes: number, story: boolean, io: CommandIo): Promise<number> {
  const { runWorld } = await import("../simulator/world.ts");
  const tell = (at: number, line: string): void => {
    if (story) io.stdout.write(`${(at / 1_000).toFixed(3).padStart(10)} s  ${line}\n`);
  };
  const report = runWorld({ seed, minutes, tell });
  const { payments, crashes, simulatedMs } = report;
  io.stdout.write(
    `seed ${seed}: ${payments} payments, ${crashes} crashes, ${Math.round(simulatedMs / 60_000)} simulated minutes\n`,
  );
  return tellFindings(report, minutes, io) ? exitStatus.no : exitStatus.done;
}

async function many(
  { first, last }: { readonly first: number; readonly last: number },
  minutes: number,
  json: boolean,
  io: CommandIo,
): Promise<number> {
  const { runWorld } = await import("../simulator/world.ts");
  const totals: Totals = { seeds: 0, payments: 0, crashes: 0, simulatedMs: 0, failed: [] };
  const began = performance.now();
  let saidAt = began;
  io.stderr.write(`worlds ${first}..${last}, ${minutes} minutes of faults each\n`);
  for (let seed = first; seed <= last; seed += 1) {
    const report = runWorld({ seed, minutes });
    totals.seeds += 1;
    totals.payments += report.payments;
    totals.crashes += report.crashes;
    totals.simulatedMs += report.simulatedMs;
    if (tellFindings(report, minutes, io)) totals.failed.push(seed);
    const now = performance.now();
    if (now - saidAt < PROGRESS_EVERY_MS) continue;
    saidAt = now;
    const rate = (totals.seeds * 1_000) / (now - began);
    io.stderr.write(`  ${totals.seeds} of ${last - first + 1} worlds, ${rate.toFixed(0)} a second\n`);
    // A signal that asks the process to end is heard between two worlds.
    await new Promise(setImmediate);
  }
  const seconds = (performance.now() - began) / 1_000;
  io.stdout.write(
    `${json ? JSON.stringify({ first, last, minutes, ...totals, seconds }) : sentence(totals, seconds)}\n`,
  );
  return totals.failed.length > 0 ? exitStatus.no : exitStatus.done;
}

/** Says what was found and how to see it again; false where nothing was. */
function tellFindings({ seed, findings }: WorldReport, minutes: number, io: CommandIo): boolean {
  if (findings.length === 0) return false;
  for (const { check, at, sentence } of findings) {
    io.stderr.write(`seed ${seed} at ${(at / 1_000).toFixed(3)} s: ${check}: ${sentence}\n`);
  }
  io.stderr.write(`  again: scanbox simulate --seed ${seed} --minutes ${minutes} --story\n`);
  return true;
}

function sentence({ seeds, payments, crashes, simulatedMs, failed }: Totals, seconds: number): string {
  const days = (simulatedMs / 86_400_000).toFixed(1);
  const outcome = failed.length === 0 ? "no invariant broken" : `${failed.length} SEEDS BROKE AN INVARIANT`;
  return (
    `${seeds} seeds, ${payments} payments, ${crashes} crashes, ${days} simulated days ` +
    `in ${seconds.toFixed(1)} s (${(seeds / seconds).toFixed(0)} seeds/s): ${outcome}`
  );
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

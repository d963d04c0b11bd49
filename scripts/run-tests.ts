/** Runs the kinds of checks one after the other: a line for each, all of it for what failed, and the count at the end. */
import { spawn } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "node:test";
import { inspect } from "node:util";

interface Outcome {
  passed: number;
  failed: number;
  /** What could not run, by name and reason. */
  readonly skipped: string[];
  /** What a person wants to know beside the counts. */
  note: string;
}

interface Kind {
  readonly name: string;
  readonly check: () => Promise<Outcome>;
}

const SEEDS = "1..50000";

/** A file of tests, or a single test, is ended after this, done or not, in milliseconds: what hangs is a failure with a name. */
const FILE_MS = 1_200_000;

/** The same for a command that is one check, or holds several in kernels of their own. */
const COMMAND_MS = 2_700_000;

export const kinds: readonly Kind[] = [
  { name: "static", check: () => command(["scripts/check"]) },
  { name: "core", check: () => tests(["test/core/**/*.test.ts"], { covered: "src/core/**" }) },
  {
    name: "unit",
    check: () =>
      tests([
        "test/*.test.ts",
        "test/{commands,composed,config,control,drivers,journal,links,mutation,power,providers,reporting,runtime,simulator}/**/*.test.ts",
      ]),
  },
  { name: "contract", check: () => tests(["test/contract/*.test.ts"]) },
  { name: "simulation", check: () => tests(["test/simulation/*.test.ts"]) },
  { name: "seeds", check: () => command(["node", "src/main.ts", "simulate", "--seeds", SEEDS]) },
  { name: "exhaustive", check: () => command(["node", "src/main.ts", "simulate", "--exhaustive"]) },
  { name: "fuzz", check: () => tests(["test/fuzz/*.test.ts"]) },
  { name: "command line", check: () => tests(["test/cli/**/*.test.ts"]) },
  { name: "end to end", check: () => tests(["test/e2e/*.test.ts"]) },
  { name: "faults", check: () => tests(["test/faults/*.test.ts"]) },
  { name: "kernel", check: () => kernelTests("scripts/hil") },
  { name: "power cuts", check: () => kernelTests("scripts/power-cuts") },
  { name: "package", check: () => tests(["test/package/*.test.ts"]) },
];

/** Runs test files, each in a process of its own; `covered` demands every line and branch of those sources. */
async function tests(
  globs: readonly string[],
  { covered }: { readonly covered?: string } = {},
): Promise<Outcome> {
  const files = globSync(globs).sort();
  const outcome: Outcome = { passed: 0, failed: 0, skipped: [], note: `${files.length} files` };
  if (files.length === 0) return { ...outcome, failed: 1, note: `no test file matches ${globs.join(" ")}` };
  const coverage = covered === undefined ? {} : { coverage: true, coverageIncludeGlobs: [covered] };
  const notes: string[] = [];
  let cases = 0;
  const events = run({ files, concurrency: availableParallelism(), timeout: FILE_MS, ...coverage });
  for await (const { type, data } of events) {
    if (type === "test:pass" && data.details.type !== "suite") {
      if (data.skip === undefined || data.skip === false) outcome.passed += 1;
      else outcome.skipped.push(`${data.name}: ${String(data.skip)}`);
    } else if (type === "test:fail" && data.details.type !== "suite") {
      outcome.failed += 1;
      const { error } = data.details;
      console.error(`\n✖ ${data.name} (${data.file ?? ""})\n${sentenceOf(error)}`);
    } else if (type === "test:stderr" && data.message.startsWith("fuzz: ")) {
      console.error(data.message.trimEnd());
    } else if (type === "test:diagnostic") {
      notes.push(...notesIn(data.message));
      cases += casesIn(data.message);
    } else if (type === "test:coverage") {
      const { coveredLinePercent, coveredBranchPercent } = data.summary.totals;
      outcome.note = `${coveredLinePercent.toFixed(2)} % of lines, ${coveredBranchPercent.toFixed(2)} % of branches`;
      for (const file of data.summary.files) {
        if (file.coveredLinePercent === 100 && file.coveredBranchPercent === 100) continue;
        outcome.failed += 1;
        const lines = uncovered(file.lines);
        console.error(
          `\n✖ ${file.path} is not covered: lines ${lines.join(", ") || "none"}; branches ${file.coveredBranchPercent} %`,
        );
      }
    }
  }
  if (cases > 0) notes.push(`${cases} cases`);
  outcome.note = [outcome.note, ...notes].join("; ");
  return outcome;
}

/** What a test wants to have in the line of its kind. */
function notesIn(message: string): readonly string[] {
  return message.startsWith("note: ") ? [message.slice("note: ".length)] : [];
}

/** How many cases of one kind of input a test has tried. */
function casesIn(message: string): number {
  return Number(/^(\d+) cases/.exec(message)?.[1] ?? 0);
}

function uncovered(lines: readonly { readonly line: number; readonly count: number }[]): readonly number[] {
  return lines.filter(({ count }) => count === 0).map(({ line }) => line);
}

function sentenceOf(error: Error): string {
  return inspect(error.cause ?? error);
}

/** How such a script ends where there is no kernel to run its tests in. */
const NO_KERNEL = 77;

/** Runs a script whose tests need a kernel of their own, user-mode Linux; each line of its results is counted. */
async function kernelTests(script: string): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-hil-"));
  const results = join(folder, "results.jsonl");
  const { status, said, printed } = await ran([script, "--results", results]);
  const lines = existsSync(results) ? readFileSync(results, "utf8").split("\n").slice(0, -1) : [];
  rmSync(folder, { recursive: true });
  const outcome: Outcome = { passed: 0, failed: 0, skipped: [], note: "" };
  if (status === NO_KERNEL) return { ...outcome, skipped: [printed.trim()] };
  if (script === "scripts/power-cuts") outcome.note = printed.trim().split("\n").at(-1) ?? "";
  for (const line of lines) {
    const { name, outcome: end, why } = JSON.parse(line);
    if (end === "passed") outcome.passed += 1;
    else if (end === "skipped") outcome.skipped.push(`${name}: ${why}`);
    else {
      outcome.failed += 1;
      console.error(`\n✖ ${name}\n${why}`);
    }
  }
  // A guest that died tells of no test.
  if (outcome.failed === 0 && (status !== 0 || outcome.passed === 0)) {
    console.error(said);
    outcome.failed = 1;
  }
  return outcome;
}

/** Runs a command that is quiet where all is well, and counts as one check. */
async function command(words: readonly string[]): Promise<Outcome> {
  const { status, said, printed } = await ran(words);
  if (status !== 0) console.error(said);
  const ok = status === 0;
  return {
    passed: ok ? 1 : 0,
    failed: ok ? 0 : 1,
    skipped: [],
    note: printed.trim().split("\n").at(-1) ?? "",
  };
}

interface Ran {
  readonly status: number | null;
  /** Everything. */
  readonly said: string;
  /** Without what went to the standard error. */
  readonly printed: string;
}

async function ran([file = "", ...args]: readonly string[]): Promise<Ran> {
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  let said = "";
  // It leads a group of its own, so that it ends with all that it has started: in time, or with this process.
  const end = (): void => void (child.pid !== undefined && process.kill(-child.pid, "SIGKILL"));
  const limit = setTimeout(() => {
    said += `\nscanbox: ${file} was not done within ${COMMAND_MS / 60_000} minutes\n`;
    end();
  }, COMMAND_MS);
  const interrupted = (): void => {
    end();
    process.exit(130);
  };
  process.on("SIGINT", interrupted).on("SIGTERM", interrupted);
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  child.stdout.on("data", (text: string) => {
    printed += text;
  });
  const status = await new Promise<number | null>((resolve) => {
    child.on("close", resolve);
  });
  clearTimeout(limit);
  process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
  return { status, said, printed };
}

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly notRun: number;
}

/** The last line of all: what passed and failed and, only where there was such, what could not run. */
export function countsOf({ passed, failed, notRun }: Counts): string {
  return `${passed} passed, ${failed} failed${notRun === 0 ? "" : `, ${notRun} not run`}`;
}

async function main(wanted: readonly string[]): Promise<number> {
  const unknown = wanted.filter((name) => !kinds.some((kind) => kind.name === name));
  if (unknown.length > 0) {
    console.error(
      `There is no kind of check "${unknown.join(", ")}"; there are: ${kinds.map(({ name }) => name).join(", ")}.`,
    );
    return 2;
  }
  const total = { passed: 0, failed: 0, notRun: 0 };
  for (const { name, check } of kinds) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const began = performance.now();
    const outcome = await check();
    total.passed += outcome.passed;
    total.failed += outcome.failed;
    total.notRun += outcome.skipped.length;
    const seconds = ((performance.now() - began) / 1_000).toFixed(0);
    const counts = `${outcome.passed} passed, ${outcome.failed} failed, ${seconds} s`;
    console.log(`${name}: ${counts}${outcome.note === "" ? "" : ` (${outcome.note})`}`);
    for (const sentence of outcome.skipped) console.log(`  not run: ${sentence}`);
  }
  console.log(countsOf(total));
  return total.failed === 0 ? 0 : 1;
}

if (import.meta.main) process.exit(await main(process.argv.slice(2)));

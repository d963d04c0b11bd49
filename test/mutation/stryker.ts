/** Starts Stryker on sources; scripts/mutate has installed it beside the project. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { NOT_WANTED, nameOf, WANTED_VARIABLE, type Wanted } from "./chosen.ts";

/** Where Stryker and what it finds are kept: outside what git, the bundle and the package look at. */
export const home = ".runtime/mutation";

/** A place in a source: lines and columns from 1, the end exclusive. */
interface Place {
  readonly line: number;
  readonly column: number;
}

/** A small defect and what became of it. */
export interface Mutant {
  readonly mutatorName: string;
  readonly replacement: string;
  readonly location: { readonly start: Place; readonly end: Place };
  readonly status: string;
  readonly statusReason?: string;
  readonly killedBy?: readonly string[];
}

/** What one run is told. */
export interface Order {
  readonly sources: readonly string[];
  readonly tests: readonly string[];
  /** Looks at each so many-th defect only. */
  readonly every: number;
  /** Only these defects that earlier runs found in each source; null for all. */
  readonly only: ReadonlyMap<string, readonly Mutant[]> | null;
  readonly jobs: number;
}

/** What is installed, as one text: another one makes what was found before worth nothing. */
export function toolVersions(): string {
  return readFileSync("test/mutation/tools/package-lock.json", "utf8");
}

/** What Stryker says about one source: its text as it was, how many defects it has, and those that were looked at. */
export interface Planted {
  readonly source: string;
  readonly count: number;
  readonly mutants: readonly Mutant[];
}

/** Plants the defects of sources, one at a time; says what was found of each. */
export async function plant({
  sources,
  tests,
  every,
  only,
  jobs,
}: Order): Promise<ReadonlyMap<string, Planted>> {
  const work = join(home, `run-${process.pid}`);
  const report = join(work, "report.json");
  const wanted: Wanted = { every, names: only === null ? null : [...only.values()].flat().map(nameOfMutant) };
  mkdirSync(work, { recursive: true });
  writeFileSync(join(work, "wanted.json"), JSON.stringify(wanted));
  const ranges = (source: string) =>
    only?.get(source)?.map(({ location }) => rangeOf(source, location)) ?? [source];
  const settings = {
    packageManager: "npm",
    plugins: [
      resolve(home, "node_modules/@stryker-mutator/tap-runner/dist/src/index.js"),
      resolve("test/mutation/chosen.ts"),
    ],
    checkers: ["chosen"],
    testRunner: "tap",
    tap: { testFiles: tests, nodeArgs: ["--stack-trace-limit=0", "--test-reporter=tap"], forceBail: true },
    mutate: sources.flatMap(ranges),
    ignorePatterns: ["**", "!src/**", "!test/**", "!package.json", "!device.config.json"],
    coverageAnalysis: "perTest",
    concurrency: jobs,
    // A machine that does other things as well must not make a slow test look like an endless one.
    timeoutMS: 20_000,
    timeoutFactor: 3,
    dryRunTimeoutMinutes: 30,
    tempDirName: join(work, "sandbox"),
    cleanTempDir: "always",
    reporters: ["json", "progress-append-only"],
    jsonReporter: { fileName: report },
    logLevel: "warn",
    allowConsoleColors: false,
    allowEmpty: true,
  };
  const file = join(work, "stryker.config.json");
  writeFileSync(file, JSON.stringify(settings));
  try {
    await runStryker(file, resolve(work, "wanted.json"));
    const { files } = JSON.parse(readFileSync(report, "utf8")) as {
      readonly files: Readonly<Record<string, Omit<Planted, "count"> | undefined>>;
    };
    const plantedIn = (source: string): Planted => {
      const { mutants, source: text } = files[source] ?? {
        source: readFileSync(source, "utf8"),
        mutants: [],
      };
      const looked = mutants.filter(({ statusReason }) => statusReason !== NOT_WANTED);
      return { source: text, count: mutants.length, mutants: looked };
    };
    return new Map(sources.map((source) => [source, plantedIn(source)]));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** What a defect is called from run to run. */
export function nameOfMutant({ mutatorName, replacement, location }: Mutant): string {
  return nameOf(mutatorName, replacement, location.start, location.end);
}

function rangeOf(source: string, { start, end }: Mutant["location"]): string {
  return `${source}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
}

function runStryker(settings: string, wanted: string): Promise<void> {
  const stryker = join(home, "node_modules/@stryker-mutator/core/bin/stryker.js");
  const child = spawn(process.execPath, [stryker, "run", settings], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_COMPILE_CACHE: resolve(home, "compiled"), [WANTED_VARIABLE]: wanted },
  });
  child.stdout.pipe(process.stderr);
  const stop = () => void child.kill("SIGTERM");
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
  return new Promise((done, failed) => {
    child.once("error", failed);
    child.once("exit", (code) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, stop);
      if (code === 0) done();
      else failed(new Error(`Stryker ended with ${code ?? "a signal"}`));
    });
  });
}

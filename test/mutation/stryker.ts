/** Starts Stryker on one source; scripts/mutate has installed it beside the project. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

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

/** What one run on one source is told. */
export interface Order {
  readonly source: string;
  readonly tests: readonly string[];
  /** Only these defects of an earlier run; null for all. */
  readonly only: readonly Mutant[] | null;
  readonly jobs: number;
}

/** What is installed, as one text: another one makes what was found before worth nothing. */
export function toolVersions(): string {
  return readFileSync("test/mutation/tools/package-lock.json", "utf8");
}

/** What Stryker says about one source: its text as it was, and the defects. */
export interface Planted {
  readonly source: string;
  readonly mutants: readonly Mutant[];
}

/** Plants every defect of a source, one at a time. */
export async function plant({ source, tests, only, jobs }: Order): Promise<Planted> {
  const work = join(home, `run-${process.pid}`);
  const report = join(work, "report.json");
  mkdirSync(work, { recursive: true });
  const settings = {
    packageManager: "npm",
    plugins: [resolve(home, "node_modules/@stryker-mutator/tap-runner/dist/src/index.js")],
    testRunner: "tap",
    tap: { testFiles: tests, nodeArgs: ["--stack-trace-limit=0", "--test-reporter=tap"], forceBail: true },
    mutate: only === null ? [source] : only.map(({ location }) => rangeOf(source, location)),
    ignorePatterns: ["**", "!src/core/**", "!test/core/**", "!package.json"],
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
    await runStryker(file);
    const { files } = JSON.parse(readFileSync(report, "utf8")) as {
      readonly files: Readonly<Record<string, Planted | undefined>>;
    };
    return files[source] ?? { source: readFileSync(source, "utf8"), mutants: [] };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function rangeOf(source: string, { start, end }: Mutant["location"]): string {
  return `${source}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
}

function runStryker(settings: string): Promise<void> {
  const stryker = join(home, "node_modules/@stryker-mutator/core/bin/stryker.js");
  const child = spawn(process.execPath, [stryker, "run", settings], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_COMPILE_CACHE: resolve(home, "compiled") },
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

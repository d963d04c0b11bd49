/** Libraries in processes of their own, beside each other at one sandbox: what each call of each costs. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { endChild, startChild } from "../e2e/child.ts";
import { type Figure, least } from "./figure.ts";
import type { Call, Round, RoundReport } from "./https-payer.ts";

/** Rounds of all libraries in turn; the least disturbed one of each counts. */
const ROUNDS = 5;
const CALLS = 200;
/** Of each call, with each library; a bare socket that has run 300 charges still spends twice what it does after 600. */
const WARM_UP_ROUNDS = 6;
const WARM_UP = 100;

/** What one round of one library came to. */
interface Measured extends RoundReport {
  readonly connections: number;
}

/** Who is compared at which calls. */
export interface Contest {
  /** What figures begin with. */
  readonly name: string;
  readonly family: string;
  readonly calls: readonly Call[];
  readonly own: string;
  /** What no library can be below. */
  readonly floor: string;
  readonly floorNote: string;
  readonly others: readonly string[];
  readonly goals: { readonly rate: number; readonly cpu: number; readonly calls: readonly Call[] };
  /** What the payers are told of whom to call. */
  readonly setup: object;
  readonly sandboxCertFile: string;
}

/** Lets all of them call the sandbox, one call after the other, and ends their processes. */
export async function contest(
  { family, calls, own, floor, others, setup, sandboxCertFile, ...rest }: Contest,
  sandbox: Worker,
  say: (progress: string) => void,
): Promise<readonly Figure[]> {
  const workers = new Map<string, Worker>();
  try {
    for (const name of [own, ...others, floor]) {
      // Libraries that write the local time mean Beijing's.
      const env = { NODE_EXTRA_CA_CERTS: sandboxCertFile, TZ: "Asia/Shanghai" };
      const args = [family, name, JSON.stringify(setup)];
      workers.set(name, await Worker.start("https-payer.ts", args, env));
    }
    const measured = await measureAll(calls, workers, sandbox, say);
    return calls.flatMap((call) => figuresOf(call, { own, floor, others, ...rest }, measured));
  } finally {
    for (const worker of workers.values()) await worker.end();
  }
}

type Results = ReadonlyMap<string, readonly Measured[]>;

async function measureAll(
  calls: readonly Call[],
  workers: ReadonlyMap<string, Worker>,
  sandbox: Worker,
  say: (progress: string) => void,
): Promise<Results> {
  const results = new Map<string, Measured[]>();
  // All calls share most of their code: were each warmed up just before it is measured, the first one would look dearer
  // than the others, because the engine would still be compiling under it.
  say("warming up");
  for (let count = 0; count < WARM_UP_ROUNDS; count += 1) {
    for (const call of calls) {
      // In short rounds, for the sandbox closes a connection that lies idle for seconds.
      for (const worker of workers.values()) await round(worker, sandbox, { call, count: WARM_UP });
    }
  }
  for (const call of calls) {
    say(call);
    for (let count = 0; count < ROUNDS; count += 1) {
      for (const [name, worker] of workers) {
        const key = `${call} ${name}`;
        const one = await round(worker, sandbox, { call, count: CALLS });
        results.set(key, [...(results.get(key) ?? []), one]);
      }
    }
  }
  return results;
}

async function round(worker: Worker, sandbox: Worker, wanted: Round): Promise<Measured> {
  const before = Number(await sandbox.ask("connections"));
  const report = (await worker.ask(wanted)) as RoundReport;
  if (report.failure !== null) throw new Error(report.failure);
  return { ...report, connections: Number(await sandbox.ask("connections")) - before };
}

function figuresOf(
  call: Call,
  {
    name: prefix,
    own,
    floor,
    floorNote,
    others,
    goals,
  }: Pick<Contest, "name" | "own" | "floor" | "floorNote" | "others" | "goals">,
  results: Results,
): readonly Figure[] {
  const of = (name: string): readonly Measured[] => results.get(`${call} ${name}`) ?? [];
  const cpu = (name: string): number => least(of(name).map(({ cpuUs }) => cpuUs / CALLS));
  const rate = (name: string): number => CALLS / (least(of(name).map(({ ms }) => ms)) / 1_000);
  const goalOf = (atLeast: number): { readonly goal?: { readonly atLeast: number } } =>
    goals.calls.includes(call) ? { goal: { atLeast } } : {};
  const best = { note: "beside the best of the others" };
  const bestRate = Math.max(...others.map(rate));
  const bestCpu = least(others.map(cpu));
  return [
    ...[own, ...others, floor].flatMap((name): readonly Figure[] => [
      { name: `${prefix}.${call}.${name}.rate`, value: rate(name), unit: "1/s" },
      { name: `${prefix}.${call}.${name}.cpu`, value: cpu(name), unit: "µs", note: "a call" },
      {
        name: `${prefix}.${call}.${name}.connections`,
        value: least(of(name).map(({ connections }) => connections)),
        unit: "",
        note: `in ${CALLS} calls`,
      },
    ]),
    {
      ...{ name: `${prefix}.${call}.rate-ratio`, value: rate(own) / bestRate, unit: "×" },
      ...goalOf(goals.rate),
      ...best,
    },
    {
      ...{ name: `${prefix}.${call}.cpu-ratio`, value: bestCpu / cpu(own), unit: "×" },
      ...goalOf(goals.cpu),
      ...best,
    },
    {
      ...{ name: `${prefix}.${call}.rate-ratio-reachable`, value: rate(floor) / bestRate, unit: "×" },
      note: `of the bare socket: ${floorNote}`,
    },
    {
      ...{ name: `${prefix}.${call}.cpu-ratio-reachable`, value: bestCpu / cpu(floor), unit: "×" },
      note: "of the bare socket",
    },
  ];
}

/** A program of this folder in a process of its own, asked one thing at a time. */
export class Worker {
  /** The first thing it said. */
  readonly greeting: unknown;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, greeting: unknown) {
    this.#child = child;
    this.greeting = greeting;
  }

  static async start(
    program: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<Worker> {
    const path = new URL(program, import.meta.url).pathname;
    const child = startChild(process.execPath, [path, ...args], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      env: { PATH: "/usr/bin:/bin", NODE_NO_WARNINGS: "1", ...env },
    });
    return new Worker(child, await answer(child));
  }

  ask(message: Round | string): Promise<unknown> {
    const said = answer(this.#child);
    this.#child.send(message);
    return said;
  }

  async end(): Promise<void> {
    await endChild(this.#child, "SIGKILL");
  }
}

async function answer(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  try {
    const [message] = await Promise.race([
      once(child, "message", { signal: over.signal }),
      once(child, "exit", { signal: over.signal }).then(() => {
        throw new Error("a process of the bench has ended");
      }),
    ]);
    return message;
  } finally {
    over.abort();
  }
}

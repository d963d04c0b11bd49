import type { ChildProcess } from "node:child_process";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fixtureMerchant } from "../../src/providers/wechat-v2/sandbox/fixture-merchant.ts";
import { makeCertificates } from "../e2e/certificates.ts";
import { endChild, startChild } from "../e2e/child.ts";
import { type Bench, type Figure, least } from "./figure.ts";
import type { Round, RoundReport } from "./https-payer.ts";
import { type PayerName, type PayerSetup, payers } from "./payers.ts";
import { makeDirectory } from "./site.ts";

const calls = ["charge", "query", "reverse"] as const;

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

/** What the calls cost over HTTPS, beside the libraries that merchants use today, one call after the other. */
export const https: Bench = {
  name: "https",
  what: "requests a second, processor time and connections of charge, query and reverse, beside other libraries",
  measure: async (say) => {
    const directory = makeDirectory();
    const certificates = await makeCertificates(directory);
    const { certFile, keyFile } = certificates.merchant;
    const p12File = join(directory, "merchant.p12");
    execFileSync("openssl", [
      ...["pkcs12", "-export", "-in", certFile, "-inkey", keyFile, "-out", p12File],
      ...["-passout", `pass:${fixtureMerchant.merchantId}`],
    ]);
    const sandboxCertFile = certificates.sandbox.certFile;
    const sandbox = await Worker.start("https-bank.ts", [JSON.stringify(certificates)], {});
    const setup: PayerSetup = {
      origin: String(sandbox.greeting),
      sandboxCertFile,
      certFile,
      keyFile,
      p12File,
    };
    const workers = new Map<PayerName, Worker>();
    try {
      for (const name of Object.keys(payers) as PayerName[]) {
        const env = { NODE_EXTRA_CA_CERTS: sandboxCertFile };
        workers.set(name, await Worker.start("https-payer.ts", [name, JSON.stringify(setup)], env));
      }
      const measured = await measureAll(workers, sandbox, say);
      return calls.flatMap((call) => figuresOf(call, measured));
    } finally {
      for (const worker of [...workers.values(), sandbox]) await worker.end();
    }
  },
};

type Results = ReadonlyMap<string, readonly Measured[]>;

async function measureAll(
  workers: ReadonlyMap<PayerName, Worker>,
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

function figuresOf(call: (typeof calls)[number], results: Results): readonly Figure[] {
  const names = Object.keys(payers) as PayerName[];
  const of = (name: PayerName): readonly Measured[] => results.get(`${call} ${name}`) ?? [];
  const cpu = (name: PayerName): number => least(of(name).map(({ cpuUs }) => cpuUs / CALLS));
  const rate = (name: PayerName): number => CALLS / (least(of(name).map(({ ms }) => ms)) / 1_000);
  const own: PayerName = "scanbox";
  const floor: PayerName = "bare-socket";
  const others = names.filter((name) => name !== own && name !== floor);
  // The goals are for charges and queries.
  const goalOf = (atLeast: number): { readonly goal?: { readonly atLeast: number } } =>
    call === "reverse" ? {} : { goal: { atLeast } };
  const best = { note: "beside the best of the others" };
  return [
    ...names.flatMap((name): readonly Figure[] => [
      { name: `https.${call}.${name}.rate`, value: rate(name), unit: "1/s" },
      { name: `https.${call}.${name}.cpu`, value: cpu(name), unit: "µs", note: "a call" },
      {
        name: `https.${call}.${name}.connections`,
        value: least(of(name).map(({ connections }) => connections)),
        unit: "",
        note: `in ${CALLS} calls`,
      },
    ]),
    {
      name: `https.${call}.rate-ratio`,
      value: rate(own) / Math.max(...others.map(rate)),
      unit: "×",
      ...goalOf(2),
      ...best,
    },
    {
      name: `https.${call}.cpu-ratio`,
      value: least(others.map(cpu)) / cpu(own),
      unit: "×",
      ...goalOf(3),
      ...best,
    },
    {
      name: `https.${call}.rate-ratio-reachable`,
      value: rate(floor) / Math.max(...others.map(rate)),
      unit: "×",
      note: "of the bare socket: kernel, TLS, Node's streams and the bank alone",
    },
    {
      name: `https.${call}.cpu-ratio-reachable`,
      value: least(others.map(cpu)) / cpu(floor),
      unit: "×",
      note: "of the bare socket",
    },
  ];
}

/** A program of this folder in a process of its own, asked one thing at a time. */
class Worker {
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

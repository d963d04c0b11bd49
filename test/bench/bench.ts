/**
 * Measures what test/README.md has goals for: `scripts/bench [NAME…] [--json]`. A line for each figure, the machine first,
 * what was reached and what was missed last. Each part runs in a process of its own that is ended where it takes too long,
 * so that one part that cannot be measured costs no other one its figures.
 */
import { fork } from "node:child_process";
import { parseArgs } from "node:util";
import { type Bench, CannotMeasure, type Figure, isReached, lineOf, summaryOf } from "./figure.ts";
import { flushes } from "./flushes.ts";
import { https } from "./https.ts";
import { httpsAlipay } from "./https-alipay.ts";
import { idle } from "./idle.ts";
import { journal } from "./journal.ts";
import { latency } from "./latency.ts";
import { describeMachine, machineLine } from "./machine.ts";
import { packages } from "./packages.ts";
import { simulation } from "./simulation.ts";
import { makeDirectory } from "./site.ts";
import { start } from "./start.ts";
import { till } from "./till.ts";

const benches: readonly Bench[] = [
  start,
  latency,
  till,
  flushes,
  idle,
  packages,
  https,
  httpsAlipay,
  simulation,
  journal,
];

/** One part is ended after this, done or not, unless it says otherwise: on an idle machine most take less than three. */
const PART_MINUTES = 8;

const help = `Usage: scripts/bench [NAME…] [--json]

Measures, with traffic on the loopback interface alone; a quarter of an hour on an idle machine, and it always ends: a part
that takes longer than ${PART_MINUTES} minutes is given up (the journal's: 60). Without names, everything:

${benches.map(({ name, what }) => `  ${name.padEnd(12)} ${what}\n`).join("")}
  --json    one JSON document instead of lines

Exit status: 0 measured, whatever the goals say; 1 something could not be measured; 2 wrong usage.
`;

/** What the process of one part says: figures as it has them, that it is done, or why it cannot measure. */
type Told = { readonly had: readonly Figure[] } | { readonly done: true } | { readonly why: string };

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { json: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    allowPositionals: true,
  });
  if (values.help === true) {
    process.stdout.write(help);
    return 0;
  }
  const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name));
  if (unknown.length > 0) {
    process.stderr.write(`There is no bench "${unknown.join('", "')}".\n\n${help}`);
    return 2;
  }
  const json = values.json === true;
  const machine = describeMachine(makeDirectory());
  if (!json) console.log(machineLine(machine));
  const figures: Figure[] = [];
  const unmeasured: { readonly bench: string; readonly why: string }[] = [];
  for (const { name, minutes = PART_MINUTES } of benches) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const why = await measureApart(name, minutes, (had) => {
      figures.push(...had);
      if (!json) for (const figure of had) console.log(lineOf(figure));
    });
    if (why === null) continue;
    unmeasured.push({ bench: name, why });
    if (!json) console.log(`${name}: not measured to its end: ${why}`);
  }
  if (json) {
    const judged = figures.map((figure) => ({ ...figure, reached: isReached(figure) }));
    console.log(JSON.stringify({ machine, figures: judged, unmeasured }, null, 2));
  } else {
    console.log(
      summaryOf(
        figures,
        unmeasured.map(({ bench }) => bench),
      ),
    );
  }
  return unmeasured.length === 0 ? 0 : 1;
}

/**
 * Measures one part in a process of its own; whatever that process has started ends with it. `had` hears of each figure as it is
 * measured. Gives why the part did not come to its end, or null.
 */
function measureApart(
  name: string,
  minutes: number,
  had: (figures: readonly Figure[]) => void,
): Promise<string | null> {
  return new Promise((resolve) => {
    const part = fork(import.meta.filename, [], {
      env: { ...process.env, SCANBOX_BENCH_PART: name },
      serialization: "advanced",
    });
    let end: { readonly why: string | null } | null = null;
    const limit = setTimeout(() => {
      end ??= { why: `it was not done within ${minutes} minutes` };
      part.kill("SIGKILL");
    }, minutes * 60_000);
    part.on("message", (told: Told) => {
      if ("had" in told) had(told.had);
      else end ??= { why: "why" in told ? told.why : null };
    });
    part.once("exit", (code, signal) => {
      clearTimeout(limit);
      resolve(end === null ? `its process ended with ${signal ?? code}` : end.why);
    });
  });
}

/** The process of one part. */
async function measurePart(name: string): Promise<void> {
  process.once("disconnect", () => process.exit(1));
  const beganAt = performance.now();
  const say = (progress: string): void => {
    process.stderr.write(`  ${name}, ${((performance.now() - beganAt) / 1_000).toFixed(0)} s: ${progress}\n`);
  };
  const tell = (told: Told, sent: () => void = () => undefined): void => void process.send?.(told, sent);
  let end: Told;
  try {
    const bench = benches.find((one) => one.name === name);
    if (bench === undefined) throw new Error(`there is no bench "${name}"`);
    tell({ had: await bench.measure(say, (figures) => tell({ had: figures })) });
    end = { done: true };
  } catch (error) {
    end = { why: error instanceof CannotMeasure ? error.message : String(error) };
  }
  tell(end, () => process.exit());
}

const part = process.env.SCANBOX_BENCH_PART;
if (part === undefined) process.exit(await main());
else await measurePart(part);

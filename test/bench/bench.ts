/** Measures what ARCHITECTURE.md has goals for: `scripts/bench [NAME…] [--json]`. A line for each figure, the machine first. */
import { parseArgs } from "node:util";
import { type Bench, CannotMeasure, type Figure, isReached, lineOf } from "./figure.ts";
import { flushes } from "./flushes.ts";
import { https } from "./https.ts";
import { idle } from "./idle.ts";
import { latency } from "./latency.ts";
import { describeMachine, machineLine } from "./machine.ts";
import { packages } from "./packages.ts";
import { simulation } from "./simulation.ts";
import { makeDirectory } from "./site.ts";
import { start } from "./start.ts";

const benches: readonly Bench[] = [start, latency, flushes, idle, packages, https, simulation];

/** The whole run ends by itself after this, done or not, in milliseconds. */
const DEADLINE_MS = 300_000;

const help = `Usage: scripts/bench [NAME…] [--json]

Measures, with traffic on the loopback interface alone; at most five minutes. Without names, everything:

${benches.map(({ name, what }) => `  ${name.padEnd(12)} ${what}\n`).join("")}
  --json    one JSON document instead of lines

Exit status: 0 measured, whatever the goals say; 1 something could not be measured; 2 wrong usage.
`;

const { values, positionals } = parseArgs({
  options: { json: { type: "boolean" }, help: { type: "boolean", short: "h" } },
  allowPositionals: true,
});
if (values.help === true) {
  process.stdout.write(help);
  process.exit(0);
}
const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name));
if (unknown.length > 0) {
  process.stderr.write(`There is no bench "${unknown.join('", "')}".\n\n${help}`);
  process.exit(2);
}

// The processes of the benches end with this one.
setTimeout(() => {
  process.stderr.write("bench: not done within five minutes\n");
  process.exit(1);
}, DEADLINE_MS).unref();

const json = values.json === true;
const machine = describeMachine(makeDirectory());
if (!json) console.log(machineLine(machine));
const figures: Figure[] = [];
const unmeasured: { readonly bench: string; readonly why: string }[] = [];
for (const { name, measure } of benches) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const beganAt = performance.now();
  const say = (progress: string): void => {
    process.stderr.write(`  ${name}, ${((performance.now() - beganAt) / 1_000).toFixed(0)} s: ${progress}\n`);
  };
  try {
    const measured = await measure(say);
    figures.push(...measured);
    if (!json) for (const figure of measured) console.log(lineOf(figure));
  } catch (error) {
    const why = error instanceof CannotMeasure ? error.message : String(error);
    unmeasured.push({ bench: name, why });
    if (!json) console.log(`${name}: not measured: ${why}`);
  }
}
if (json) {
  const judged = figures.map((figure) => ({ ...figure, reached: isReached(figure) }));
  console.log(JSON.stringify({ machine, figures: judged, unmeasured }, null, 2));
}
process.exit(unmeasured.length === 0 ? 0 : 1);

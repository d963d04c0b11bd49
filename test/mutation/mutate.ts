/** Plants defects into the core and tells which ones nobody noticed. Started by scripts/mutate, which says how. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Explanation, explanations, isSentenceOfDefect } from "./explained.ts";
import { findingOf, forgetFinding, hashesOf, isNoticed, isSurvivor, keepFinding } from "./findings.ts";
import { mutatedSources, testsOf } from "./sources.ts";
import { type Mutant, plant } from "./stryker.ts";

/** Below this share of noticed defects, in percent, a run fails. */
const GOAL_PERCENT = 90;

interface Score {
  readonly noticed: number;
  readonly explained: number;
  readonly survivors: readonly string[];
}

const { values, positionals } = readArguments();
const jobs = Number(values.jobs);
if (!/^[1-9]\d?$/.test(values.jobs)) refuse("--jobs is a whole number from 1 to 99.");
const known = mutatedSources();
for (const file of positionals) {
  if (!known.includes(file)) refuse(`${file} is not among the sources that are mutated.`);
}
// Stryker is installed only after this, where it is missing.
if (values["check-arguments"]) process.exit(0);
const sources = positionals.length > 0 ? positionals : known;
const used = new Set<Explanation>();

if (values.again) for (const source of sources) forgetFinding(source);
const scores: Score[] = [];
for (const [index, source] of sources.entries()) {
  const began = performance.now();
  console.error(`scanbox: ${index + 1} of ${sources.length}: ${source}`);
  const score = scoreOf(source, await findingsOn(source));
  scores.push(score);
  const seconds = Math.round((performance.now() - began) / 1_000);
  console.log(`${sentenceOf(score).padEnd(58)} ${source}${seconds > 1 ? ` (${seconds} s)` : ""}`);
  for (const survivor of score.survivors) console.log(`  ${survivor}`);
}

const all: Score = {
  noticed: scores.reduce((sum, { noticed }) => sum + noticed, 0),
  explained: scores.reduce((sum, { explained }) => sum + explained, 0),
  survivors: scores.flatMap(({ survivors }) => survivors),
};
const stale = explanations.filter((one) => sources.includes(one.source) && !used.has(one));
for (const { source, line } of stale) {
  console.log(`test/mutation/explained.ts explains what nobody planted: ${source}: ${line}`);
}
console.log(sentenceOf(all));
process.exitCode = percentOf(all) < GOAL_PERCENT || stale.length > 0 ? 1 : 0;

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        again: { type: "boolean", default: false },
        jobs: { type: "string", default: "2" },
        "check-arguments": { type: "boolean", default: false },
      },
    });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function refuse(sentence: string): never {
  console.error(`scripts/mutate: ${sentence}`);
  process.exit(2);
}

/** What is known about a source, after planting whatever has to be planted for it. */
async function findingsOn(source: string): Promise<readonly Mutant[]> {
  const tests = testsOf(source);
  const hashes = hashesOf(source);
  const earlier = findingOf(source);
  if (earlier?.testHash === hashes.testHash) return earlier.mutants;
  const only = earlier?.mutants.filter(isSurvivor) ?? null;
  const text = readFileSync(source, "utf8");
  const planted = only?.length === 0 ? null : await plant({ source, tests, only, jobs });
  if (planted !== null && planted.source !== text) throw new Error(`${source} was changed while it was read`);
  const mutants = merged(earlier?.mutants ?? planted?.mutants ?? [], planted?.mutants ?? []);
  keepFinding(source, { ...hashes, mutants });
  return mutants;
}

/** The earlier finding with what was looked at again in its place. */
function merged(mutants: readonly Mutant[], found: readonly Mutant[]): readonly Mutant[] {
  const now = new Map(found.map((mutant) => [nameOf(mutant), mutant]));
  return mutants.map((mutant) => (isSurvivor(mutant) ? (now.get(nameOf(mutant)) ?? mutant) : mutant));
}

function nameOf({ location, mutatorName, replacement }: Mutant): string {
  return JSON.stringify([location, mutatorName, replacement]);
}

function scoreOf(source: string, mutants: readonly Mutant[]): Score {
  const lines = readFileSync(source, "utf8").split("\n");
  const survivors: string[] = [];
  let explained = 0;
  for (const mutant of mutants.filter(isSurvivor)) {
    const { start } = mutant.location;
    const line = (lines[start.line - 1] ?? "").trim();
    const becomes = mutant.replacement.replaceAll(/\s+/g, " ");
    const explanation = explanations.find(
      (one) => one.source === source && one.line === line && (one.becomes ?? becomes) === becomes,
    );
    if (isWordsOfDefect(lines, mutant)) {
      explained += 1;
    } else if (explanation === undefined) {
      survivors.push(`${source}:${start.line}:${start.column} ${textAt(lines, mutant)} → ${becomes}`);
    } else {
      used.add(explanation);
      explained += 1;
    }
  }
  return { noticed: mutants.filter(isNoticed).length, explained, survivors };
}

function isWordsOfDefect(lines: readonly string[], { mutatorName, location: { start } }: Mutant): boolean {
  const before = [
    ...lines.slice(0, start.line - 1),
    (lines[start.line - 1] ?? "").slice(0, start.column - 1),
  ];
  return mutatorName === "StringLiteral" && isSentenceOfDefect(before.join("\n"));
}

/** What stands in the source where the defect was planted, in one line. */
function textAt(lines: readonly string[], { location: { start, end } }: Mutant): string {
  const taken = lines.slice(start.line - 1, end.line);
  const last = taken.length - 1;
  const cut = taken.map((line, index) =>
    line.slice(index === 0 ? start.column - 1 : 0, index === last ? end.column - 1 : undefined),
  );
  const text = cut.join(" ").replaceAll(/\s+/g, " ");
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** What is explained counts neither way: no test can notice it. */
function percentOf({ noticed, survivors }: Score): number {
  const planted = noticed + survivors.length;
  return planted === 0 ? 100 : (noticed / planted) * 100;
}

function sentenceOf(score: Score): string {
  const { noticed, explained, survivors } = score;
  const rest = explained === 0 ? "" : `, ${explained} explained`;
  return `${percentOf(score).toFixed(1)} %: ${noticed} noticed, ${survivors.length} not${rest}`;
}

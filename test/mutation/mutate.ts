/** Plants defects into the sources and tells which ones nobody noticed. Started by scripts/mutate, which says how. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Explanation, explanations, isSentenceOfDefect } from "./explained.ts";
import {
  type Finding,
  findingOf,
  forgetFinding,
  hashesOf,
  isNoticed,
  isSurvivor,
  keepFinding,
} from "./findings.ts";
import { mutatedSources, partOf, parts, testsOfAll } from "./sources.ts";
import { type Mutant, nameOfMutant, type Planted, plant } from "./stryker.ts";

/** Below this share of noticed defects, in percent, a part fails. */
const GOAL_PERCENT = 90;

interface Score {
  /** How many defects there are, looked at or not. */
  readonly count: number;
  readonly looked: number;
  readonly noticed: number;
  readonly explained: number;
  readonly survivors: readonly string[];
}

const { values, positionals } = readArguments();
const jobs = numberOf("jobs", values.jobs);
const every = numberOf("each", values.each);
const minutes = values.minutes === undefined ? Number.POSITIVE_INFINITY : numberOf("minutes", values.minutes);
const known = mutatedSources();
for (const name of values.part) {
  if (!parts.some((part) => part.name === name))
    refuse(`${name} is no part: ${parts.map((part) => part.name).join(" ")}`);
}
for (const file of positionals) {
  if (!known.includes(file)) refuse(`${file} is not among the sources that are mutated.`);
}
// Stryker is installed only after this, where it is missing.
if (values["check-arguments"]) process.exit(0);
const chosen = [...mutatedSources(parts.filter(({ name }) => values.part.includes(name))), ...positionals];
const sources = chosen.length > 0 ? [...new Set(chosen)] : known;
const used = new Set<Explanation>();
const until = performance.now() + minutes * 60_000;
const scores = new Map<string, Score[]>();
let left = 0;

if (values.again) for (const source of sources) forgetFinding(source, every);
for (const group of groupsOf(sources)) {
  if (performance.now() >= until) left += group.length;
  else await look(group);
}
for (const [part, found] of scores) console.log(`${sentenceOf(sumOf(found)).padEnd(58)} ${part}`);
const stale =
  left > 0 || every > 1 ? [] : explanations.filter((one) => sources.includes(one.source) && !used.has(one));
for (const { source, line } of stale) {
  console.log(`test/mutation/explained.ts explains what nobody planted: ${source}: ${line}`);
}
if (left > 0) console.log(`time is up: ${left} of ${sources.length} files were not looked at`);
console.log(sentenceOf(sumOf([...scores.values()].flat())));
const low = [...scores.values()].some((found) => percentOf(sumOf(found)) < GOAL_PERCENT);
process.exitCode = low || left > 0 || stale.length > 0 ? 1 : 0;

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        again: { type: "boolean", default: false },
        part: { type: "string", multiple: true, default: [] },
        each: { type: "string", default: "1" },
        minutes: { type: "string" },
        jobs: { type: "string", default: "2" },
        "check-arguments": { type: "boolean", default: false },
      },
    });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function numberOf(option: string, text: string): number {
  return /^[1-9]\d{0,2}$/.test(text) ? Number(text) : refuse(`--${option} is a whole number from 1 to 999.`);
}

/** A file after the other can be stopped after each; of few defects the tests' own first run would be most: those go by part. */
function groupsOf(all: readonly string[]): readonly (readonly string[])[] {
  if (every === 1) return all.map((source) => [source]);
  return parts
    .map((part) => all.filter((source) => partOf(source) === part))
    .filter(({ length }) => length > 0);
}

async function look(group: readonly string[]): Promise<void> {
  const began = performance.now();
  const [first = ""] = group;
  const { name } = partOf(first);
  console.error(`scanbox: ${name}: ${group.length === 1 ? first : `${group.length} files`}`);
  const findings = await findingsOn(group);
  const seconds = Math.round((performance.now() - began) / 1_000);
  for (const [index, source] of group.entries()) {
    const score = scoreOf(source, findings[index]);
    scores.set(name, [...(scores.get(name) ?? []), score]);
    console.log(
      `${sentenceOf(score).padEnd(58)} ${source}${seconds > 1 && group.length === 1 ? ` (${seconds} s)` : ""}`,
    );
    for (const survivor of score.survivors) console.log(`  ${survivor}`);
  }
}

function refuse(sentence: string): never {
  console.error(`scripts/mutate: ${sentence}`);
  process.exit(2);
}

/** What is known about sources, after planting whatever has to be planted for it. */
async function findingsOn(group: readonly string[]): Promise<readonly Finding[]> {
  const states = group.map((source) => ({
    source,
    earlier: findingOf(source, every),
    hashes: hashesOf(source),
  }));
  const fresh = states.filter(({ earlier }) => earlier === null).map(({ source }) => source);
  const unnoticed = new Map(
    states.flatMap(({ source, earlier, hashes }) => {
      if (earlier === null || earlier.testHash === hashes.testHash) return [];
      const survivors = earlier.mutants.filter(isSurvivor);
      return survivors.length === 0 ? [] : [[source, survivors] as const];
    }),
  );
  const found = await planted(fresh, null);
  const again = await planted([...unnoticed.keys()], unnoticed);
  return states.map(({ source, earlier, hashes }) => {
    const { count, mutants } = earlier ?? found.get(source) ?? { count: 0, mutants: [] };
    const finding = { ...hashes, count, mutants: merged(mutants, again.get(source)?.mutants ?? []) };
    keepFinding(source, every, finding);
    return finding;
  });
}

async function planted(
  group: readonly string[],
  only: ReadonlyMap<string, readonly Mutant[]> | null,
): Promise<ReadonlyMap<string, Planted>> {
  if (group.length === 0) return new Map();
  const texts = group.map((source) => readFileSync(source, "utf8"));
  const tests = testsOfAll(group);
  const found = await plant({ sources: group, tests, every: only === null ? every : 1, only, jobs });
  for (const [index, source] of group.entries()) {
    if (found.get(source)?.source !== texts[index])
      throw new Error(`${source} was changed while it was read`);
  }
  return found;
}

/** The earlier finding with what was looked at again in its place. */
function merged(mutants: readonly Mutant[], found: readonly Mutant[]): readonly Mutant[] {
  const now = new Map(found.map((mutant) => [nameOfMutant(mutant), mutant]));
  return mutants.map((mutant) => (isSurvivor(mutant) ? (now.get(nameOfMutant(mutant)) ?? mutant) : mutant));
}

function scoreOf(source: string, finding: Finding | undefined): Score {
  const { count, mutants } = finding ?? { count: 0, mutants: [] };
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
  return { count, looked: mutants.length, noticed: mutants.filter(isNoticed).length, explained, survivors };
}

function sumOf(found: readonly Score[]): Score {
  const sum = (member: "count" | "looked" | "noticed" | "explained") =>
    found.reduce((total, score) => total + score[member], 0);
  return {
    ...{ count: sum("count"), looked: sum("looked"), noticed: sum("noticed"), explained: sum("explained") },
    survivors: found.flatMap(({ survivors }) => survivors),
  };
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
  const { count, looked, noticed, explained, survivors } = score;
  const rest = explained === 0 ? "" : `, ${explained} explained`;
  const sample = every === 1 ? "" : `; ${looked} of ${count}`;
  return `${percentOf(score).toFixed(1)} %: ${noticed} noticed, ${survivors.length} not${rest}${sample}`;
}

/** What earlier runs found, kept from run to run, so that a run can be stopped and gone on with. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadedBy, testsOf } from "./sources.ts";
import { home, type Mutant, toolVersions } from "./stryker.ts";

/** What is known about one source. */
export interface Finding {
  /** What the source and the tools were: with another one everything is looked at anew. */
  readonly sourceHash: string;
  /** What the tests were: with others, what nobody noticed is looked at again. */
  readonly testHash: string;
  /** How many defects there are; fewer were looked at where only each so many-th was. */
  readonly count: number;
  readonly mutants: readonly Mutant[];
}

const folder = join(home, "found");

/** What a run on this source would be about now. */
export function hashesOf(source: string): Pick<Finding, "sourceHash" | "testHash"> {
  const tests = new Set(testsOf(source).flatMap((test) => [...loadedBy(test)]));
  const helpers = [...tests].filter((file) => file.startsWith("test/")).sort();
  return {
    sourceHash: hash([readFileSync(source, "utf8"), toolVersions()]),
    testHash: hash(helpers.map((file) => readFileSync(file, "utf8"))),
  };
}

/** What was found about a source as it is now when each so many-th defect was looked at, or null. */
export function findingOf(source: string, every: number): Finding | null {
  const file = fileOf(source, every);
  if (!existsSync(file)) return null;
  const finding = JSON.parse(readFileSync(file, "utf8")) as Finding;
  return finding.sourceHash === hashesOf(source).sourceHash ? finding : null;
}

export function keepFinding(source: string, every: number, finding: Finding): void {
  mkdirSync(folder, { recursive: true });
  const file = fileOf(source, every);
  writeFileSync(`${file}.new`, JSON.stringify(finding));
  renameSync(`${file}.new`, file);
}

export function forgetFinding(source: string, every: number): void {
  rmSync(fileOf(source, every), { force: true });
}

/** Whether nobody noticed a defect: no test ran it, or those that did were content. */
export function isSurvivor({ status }: Mutant): boolean {
  return status === "Survived" || status === "NoCoverage";
}

/** Whether tests failed, never ended or could not even begin because of a defect. */
export function isNoticed({ status }: Mutant): boolean {
  return status === "Killed" || status === "Timeout" || status === "RuntimeError";
}

function fileOf(source: string, every: number): string {
  return join(folder, `${source.replaceAll("/", "+")}${every === 1 ? "" : `.each-${every}`}.json`);
}

function hash(texts: readonly string[]): string {
  const sum = createHash("sha256");
  for (const text of texts) sum.update(`${text.length}\n${text}`);
  return sum.digest("hex");
}

/** Which suites try which source: read from what the suites import. */
import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { code } from "./markdown.ts";

/** So many suites are named for one source; the one of its own name comes first. */
const NAMED_SUITES = 3;

/** Each source file with the suites that import it, or else the sources through which suites reach it. */
export function suitesOfSources(root: string): string {
  const paths = globSync("{src,test}/**/*.ts", { cwd: root }).sort();
  return suiteMap(new Map(paths.map((path) => [path, readFileSync(join(root, path), "utf8")])));
}

/** The list of these files, sources and tests together. */
export function suiteMap(files: ReadonlyMap<string, string>): string {
  const importers = new Map<string, string[]>();
  for (const [path, text] of files) {
    for (const target of importsOf(path, text))
      importers.set(target, [...(importers.get(target) ?? []), path]);
  }
  const sources = [...files.keys()].filter((path) => path.startsWith("src/") && !path.endsWith(".d.ts"));
  const rows = sources.map((source) => {
    const by = importers.get(source) ?? [];
    const suites = by.filter((path) => path.endsWith(".test.ts"));
    if (suites.length > 0) return [code(source), named(source, suites)];
    const through = by.filter((path) => path !== source);
    return [code(source), through.length > 0 ? `through ${named(source, through)}` : "as a whole program"];
  });
  return rows.map(([source, suites]) => `- ${source}: ${suites}`).join("\n");
}

function importsOf(path: string, text: string): ReadonlySet<string> {
  const found = [...text.matchAll(/(?:from|import\()\s*"(\.[^"]+\.ts)"/g)];
  return new Set(found.map(([, target = ""]) => normalize(join(dirname(path), target))));
}

function named(source: string, paths: readonly string[]): string {
  const own = `${basename(source, ".ts")}.test.ts`;
  const first = paths.filter((path) => basename(path) === own);
  const ordered = [...first, ...paths.filter((path) => !first.includes(path))];
  const shown = ordered.slice(0, NAMED_SUITES).map(code).join(", ");
  return ordered.length > NAMED_SUITES ? `${shown} and others` : shown;
}

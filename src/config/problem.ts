/**
 * Turns what zod found into sentences for people: `timing.giveUpAfterMs: must be at least 30000, got 20000.`
 * Of the values themselves only numbers, booleans and kinds are named, never texts: somebody may have pasted a secret.
 */
import * as z from "zod";
import { quoted } from "./quoted.ts";

/** How `schema.ts` hands on the sentences for unknown keys. */
const unknownKeys = z.array(z.tuple([z.string(), z.string()]));

/** Writes a path of keys the way people say it: `providers[0].hosts[1]`. */
function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) => (typeof key === "number" ? `[${key}]` : `${index === 0 ? "" : "."}${keyText(key)}`))
    .join("");
}

function keyText(key: PropertyKey): string {
  const text = String(key);
  return /^[\w$-]{1,64}$/.test(text) ? text : quoted(text);
}

/** What is wrong with one value, as the end of a sentence whose subject is the key; zod asks for it issue by issue. */
export function sentenceOf(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "invalid_type") return expected(wantedType(issue.expected), issue.input);
  if (issue.code === "invalid_value") {
    return expected(issue.values.map((value) => JSON.stringify(value)).join(" or "), issue.input);
  }
  if (issue.code === "too_small") return bound("at least", issue.minimum, issue);
  if (issue.code === "too_big") return bound("at most", issue.maximum, issue);
  return undefined;
}

/** All problems in the order of the file's schema, each `path: sentence`. */
export function problemsOf(issues: readonly z.core.$ZodIssue[]): readonly string[] {
  return issues.flatMap((issue) => problemsOfIssue(issue, []));
}

function problemsOfIssue(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): readonly string[] {
  const path = [...above, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return unknownKeys
      .parse(JSON.parse(issue.message))
      .map(([key, sentence]) => `${pathText([...path, key])}: ${sentence}`);
  }
  if (issue.code === "invalid_union") {
    const nearest = nearestBranch(issue.errors);
    if (nearest !== null) return nearest.flatMap((inner) => problemsOfIssue(inner, path));
  }
  return [path.length === 0 ? `The file ${issue.message}` : `${pathText(path)}: ${issue.message}`];
}

/**
 * The branch of a union that a value was meant for: the only one whose kind it has and of whose keys it has at least one.
 * Null where no branch stands out; then the union's own sentence says more.
 */
function nearestBranch(
  branches: readonly (readonly z.core.$ZodIssue[])[],
): readonly z.core.$ZodIssue[] | null {
  const meant = branches.filter(
    (issues) =>
      !issues.some((issue) => issue.path.length === 0 && issue.code !== "unrecognized_keys") ||
      issues.every((issue) => issue.code === "too_small" || issue.code === "too_big"),
  );
  const [only] = meant;
  return meant.length === 1 && only !== undefined ? only : null;
}

function expected(wanted: string, input: unknown): string {
  return input === undefined
    ? `is missing; it must be ${wanted}.`
    : `must be ${wanted}, got ${shown(input)}.`;
}

function wantedType(type: string): string {
  const words: Readonly<Record<string, string>> = {
    int: "a whole number",
    number: "a number",
    string: "a text",
    boolean: "true or false",
    object: "an object",
    array: "a list",
  };
  return words[type] ?? `of type ${type}`;
}

function bound(
  side: "at least" | "at most",
  limit: number | bigint,
  issue: { readonly origin: string; readonly input?: unknown },
): string {
  if (issue.origin === "string") {
    if (side === "at least" && limit === 1) return "must not be empty.";
    return `must have ${side} ${limit} characters.`;
  }
  if (issue.origin === "array") return `must have ${side} ${limit} ${limit === 1 ? "entry" : "entries"}.`;
  return `must be ${side} ${limit}, got ${shown(issue.input)}.`;
}

function shown(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
  if (typeof value === "string") return "a text";
  return Array.isArray(value) ? "a list" : "an object";
}

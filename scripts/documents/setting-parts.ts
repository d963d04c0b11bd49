/** What the documents say about the program's outside: its configuration and its commands. */
import { PassThrough } from "node:stream";
import { runCli } from "../../src/cli/cli.ts";
import { configSchema } from "../../src/config/device-config.ts";
import { code, fenced, table } from "./markdown.ts";

interface Node {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: string | number | boolean | null;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly items?: Node;
}

/** Where a secret or a certificate is read from. */
const SOURCE = "{file}, {credential}";

/** Every key of `device.config.json`, from the schema that decodes it: what it takes, what counts when it is absent, its meaning. */
export function configRows(): readonly (readonly string[])[] {
  const rows: string[][] = [];
  walk(configSchema() as Node, "", rows);
  return rows;
}

/** The same as a table. */
export function configKeys(): string {
  return table(["key", "takes", "when absent", "meaning"], configRows());
}

function walk(node: Node, path: string, rows: string[][]): void {
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    const name = path === "" ? key : `${path}.${key}`;
    const required = node.required?.includes(key) === true;
    const inner = formsOf(child);
    const form = takes(child);
    if (inner.length === 0 || form.startsWith(SOURCE) || form.includes("{pin, activeLow}")) {
      const absent = child.default !== undefined ? value(child.default) : isNullable(child) ? "null" : "–";
      rows.push([code(name), form, required ? "**required**" : absent, meaningOf(child)]);
      if (child.items !== undefined) sections(formsOf(child.items), `${name}[]`, rows);
      continue;
    }
    // A section that is filled in from its own defaults shows those instead of itself.
    const absent = required ? "**required**" : isNullable(child) ? "null" : "its defaults";
    rows.push([
      `**${code(name)}**`,
      isNullable(child) ? "object or null" : "object",
      absent,
      meaningOf(child),
    ]);
    sections(inner, name, rows);
  }
}

/** The forms of a value that have keys of their own. */
function formsOf(node: Node): readonly Node[] {
  return variantsOf(node).filter(({ properties }) => properties !== undefined);
}

function sections(forms: readonly Node[], name: string, rows: string[][]): void {
  const [first] = forms;
  if (forms.length === 1 && first !== undefined) walk(first, name, rows);
  else variants(forms, name, rows);
}

function isNullable(node: Node): boolean {
  return variantsOf(node).some(({ type }) => [type].flat().includes("null"));
}

/** Keys of several variants, each once for those variants in which it says the same, and with their names where others differ. */
function variants(nodes: readonly Node[], path: string, rows: string[][]): void {
  const names = nodes.map(
    ({ properties }) => `${properties?.driver?.const ?? properties?.kind?.const ?? ""}`,
  );
  const collected = new Map<string, { row: string[]; of: string[] }>();
  for (const [index, node] of nodes.entries()) {
    const own: string[][] = [];
    walk(node, path, own);
    for (const row of own) {
      const words = JSON.stringify(row[0]?.endsWith(".driver`") ? row[0] : row);
      const known = collected.get(words);
      if (known === undefined) collected.set(words, { row, of: [names[index] ?? ""] });
      else known.of.push(names[index] ?? "");
    }
  }
  for (const { row, of } of collected.values()) {
    const [name = "", form = "", absent = "", meaning = ""] = row;
    if (name.endsWith(".driver`"))
      rows.push([name, names.map(value).join(", "), absent, "Which display it is."]);
    else
      rows.push([name, form, absent, of.length === nodes.length ? meaning : `${meaning} (${of.join(", ")})`]);
  }
}

function variantsOf(node: Node): readonly Node[] {
  const alternatives = node.anyOf ?? node.oneOf;
  return alternatives === undefined ? [node] : alternatives.flatMap(variantsOf);
}

/** The sentence beside the key, or the one that all its kinds share. */
function meaningOf(node: Node): string {
  return (
    node.description ??
    variantsOf(node).find(({ description }) => description !== undefined)?.description ??
    ""
  );
}

function takes(node: Node): string {
  return [...new Set(variantsOf(node).map(kindOf))].join(" or ");
}

function kindOf(node: Node): string {
  if (node.const !== undefined) return value(node.const);
  if (node.enum !== undefined) return node.enum.map(value).join(", ");
  if (node.properties?.file !== undefined || node.properties?.credential !== undefined) return SOURCE;
  // A pin that may also be a bare number; a section that begins with a pin is walked like any other.
  const keys = Object.keys(node.properties ?? {});
  if (keys.length === 2 && keys.includes("pin") && keys.includes("activeLow")) return "{pin, activeLow}";
  if (node.items !== undefined && formsOf(node.items).length > 0) return "list of objects";
  const types = [node.type].flat().map(wordOf);
  return types.join(" or ");
}

function wordOf(type: string | undefined): string {
  switch (type) {
    case "string":
      return "text";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "true, false";
    case "array":
      return "list";
    default:
      return type ?? "";
  }
}

function value(given: unknown): string {
  return given === null ? "null" : code(JSON.stringify(given));
}

/** The list of commands as the program prints it. */
export async function commands(): Promise<string> {
  return fenced(await printed(["--help"]));
}

async function printed(args: readonly string[]): Promise<string> {
  const stdout = new PassThrough();
  const status = await runCli(args, { stdout, stderr: new PassThrough(), stdin: new PassThrough() });
  if (status !== 0) throw new Error(`scanbox ${args.join(" ")} ended with ${status}`);
  return String(stdout.read());
}

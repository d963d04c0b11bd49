import type { Readable, Writable } from "node:stream";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { nearest } from "../settings/nearest.ts";

/** What a command reads from and writes to; the process's own streams, or those of a test. */
export interface CommandIo {
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly stdin: Readable;
}

/** A command: takes the arguments after its name and gives its exit status. */
export type Command = (args: readonly string[], io: CommandIo) => Promise<number>;

/** The arguments of a command were wrong: `message` is a sentence for the person who typed them. Ends with status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Options by their long names, as `parseArgs` of Node describes them. */
export type Options = NonNullable<ParseArgsConfig["options"]>;

/**
 * Reads the options of a command; `positionals` is how many words may stand beside them.
 * Throws a `UsageError` that names an unknown option and the one that was probably meant.
 */
export function readOptions<const Described extends Options>(
  args: readonly string[],
  options: Described,
  positionals = 0,
) {
  const strict = { args: [...args], options, allowPositionals: true, strict: true } as const;
  let read: ReturnType<typeof parseArgs<typeof strict>>;
  try {
    read = parseArgs(strict);
  } catch (error) {
    throw new UsageError(optionSentence(error, args, Object.keys(options)));
  }
  const tooMany = read.positionals[positionals];
  if (tooMany !== undefined) throw new UsageError(`"${tooMany}" is one word too many.`);
  return read;
}

/** The sentence for a name that does not exist, with a hint where one of `known` is near. */
export function unknownName(what: string, name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  return `There is no ${what} "${name}"${meant === null ? "." : `; did you mean "${meant}"?`}`;
}

/** What options take whose value is no free text; a name means the same in every command. */
const kinds: ReadonlyMap<string, string> = new Map([
  ...["config", "bill", "key-file", "cert", "key", "client-ca"].map((name) => [name, "a file"] as const),
  ["directory", "a folder"],
  ["limit", "a whole number from 1"],
  ...["seed", "minutes", "jobs", "faults", "port", "control-port"].map(
    (name) => [name, "a whole number"] as const,
  ),
]);

function optionSentence(error: unknown, args: readonly string[], known: readonly string[]): string {
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
    const typed = args.find((arg) => arg.startsWith("-") && !known.includes(nameOf(arg))) ?? "";
    return unknownName(
      "option",
      typed.replace(/=.*/s, ""),
      known.map((name) => `--${name}`),
    );
  }
  if (code === "ERR_PARSE_ARGS_INVALID_OPTION_VALUE") {
    const message = error instanceof Error ? error.message : "";
    const [option = ""] = /--[a-z-]+/.exec(message) ?? [];
    const what = message.includes("does not take") ? "no value" : (kinds.get(option.slice(2)) ?? "a value");
    return `${option} takes ${what}.`;
  }
  throw error;
}

function nameOf(arg: string): string {
  return arg.replace(/^--/, "").replace(/=.*/s, "");
}

import type { Readable, Writable } from "node:stream";
import { parseArgs } from "node:util";
import { nearest } from "../settings/nearest.ts";
import type { Description, Options } from "./description.ts";

/** What a command reads from and writes to; the process's own streams, or those of a test. */
export interface CommandIo {
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly stdin: Readable;
}

/** A command: what is said of it, and what takes the arguments after its name and gives its exit status. */
export interface Command {
  readonly description: Description;
  readonly run: (args: readonly string[], io: CommandIo) => Promise<number>;
}

/** The arguments of a command were wrong: `message` is a sentence for the person who typed them. Ends with status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

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
    throw new UsageError(optionSentence(error, args, options));
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

function optionSentence(error: unknown, args: readonly string[], options: Options): string {
  const known = Object.keys(options);
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
    const typed = args.find((arg) => arg.startsWith("-") && !known.includes(nameOf(arg))) ?? "";
    return unknownName(
      "option",
      typed.replace(/=.*/s, ""),
      [...known, "help"].map((name) => `--${name}`),
    );
  }
  if (code === "ERR_PARSE_ARGS_INVALID_OPTION_VALUE") {
    const message = error instanceof Error ? error.message : "";
    const [option = ""] = /--[a-z-]+/.exec(message) ?? [];
    const what = message.includes("does not take")
      ? "no value"
      : (options[option.slice(2)]?.takes ?? "a value");
    return `${option} takes ${what}.`;
  }
  throw error;
}

function nameOf(arg: string): string {
  return arg.replace(/^--/, "").replace(/=.*/s, "");
}

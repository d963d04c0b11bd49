/** What is said of a command, as data: its help, its man page and the completion of shells are made from it. */

/** An option, as `parseArgs` of Node takes it, with what is said of it. */
export interface Option {
  readonly type: "boolean" | "string";
  /** Whether it may stand several times. */
  readonly multiple?: boolean;
  /** What its value is, where it is neither free text nor one of `words`. */
  readonly takes?: "a file" | "a folder" | "a whole number" | "a whole number from 1";
  /** The values that can be completed. */
  readonly words?: readonly string[];
  /** What stands for the value in the help, where that follows from neither of these. */
  readonly value?: string;
  readonly about: string;
}

/** Options by their long names. */
export type Options = Readonly<Record<string, Option>>;

/** A word behind the name of a command that says what it does. */
interface Action {
  /** What stands behind it, such as ORDER. */
  readonly value?: string;
  readonly takes?: "a file";
  readonly about: string;
}

/** All that is said of one command. A paragraph is one line, however long; one with line breaks keeps them. */
export interface Description {
  /** Each way to call it. */
  readonly usage: readonly string[];
  readonly about: readonly string[];
  readonly actions?: Readonly<Record<string, Action>>;
  readonly options: Options;
  /** Words that are explained one by one below the options. */
  readonly terms?: readonly (readonly [term: string, about: string])[];
  readonly notes?: readonly string[];
  /** What each exit status means that has a meaning of its own here. */
  readonly exit?: Readonly<Record<number, string>>;
}

/** A description with the command's name and its sentence in the list of commands. */
export interface NamedDescription {
  readonly name: string;
  readonly summary: string;
  readonly description: Description;
}

/** The option that names the configuration, the same for every command. */
export const configOption = {
  type: "string",
  takes: "a file",
  about: "the configuration; else ./device.config.json, else /etc/scanbox/device.config.json",
} as const satisfies Option;

const values = { "a file": "FILE", "a folder": "DIR", "a whole number": "N", "a whole number from 1": "N" };

/** An option as it is typed: `--config FILE`. */
function optionTerm(name: string, { type, value, takes, words }: Option): string {
  if (type === "boolean") return `--${name}`;
  return `--${name} ${value ?? (takes === undefined ? (words ?? ["VALUE"]).join("|") : values[takes])}`;
}

/** Actions and options as they are typed, each with what it does. */
export function actionRows({ actions = {} }: Description): readonly (readonly [string, string])[] {
  return Object.entries(actions).map(([name, { value, about }]) => [
    value === undefined ? name : `${name} ${value}`,
    about,
  ]);
}

/** Options as they are typed, each with what it does. */
export function optionRows({ options }: Description): readonly (readonly [string, string])[] {
  return Object.entries(options).map(([name, option]) => [optionTerm(name, option), option.about]);
}

/** Columns of the help: a terminal's usual width. */
const WIDTH = 80;

/** A term this long has a line of its own. */
const TERM_MAX = 20;

/** What `--help` prints. */
export function helpText(description: Description): string {
  const { usage, about, terms = [], notes = [], exit } = description;
  const lists = [actionRows(description), optionRows(description), terms].filter((rows) => rows.length > 0);
  const widest = Math.max(0, ...lists.flat().map(([term]) => (term.length > TERM_MAX ? 0 : term.length)));
  return [
    usage.map((way, index) => `${index === 0 ? "Usage:" : "      "} ${way}`).join("\n"),
    ...about.map((text) => wrapped(text)),
    ...lists.map((rows) => rows.map((row) => rowText(row, widest)).join("\n")),
    ...notes.map((text) => wrapped(text)),
    ...(exit === undefined ? [] : [wrapped(`Exit status: ${exitWords(exit)}.`)]),
  ]
    .join("\n\n")
    .concat("\n");
}

function exitWords(exit: NonNullable<Description["exit"]>): string {
  return Object.entries(exit)
    .map(([status, meaning]) => `${status} ${meaning}`)
    .join("; ");
}

function rowText([term, about]: readonly [string, string], widest: number): string {
  const indent = widest + 4;
  const lines = wrapped(about, indent);
  return term.length > widest ? `  ${term}\n${lines}` : `  ${term.padEnd(widest)}${lines.slice(widest + 2)}`;
}

function wrapped(text: string, indent = 0): string {
  if (text.includes("\n")) return text;
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((one) => " ".repeat(indent) + one).join("\n");
}

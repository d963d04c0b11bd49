import type { NamedDescription, Option } from "../description.ts";

/** The completion for fish, a line for each word. */
export function fishCompletion(commands: readonly NamedDescription[]): string {
  const lines = [
    "-f",
    ...commands.map(
      ({ name, summary }) => `-n __fish_use_subcommand -a ${quoted(name)} -d ${quoted(summary)}`,
    ),
    "-n __fish_use_subcommand -a help -d 'Print the help of a command'",
    `-n '__fish_seen_subcommand_from help' -a ${quoted(commands.map(({ name }) => name).join(" "))}`,
    ...commands.flatMap(linesOf),
  ];
  const head =
    "# Completion of scanbox for fish, made from the tables of its help: scanbox completion fish\n";
  return head + lines.map((line) => `complete -c scanbox ${line}\n`).join("");
}

function linesOf({ name, description: { actions = {}, options } }: NamedDescription): readonly string[] {
  const here = `__fish_seen_subcommand_from ${name}`;
  const verbs = Object.keys(actions);
  const unsaid = quoted(`${here}; and not __fish_seen_subcommand_from ${verbs.join(" ")}`);
  return [
    ...Object.entries(actions).flatMap(([verb, { takes, about }]) => [
      `-n ${unsaid} -a ${verb} -d ${quoted(about)}`,
      ...(takes === undefined ? [] : [`-n ${quoted(`${here}; and __fish_seen_subcommand_from ${verb}`)} -F`]),
    ]),
    ...Object.entries(options).map(
      ([option, described]) =>
        `-n ${quoted(here)} -l ${option} ${offer(described)}-d ${quoted(described.about)}`,
    ),
    `-n ${quoted(here)} -s h -l help -d 'Print its help'`,
  ];
}

function offer({ type, takes, words = [] }: Option): string {
  if (type === "boolean") return "";
  if (takes === "a file") return "-r -F ";
  if (takes === "a folder") return "-x -a '(__fish_complete_directories)' ";
  return words.length === 0 ? "-x " : `-x -a ${quoted(words.join(" "))} `;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

import type { NamedDescription, Option } from "../description.ts";

/** The completion for bash 4 and later, which needs nothing else installed. */
export function bashCompletion(commands: readonly NamedDescription[]): string {
  const names = commands.map(({ name }) => name);
  const arms = [
    `1\\ *) words="${[...names, "help", "--help", "--version"].join(" ")}" ;;`,
    `"2 help "*) words="${names.join(" ")}" ;;`,
    ...commands.flatMap(valueArms),
    ...commands.flatMap(wordArms),
  ];
  return `# Completion of scanbox for bash, made from the tables of its help: scanbox completion bash
_scanbox() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} words='' files=''
  # Bash takes --option=value apart.
  if [[ $word == = ]]; then
    word=''
  elif [[ $before == = ]]; then
    before=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case "$COMP_CWORD \${COMP_WORDS[1]} $before" in
${arms.map((arm) => `    ${arm}\n`).join("")}  esac
  COMPREPLY=()
  if [[ -n $files && $word != -* ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$files" -- "$word")
  else
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  fi
}
complete -F _scanbox scanbox
`;
}

/** What stands behind an option that takes a value; free text is completed by nothing. */
function valueArms({ name, description }: NamedDescription): readonly string[] {
  return Object.entries(description.options).flatMap(([option, described]) => {
    if (described.type === "boolean") return [];
    return [`*" ${name} --${option}") ${offer(described)};;`];
  });
}

function offer({ takes, words = [] }: Option): string {
  if (takes === "a file") return "files=-f ";
  if (takes === "a folder") return "files=-d ";
  return words.length === 0 ? "" : `words="${words.join(" ")}" `;
}

function wordArms({ name, description: { actions = {}, options } }: NamedDescription): readonly string[] {
  const flags = [...Object.keys(options), "help"].map((option) => `--${option}`).join(" ");
  const verbs = Object.entries(actions);
  return [
    ...(verbs.length === 0
      ? []
      : [`"2 ${name} "*) words="${verbs.map(([verb]) => verb).join(" ")} ${flags}" ;;`]),
    ...verbs.flatMap(([verb, { takes }]) =>
      takes === undefined ? [] : [`"3 ${name} ${verb}") words="${flags}" files=-f ;;`],
    ),
    `*" ${name} "*) words="${flags}" ;;`,
  ];
}

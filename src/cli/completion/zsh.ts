import type { NamedDescription, Option } from "../description.ts";

/** The completion for zsh: found as a file `_scanbox` on `fpath`, or read after compinit. */
export function zshCompletion(commands: readonly NamedDescription[]): string {
  const list = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}\n`);
  return `#compdef scanbox
# Completion of scanbox for zsh, made from the tables of its help: scanbox completion zsh
_scanbox() {
  local -a commands=(
${list.join("")}  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
    help) _describe command commands ;;
${commands.map(armOf).join("")}  esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _scanbox "$@"
else
  compdef _scanbox scanbox
fi
`;
}

function armOf({ name, description: { actions = {}, options } }: NamedDescription): string {
  const verbs = Object.entries(actions);
  const rows = [
    ...Object.entries(options).map(([option, described]) => optionRow(option, described)),
    "'(-h --help)'{-h,--help}'[print its help]'",
    ...(verbs.length === 0
      ? []
      : [
          quoted(
            `1:action:((${verbs.map(([verb, { about }]) => `${verb}\\:"${escaped(about)}"`).join(" ")}))`,
          ),
        ]),
    ...(verbs.some(([, { takes }]) => takes !== undefined) ? ["'2:file:_files'"] : []),
  ];
  return `    ${name})\n      _arguments \\\n${rows.map((row) => `        ${row}`).join(" \\\n")} ;;\n`;
}

function optionRow(name: string, { type, multiple, takes, words = [], about }: Option): string {
  const row = `${multiple === true ? "*" : ""}--${name}${type === "boolean" ? "" : "="}[${escaped(about)}]`;
  if (type === "boolean") return quoted(row);
  if (takes === "a file") return quoted(`${row}:file:_files`);
  if (takes === "a folder") return quoted(`${row}:folder:_files -/`);
  return quoted(`${row}:${name}:${words.length === 0 ? "" : `(${words.join(" ")})`}`);
}

/** Without what ends a description of zsh. */
function escaped(text: string): string {
  return text.replace(/[[\]:"\\]/g, "\\$&");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

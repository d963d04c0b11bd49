/** `scanbox completion`: what a shell needs to complete the words behind `scanbox`. */
import type { Description, NamedDescription } from "../description.ts";
import { exitStatus } from "../exit-status.ts";
import { type CommandIo, readOptions, UsageError, unknownName } from "../usage.ts";
import { bashCompletion } from "./bash.ts";
import { fishCompletion } from "./fish.ts";
import { zshCompletion } from "./zsh.ts";

const shells: ReadonlyMap<string, (commands: readonly NamedDescription[]) => string> = new Map([
  ["bash", bashCompletion],
  ["zsh", zshCompletion],
  ["fish", fishCompletion],
]);

/** `scanbox completion`, as its help has it. */
export const description = {
  usage: ["scanbox completion bash|zsh|fish"],
  about: [
    "Prints a script by which the shell completes commands, options and their values. The Debian package has installed it for each of them; in a checkout, read it where you work:",
    "  . <(scripts/scanbox completion bash)\n  . <(scripts/scanbox completion zsh)\n  scripts/scanbox completion fish | source",
  ],
  actions: {
    bash: { about: "for bash 4 or later" },
    zsh: { about: "for zsh, after compinit" },
    fish: { about: "for fish" },
  },
  options: {},
} as const satisfies Description;

/** `scanbox completion SHELL`, for these commands. */
export function completionCommand(
  args: readonly string[],
  io: Pick<CommandIo, "stdout">,
  commands: readonly NamedDescription[],
): number {
  const [shell] = readOptions(args, description.options, 1).positionals;
  if (shell === undefined) throw new UsageError('Say "completion bash", "zsh" or "fish".');
  const script = shells.get(shell);
  if (script === undefined) throw new UsageError(unknownName("shell", shell, [...shells.keys()]));
  io.stdout.write(script(commands));
  return exitStatus.done;
}

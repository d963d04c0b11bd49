import { startJournalThread } from "../../links/sqlite/sqlite-store.ts";
import { configOption, type Description } from "../description.ts";
import { type CommandIo, readOptions } from "../usage.ts";

/** `scanbox run`, as its help has it. */
export const description = {
  usage: ["scanbox run [--config FILE]"],
  about: ["Takes payments until SIGTERM or SIGINT; logs to stdout, one JSON object a line."],
  options: { config: configOption },
  exit: {
    0: "stopped as asked",
    1: "the journal cannot be written or read now, or another process has it (start again)",
    2: "the configuration or a secret is wrong, or the journal is damaged or of a newer version",
    70: "a defect",
  },
} as const satisfies Description;

/** `scanbox run`: the box itself, until SIGTERM or SIGINT. Logs to stdout, one JSON object a line. */
export async function runCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, description.options);
  // Started first, so that it is there when the rest has been loaded: a start is shorter by what a thread takes to begin.
  const thread = startJournalThread();
  const { runBox } = await import("./box.ts");
  return await runBox(values.config, { thread, io });
}

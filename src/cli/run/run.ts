import type { StartLearned } from "../../journal/journal.ts";
import { openAhead, startJournalThread } from "../../links/sqlite/sqlite-store.ts";
import { configPath } from "../config-file.ts";
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
  // Started first: a thread takes a while to begin. Then the configuration, which says what it has to read meanwhile.
  const thread = startJournalThread();
  const path = configPath(values.config);
  const { loadLeniently } = await import("../config.ts");
  // What is open is brought to its end whatever else is wrong (money rule 17); nothing is sold until the file is mended.
  const checked = loadLeniently(path);
  const opened = checked.ok ? openAhead<StartLearned>(thread, checked.config.journal.directory) : undefined;
  const { runBox } = await import("./box.ts");
  return await runBox(checked, { path, journal: { thread, opened }, io });
}

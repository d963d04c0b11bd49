import { clearWords, isClear } from "../config/clear-broker.ts";
import { type ConfigCheck, checkConfig, configSchema, type DeviceConfig } from "../config/device-config.ts";
import { salvageConfig } from "../config/salvage.ts";
import { configPath, readConfigText } from "./config-file.ts";
import { configOption, type Description } from "./description.ts";
import { exitStatus } from "./exit-status.ts";
import { boxOf } from "./journal/box.ts";
import { type CommandIo, readOptions, UsageError, unknownName } from "./usage.ts";

/** `scanbox config`, as its help has it. */
export const description = {
  usage: ["scanbox config check [FILE]", "scanbox config schema"],
  about: [],
  actions: {
    check: {
      value: "[FILE]",
      takes: "a file",
      about: "says what is wrong with the file, one sentence a line on stderr; opens no secret",
    },
    schema: { about: "prints the JSON Schema of the file, for editors" },
  },
  options: { config: { ...configOption, about: configOption.about.replace("configuration", "file") } },
  exit: { 0: "the file is in order", 2: "it is not" },
} as const satisfies Description;

/** Reads and checks a configuration file; a file that cannot be read is one problem more. Opens no secret. */
export function loadConfig(path: string): ConfigCheck {
  const read = readConfigText(path);
  if (!read.ok) return { ok: false, problems: [read.problem] };
  const checked = checkConfig(read.text);
  if (checked.ok) return checked;
  return { ok: false, problems: checked.problems.map((problem) => `${path}: ${problem}`) };
}

/** A configuration to run on, with what is wrong with the file; or nothing but that. */
export type LenientCheck =
  | { readonly ok: true; readonly config: DeviceConfig; readonly mistakes: readonly string[] }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * The same for a box that owes money: where the file has mistakes, but says whom customers paid and where the journal is, the
 * configuration with which open orders are brought to their end.
 */
export function loadLeniently(path: string): LenientCheck {
  const checked = loadConfig(path);
  if (checked.ok) return { ...checked, mistakes: [] };
  const salvaged = salvage(path);
  return salvaged === null ? checked : { ok: true, config: salvaged, mistakes: checked.problems };
}

/** Stands for a box whose id cannot be read, until the journal has said it. */
const NAMELESS = "nameless-box";

function salvage(path: string): DeviceConfig | null {
  const read = readConfigText(path);
  if (!read.ok) return null;
  const { text } = read;
  const config = salvageConfig(text, NAMELESS);
  if (config?.box.id !== NAMELESS) return config;
  const boxId = boxOf(config.journal.directory);
  return boxId === null ? config : salvageConfig(text, boxId);
}

/** `scanbox config check [FILE]` and `scanbox config schema`. */
export async function configCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(args, description.options, 2);
  const [action, file] = positionals;
  if (action === "check") return check(configPath(file ?? values.config), io);
  if (action === undefined) throw new UsageError('Say "config check [FILE]" or "config schema".');
  if (action !== "schema")
    throw new UsageError(unknownName("config command", action, Object.keys(description.actions)));
  if (file !== undefined) throw new UsageError(`"${file}" is one word too many.`);
  io.stdout.write(`${JSON.stringify(configSchema(), null, 2)}\n`);
  return exitStatus.done;
}

function check(path: string, io: CommandIo): number {
  const checked = loadConfig(path);
  if (checked.ok) {
    io.stdout.write(`${path} is in order.\n`);
    if (isClear(checked.config.mqtt)) io.stderr.write(`${path}: warning: ${clearWords}\n`);
    return exitStatus.done;
  }
  for (const problem of checked.problems) io.stderr.write(`${problem}\n`);
  return exitStatus.usage;
}

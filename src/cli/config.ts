import { existsSync, readFileSync } from "node:fs";
import { type ConfigCheck, checkConfig, configSchema } from "../config/device-config.ts";
import { exitStatus } from "./exit-status.ts";
import { type CommandIo, readOptions, UsageError, unknownName } from "./usage.ts";

/** Where the configuration is looked for when no `--config` names it, in this order. */
const usualPaths = ["./device.config.json", "/etc/scanbox/device.config.json"] as const;

const help = `Usage: scanbox config check [FILE]
       scanbox config schema

  check     says what is wrong with the file, one sentence a line on stderr; opens no secret
  schema    prints the JSON Schema of the file, for editors

  --config FILE    the file; else ./device.config.json, else /etc/scanbox/device.config.json

Exit status: 0 the file is in order, 2 it is not.
`;

const options = { config: { type: "string" }, help: { type: "boolean", short: "h" } } as const;

/** The path that `--config` gave, else the first usual one that exists. */
export function configPath(option: string | undefined): string {
  return option ?? usualPaths.find((path) => existsSync(path)) ?? usualPaths[0];
}

/** Reads and checks a configuration file; a file that cannot be read is one problem more. Opens no secret. */
export function loadConfig(path: string): ConfigCheck {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    return { ok: false, problems: [unreadable(path, error)] };
  }
  return checkConfig(text);
}

/** `scanbox config check [FILE]` and `scanbox config schema`. */
export async function configCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(args, options, 2);
  if (values.help === true) {
    io.stdout.write(help);
    return exitStatus.done;
  }
  const [action, file] = positionals;
  if (action === "check") return check(configPath(file ?? values.config), io);
  if (action === undefined) throw new UsageError('Say "config check [FILE]" or "config schema".');
  if (action !== "schema") throw new UsageError(unknownName("config command", action, ["check", "schema"]));
  if (file !== undefined) throw new UsageError(`"${file}" is one word too many.`);
  io.stdout.write(`${JSON.stringify(configSchema(), null, 2)}\n`);
  return exitStatus.done;
}

function check(path: string, io: CommandIo): number {
  const checked = loadConfig(path);
  if (checked.ok) {
    io.stdout.write(`${path} is in order.\n`);
    return exitStatus.done;
  }
  for (const problem of checked.problems) io.stderr.write(`${problem}\n`);
  return exitStatus.usage;
}

function unreadable(path: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  const [here, there] = usualPaths;
  if (code === "ENOENT" && path === here && !existsSync(there))
    return `There is neither ${here} nor ${there}; "scanbox setup" writes one.`;
  if (code === "ENOENT") return `There is no file ${path}; name another with --config FILE.`;
  if (code === "EACCES") return `${path} may not be read by this user.`;
  return `${path} cannot be read (${code}).`;
}

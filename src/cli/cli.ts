import { inspect } from "node:util";
import { exitStatus } from "./exit-status.ts";
import { type Command, type CommandIo, UsageError, unknownName } from "./usage.ts";
import { version } from "./version.ts";

interface Entry {
  /** What follows the name on the command line. */
  readonly synopsis: string;
  /** One sentence for the list of commands. */
  readonly summary: string;
  /** Options and hints for `scanbox COMMAND --help`, a line each. */
  readonly help: readonly string[];
  /** Loads the command's module only when it is called: the others cost a start nothing. */
  readonly load: () => Promise<Command>;
}

const entries: Readonly<Record<string, Entry>> = {
  config: {
    synopsis: "check [FILE] | schema",
    summary: "Check a configuration, or print its JSON Schema.",
    help: [
      "check [FILE]     say what is wrong with the file, one sentence a line on stderr; opens no secret",
      "schema           print the JSON Schema of the file, for editors",
      "--config FILE    the file; otherwise ./device.config.json, then /etc/scanbox/device.config.json",
    ],
    load: async () => (await import("./config.ts")).configCommand,
  },
  version: {
    synopsis: "[--json]",
    summary: "Print the version of the program and of its runtime.",
    help: ["--json           as one JSON object"],
    load: async () => (await import("./version.ts")).versionCommand,
  },
};

// In the order of the help.
const commandNames: readonly string[] = Object.keys(entries);

/** Runs `scanbox ARGS…` and gives its exit status; whatever a command throws becomes a status too. */
export async function runCli(args: readonly string[], io: CommandIo): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined) {
    io.stderr.write(overview());
    return exitStatus.usage;
  }
  if (name === "--help" || name === "-h" || name === "help") return help(rest[0], io);
  if (name === "--version") return run("version", rest, io);
  return run(name, rest, io);
}

async function run(name: string, args: readonly string[], io: CommandIo): Promise<number> {
  const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
  if (entry === undefined) return wrong(unknownName("command", name, commandNames), "scanbox --help", io);
  if (args.includes("--help") || args.includes("-h")) return help(name, io);
  try {
    const command = await entry.load();
    return await command(args, io);
  } catch (error) {
    if (error instanceof UsageError) return wrong(error.message, `scanbox ${name} --help`, io);
    io.stderr.write(`${inspect(error)}\n`);
    return exitStatus.defect;
  }
}

function wrong(sentence: string, hint: string, io: CommandIo): number {
  io.stderr.write(`${sentence} See: ${hint}\n`);
  return exitStatus.usage;
}

function help(name: string | undefined, io: CommandIo): number {
  if (name === undefined) {
    io.stdout.write(overview());
    return exitStatus.done;
  }
  const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
  if (entry === undefined) return wrong(unknownName("command", name, commandNames), "scanbox --help", io);
  const options = entry.help.map((line) => `  ${line}\n`).join("");
  io.stdout.write(`Usage: scanbox ${name} ${entry.synopsis}\n\n${entry.summary}\n\n${options}`);
  return exitStatus.done;
}

function overview(): string {
  const widest = Math.max(...commandNames.map((name) => name.length));
  const list = Object.entries(entries).map(([name, { summary }]) => `  ${name.padEnd(widest)}  ${summary}\n`);
  return (
    `scanbox ${version}: takes payment-code payments on a Raspberry Pi.\n\n` +
    `Usage: scanbox COMMAND [OPTIONS]\n\n${list.join("")}\n` +
    "Help for one command: scanbox COMMAND --help\n" +
    "Exit status: 0 done, 1 the answer is no, 2 wrong usage or configuration, 3 not known yet, 70 a defect.\n"
  );
}

import { inspect } from "node:util";
import { exitStatus } from "./exit-status.ts";
import { type Command, type CommandIo, UsageError, unknownName } from "./usage.ts";
import { version } from "./version.ts";

interface Entry {
  /** One sentence for the list of commands. */
  readonly summary: string;
  /** Loads the command's module only when it is called: the others cost a start nothing. */
  readonly load: () => Promise<Command>;
  /** What `--help` prints; absent where the command answers it itself. */
  readonly help?: string;
}

/** In the order of the help. */
const entries: Readonly<Record<string, Entry>> = {
  setup: {
    summary: "Configure a box for the first time, question by question, trying its devices.",
    load: async () => (await import("./setup/setup.ts")).setupCommand,
  },
  run: {
    summary: "Be the box: take payments until the process is asked to end.",
    load: async () => (await import("./run/run.ts")).runCommand,
    help: `Usage: scanbox run [--config FILE]

Takes payments until SIGTERM or SIGINT; logs to stdout, one JSON object a line.

  --config FILE    the configuration; else ./device.config.json, else /etc/scanbox/device.config.json

Exit status: 0 stopped as asked, 1 the journal cannot be written or read now, or another process has it (start again), 2 the
configuration or a secret is wrong, or the journal is damaged or of a newer version, 70 a defect.
`,
  },
  demo: {
    summary: "Try out a whole box on this machine, with a sandbox and an MQTT broker.",
    load: async () => (await import("./demo/demo.ts")).demoCommand,
  },
  sandbox: {
    summary: "Serve a look-alike of WeChat Pay on this machine, to test against.",
    load: async () => (await import("./sandbox.ts")).sandboxCommand,
  },
  simulate: {
    summary: "Run whole simulated worlds and look for a broken promise.",
    load: async () => (await import("./simulate/simulate.ts")).simulateCommand,
  },
  "outputs-off": {
    summary: "Drive relay, lights and beeper off: what follows a box that has ended.",
    load: async () => (await import("./outputs-off.ts")).outputsOffCommand,
    help: `Usage: scanbox outputs-off [--config FILE]

Drives every configured output off, the relay first, and gives the pins back. The service does it after each end of the
box, since a process that was killed cannot.

  --config FILE    the configuration; else ./device.config.json, else /etc/scanbox/device.config.json

Exit status: 0 all are off, 1 one could not be reached, 2 the configuration is wrong.
`,
  },
  doctor: {
    summary: "Look for what is wrong with this box, and say what to do about it.",
    load: async () => (await import("./doctor/doctor.ts")).doctorCommand,
  },
  status: {
    summary: "Say how the box is: in service or why not, open orders, devices, journal.",
    load: async () => (await import("./status.ts")).statusCommand,
  },
  pay: {
    summary: "Ask the running box for an amount, as a till does, and wait for the end of the sale.",
    load: async () => (await import("./pay.ts")).payCommand,
  },
  journal: {
    summary:
      "Read the journal of payments: list, show, verify, reconcile; rotate it, quarantine a damaged one.",
    load: async () => (await import("./journal/journal.ts")).journalCommand,
  },
  config: {
    summary: "Check a configuration, or print its JSON Schema.",
    load: async () => (await import("./config.ts")).configCommand,
  },
  version: {
    summary: "Print the version of the program and of its runtime.",
    load: async () => (await import("./version.ts")).versionCommand,
  },
};

const commandNames = Object.keys(entries);

/** Runs `scanbox ARGS…` and gives its exit status; whatever a command throws becomes a status too. */
export async function runCli(args: readonly string[], io: CommandIo): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined) {
    io.stderr.write(overview());
    return exitStatus.usage;
  }
  if (name === "--version") return run("version", rest, io);
  if (name !== "--help" && name !== "-h" && name !== "help") return run(name, rest, io);
  const [about] = rest;
  if (about !== undefined) return run(about, ["--help"], io);
  io.stdout.write(overview());
  return exitStatus.done;
}

async function run(name: string, args: readonly string[], io: CommandIo): Promise<number> {
  const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
  if (entry === undefined) return wrong(unknownName("command", name, commandNames), "scanbox --help", io);
  if (entry.help !== undefined && (args.includes("--help") || args.includes("-h"))) {
    io.stdout.write(entry.help);
    return exitStatus.done;
  }
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

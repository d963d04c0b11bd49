import { inspect } from "node:util";
import { helpText, type NamedDescription } from "./description.ts";
import { exitStatus } from "./exit-status.ts";
import { type Command, type CommandIo, UsageError, unknownName } from "./usage.ts";
import { version } from "./version.ts";

interface Entry {
  /** One sentence for the list of commands. */
  readonly summary: string;
  /** Loads the command's module only when it is called: the others cost a start nothing. */
  readonly load: () => Promise<Command>;
}

/** In the order of the help. */
const entries: Readonly<Record<string, Entry>> = {
  setup: {
    summary: "Configure a box for the first time, question by question, trying its devices.",
    load: async () => {
      const { description, setupCommand: run } = await import("./setup/setup.ts");
      return { description, run };
    },
  },
  run: {
    summary: "Be the box: take payments until the process is asked to end.",
    load: async () => {
      const { description, runCommand: run } = await import("./run/run.ts");
      return { description, run };
    },
  },
  demo: {
    summary: "Try out a whole box on this machine, with a sandbox and an MQTT broker.",
    load: async () => {
      const { description, demoCommand: run } = await import("./demo/demo.ts");
      return { description, run };
    },
  },
  sandbox: {
    summary: "Serve a look-alike of WeChat Pay on this machine, to test against.",
    load: async () => {
      const { description, sandboxCommand: run } = await import("./sandbox.ts");
      return { description, run };
    },
  },
  simulate: {
    summary: "Run whole simulated worlds and look for a broken promise.",
    load: async () => {
      const { description, simulateCommand: run } = await import("./simulate/simulate.ts");
      return { description, run };
    },
  },
  "outputs-off": {
    summary: "Drive relay, lights and beeper off: what follows a box that has ended.",
    load: async () => {
      const { description, outputsOffCommand: run } = await import("./outputs-off.ts");
      return { description, run };
    },
  },
  doctor: {
    summary: "Look for what is wrong with this box, and say what to do about it.",
    load: async () => {
      const { description, doctorCommand: run } = await import("./doctor/doctor.ts");
      return { description, run };
    },
  },
  status: {
    summary: "Say how the box is: in service or why not, open orders, devices, journal.",
    load: async () => {
      const { description, statusCommand: run } = await import("./status.ts");
      return { description, run };
    },
  },
  pay: {
    summary: "Ask the running box for an amount, as a till does, and wait for the end of the sale.",
    load: async () => {
      const { description, payCommand: run } = await import("./pay.ts");
      return { description, run };
    },
  },
  journal: {
    summary:
      "Read the journal of payments: list, show, verify, reconcile; rotate it, quarantine a damaged one.",
    load: async () => {
      const { description, journalCommand: run } = await import("./journal/journal.ts");
      return { description, run };
    },
  },
  explain: {
    summary: "Say what a recorded reply of a provider means, by the code that decides in the box.",
    load: async () => {
      const { description, explainCommand: run } = await import("./explain.ts");
      return { description, run };
    },
  },
  config: {
    summary: "Check a configuration, or print its JSON Schema.",
    load: async () => {
      const { description, configCommand: run } = await import("./config.ts");
      return { description, run };
    },
  },
  completion: {
    summary: "Print what completes this command in a shell: bash, zsh or fish.",
    load: async () => {
      const { completionCommand, description } = await import("./completion/completion.ts");
      return { description, run: async (args, io) => completionCommand(args, io, await described()) };
    },
  },
  version: {
    summary: "Print the version of the program and of its runtime.",
    load: async () => {
      const { description, versionCommand: run } = await import("./version.ts");
      return { description, run };
    },
  },
};

const commandNames = Object.keys(entries);

/** What is said of every command, in the order of the help. */
export async function described(): Promise<readonly NamedDescription[]> {
  return await Promise.all(
    Object.entries(entries).map(async ([name, { summary, load }]) => {
      const { description } = await load();
      return { name, summary, description };
    }),
  );
}

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
  try {
    const { description, run: obey } = await entry.load();
    if (!asksForHelp(args)) return await obey(args, io);
    io.stdout.write(helpText(description));
    return exitStatus.done;
  } catch (error) {
    if (error instanceof UsageError) return wrong(error.message, `scanbox ${name} --help`, io);
    io.stderr.write(`${inspect(error)}\n`);
    return exitStatus.defect;
  }
}

/** Behind `--` stand words that only look like options. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end === -1 ? args.length : end).some((arg) => arg === "--help" || arg === "-h");
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

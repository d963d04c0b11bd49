/** `scanbox setup`: the first configuration of a box, question by question, on its real devices. */
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { checkConfig } from "../../config/device-config.ts";
import { readJson } from "../../config/json-text.ts";
import { configPath, readConfigText } from "../config-file.ts";
import { configOption, type Description } from "../description.ts";
import { exitStatus } from "../exit-status.ts";
import { type CommandIo, readOptions } from "../usage.ts";
import { amountSection } from "./amount-steps.ts";
import { boxSection } from "./box-steps.ts";
import { brokerSection } from "./broker-steps.ts";
import { type Dialogue, Left, LineDialogue } from "./dialogue.ts";
import { displaySection } from "./display-steps.ts";
import { type Draft, draftText, isObject } from "./draft.ts";
import { keypadSection } from "./keypad-steps.ts";
import { type Machine, realMachine } from "./machine.ts";
import { outputSection } from "./output-steps.ts";
import { providerSections, withAccounts } from "./provider-steps.ts";
import { askYes } from "./question.ts";
import { relaySection } from "./relay-steps.ts";
import { refusedFolder, save } from "./save.ts";
import { scannerSection } from "./scanner-steps.ts";
import { type Section, type State, walk } from "./step.ts";

/** `scanbox setup`, as its help has it. */
export const description = {
  usage: ["scanbox setup [--config FILE] [--device PATH] [--plain]"],
  about: [
    "Asks for everything that a box needs to know, tries scanner, keypad, display and lights while it does, and writes the configuration in the end. Until then nothing is changed. A file that is there already is loaded and kept as FILE.bak.",
  ],
  options: {
    config: configOption,
    device: {
      type: "string",
      multiple: true,
      takes: "a file",
      value: "PATH",
      about: "a device that may be the scanner, beside those with usual names; may stand several times",
    },
    plain: { type: "boolean", about: "no colours, no rules, no signs beyond ASCII" },
  },
  notes: ["Answers may come from a pipe, one a line. Stop a running box first: it holds the devices."],
  exit: {
    0: "the configuration is written and in order",
    1: "nothing was written",
    2: "it is written and not complete",
  },
} as const satisfies Description;

/** Where the service looks for its configuration. */
const SERVICE_CONFIG = "/etc/scanbox/device.config.json";

const sections: readonly Section[] = [
  ...[boxSection, ...providerSections(), amountSection],
  ...[scannerSection, keypadSection, displaySection, outputSection, relaySection],
  brokerSection,
];

/** Signals that end a conversation as Ctrl-C does: with every pin let go of. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** `scanbox setup [--config FILE] [--plain]`; tests give a machine of their own. */
export async function setupCommand(
  args: readonly string[],
  io: CommandIo,
  machineOf: (more: readonly string[]) => Machine = realMachine,
): Promise<number> {
  const { values } = readOptions(args, description.options);
  const file = resolve(setupPath(values.config));
  const refused = refusedFolder(dirname(file));
  if (refused !== null) {
    io.stderr.write(`${refused}\n`);
    return exitStatus.no;
  }
  const begun = readDraft(file);
  if (typeof begun === "string") {
    io.stderr.write(`${begun}\n`);
    return exitStatus.no;
  }
  const dialogue = new LineDialogue(io, values.plain === true);
  const leave = (): void => dialogue.leave();
  for (const signal of signals) process.once(signal, leave);
  try {
    return await converse(file, begun, dialogue, machineOf(values.device ?? []));
  } catch (error) {
    if (!(error instanceof Left)) throw error;
    dialogue.say("Nothing was written; everything is as it was.");
    return exitStatus.no;
  } finally {
    for (const signal of signals) process.off(signal, leave);
    dialogue.close();
  }
}

/** Where the file goes that nobody has named: where the service looks for it, if this machine has a place for that. */
function setupPath(option: string | undefined): string {
  const usual = configPath(option);
  if (option !== undefined || existsSync(usual) || !existsSync(dirname(SERVICE_CONFIG))) return usual;
  return SERVICE_CONFIG;
}

/** What the file says already; or a sentence, where it is no file to begin with. */
function readDraft(file: string): Draft | string {
  if (!existsSync(file)) return { version: 1, box: {} };
  const read = readConfigText(file);
  if (!read.ok) return read.problem;
  const json = readJson(read.text);
  if ("fault" in json) {
    const { line, column, sentence } = json.fault;
    return `${file}, line ${line}, column ${column}: ${sentence} Mend it, or move it away to begin anew.`;
  }
  return isObject(json.value)
    ? { version: 1, ...json.value }
    : `${file} holds no object: move it away to begin anew.`;
}

async function converse(file: string, begun: Draft, dialogue: Dialogue, machine: Machine): Promise<number> {
  const desk = { dialogue, machine, folder: dirname(file), told: new Set<string>() };
  dialogue.title("scanbox: first configuration");
  const known = existsSync(file) ? "What it says already stands in brackets." : "There is no such file yet.";
  dialogue.say(`It is written to ${file}, at the very end. ${known}`);
  dialogue.say(
    "Enter takes what stands in [brackets].  ?  explains.  <  goes back.  -  skips.  Ctrl-C leaves everything as it was.",
  );
  const box = machine.runningBox(file);
  if (box !== null) {
    dialogue.say(
      `The box runs (process ${box}) and has its devices: stop it to try them, sudo systemctl stop scanbox.`,
      "bad",
    );
  }
  const draft = withAccounts(begun);
  const made = await walk(sections, { draft, secrets: new Map() }, desk);
  if (!(await isWanted(file, made, dialogue))) {
    dialogue.say("Nothing was written; everything is as it was.");
    return exitStatus.no;
  }
  const written = save({ configFile: file, config: draftText(made.draft), secrets: made.secrets });
  dialogue.say(
    written.length === 0 ? `${file} says all that already.` : `Written: ${written.join(", ")}.`,
    "good",
  );
  const problems = problemsOf(made.draft);
  const sound = await look(file, dialogue, machine);
  closing(file, dialogue, machine, { complete: problems.length === 0, sound });
  return problems.length === 0 ? exitStatus.done : exitStatus.usage;
}

function problemsOf(draft: Draft): readonly string[] {
  const checked = checkConfig(draftText(draft));
  return checked.ok ? [] : checked.problems;
}

async function isWanted(file: string, { draft }: State, dialogue: Dialogue): Promise<boolean> {
  dialogue.title("Write it down");
  const problems = problemsOf(draft);
  if (problems.length === 0) dialogue.say("The configuration is complete.", "good");
  else dialogue.say("The configuration is not complete:", "bad");
  for (const problem of problems) dialogue.say(`  ${problem}`);
  const before = readDraft(file);
  const wasSound = typeof before !== "string" && problemsOf(before).length === 0;
  for (;;) {
    const wanted = await askYes(dialogue, {
      text: `Write ${file}`,
      help: "yes writes it, and keeps what was there before as FILE.bak. no leaves everything as it was. What is missing can be added later: run this again.",
      proposal: problems.length === 0 || !wasSound,
    });
    if (wanted !== "back") return wanted;
    dialogue.say("Every question has been asked. Write it, and run this again to change an answer.");
  }
}

/** All that doctor looks at, on this machine as it is now; what it finds in order is only counted. Says whether all is. */
async function look(file: string, dialogue: Dialogue, machine: Machine): Promise<boolean> {
  dialogue.title("What doctor says");
  dialogue.say("This takes a moment: the provider and the broker are asked too.", "quiet");
  const findings = await machine.examine(file);
  const told = findings.filter(({ level }) => level === "fault" || level === "warning");
  for (const { check, found, level, remedy } of told) {
    dialogue.say(`${check}:`, level === "fault" ? "bad" : "usual");
    dialogue.say(`    ${plain(found)}`);
    if (remedy !== null) dialogue.say(`    To do: ${plain(remedy)}`);
  }
  dialogue.say(
    `${findings.length - told.length} of ${findings.length} findings are as they should be.`,
    "good",
  );
  return findings.every(({ level }) => level !== "fault");
}

/** Others have written some of it: nothing of it may steer a terminal. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "?");
}

function closing(
  file: string,
  dialogue: Dialogue,
  machine: Machine,
  is: { complete: boolean; sound: boolean },
): void {
  dialogue.title("What is still to be done");
  let steps = 0;
  const step = (text: string, command: string | null): void => {
    steps += 1;
    dialogue.say(`  ${steps}. ${text}${command === null ? "" : ":"}`);
    // Not wrapped, so that it can be copied.
    if (command !== null) dialogue.begin(`       ${command}\n`);
  };
  if (!is.complete) step("Complete the configuration", `scanbox setup --config ${file}`);
  if (!is.sound) step("Mend what doctor finds wrong, and ask again", `scanbox doctor --config ${file}`);
  if (machine.hasService() && file === SERVICE_CONFIG) {
    step("Start the box", "sudo systemctl enable --now scanbox");
    step("See how it is", "scanbox status");
  } else step("Start the box", `scanbox run --config ${file}`);
  step("Take a payment of 0.01, and compare it with the merchant platform", null);
}

import { readPaymentCode } from "../../core/codecs/scan.ts";
import { type Fen, parseYuan } from "../../core/kernel/fen.ts";
import type { Wallet } from "../../core/payment/wallet.ts";
import { SystemEntropy } from "../../links/machine/system-entropy.ts";
import type { SandboxKind, Story } from "../../providers/sandbox.ts";
import type { Description } from "../description.ts";
import { exitStatus } from "../exit-status.ts";
import {
  chargedWallets,
  everyStory,
  played,
  type Stories,
  sandboxOf,
  scenarioOption,
  usualSandbox,
} from "../sandboxes.ts";
import { type CommandIo, readOptions, UsageError, unknownName } from "../usage.ts";
import { codeOf } from "./code.ts";
import { usualDevice } from "./config.ts";
import { scenarioTable, talk } from "./lines.ts";
import { payOnce } from "./pay.ts";

const displays = { "16x2": usualDevice.display, "20x4": { columns: 20, rows: 4 } } as const;
const entries = { explicit: "explicit", implied: "implied" } as const;
const languages = { en: "en", zh: "zh" } as const;

/** `scanbox demo`, as its help has it. */
export const description = {
  usage: [
    "scanbox demo [--scenario NAME] [--display SIZE] [--entry HABIT] [--speed N]",
    "scanbox demo --plain [--wallet WALLET] [--scenario NAME]",
    "scanbox demo --pay AMOUNT [--wallet WALLET | --code DIGITS] [--scenario NAME]",
  ],
  about: [
    `Runs a whole box on this machine, with look-alikes of ${played} and an MQTT broker; the scanner, the keys and the display are played. Nothing leaves the machine, no money moves, and nothing is left behind.`,
    'On a terminal it shows the front of the box; "?" lists the keys. With --plain, and where its input or output is no terminal, it takes commands line by line; "help" lists them. With --pay it makes one payment, tells its story on stderr and prints the final transaction on stdout, as one JSON line.',
  ],
  options: {
    pay: { type: "string", value: "AMOUNT", about: "the amount in yuan, such as 12.50" },
    code: {
      type: "string",
      value: "DIGITS",
      about: "the payment code that is scanned; a random one where absent",
    },
    wallet: {
      type: "string",
      value: "WALLET",
      words: chargedWallets,
      about: "whose code is shown where none is given: wechat (default) or alipay",
    },
    scenario: scenarioOption("what becomes of the payment (default: success)"),
    plain: { type: "boolean", about: "lines in and lines out, for screen readers too" },
    display: {
      type: "string",
      value: "SIZE",
      words: Object.keys(displays),
      about: "the display of the panel: 16x2 (default) or 20x4",
    },
    entry: {
      type: "string",
      value: "HABIT",
      words: Object.keys(entries),
      about: "explicit (default): 12.50 is typed as 12.5; implied: as 1250",
    },
    language: {
      type: "string",
      value: "LANG",
      words: Object.keys(languages),
      about: "the language on the display: en (default), or zh for pinyin",
    },
    speed: {
      type: "string",
      takes: "a whole number",
      about: "how much quicker the sandbox and its waits are than in life: 1 to 20 (default: 3)",
    },
    ascii: { type: "boolean", about: "draw the panel with ASCII" },
    list: { type: "boolean", about: "print the scenarios, with --wallet those of its sandbox, and end" },
  },
  exit: {
    0: "the end; with --pay, it ended as the scenario should",
    1: "with --pay, it ended otherwise or the code was refused",
    2: "wrong usage",
    3: "with --pay, it is not final",
  },
} as const satisfies Description;

/** Options that only the front on a terminal understands. */
const ofPanel = ["display", "entry", "language", "speed", "ascii"] as const;

/** `scanbox demo`: the box to try out, on a terminal, by lines or, with `--pay`, for one payment. */
export async function demoCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, description.options);
  if (values.list === true) {
    io.stdout.write(
      scenarioTable(values.wallet === undefined ? everyStory : sandboxFor(walletOf(values.wallet))),
    );
    return exitStatus.done;
  }
  const { code } = values;
  if (code !== undefined && values.wallet !== undefined)
    throw new UsageError("--wallet and --code do not go together.");
  const wallet = walletOf(values.wallet);
  const name = values.scenario ?? "success";
  const shown = ofPanel.find((name) => values[name] !== undefined);
  if (values.pay !== undefined) {
    if (shown !== undefined) throw new UsageError(`--${shown} and --pay do not go together.`);
    const amountFen = amountOf(values.pay);
    const shownCode = code === undefined ? codeOf(wallet, new SystemEntropy()) : digitsOf(code);
    return await payOnce(
      { amountFen, code: shownCode, scenario: scenarioOf(name, sandboxOfCode(shownCode)) },
      io,
    );
  }
  if (code !== undefined) throw new UsageError("--code goes with --pay.");
  const scenario = scenarioOf(name, values.wallet === undefined ? everyStory : sandboxFor(wallet));
  if (values.plain === true || !isTerminal(io.stdin) || !isTerminal(io.stdout)) {
    if (shown !== undefined) throw new UsageError(`--${shown} goes with the panel on a terminal.`);
    return await talk({ scenario, wallet }, io);
  }
  // What the panel is made of is loaded where there is a panel.
  const { runPanel } = await import("./panel/panel.ts");
  const { abilitiesOf, terminalStreams } = await import("./panel/terminal.ts");
  const streams = terminalStreams(io.stdin, io.stdout);
  if (streams === null) return await talk({ scenario, wallet }, io);
  const abilities = abilitiesOf(streams.stdout);
  return await runPanel(
    {
      scenario,
      hurry: speedOf(values.speed ?? "3"),
      device: {
        display: oneOf("display", values.display, displays),
        entry: oneOf("entry", values.entry, entries),
        language: oneOf("language", values.language, languages),
        drawsCodes: true,
      },
      abilities: values.ascii === true ? { ...abilities, unicode: false } : abilities,
    },
    streams,
  );
}

function isTerminal(stream: object): boolean {
  return "isTTY" in stream && stream.isTTY === true;
}

/** What the value of an option stands for; the first one where it is absent. */
function oneOf<Value>(
  option: string,
  text: string | undefined,
  known: Readonly<Record<string, Value>>,
): Value {
  const names = Object.keys(known);
  const name = text ?? names[0] ?? "";
  const value = Object.hasOwn(known, name) ? known[name] : undefined;
  if (value === undefined) throw new UsageError(`--${option} takes ${names.join(" or ")}, not "${text}".`);
  return value;
}

function speedOf(text: string): number {
  const speed = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (speed < 1 || speed > 20)
    throw new UsageError(`--speed takes a whole number from 1 to 20, not "${text}".`);
  return speed;
}

function amountOf(text: string): Fen {
  const amount = parseYuan(text);
  if (amount.ok) return amount.value;
  switch (amount.reason) {
    case "not-an-amount":
      throw new UsageError(`--pay takes an amount in yuan such as 12.50, not "${text}".`);
    case "zero":
      throw new UsageError("--pay takes an amount above 0.00.");
    case "too-large":
      throw new UsageError("--pay takes at most 99999.99.");
  }
}

/** What is not made of digits is a slip of the command line; which digits are a code is for the box to say. */
function digitsOf(text: string): string {
  if (readPaymentCode(text).ok || /^\d+$/.test(text)) return text;
  throw new UsageError("--code takes the digits of a payment code.");
}

/** A wallet by its name; the usual one where nobody names one. */
function walletOf(name: string | undefined): Wallet {
  if (name === undefined) return usualSandbox().wallets[0];
  const wallet = chargedWallets.find((one) => one === name);
  if (wallet === undefined)
    throw new UsageError(`--wallet takes ${chargedWallets.join(" or ")}, not "${name}".`);
  return wallet;
}

/** The sandbox of a wallet; the usual one where none charges it. */
function sandboxFor(wallet: Wallet): SandboxKind {
  return sandboxOf(wallet) ?? usualSandbox();
}

function sandboxOfCode(code: string): SandboxKind {
  const read = readPaymentCode(code);
  return read.ok ? sandboxFor(read.value.wallet) : usualSandbox();
}

function scenarioOf(name: string, { stories, families, storyNamed }: Stories): Story {
  const scenario = storyNamed(name);
  if (scenario !== null) return scenario;
  const known = stories.map((one) => one.name);
  const forms = families.map(({ form }) => form);
  throw new UsageError(
    `${unknownName("scenario", name, known)} The scenarios: ${[...known, ...forms].join(", ")}.`,
  );
}

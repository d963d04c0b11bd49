import { readScan } from "../core/codecs/scan.ts";
import { type Fen, parseYuan } from "../core/kernel/fen.ts";
import { SystemEntropy } from "../links/system-entropy.ts";
import { type Scenario, scenarioFamilies, scenarioNamed, scenarios } from "../simulator/bank/scenarios.ts";
import { randomCode } from "./demo-code.ts";
import { scenarioTable, talk } from "./demo-lines.ts";
import { payOnce } from "./demo-pay.ts";
import { exitStatus } from "./exit-status.ts";
import { type CommandIo, readOptions, UsageError, unknownName } from "./usage.ts";

const help = `Usage: scanbox demo [--scenario NAME]
       scanbox demo --pay AMOUNT [--code DIGITS] [--scenario NAME]

Runs a whole box on this machine, with a look-alike of WeChat Pay and an MQTT broker; the scanner, the
keys and the glass are played. Nothing leaves the machine, no money moves, and nothing is left behind.

Without --pay it takes commands from standard input, from a terminal or a pipe; "help" lists them.
With --pay it makes one payment, tells its story on stderr and prints the final transaction on stdout,
as one JSON line.

  --pay AMOUNT       the amount in yuan, such as 12.50
  --code DIGITS      the payment code that is scanned; a random one where absent
  --scenario NAME    what becomes of the payment (default: success)
  --list             print the scenarios and end

Exit status with --pay: 0 it ended as the scenario should, 1 it ended otherwise or the code was refused,
3 it is not final.
`;

const described = {
  pay: { type: "string" },
  code: { type: "string" },
  scenario: { type: "string" },
  list: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** `scanbox demo`: the box to try out, by lines on standard input or, with `--pay`, for one payment. */
export async function demoCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, described);
  if (values.help === true) {
    io.stdout.write(help);
    return exitStatus.done;
  }
  if (values.list === true) {
    io.stdout.write(scenarioTable());
    return exitStatus.done;
  }
  const scenario = scenarioOf(values.scenario ?? "success");
  if (values.pay !== undefined) {
    const code = values.code === undefined ? randomCode(new SystemEntropy()) : digitsOf(values.code);
    return await payOnce({ amountFen: amountOf(values.pay), code, scenario }, io);
  }
  if (values.code !== undefined) throw new UsageError("--code goes with --pay.");
  return await talk(scenario, io);
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
  if (readScan(text).ok || /^\d+$/.test(text)) return text;
  throw new UsageError("--code takes the digits of a payment code.");
}

function scenarioOf(name: string): Scenario {
  const scenario = scenarioNamed(name);
  if (scenario !== null) return scenario;
  const known = scenarios.map((one) => one.name);
  const forms = scenarioFamilies.map(({ form }) => form);
  throw new UsageError(
    `${unknownName("scenario", name, known)} The scenarios: ${[...known, ...forms].join(", ")}.`,
  );
}

import { readFileSync } from "node:fs";
import { formatYuan } from "../core/kernel/fen.ts";
import { ApiKey } from "../providers/wechat-v2/api-key.ts";
import type { CallNote } from "../providers/wechat-v2/sandbox/call.ts";
import { fixtureMerchant } from "../providers/wechat-v2/sandbox/fixture-merchant.ts";
import type { SandboxMerchant } from "../providers/wechat-v2/sandbox/request.ts";
import {
  type Scenario,
  scenarioFamilies,
  scenarioNamed,
  scenarios,
} from "../providers/wechat-v2/sandbox/scenarios.ts";
import {
  type SandboxServer,
  type SandboxServerOptions,
  startSandboxServer,
} from "../providers/wechat-v2/sandbox/server.ts";
import { exitStatus } from "./exit-status.ts";
import { type CommandIo, readOptions, UsageError, unknownName } from "./usage.ts";

const help = `Usage: scanbox sandbox [OPTIONS]

Serves a look-alike of WeChat Pay (micropay, orderquery, reverse) on 127.0.0.1 until SIGINT or SIGTERM.

  --port N               where it listens; a free port where absent
  --control-port N       where it is controlled; a free port where absent
  --scenario NAME        what happens to the orders charged from the start on (default: success)
  --list                 print the scenarios and end; with --json as one JSON document
  --by-amount            the last two digits of an amount choose the scenario (see --list)
  --pace X               multiplies all times of scenarios; 0.1 is ten times as quick (default: 1)
  --auto-revoke on|off   revoke orders that are unpaid after 45 s, at pace 1 (default: off)
  --unseen-reversal tombstone|forget
                         a reversed number that was never seen: refuse a later charge of it, or take it
  --paid-reversal revoked|unnamed|refund
                         what a paid order becomes by its reversal: REVOKED with or without its
                         transaction_id, or REFUND
  --app-id ID, --merchant-id ID, --key-file F
                         the merchant and the file with its API key (default: the one below)
  --sub-merchant-id ID, --sub-app-id ID
                         a sub-merchant that it serves as a provider
  --cert F --key F --client-ca F
                         serve HTTPS; reversals then need a client certificate of this authority

Without these options it knows one merchant, which exists nowhere else:
  ${merchantWords(fixtureMerchant)}

Control, JSON over HTTP: GET /state, GET /scenarios, PUT /scenario {"name": NAME}, PUT /down {"down": true},
POST /orders/NUMBER/pay|mistype|refuse|cancel|close.
`;

/** What a configuration needs to be this merchant, the key too: nothing real can be signed with it. */
function merchantWords({ appId, merchantId, apiKey, subMerchants }: SandboxMerchant): string {
  const subs = subMerchants.map(
    ({ subMerchantId, subAppIds }) =>
      `\n  as a service provider: subMerchantId ${subMerchantId}, subAppId ${subAppIds.join(" ")}`,
  );
  return `appId ${appId}, merchantId ${merchantId}, API key ${apiKey.reveal()}${subs.join("")}`;
}

const described = {
  port: { type: "string" },
  "control-port": { type: "string" },
  scenario: { type: "string" },
  list: { type: "boolean" },
  json: { type: "boolean" },
  "by-amount": { type: "boolean" },
  pace: { type: "string" },
  "auto-revoke": { type: "string" },
  "unseen-reversal": { type: "string" },
  "paid-reversal": { type: "string" },
  "app-id": { type: "string" },
  "merchant-id": { type: "string" },
  "key-file": { type: "string" },
  "sub-merchant-id": { type: "string" },
  "sub-app-id": { type: "string" },
  cert: { type: "string" },
  key: { type: "string" },
  "client-ca": { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

type Values = ReturnType<typeof readOptions<typeof described>>["values"];

/**
 * `scanbox sandbox`: serves the look-alike until SIGINT or SIGTERM, and prints every call that it handled as one
 * line.
 */
export async function sandboxCommand(
  args: readonly string[],
  io: Pick<CommandIo, "stdout" | "stderr">,
): Promise<number> {
  const { values } = readOptions(args, described);
  if (values.help === true) {
    io.stdout.write(help);
    return exitStatus.done;
  }
  if (values.list === true) {
    io.stdout.write(values.json === true ? `${JSON.stringify(scenarios, null, 2)}\n` : scenarioTable());
    return exitStatus.done;
  }
  const observe = (note: CallNote) => void io.stdout.write(`${lineOf(note)}\n`);
  const server = await start({ ...serverOptions(values), observe });
  const stopped = new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  io.stdout.write(`sandbox: ${server.origin}\ncontrol: ${server.controlOrigin}\n`);
  await stopped;
  await server.close();
  return exitStatus.done;
}

async function start(options: SandboxServerOptions): Promise<SandboxServer> {
  try {
    return await startSandboxServer(options);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && "syscall" in error)) throw error;
    // Listening is the only system call here; a port that is taken or forbidden is for the caller to change.
    throw new UsageError(`The sandbox cannot listen: ${error.message}.`);
  }
}

/** The scenarios as people read them: an amount that ends in `cents` chooses one where amounts choose. */
function scenarioTable(): string {
  const rows = scenarios.map(({ name, cents, ends, story }) => ({
    name,
    cents: cents === null ? "" : `.${cents}`,
    ends,
    story,
  }));
  const families = scenarioFamilies.map(({ form, story }) => ({ name: form, cents: "", ends: "", story }));
  return [{ name: "SCENARIO", cents: "CENTS", ends: "ENDS", story: "STORY" }, ...rows, ...families]
    .map(
      ({ name, cents, ends, story }) => `${name.padEnd(19)} ${cents.padEnd(6)} ${ends.padEnd(9)} ${story}\n`,
    )
    .join("");
}

function serverOptions(values: Values): SandboxServerOptions {
  const tls = tlsOf(values);
  return {
    port: numberOf(values.port ?? "0", "--port", portRange),
    controlPort: numberOf(values["control-port"] ?? "0", "--control-port", portRange),
    scenario: scenarioOf(values.scenario ?? "success"),
    pace: numberOf(values.pace ?? "1", "--pace", { low: 0.001, high: 1_000, whole: false }),
    byAmount: values["by-amount"] === true,
    autoRevoke: oneOf(values["auto-revoke"] ?? "off", "--auto-revoke", ["on", "off"]) === "on",
    unseenReversal: oneOf(values["unseen-reversal"] ?? "tombstone", "--unseen-reversal", [
      "tombstone",
      "forget",
    ]),
    paidReversal: oneOf(values["paid-reversal"] ?? "revoked", "--paid-reversal", [
      "revoked",
      "unnamed",
      "refund",
    ]),
    merchants: [merchantOf(values)],
    ...(tls === null ? {} : { tls }),
  };
}

interface Range {
  readonly low: number;
  readonly high: number;
  readonly whole: boolean;
}

const portRange: Range = { low: 0, high: 65_535, whole: true };

function numberOf(text: string, option: string, { low, high, whole }: Range): number {
  const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= low && value <= high && (!whole || Number.isInteger(value))) return value;
  throw new UsageError(
    `${option} takes a ${whole ? "whole " : ""}number from ${low} to ${high}, not "${text}".`,
  );
}

function oneOf<Value extends string>(text: string, option: string, values: readonly Value[]): Value {
  const value = values.find((one) => one === text);
  if (value !== undefined) return value;
  throw new UsageError(`${option} takes ${values.join(" or ")}, not "${text}".`);
}

function scenarioOf(name: string): Scenario {
  const scenario = scenarioNamed(name);
  if (scenario !== null) return scenario;
  const known = scenarios.map((one) => one.name);
  throw new UsageError(unknownName("scenario", name, known));
}

function merchantOf(values: Values): SandboxMerchant {
  const subMerchantId = values["sub-merchant-id"];
  const subAppId = values["sub-app-id"];
  if (subAppId !== undefined && subMerchantId === undefined) {
    throw new UsageError("--sub-app-id needs --sub-merchant-id.");
  }
  const keyFile = values["key-file"];
  return {
    appId: values["app-id"] ?? fixtureMerchant.appId,
    merchantId: values["merchant-id"] ?? fixtureMerchant.merchantId,
    apiKey: keyFile === undefined ? fixtureMerchant.apiKey : new ApiKey(textOf(keyFile).trim()),
    subMerchants:
      subMerchantId === undefined
        ? fixtureMerchant.subMerchants
        : [{ subMerchantId, subAppIds: subAppId === undefined ? [] : [subAppId] }],
  };
}

function tlsOf(values: Values): NonNullable<SandboxServerOptions["tls"]> | null {
  const { cert, key } = values;
  const clientCa = values["client-ca"];
  if (cert === undefined && key === undefined && clientCa === undefined) return null;
  if (cert === undefined || key === undefined || clientCa === undefined) {
    throw new UsageError("HTTPS needs all three of --cert, --key and --client-ca.");
  }
  return { cert: textOf(cert), key: textOf(key), clientCa: textOf(clientCa) };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new UsageError(`${path} cannot be read (${code}).`);
  }
}

function lineOf(note: CallNote): string {
  const words = [
    new Date(note.at).toISOString(),
    note.path,
    note.outTradeNo,
    note.amountFen === null ? null : `${formatYuan(note.amountFen)} CNY`,
    note.authCode === null ? null : note.authCode.toString(),
    `→ ${note.outcome}`,
    note.treatment === null ? null : `(${note.treatment})`,
  ];
  return words.filter((word) => word !== null).join(" ");
}

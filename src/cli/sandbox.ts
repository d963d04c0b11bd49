import { readFileSync } from "node:fs";
import { formatYuan } from "../core/kernel/fen.ts";
import type {
  HandledCall,
  RunningSandbox,
  ServeSandbox,
  ServeSettings,
  Story,
} from "../providers/sandbox.ts";
import type { Description } from "./description.ts";
import { exitStatus } from "./exit-status.ts";
import { type CommandIo, readOptions, UsageError, unknownName } from "./usage.ts";
import { scenarioOption, usualSandbox } from "./usual-sandbox.ts";

const { plays, command } = usualSandbox();

/** `scanbox sandbox`, as its help has it. */
export const description = {
  usage: ["scanbox sandbox [OPTIONS]"],
  about: [`Serves a look-alike of ${plays} (${command.calls}) on 127.0.0.1 until SIGINT or SIGTERM.`],
  options: {
    port: {
      type: "string",
      takes: "a whole number",
      about: "where it listens; a free port where absent",
    },
    "control-port": {
      type: "string",
      takes: "a whole number",
      about: "where it is controlled; a free port where absent",
    },
    scenario: scenarioOption("what happens to the orders charged from the start on (default: success)"),
    list: { type: "boolean", about: "print the scenarios and end; with --json as one JSON document" },
    json: { type: "boolean", about: "goes with --list" },
    "by-amount": {
      type: "boolean",
      about: "the last two digits of an amount choose the scenario (see --list)",
    },
    pace: {
      type: "string",
      value: "X",
      about: "multiplies all times of scenarios; 0.1 is ten times as quick (default: 1)",
    },
    ...command.options,
    cert: {
      type: "string",
      takes: "a file",
      about: "serve HTTPS with this certificate, with --key and --client-ca",
    },
    key: { type: "string", takes: "a file", about: "the key of the certificate" },
    "client-ca": {
      type: "string",
      takes: "a file",
      about: "the authority whose client certificates reversals then need",
    },
  },
  notes: [command.account, command.control],
} as const satisfies Description;

type Values = ReturnType<typeof readOptions<typeof description.options>>["values"];

type Own = Readonly<Record<string, string | undefined>>;

/** The options that every sandbox has, and the texts of those that only this one has. */
function readAll(args: readonly string[]): { readonly values: Values; readonly own: Own } {
  const { values } = readOptions(args, description.options);
  const given: ReadonlyMap<string, unknown> = new Map(Object.entries(values));
  const texts = Object.keys(command.options).flatMap((name): readonly (readonly [string, string])[] => {
    const text = given.get(name);
    return typeof text === "string" ? [[name, text]] : [];
  });
  return { values, own: Object.fromEntries(texts) };
}

/**
 * `scanbox sandbox`: serves the look-alike until SIGINT or SIGTERM, and prints every call that it handled as one
 * line.
 */
export async function sandboxCommand(
  args: readonly string[],
  io: Pick<CommandIo, "stdout" | "stderr">,
): Promise<number> {
  const { values, own } = readAll(args);
  if (values.list === true) {
    io.stdout.write(
      values.json === true ? `${JSON.stringify(usualSandbox().stories, null, 2)}\n` : scenarioTable(),
    );
    return exitStatus.done;
  }
  const settings = settingsOf(values);
  const serve = usualSandbox().optionsRead(own, textOf);
  if (!serve.ok) throw new UsageError(serve.reason);
  const observe = (call: HandledCall): void => void io.stdout.write(`${lineOf(call)}\n`);
  const server = await start(serve.value, { ...settings, observe });
  const stopped = new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  io.stdout.write(`sandbox: ${server.origin}\ncontrol: ${server.controlOrigin}\n`);
  await stopped;
  await server.close();
  return exitStatus.done;
}

async function start(serve: ServeSandbox, settings: ServeSettings): Promise<RunningSandbox> {
  try {
    return await serve(settings);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && "syscall" in error)) throw error;
    // Listening is the only system call here; a port that is taken or forbidden is for the caller to change.
    throw new UsageError(`The sandbox cannot listen: ${error.message}.`);
  }
}

/** The scenarios as people read them: an amount that ends in `cents` chooses one where amounts choose. */
function scenarioTable(): string {
  const { stories, families } = usualSandbox();
  const rows = stories.map(({ name, cents, ends, story }) => ({
    name,
    cents: cents === null ? "" : `.${cents}`,
    ends,
    story,
  }));
  const forms = families.map(({ form, story }) => ({ name: form, cents: "", ends: "", story }));
  return [{ name: "SCENARIO", cents: "CENTS", ends: "ENDS", story: "STORY" }, ...rows, ...forms]
    .map(
      ({ name, cents, ends, story }) => `${name.padEnd(19)} ${cents.padEnd(6)} ${ends.padEnd(9)} ${story}\n`,
    )
    .join("");
}

function settingsOf(values: Values): ServeSettings {
  const tls = tlsOf(values);
  return {
    port: numberOf(values.port ?? "0", "--port", portRange),
    controlPort: numberOf(values["control-port"] ?? "0", "--control-port", portRange),
    story: storyOf(values.scenario ?? "success"),
    pace: numberOf(values.pace ?? "1", "--pace", { low: 0.001, high: 1_000, whole: false }),
    byAmount: values["by-amount"] === true,
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

function storyOf(name: string): Story {
  const { stories, storyNamed } = usualSandbox();
  const story = storyNamed(name);
  if (story !== null) return story;
  const known = stories.map((one) => one.name);
  throw new UsageError(unknownName("scenario", name, known));
}

function tlsOf(values: Values): NonNullable<ServeSettings["tls"]> | null {
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

function lineOf({ at, path, outTradeNo, amountFen, code, outcome, treatment }: HandledCall): string {
  const words = [
    new Date(at).toISOString(),
    path,
    outTradeNo,
    amountFen === null ? null : `${formatYuan(amountFen)} CNY`,
    code === null ? null : code.toString(),
    `→ ${outcome}`,
    treatment === null ? null : `(${treatment.name})`,
  ];
  return words.filter((word) => word !== null).join(" ");
}

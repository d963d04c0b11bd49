import { readFileSync } from "node:fs";
import { formatYuan } from "../core/kernel/fen.ts";
import type {
  HandledCall,
  RunningSandbox,
  SandboxKind,
  ServeSandbox,
  ServeSettings,
  Story,
} from "../providers/sandbox.ts";
import { sandboxKinds } from "../providers/sandboxes.ts";
import type { Description } from "./description.ts";
import { exitStatus } from "./exit-status.ts";
import { type Stories, scenarioOption, usualSandbox } from "./sandboxes.ts";
import { type CommandIo, readOptions, UsageError, unknownName } from "./usage.ts";

const kinds = [...sandboxKinds];

/** The options that only some of them have; what is said of one names whose it is. */
const ownOptions = Object.fromEntries(
  kinds
    .flatMap(([, { command }]) => Object.entries(command.options))
    .map(([name, option]) => {
      const about = kinds.flatMap(([kind, { command }]) => {
        const own = command.options[name];
        return own === undefined ? [] : [`${kind}: ${own.about}`];
      });
      return [name, { ...option, about: about.join("; ") }];
    }),
);

/** `scanbox sandbox`, as its help has it. */
export const description = {
  usage: ["scanbox sandbox [OPTIONS]"],
  about: [
    `Serves a look-alike of a provider on 127.0.0.1 until SIGINT or SIGTERM: ${kinds
      .map(([, { plays, command }]) => `${plays} (${command.calls})`)
      .join(" or ")}.`,
  ],
  options: {
    provider: {
      type: "string",
      value: "KIND",
      words: [...sandboxKinds.keys()],
      about: `whose look-alike: ${[...sandboxKinds.keys()].join(" or ")} (default: ${kinds[0]?.[0]})`,
    },
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
    ...ownOptions,
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
  notes: kinds.flatMap(([kind, { command }]) => [
    `With --provider ${kind}:\n\n${command.account}`,
    command.control,
  ]),
} as const satisfies Description;

type Values = ReturnType<typeof readOptions<typeof description.options>>["values"];

type Own = Readonly<Record<string, string | undefined>>;

interface Given {
  readonly kind: SandboxKind;
  readonly values: Values;
  readonly own: Own;
}

/** Which sandbox, the options that every sandbox has, and the texts of those that only this one has. */
function readAll(args: readonly string[]): Given {
  const { values } = readOptions(args, description.options);
  const given: ReadonlyMap<string, unknown> = new Map(Object.entries(values));
  const kind = kindOf(values.provider);
  const texts = Object.keys(ownOptions).flatMap((name): readonly (readonly [string, string])[] => {
    const text = given.get(name);
    return typeof text === "string" ? [[name, text]] : [];
  });
  const foreign = texts.find(([name]) => !Object.hasOwn(kind.command.options, name));
  if (foreign !== undefined) throw new UsageError(`The sandbox of ${kind.plays} has no --${foreign[0]}.`);
  return { kind, values, own: Object.fromEntries(texts) };
}

function kindOf(name: string | undefined): SandboxKind {
  if (name === undefined) return usualSandbox();
  const kind = sandboxKinds.get(name);
  if (kind === undefined)
    throw new UsageError(`--provider takes ${[...sandboxKinds.keys()].join(" or ")}, not "${name}".`);
  return kind;
}

/**
 * `scanbox sandbox`: serves the look-alike until SIGINT or SIGTERM, and prints every call that it handled as one
 * line.
 */
export async function sandboxCommand(
  args: readonly string[],
  io: Pick<CommandIo, "stdout" | "stderr">,
): Promise<number> {
  const { kind, values, own } = readAll(args);
  if (values.list === true) {
    io.stdout.write(
      values.json === true ? `${JSON.stringify(kind.stories, null, 2)}\n` : scenarioTable(kind),
    );
    return exitStatus.done;
  }
  const settings = settingsOf(values, kind);
  const serve = kind.optionsRead(own, textOf);
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
function scenarioTable({ stories, families }: Stories): string {
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

function settingsOf(values: Values, stories: Stories): ServeSettings {
  const tls = tlsOf(values);
  return {
    port: numberOf(values.port ?? "0", "--port", portRange),
    controlPort: numberOf(values["control-port"] ?? "0", "--control-port", portRange),
    story: storyOf(values.scenario ?? "success", stories),
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

function storyOf(name: string, { stories, storyNamed }: Stories): Story {
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

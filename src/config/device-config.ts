/**
 * `device.config.json` read once at the boundary: from here on the configuration is one frozen value in which every key
 * has a value, or a complete list of what is wrong with the file.
 */
import * as z from "zod";
import type { Fen } from "../core/kernel/fen.ts";
import { isLoopbackOnly } from "../settings/fields.ts";
import type { Frozen } from "../settings/frozen.ts";
import { readJson } from "./json-text.ts";
import { problemsOf, sentenceOf } from "./problem.ts";
import { leastRestMs, relations, type Sections } from "./relations.ts";
import { deviceConfigSchema, type ParsedConfig } from "./schema.ts";

/** The configuration of one box, complete and frozen. Units are in the names; amounts are fen; pins are BCM numbers. */
export type DeviceConfig = Frozen<
  Omit<ParsedConfig, "box" | "amount" | "late" | "timing"> & {
    readonly box: ParsedConfig["box"] & { readonly store: string };
    readonly amount: Omit<ParsedConfig["amount"], "entry"> & {
      readonly entry: "implied" | "explicit";
      readonly maximum: Fen;
    };
    readonly late: "keep" | "reverse";
    readonly timing: Omit<ParsedConfig["timing"], "restMs"> & { readonly restMs: number };
    /** Whether every host is loopback: the floors did not bind, and no real money can move. */
    readonly loopbackOnly: boolean;
  }
>;

/** The answer to a configuration: the value, or every problem as a sentence with the path of its key. */
export type ConfigCheck =
  | { readonly ok: true; readonly config: DeviceConfig }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads the text of a `device.config.json`; opens no file that it names. */
export function checkConfig(text: string): ConfigCheck {
  const json = readJson(text);
  if ("fault" in json) {
    const { line, column, sentence } = json.fault;
    return { ok: false, problems: [`Line ${line}, column ${column}: ${sentence}`] };
  }
  // A file is read once: to compile its readers, as Zod does by itself, takes longer than to read with them.
  const parsed = deviceConfigSchema.safeParse(json.value, { error: sentenceOf, jitless: true });
  const sections = parsed.success ? parsed.data : readableSections(json.value);
  const problems = [
    ...(parsed.success ? [] : problemsOf(parsed.error.issues)),
    ...relations.flatMap((relation) => relation(sections)),
  ];
  if (!parsed.success || problems.length > 0) return { ok: false, problems };
  return { ok: true, config: freeze(resolve(parsed.data)) };
}

/** The JSON Schema (draft 2020-12) of the file, for editors; generated from what decodes it. */
export function configSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...rest } = z.toJSONSchema(deviceConfigSchema, { io: "input" });
  return { $schema, title: "scanbox device.config.json", ...rest };
}

/** The sections of a file with mistakes that are sound by themselves, so that relations between them are checked too. */
function readableSections(value: unknown): Sections {
  if (typeof value !== "object" || value === null) return {};
  const sections: Record<string, unknown> = {};
  for (const [key, section] of Object.entries(deviceConfigSchema.shape)) {
    const parsed = section.safeParse(Reflect.get(value, key));
    if (parsed.success) sections[key] = parsed.data;
  }
  return sections as Sections;
}

/** Fills in what depends on other keys. */
function resolve(parsed: ParsedConfig): DeviceConfig {
  const store = parsed.box.store ?? parsed.box.id;
  const hasPoint = parsed.keypad?.keys.join("").includes(".") ?? false;
  return {
    ...parsed,
    box: { ...parsed.box, store },
    amount: { ...parsed.amount, entry: parsed.amount.entry ?? (hasPoint ? "explicit" : "implied") },
    late: parsed.late ?? (parsed.outputs?.relay ? "reverse" : "keep"),
    timing: { ...parsed.timing, restMs: parsed.timing.restMs ?? leastRestMs(parsed.scanner) },
    loopbackOnly: isLoopbackOnly(parsed.providers.flatMap(({ hosts }) => hosts)),
  };
}

function freeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) freeze(inner);
    Object.freeze(value);
  }
  return value;
}

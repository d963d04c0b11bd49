import { readJson } from "../../config/json-text.ts";
import { deviceConfigSchema, type ParsedConfig } from "../../config/schema.ts";
import { type ProviderConfig, providerSettings } from "../../providers/settings.ts";
import { readConfigText } from "../config-file.ts";

/** The sections of a configuration that are sound by themselves; a section that could not be read is absent. */
export type Sections = Readonly<Partial<ParsedConfig>>;

/** Reads what can be read of a configuration, so that one mistake keeps no check from running that does not meet it. */
export function readSections(path: string): Sections {
  const file = readObject(path);
  const sections: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(deviceConfigSchema.shape)) {
    const parsed = schema.safeParse(Reflect.get(file, name));
    if (parsed.success) sections[name] = parsed.data;
  }
  // Each section was decoded by its own schema in the lines above.
  return sections as Sections;
}

/** The accounts that are sound by themselves, each with its place in the list. */
export function readEntries(path: string): readonly (readonly [index: number, entry: ProviderConfig])[] {
  const list: unknown = Reflect.get(readObject(path), "providers");
  if (!Array.isArray(list)) return [];
  return list.flatMap((given: unknown, index) => {
    const parsed = providerSettings.safeParse(given);
    return parsed.success ? [[index, parsed.data] as const] : [];
  });
}

/** What stands in the file; nothing where it is no JSON object. */
function readObject(path: string): object {
  const read = readConfigText(path);
  if (!read.ok) return {};
  const json = readJson(read.text);
  return "value" in json && typeof json.value === "object" && json.value !== null ? json.value : {};
}

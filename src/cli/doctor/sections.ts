import { readJson } from "../../config/json-text.ts";
import { deviceConfigSchema, type ParsedConfig } from "../../config/schema.ts";
import { readConfigText } from "../config-file.ts";

/** The sections of a configuration that are sound by themselves; a section that could not be read is absent. */
export type Sections = Readonly<Partial<ParsedConfig>>;

/** Reads what can be read of a configuration, so that one mistake keeps no check from running that does not meet it. */
export function readSections(path: string): Sections {
  const read = readConfigText(path);
  if (!read.ok) return {};
  const json = readJson(read.text);
  if (!("value" in json) || typeof json.value !== "object" || json.value === null) return {};
  const sections: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(deviceConfigSchema.shape)) {
    const parsed = schema.safeParse(Reflect.get(json.value, name));
    if (parsed.success) sections[name] = parsed.data;
  }
  // Each section was decoded by its own schema in the lines above.
  return sections as Sections;
}

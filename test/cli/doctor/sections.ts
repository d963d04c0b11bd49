import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSections, type Sections } from "../../../src/cli/doctor/sections.ts";

const example = join(import.meta.dirname, "../../../device.config.json");

/** The sections of the example configuration with these members at its top. */
export function sections(changes: object): Sections {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-doctor-"));
  const path = join(folder, "device.config.json");
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(example, "utf8")), ...changes }));
  try {
    const read = readSections(path);
    for (const name of Object.keys(changes)) assert.ok(name in read, `${name} is sound`);
    return read;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

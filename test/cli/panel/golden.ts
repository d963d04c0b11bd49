import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** SCANBOX_GOLDEN=write puts what is drawn in the place of what was agreed on; a person then looks at the difference. */
const writing = process.env.SCANBOX_GOLDEN === "write";

function pathOf(name: string): string {
  return join(import.meta.dirname, `${name}.txt`);
}

/** Whether the text is the one that was agreed on. */
export function isGolden(name: string, text: string): boolean {
  if (writing) writeFileSync(pathOf(name), text);
  return existsSync(pathOf(name)) && readFileSync(pathOf(name), "utf8") === text;
}

/** Asserts it, with the difference. */
export function assertGolden(name: string, text: string): void {
  if (isGolden(name, text)) return;
  const agreed = existsSync(pathOf(name)) ? readFileSync(pathOf(name), "utf8") : "";
  assert.equal(text, agreed, `${name}.txt`);
}

/** Whether what is drawn now is written rather than compared. */
export function isWriting(): boolean {
  return writing;
}

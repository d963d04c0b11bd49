/**
 * Runs test files inside the guest, one after the other since they share the pins; what came out goes to the console for
 * people and to results.jsonl in the shared folder, a line a test, for the count outside.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "node:test";
import { inspect } from "node:util";

const { HIL_DIR = ".", HIL_BOARD = "" } = process.env;
const files = process.argv.slice(2);
let failed = 0;

/** A file is ended after this, done or not, in milliseconds: whatever hangs ends as a failure that has its name. */
const FILE_MS = 900_000;

for await (const { type, data } of run({ files, concurrency: 1, timeout: FILE_MS })) {
  if ((type !== "test:pass" && type !== "test:fail") || data.details.type === "suite") continue;
  const name = HIL_BOARD === "" ? data.name : `${HIL_BOARD}: ${data.name}`;
  if (type === "test:fail") {
    failed += 1;
    const { error } = data.details;
    const why = inspect(error.cause ?? error);
    note({ name, outcome: "failed", why });
    console.log(`✖ ${name}\n${why}`);
  } else if (data.skip === undefined || data.skip === false) {
    note({ name, outcome: "passed", why: "" });
    console.log(`✔ ${name} (${data.details.duration_ms.toFixed(0)} ms)`);
  } else {
    note({ name, outcome: "skipped", why: String(data.skip) });
    console.log(`- ${name}: ${String(data.skip)}`);
  }
}
process.exit(failed === 0 ? 0 : 1);

function note(result: Readonly<Record<"name" | "outcome" | "why", string>>): void {
  appendFileSync(join(HIL_DIR, "results.jsonl"), `${JSON.stringify(result)}\n`);
}

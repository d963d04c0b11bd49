/** A process that asks for a rotation larger than what is left of its small disk, and says as JSON what came of it. */
import { closeSync, existsSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { argv, stdout } from "node:process";
import { SqliteWriter } from "../../src/links/sqlite/sqlite-writer.ts";
import type { StoredRow } from "../../src/runtime/ports.ts";

const ROWS = 4_000;

const directory = argv[2] ?? "";
const writer = new SqliteWriter(directory);
const opened = writer.open();
if (opened.kind !== "opened") throw new Error(opened.detail);

/** What the chain says of a row is not looked at here. */
function row(n: number, kind: "charging" | "money" | "segment", first?: number): StoredRow {
  const seq = kind === "segment" ? null : Math.min(n, ROWS + 1);
  const subject = kind === "segment" ? null : `order-${n}`;
  const body = JSON.stringify(first === undefined ? { text: "x".repeat(1_000) } : { first: { n: first } });
  return { n, seq, kind, subject, final: kind === "money", body, hash: "h" };
}

for (let n = 1; n <= ROWS; n += 500) {
  const error = writer.append(Array.from({ length: 500 }, (_, index) => row(n + index, "money")));
  if (error !== null) throw new Error(error);
}
writer.idle();

const ballast = openSync(join(directory, "ballast"), "w");
try {
  for (;;) writeSync(ballast, new Uint8Array(4_096));
} catch {
  // Full.
}
const count = (): number | undefined => writer.follow(0, 2 * ROWS)?.length;
const rotated = writer.rotate(row(ROWS + 1, "segment", ROWS + 1), ROWS + 1);
const reserved = existsSync(join(directory, "journal.reserve"));
const kept = count();
closeSync(ballast);
rmSync(join(directory, "ballast"));
const charged = writer.append([row(ROWS + 1, "charging"), { ...row(ROWS + 2, "money"), seq: ROWS + 2 }]);
const later = writer.rotate(row(ROWS + 3, "segment", ROWS + 1), ROWS + 1);
const left = count();
writer.close();
stdout.write(JSON.stringify({ rotated, reserved, kept, charged, later, left }));

/** What somebody may type behind `scanbox`: it is done, or a sentence says what is wrong with it. Never a stack. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { after } from "node:test";
import { runCli } from "../../src/cli/cli.ts";
import { type Case, fuzz } from "./fuzz.ts";

const folder = mkdtempSync(join(tmpdir(), "scanbox-fuzz-"));
const before = process.cwd();
// No configuration lies where commands look for one first.
process.chdir(folder);
after(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});
writeFileSync(join(folder, "broken.json"), '{"version": 1, "box": {"id": "box"}');
writeFileSync(join(folder, "bytes"), Buffer.from([0xff, 0x00, 0x80]));

/** Commands that change nothing and soon end, whatever they are told. */
const harmless = [
  "config",
  "journal",
  "version",
  "help",
  "status",
  "--version",
  "--help",
  "",
  "__proto__",
  "nothing",
] as const;

/** Commands that go on, ask, or move pins: each line of theirs has something that they refuse before they begin. */
const refusing = ["setup", "run", "demo", "sandbox", "simulate", "outputs-off", "doctor"] as const;
const refused = ["--nothing", "--no-config", "-x", "-\u0000", "--=", "--__proto__", "-é"] as const;

const words = [
  ...["check", "schema", "list", "show", "verify", "list", "rotate", "quarantine", "help", "now"],
  ...[
    "--help",
    "-h",
    "--json",
    "--open",
    "--limit",
    "--limit=0",
    "--limit=1e9",
    "--limit=-1",
    "--config",
    "--directory",
  ],
  ...[
    "--config=broken.json",
    "--config=bytes",
    "--config=.",
    "--config=/nowhere",
    "--directory=.",
    "--directory=bytes",
  ],
  ...[
    "--plain",
    "--pay",
    "--pay=0.01",
    "--code=1",
    "--scenario",
    "--scenario=x",
    "--seeds",
    "--seeds=1..2",
    "--seed=-1",
  ],
  ...[
    "--minutes=0",
    "--jobs=0",
    "--story",
    "--port=99999",
    "--host=::",
    "--pace=NaN",
    "--speed=0",
    "--display=1x1",
  ],
  ...[
    "--",
    "-",
    "--=",
    "=",
    "",
    " ",
    "\u0000",
    "\u001b[2J",
    "\ud800",
    "x".repeat(100_000),
    "--x=".repeat(1_000),
  ],
];

fuzz("every line of words ends with a proper status", async (one) => {
  const name: string = one.random.pick([...harmless, ...refusing]);
  const args = Array.from({ length: one.random.between(0, 5) }, () => wordOf(one));
  if (refusing.some((command) => command === name)) {
    // Behind "--" it would be a word like any other.
    const at = one.random.between(0, args.length);
    args.splice(at, 0, one.random.pick(refused));
    if (args.slice(0, at).some((word) => takesNext(word))) return;
  } else if (name === "journal" || name === "status") {
    args.push("--config=broken.json");
  }
  const stdout = new PassThrough({ encoding: "utf8" });
  const stderr = new PassThrough({ encoding: "utf8" });
  const status = await runCli([name, ...args], { stdout, stderr, stdin: new PassThrough() });
  const said = String(stderr.read() ?? "");
  assert.ok(
    [0, 1, 2, 3].includes(status),
    `${JSON.stringify([name, ...args])} ended with ${status}: ${said}`,
  );
  assert.doesNotMatch(said, /^\s+at .*:\d+:\d+/m);
  if (status === 2) assert.match(said, /\S/, JSON.stringify([name, ...args]).slice(0, 500));
});

/** Whether a word may swallow the one behind it, so that this is not seen as an option. */
function takesNext(word: string): boolean {
  return word === "--" || /^--?[^=]*$/.test(word);
}

function wordOf(one: Case): string {
  const word = one.random.pick(["check", ...words]);
  return one.random.chance(0.3) ? one.text(word, words) : word;
}

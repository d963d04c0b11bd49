/** What the help says is in the man page and in the completion, too. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { after, test } from "node:test";
import { manualPages } from "../../scripts/deb/manual.ts";
import { described, runCli } from "../../src/cli/cli.ts";
import { setups } from "../../src/simulator/exhaustive/setups.ts";

const commands = await described();

async function printed(...args: readonly string[]): Promise<string> {
  const stdout = new PassThrough({ encoding: "utf8" });
  const status = await runCli(args, { stdout, stderr: new PassThrough(), stdin: new PassThrough() });
  assert.equal(status, 0, args.join(" "));
  return String(stdout.read());
}

/** The commands and options that the help itself shows. */
async function shown() {
  const names = [...(await printed("--help")).matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name = ""]) => name);
  assert.ok(names.length > 10);
  return await Promise.all(
    names.map(async (name) => {
      const help = await printed(name, "--help");
      const options = [...help.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, option = ""]) => option);
      const typed = [...help.matchAll(/^(?:Usage: {1}| {7})scanbox .*$/gm)].flatMap(([way]) => [
        ...(way.match(/--[a-z-]+/g) ?? []),
      ]);
      for (const option of typed) assert.ok(options.includes(option), `${name} ${option}`);
      const actions = [...help.matchAll(/^(?:Usage: {1}| {7})scanbox \S+ ([a-z]+)/gm)].map(
        ([, word = ""]) => word,
      );
      return { name, options, actions };
    }),
  );
}

const folder = mkdtempSync(join(tmpdir(), "scanbox-completion-"));
after(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, "shop bill.csv"), "");
mkdirSync(join(folder, "state"));

const script = await printed("completion", "bash");

/** What bash offers for the last of these words, as it takes a line apart. */
function offered(...words: readonly string[]): readonly string[] {
  const { status, stdout, stderr } = spawnSync(
    "bash",
    [
      "--noprofile",
      "--norc",
      "-c",
      `eval "$1"; shift
complete -p scanbox >/dev/null || exit 1
COMP_WORDS=(scanbox "$@"); COMP_CWORD=$#
_scanbox
printf '%s\\n' "\${COMPREPLY[@]}"`,
      "bash",
      script,
      ...words,
    ],
    { cwd: folder, encoding: "utf8" },
  );
  assert.deepEqual([status, stderr], [0, ""]);
  return stdout.split("\n").filter((line) => line !== "");
}

test("bash is offered every command, and every action and option of each", async () => {
  const help = await shown();
  assert.deepEqual(offered(""), [...help.map(({ name }) => name), "help", "--help", "--version"]);
  for (const { name, options, actions } of help) {
    const all = offered(name, "");
    for (const word of [...actions, ...options, "--help"]) assert.ok(all.includes(word), `${name} ${word}`);
    assert.deepEqual(offered(name, "--"), [...options, "--help"]);
    assert.deepEqual(offered("help", name), [name]);
  }
});

test("bash is offered what an option takes: words, files, folders, or nothing", () => {
  assert.deepEqual(offered("demo", "--display", ""), ["16x2", "20x4"]);
  assert.deepEqual(offered("demo", "--plain", "--scenario", "paid-at"), ["paid-at-last"]);
  assert.deepEqual(offered("doctor", "--only", "c"), ["config", "credentials", "certificate", "clock"]);
  assert.deepEqual(offered("sandbox", "--unseen-reversal", "=", "f"), ["forget"]);
  assert.deepEqual(offered("sandbox", "--unseen-reversal", "="), ["tombstone", "forget"]);
  assert.deepEqual(offered("journal", "reconcile", "--bill", "s"), ["shop bill.csv", "state"]);
  assert.deepEqual(offered("journal", "list", "--directory", "s"), ["state"]);
  assert.deepEqual(offered("run", "--config", "=", "shop"), ["shop bill.csv"]);
  assert.deepEqual(offered("config", "check", "shop"), ["shop bill.csv"]);
  assert.deepEqual(offered("pay", "--ref", ""), []);
});

test("the kinds of small worlds that are offered are those that there are", () => {
  assert.deepEqual(
    new Set(offered("simulate", "--exhaustive", "--of", "")),
    new Set(setups.map(({ name }) => name)),
  );
});

for (const shell of ["zsh", "fish"])
  test(`${shell} is given every command, action and option`, async () => {
    const text = await printed("completion", shell);
    for (const { name, options, actions } of await shown()) {
      const lines =
        shell === "fish"
          ? text.split("\n").filter((line) => line.includes(`__fish_seen_subcommand_from ${name}`))
          : [text.slice(text.indexOf(`    ${name})\n`)).replace(/ ;;[\s\S]*/, "")];
      const own = lines.join("\n");
      for (const option of options)
        assert.ok(own.includes(shell === "fish" ? `-l ${option.slice(2)} ` : option), `${name} ${option}`);
      for (const action of actions) assert.match(own, new RegExp(`\\b${action}\\b`), `${name} ${action}`);
      assert.ok(text.includes(commands.find((one) => one.name === name)?.summary ?? "\0"), name);
    }
  });

test("a shell that is not known is refused", async () => {
  const stderr = new PassThrough({ encoding: "utf8" });
  const io = { stdout: new PassThrough(), stderr, stdin: new PassThrough() };
  assert.equal(await runCli(["completion", "bsh"], io), 2);
  assert.equal(await runCli(["completion"], io), 2);
  assert.equal(
    stderr.read(),
    'There is no shell "bsh"; did you mean "bash"? See: scanbox completion --help\n' +
      'Say "completion bash", "zsh" or "fish". See: scanbox completion --help\n',
  );
});

test("every command has a man page with its actions and options, and the first page lists it", async () => {
  const pages = await manualPages("2026-03-15");
  const read = (name: string): string =>
    (pages.get(name) ?? "").replaceAll("\\-", "-").replaceAll("\\e", "\\");
  for (const { name, options, actions } of await shown()) {
    const page = read(`scanbox-${name}.1`);
    for (const word of [...actions, ...options, "-h, --help"])
      assert.match(page, new RegExp(`^\\.TP\\n\\\\fB${word}\\b.*\\\\fR\\n\\S`, "m"), `${name} ${word}`);
    assert.match(read("scanbox.1"), new RegExp(`^\\\\fB${name}\\\\fR$`, "m"));
    assert.ok(read("scanbox.1").includes(`scanbox-${name}(1)`));
  }
  for (const { name, description } of commands)
    for (const meaning of Object.values(description.exit ?? {}))
      assert.ok(read(`scanbox-${name}.1`).includes(meaning), `${name}: ${meaning}`);
  assert.match(read("device.config.json.5"), /^\\fBproviders\[\]\.merchantId\\fR$/m);
});

test("no line of a man page is taken for a request that is none", async () => {
  const known = /^\.(?:TH|SH|PP|TP|nf|fi|nh|ad)\b/;
  for (const [name, page] of await manualPages("2026-03-15"))
    for (const line of page.split("\n")) {
      if (/^[.']/.test(line)) assert.match(line, known, name);
      assert.match(line, /^(?:[^\\]|\\(?:-|e|&|fB|fR))*$/, name);
    }
});

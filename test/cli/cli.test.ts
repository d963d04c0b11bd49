import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import test from "node:test";
import { runCli } from "../../src/cli/cli.ts";
import { loadConfig } from "../../src/cli/config.ts";
import { configPath, whoCouldWrite } from "../../src/cli/config-file.ts";
import { exitStatus } from "../../src/cli/exit-status.ts";
import { version } from "../../src/cli/version.ts";
import { clearWords } from "../../src/config/clear-broker.ts";
import { PATIENCE_MS } from "../e2e/until.ts";

const root = new URL("../../", import.meta.url).pathname;
const example = join(root, "device.config.json");

class Sink extends Writable {
  text = "";
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

async function scanbox(...args: string[]) {
  const stdout = new Sink();
  const stderr = new Sink();
  const status = await runCli(args, { stdout, stderr, stdin: new PassThrough() });
  return { status, stdout: stdout.text, stderr: stderr.text };
}

test("the exit statuses are the ones of the contract", () => {
  assert.deepEqual(exitStatus, { done: 0, no: 1, usage: 2, unknown: 3, defect: 70 });
});

test("--help lists the commands on stdout; no command at all is wrong usage", async () => {
  const asked = await scanbox("--help");
  assert.equal(asked.status, 0);
  assert.match(asked.stdout, /^ {2}config .+\n {2}completion .+\n {2}version .+$/m);
  const nothing = await scanbox();
  assert.deepEqual(nothing, { status: 2, stdout: "", stderr: asked.stdout });
});

test("every listed command has a help of its own, asked for either way", async () => {
  const names = [...(await scanbox("--help")).stdout.matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(
    ([, name = ""]) => name,
  );
  assert.ok(names.length >= 2);
  for (const name of names) {
    const help = await scanbox(name, "--help");
    assert.equal(help.status, 0);
    assert.match(help.stdout, new RegExp(`^Usage: scanbox ${name}\\b`));
    assert.deepEqual(await scanbox("help", name), help);
    assert.deepEqual(await scanbox(name, "-h", "--nothing"), help);
  }
  const { status } = await scanbox("version", "--", "--help");
  assert.equal(status, 2, "behind -- it is a word");
});

test("help fits a terminal, and keeps a term that is too long for its column on a line of its own", async () => {
  for (const name of ["doctor", "journal", "pay", "run"]) {
    const { stdout } = await scanbox(name, "--help");
    const [, ...lines] = stdout.slice(stdout.indexOf("\n\n")).split("\n");
    for (const line of lines) assert.ok(line.length <= 80, line);
  }
  const { stdout } = await scanbox("sandbox", "--help");
  assert.match(stdout, /^ {2}--pace X {14}multiplies .*\n {24}quick/m);
  assert.match(stdout, /^ {2}--paid-reversal revoked\|unnamed\|refund\n {24}wechat-v2: what /m);
});

test("the list of commands names whatever the journal can do, and the changes name every command", async () => {
  const { stdout: list } = await scanbox("--help");
  const [line = ""] = /^ {2}journal .+$/m.exec(list) ?? [];
  const { stdout: help } = await scanbox("journal", "--help");
  const actions = [...help.matchAll(/scanbox journal ([a-z]+)/g)].map(([, action = ""]) => action);
  assert.ok(actions.length > 4);
  for (const action of actions) assert.match(line, new RegExp(`\\b${action}\\b`));
  const changes = readFileSync(join(root, "CHANGELOG.md"), "utf8");
  for (const [, name = ""] of list.matchAll(/^ {2}([a-z-]+) {2,}/gm))
    assert.match(changes, new RegExp(`\`${name}(?: [a-z|]+)?\``), name);
});

const wrong: readonly (readonly [string[], string])[] = [
  [["vesion"], 'There is no command "vesion"; did you mean "version"? See: scanbox --help\n'],
  [["toString"], 'There is no command "toString". See: scanbox --help\n'],
  [["surgeon"], 'There is no command "surgeon". See: scanbox --help\n'],
  [["help", "vesion"], 'There is no command "vesion"; did you mean "version"? See: scanbox --help\n'],
  [["version", "--jsn"], 'There is no option "--jsn"; did you mean "--json"? See: scanbox version --help\n'],
  [["version", "-x"], 'There is no option "-x". See: scanbox version --help\n'],
  [["version", "now"], '"now" is one word too many. See: scanbox version --help\n'],
  [["config"], 'Say "config check [FILE]" or "config schema". See: scanbox config --help\n'],
  [
    ["config", "chek"],
    'There is no config command "chek"; did you mean "check"? See: scanbox config --help\n',
  ],
  [
    ["journal", "lits"],
    'There is no journal command "lits"; did you mean "list"? See: scanbox journal --help\n',
  ],
  [["config", "schema", "x"], '"x" is one word too many. See: scanbox config --help\n'],
];

for (const [args, sentence] of wrong) {
  test(`scanbox ${args.join(" ")} ends with status 2 and: ${sentence.trim()}`, async () => {
    assert.deepEqual(await scanbox(...args), { status: 2, stdout: "", stderr: sentence });
  });
}

for (const [args, sentence] of [
  [["config", "check", "--config"], "--config takes a file."],
  [["run", "--config"], "--config takes a file."],
  [["run", "--config", "--json"], "--config takes a file."],
  [["journal", "list", "--limit"], "--limit takes a whole number from 1."],
  [["journal", "list", "--limit", "-1"], "--limit takes a whole number from 1."],
  [["journal", "list", "--limit", "0"], "--limit takes a whole number from 1."],
  [["journal", "list", "--json", "--limit", "-1"], "--limit takes a whole number from 1."],
  [["pay", "1.00", "--ref"], "--ref takes a value."],
  [["version", "--json=yes"], "--json takes no value."],
] as const)
  test(`scanbox ${args.join(" ")} is told what the option takes`, async () => {
    const { status, stderr } = await scanbox(...args);
    assert.deepEqual([status, stderr], [2, `${sentence} See: scanbox ${args[0]} --help\n`]);
  });

test("run says which journal ends it with 1, and which with 2, as a wrong configuration does", async () => {
  const { stdout } = await scanbox("run", "--help");
  assert.match(
    stdout.replaceAll("\n", " "),
    / 1 the journal .* another process has it .* 2 .* journal is damaged/,
  );
});

test("version prints what package.json says and that it runs from sources, as text and as JSON", async () => {
  const { version: packaged } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  assert.equal(version, `${packaged}+sources`);
  assert.match(
    (await scanbox("version")).stdout,
    new RegExp(`^scanbox ${packaged}\\+sources \\(Node.js v24\\.`),
  );
  assert.equal(JSON.parse((await scanbox("version", "--json")).stdout).version, version);
  assert.deepEqual(await scanbox("--version"), await scanbox("version"));
});

test("config check says nothing on stderr where the file is in order", async () => {
  assert.deepEqual(await scanbox("config", "check", example), {
    status: 0,
    stdout: `${example} is in order.\n`,
    stderr: "",
  });
});

test("config check warns of a broker on another machine that is told everything in the clear", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "device.config.json");
  const config = JSON.parse(readFileSync(example, "utf8"));
  const check = async (url: string) => {
    writeFileSync(file, JSON.stringify({ ...config, mqtt: { url } }));
    return await scanbox("config", "check", file);
  };
  const inOrder = { status: 0, stdout: `${file} is in order.\n` };
  assert.deepEqual(await check("mqtt://broker.example"), {
    ...inOrder,
    stderr: `${file}: warning: ${clearWords}\n`,
  });
  for (const url of ["mqtts://broker.example", "mqtt://127.0.0.1:1883"])
    assert.deepEqual(await check(url), { ...inOrder, stderr: "" }, url);
});

test("config check gives one sentence a line on stderr for each problem, and status 2", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "device.config.json");
  writeFileSync(file, readFileSync(example, "utf8").replace('"en"', '"fr"').replace("9600", "9601"));
  const { status, stdout, stderr } = await scanbox("config", "check", "--config", file);
  assert.deepEqual([status, stdout], [2, ""]);
  assert.deepEqual(
    stderr.split("\n").map((line) => line.split(": ", 2)),
    [[file, "box.language"], [file, "scanner.baudRate"], [""]],
  );
});

test("ten mistakes planted in the example are ten sentences", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "device.config.json");
  const mistakes: readonly (readonly [right: string, wrong: string, path: string])[] = [
    ['"id": "box-000123"', '"id": "b"', "box.id"],
    ['"language": "en"', '"language": "fr"', "box.language"],
    ['"merchantId": "1900000109"', '"merchantId": "19-109"', "providers[0].merchantId"],
    ['"signType": "HMAC-SHA256"', '"signType": "SHA1"', "providers[0].signType"],
    ['"maximum": "3000.00"', '"maximum": "3000.005"', "amount.maximum"],
    ['"baudRate": 9600', '"baudRate": 9601', "scanner.baudRate"],
    ['"rows": 2', '"rows": 3', "display.rows"],
    ['"mqtts://broker.example:8883"', '"https://broker.example"', "mqtt.url"],
    ['"retentionDays": 400', '"retentionDays": 0', "journal.retentionDays"],
    ['"late": "keep"', '"late": "sometimes"', "late"],
  ];
  let text = readFileSync(example, "utf8");
  for (const [right, wrong] of mistakes) {
    assert.equal(text.split(right).length, 2, right);
    text = text.replace(right, wrong);
  }
  writeFileSync(file, text);
  const { status, stderr } = await scanbox("config", "check", file);
  assert.equal(status, 2);
  const lines = stderr.trimEnd().split("\n");
  const found = new Set(lines.map((line) => line.split(": ")[1]));
  assert.deepEqual(found, new Set(mistakes.map(([, , path]) => path)));
  assert.equal(lines.length, mistakes.length);
  for (const line of lines) assert.match(line, /\.$/, "a problem is a sentence");
});

test("a configuration that is not there or not JSON is a problem with a remedy", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-"));
  t.after(() => rmSync(folder, { recursive: true }));
  assert.deepEqual(loadConfig(join(folder, "none")), {
    ok: false,
    problems: [`There is no file ${folder}/none; name another with --config FILE.`],
  });
  assert.deepEqual(loadConfig(folder), { ok: false, problems: [`${folder} cannot be read (EISDIR).`] });
  writeFileSync(join(folder, "broken"), '{\n  "version": 1,\n}');
  assert.deepEqual(loadConfig(join(folder, "broken")), {
    ok: false,
    problems: [`${folder}/broken: Line 3, column 1: a key in double quotes (") is expected here.`],
  });
});

test("a configuration in another encoding is refused, and the file is named", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "gbk.json");
  const text = readFileSync(example, "utf8");
  const [before = "", after = ""] = text.split('"store": "');
  // What an editor in GBK writes for a shop.
  const gbk = Buffer.from([0xd0, 0xa1, 0xb5, 0xea]);
  writeFileSync(file, Buffer.concat([Buffer.from(`${before}"store": "`), gbk, Buffer.from(after)]));
  const line = before.split("\n").length;
  assert.deepEqual(loadConfig(file), {
    ok: false,
    problems: [`${file} is not UTF-8 in line ${line}, perhaps GBK: save it as UTF-8.`],
  });
  writeFileSync(file, `\ufeff${text}`);
  assert.ok(loadConfig(file).ok, "a mark in front is nothing wrong");
});

test("root follows no configuration that others could have written, or put where it stands", () => {
  const roots = { uid: 0, gid: 0, mode: 0o100644 };
  const folder = { path: "/etc/scanbox", uid: 0, gid: 997, mode: 0o40750 };
  const refusal = (file: object, one: object = {}): string | null =>
    whoCouldWrite({ ...roots, ...file }, [{ ...folder, ...one }]);
  assert.equal(refusal({}), null);
  assert.equal(refusal({ gid: 997, mode: 0o100640 }), null, "whom root lets read cannot write");
  assert.equal(refusal({ mode: 0o100664 }), null, "root's own group is root");
  assert.equal(refusal({}, { path: "/tmp", mode: 0o41777 }), null, "nobody replaces root's file there");
  for (const file of [{ uid: 1000 }, { mode: 0o100646 }, { gid: 997, mode: 0o100660 }])
    assert.match(refusal(file) ?? "", /^others could have written it; as root, /);
  for (const one of [{ uid: 1000 }, { mode: 0o40770 }, { mode: 0o40757 }, { uid: 1000, mode: 0o41777 }])
    assert.match(refusal({}, one) ?? "", /^others may write into \/etc\/scanbox; as root, /);
});

test("no configuration at either usual place is told as that, with what writes one", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-"));
  const before = process.cwd();
  process.chdir(folder);
  t.after(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });
  const elsewhere = existsSync("/etc/scanbox/device.config.json");
  const checked = loadConfig(configPath(undefined));
  if (!elsewhere)
    assert.deepEqual(checked, {
      ok: false,
      problems: [
        'There is neither ./device.config.json nor /etc/scanbox/device.config.json; "scanbox setup" writes one.',
      ],
    });
  assert.deepEqual(loadConfig("other.json"), {
    ok: false,
    problems: ["There is no file other.json; name another with --config FILE."],
  });
});

test("as root, a configuration of somebody else's is refused where it lies in the folder of the day, and not passed over", {
  skip: process.getuid?.() === 0 ? false : "needs root",
}, (t) => {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-"));
  const before = process.cwd();
  t.after(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, "device.config.json");
  writeFileSync(file, readFileSync(example));
  process.chdir(folder);
  assert.ok(loadConfig(configPath(undefined)).ok);
  chownSync(file, 65_534, 65_534);
  const [why = ""] = problemsIn(loadConfig(configPath(undefined)));
  assert.match(why, /^\.\/device\.config\.json: others could have written it; /);
  chownSync(file, 0, 0);
  chownSync(folder, 65_534, 65_534);
  const [where = ""] = problemsIn(loadConfig(configPath(undefined)));
  assert.ok(where.startsWith(`./device.config.json: others may write into ${folder}; `), where);
  symlinkSync(file, join(folder, "link.json"));
  assert.notDeepEqual(problemsIn(loadConfig(join(folder, "link.json"))), []);
});

function problemsIn(checked: ReturnType<typeof loadConfig>): readonly string[] {
  return checked.ok ? [] : checked.problems;
}

test("--config comes before the usual places", () => {
  assert.equal(configPath("/x.json"), "/x.json");
  assert.match(configPath(undefined), /^(?:\.|\/etc\/scanbox)\/device\.config\.json$/);
});

test("config schema prints the schema that editors are given", async () => {
  const { status, stdout } = await scanbox("config", "schema");
  assert.equal(status, 0);
  assert.equal(stdout, readFileSync(join(root, "src/config/device.config.schema.json"), "utf8"));
});

test("the program itself ends with the status of its command", () => {
  const run = (command: string) => spawnSync("/bin/sh", ["-c", command], { cwd: root, encoding: "utf8" });
  const main = `"${process.execPath}" src/main.ts`;
  assert.equal(run(`${main} vesion`).status, 2);
  assert.equal(
    run(`${main} version`).stdout,
    `scanbox ${version} (Node.js ${process.version}, ${process.platform} ${process.arch})\n`,
  );
});

test("a command ends quietly where the reader of its output is gone", () => {
  const command = `{ "${process.execPath}" src/main.ts sandbox; echo "status $?" >&2; } | true`;
  const { stderr } = spawnSync("/bin/sh", ["-c", command], {
    cwd: root,
    encoding: "utf8",
    timeout: PATIENCE_MS,
  });
  assert.equal(stderr, "status 0\n");
});

test("a command that had its answer keeps its status where nobody reads it", () => {
  const command = `{ "${process.execPath}" src/main.ts status --config device.config.json; echo "status $?" >&2; } | true`;
  const { stderr } = spawnSync("/bin/sh", ["-c", command], {
    cwd: root,
    encoding: "utf8",
    timeout: PATIENCE_MS,
  });
  assert.equal(stderr, "status 1\n");
});

test("a command whose output cannot be written says so, and does not end as if all were well", () => {
  for (const args of ["version", "version --json", "config schema", "--help"]) {
    const command = `"${process.execPath}" src/main.ts ${args} >/dev/full`;
    const { status, stderr } = spawnSync("/bin/sh", ["-c", command], { cwd: root, encoding: "utf8" });
    assert.deepEqual(
      [status, stderr],
      [3, "The output cannot be written: ENOSPC: no space left on device, write\n"],
      args,
    );
  }
});

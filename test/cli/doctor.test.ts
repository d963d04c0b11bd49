import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { helpText } from "../../src/cli/description.ts";
import { description, doctorCommand } from "../../src/cli/doctor/doctor.ts";
import { areas, examine } from "../../src/cli/doctor/examination.ts";
import { type Finding, fault, note, ok, warning } from "../../src/cli/doctor/finding.ts";
import { reportText } from "../../src/cli/doctor/report.ts";
import { type Area, Subject } from "../../src/cli/doctor/subject.ts";
import { UsageError } from "../../src/cli/usage.ts";
import { levelsOf } from "./doctor/sound.ts";

const folder = mkdtempSync(join(tmpdir(), "scanbox-doctor-"));
test.after(() => rmSync(folder, { recursive: true }));
const nowhere = join(folder, "none.json");

async function doctor(...args: readonly string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const status = await doctorCommand(args, { stdout, stderr, stdin: new PassThrough() });
  const text = (stream: PassThrough): string => String(stream.read() ?? "");
  return { status, stdout: text(stdout), stderr: text(stderr) };
}

test("the help lists every area, and says what each exit status means", () => {
  const stdout = helpText(description);
  for (const { name } of areas) assert.match(stdout, new RegExp(`^ {2}${name} +\\S`, "m"));
  assert.match(stdout, /Exit status: 0 .* 1 .* 2 /s);
});

test("areas are named with blanks, with commas or one by one, and a wrong name is wrong usage", async () => {
  const checks = async (...args: readonly string[]): Promise<readonly string[]> => {
    const { stdout } = await doctor("--json", ...args, "--config", nowhere);
    return JSON.parse(stdout).findings.map(({ check }: Finding) => check.replace(/\..*/, ""));
  };
  const both = new Set(["machine", "clock"]);
  assert.deepEqual(new Set(await checks("--only", "machine", "clock")), both);
  assert.deepEqual(new Set(await checks("--only", "machine,clock")), both);
  assert.deepEqual(new Set(await checks("--only", "clock", "--only", "machine")), both);
  await assert.rejects(
    doctor("--only", "clok"),
    new UsageError('There is no area "clok"; did you mean "clock"?'),
  );
  await assert.rejects(doctor("clock"), new UsageError('"clock" is one word too many.'));
  await assert.rejects(doctor("--only", ","), UsageError);
});

test("areas that --quick leaves out, and no others, are no examination", async () => {
  const sentence = "--quick leaves out everything that --only names.";
  for (const only of ["provider", "provider,mqtt"])
    await assert.rejects(doctor("--quick", "--only", only), new UsageError(sentence));
  const { stdout } = await doctor("--json", "--quick", "--only", "provider,machine", "--config", nowhere);
  assert.ok(JSON.parse(stdout).findings.length > 0);
});

test("a broker on another machine that is told everything in the clear is warned of", async () => {
  const example = JSON.parse(readFileSync(new URL("../../device.config.json", import.meta.url), "utf8"));
  const file = join(folder, "clear.json");
  const levels = async (url: string): Promise<readonly string[]> => {
    writeFileSync(file, JSON.stringify({ ...example, mqtt: { url } }));
    const { stdout } = await doctor("--json", "--only", "config", "--config", file);
    return levelsOf(JSON.parse(stdout).findings).filter((finding) => finding.startsWith("config.mqtt"));
  };
  assert.deepEqual(await levels("mqtt://broker.example"), ["config.mqtt warning"]);
  assert.deepEqual(await levels("mqtts://broker.example"), []);
});

test("without a configuration all of the rest is looked at, and the status is 2", async () => {
  const { status, stdout, stderr } = await doctor("--config", nowhere);
  assert.equal(status, 2);
  assert.equal(stderr, "");
  assert.match(stdout, /^✗ config\.problem +There is no file .*none\.json/m);
  assert.match(stdout, /^. machine\.system /m);
  assert.match(stdout, /^– provider\.probe +No provider was asked/m);
  assert.match(stdout, /^Wrong: config\.problem/m);
});

test("a question that no configuration can change is answered without one", async () => {
  const { status, stdout } = await doctor("--json", "--only", "machine", "--config", nowhere);
  assert.equal(status, 0);
  assert.ok(JSON.parse(stdout).findings.every(({ check }: Finding) => check.startsWith("machine.")));
});

test("one mistake in the configuration keeps no other section from its check", async () => {
  const config = join(folder, "mistake.json");
  const directory = join(folder, "journal");
  writeFileSync(
    config,
    JSON.stringify({
      version: 1,
      box: { id: "box-7" },
      amount: { source: "fixed", fixed: "1.00" },
      journal: { directory },
      scanner: { path: 7 },
    }),
  );
  const { status, stdout } = await doctor("--json", "--quick", "--config", config);
  const { box, version, findings } = JSON.parse(stdout);
  assert.equal(status, 2);
  assert.equal(box, "box-7");
  assert.match(version, /^\d+\.\d+\.\d+/);
  const levels = levelsOf(findings);
  assert.equal(
    levels.filter((one) => one === "config.problem fault").length,
    2,
    "providers and scanner.path",
  );
  assert.ok(levels.includes("disk.folder note"), "the journal's folder is looked at");
  assert.ok(
    !levels.some((one) => one.startsWith("provider.") || one.startsWith("mqtt.")),
    "--quick asks nobody",
  );
});

test("an account that is wrong hides nothing of the others", async () => {
  const config = join(folder, "accounts.json");
  const key = join(folder, "api-key");
  writeFileSync(key, "fixturekeyfixturekeyfixturekey0", { mode: 0o600 });
  const none = { file: join(folder, "none.pem") };
  const account = { kind: "wechat-v2", appId: "wx1", merchantId: "1", apiKey: { file: key } };
  const sound = { ...account, id: "wechat", certificate: { cert: none, key: none } };
  writeFileSync(config, JSON.stringify({ version: 1, providers: [{ ...account, id: 5 }, sound] }));
  const { stdout } = await doctor("--quick", "--only", "credentials,api-key", "--config", config);
  assert.match(stdout, /^✗ config\.problem .*: providers\[0\]\.id: must be a text, got 5/m);
  assert.match(stdout, /^✗ credentials\.readable +providers\[1\]\.certificate\.cert: .*does not exist/m);
  assert.match(stdout, /^! api-key\.shape +providers\[1\]\.apiKey has 31 characters; such keys have 32\./m);
  assert.match(stdout, /→ Is it the API key of v2/);
});

function area(name: string, more: Partial<Area>): Area {
  const nothing = { about: "", network: false, configured: false, examine: () => [] };
  return { name, ...nothing, ...more };
}

const everything = { only: null, quick: false };
const subject = new Subject(nowhere);

test("the network is asked while the rest is looked at, and the order of the output stays", async () => {
  const events: string[] = [];
  const slow = area("slow", {
    network: true,
    examine: async () => {
      events.push("asked");
      await sleep(1);
      events.push("answered");
      return [ok("slow.one", "It is.")];
    },
  });
  const quick = area("quick", {
    examine: () => {
      events.push("looked");
      return [ok("quick.one", "It is.")];
    },
  });
  const left: (readonly string[])[] = [];
  const findings = await examine(subject, everything, (names) => left.push(names), [slow, quick]);
  assert.deepEqual(levelsOf(findings), ["slow.one ok", "quick.one ok"]);
  assert.deepEqual(events, ["asked", "looked", "answered"]);
  assert.deepEqual(left, [["slow", "quick"], ["slow"], []]);
  const offline = await examine(subject, { only: null, quick: true }, () => {}, [slow, quick]);
  assert.deepEqual(levelsOf(offline), ["quick.one ok"]);
});

test("a check that breaks is a fault of its own, and the others still run", async () => {
  const broken = area("broken", {
    examine: () => {
      throw new TypeError("x is not a function");
    },
  });
  const sound = area("sound", { examine: () => [ok("sound.one", "It is.")] });
  const findings = await examine(subject, everything, () => {}, [broken, sound]);
  assert.deepEqual(levelsOf(findings), ["broken.examination fault", "sound.one ok"]);
  assert.match(findings[0]?.found ?? "", /TypeError: x is not a function/);
});

test("a configuration that nobody asked about is told only where it is wrong and matters", async () => {
  const config = (findings: readonly Finding[]) => area("config", { examine: () => findings });
  const depends = area("depends", { configured: true });
  const free = area("free", {});
  const told = async (name: string, ...findings: readonly Finding[]): Promise<readonly string[]> =>
    levelsOf(
      await examine(subject, { only: [name], quick: false }, () => {}, [config(findings), depends, free]),
    );
  const [right, wrong] = [ok("config.file", "It is."), fault("config.problem", "It is not.", "Do.")];
  assert.deepEqual(await told("depends", right), []);
  assert.deepEqual(await told("depends", wrong), ["config.problem fault"]);
  assert.deepEqual(await told("free", wrong), []);
  assert.deepEqual(await told("config", right), ["config.file ok"]);
});

test("people get a line for each finding, what to do below it, and one sentence at the end", () => {
  const findings = [
    ok("a.one", "It is."),
    note("a.note", "By the way."),
    note("b.note", "Well.", "Think."),
    warning("b.soon", "It fades.", "Renew it."),
    fault("c.wrong", "It broke.", "Mend it."),
    fault("c.wrong", "So did this.", "Mend it too."),
  ];
  assert.equal(
    reportText(findings, false),
    [
      "✓ a.one    It is.",
      "– a.note   By the way.",
      "– b.note   Well.",
      "           → Think.",
      "! b.soon   It fades.",
      "           → Renew it.",
      "✗ c.wrong  It broke.",
      "           → Mend it.",
      "✗ c.wrong  So did this.",
      "           → Mend it too.",
      "",
      "Wrong: c.wrong; worth a look: b.soon.\n",
    ].join("\n"),
  );
  assert.match(reportText(findings.slice(0, 1), true), /\nNothing is wrong in 1 findings\. The network was/);
});

test("names that others chose cannot steer the terminal", () => {
  const text = reportText([note("provider.tls", "By \u001b[2J\u202eEvil\nCA.")], false);
  assert.match(text, /By \?\[2J\?Evil\?CA\./);
});

test("a person is told what is waited for, a program is not", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const run = async (...args: readonly string[]): Promise<string> => {
    const stderr = new PassThrough();
    const io = { stdout: new PassThrough(), stderr, stdin: new PassThrough() };
    const done = doctorCommand([...args, "--only", "packages", "--config", nowhere], io);
    t.mock.timers.tick(1_000);
    await done;
    return String(stderr.read() ?? "");
  };
  assert.match(await run(), /^Still looking at: .*packages …\n$/);
  assert.equal(await run("--json"), "");
});

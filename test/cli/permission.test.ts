/** What commands say to a user who may not read the journal. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { realJournal } from "../journal/real.ts";

const root = new URL("../../", import.meta.url).href;

/** Runs a command after root, who may read everything, has become nobody; the sources may be root's alone too. */
const asNobody = `
  for (const name of ["status", "journal/journal", "journal/quarantine", "journal/rotate", "journal/reconcile", "doctor/doctor"])
    await import("${root}src/cli/" + name + ".ts");
  const { runCli } = await import("${root}src/cli/cli.ts");
  if (process.getuid() === 0) process.setgroups([]), process.setgid(65534), process.setuid(65534);
  process.exitCode = await runCli(process.argv.slice(1), process);
`;

describe("a user who may not read the journal", () => {
  let directory = "";
  let journal = "";
  let configFile = "";

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "scanbox-permission-"));
    chmodSync(directory, 0o755);
    journal = join(directory, "journal");
    configFile = join(directory, "device.config.json");
    const config = JSON.parse(readFileSync(new URL("device.config.json", root), "utf8")) as object;
    writeFileSync(configFile, JSON.stringify({ ...config, journal: { directory: journal } }));
    mkdirSync(journal);
    const { journal: written } = await realJournal(journal);
    await new Promise<void>((resolve) => {
      written.close(resolve);
    });
    chmodSync(journal, 0o000);
  });

  after(() => {
    chmodSync(journal, 0o700);
    rmSync(directory, { recursive: true, force: true });
  });

  function scanbox(...args: readonly string[]) {
    const node = ["--input-type=module", "--eval", asNobody, ...args, "--config", configFile];
    const env = { ...process.env, RUNTIME_DIRECTORY: "" };
    const { status, stdout, stderr } = spawnSync(process.execPath, node, { encoding: "utf8", env });
    return { status, stdout, stderr };
  }

  const sentence = (): string => `This user may not read ${journal}: use sudo`;

  for (const args of [
    ["list"],
    ["list", "--open"],
    ["show", "0001"],
    ["verify"],
    ["reconcile", "--bill", "bill.txt"],
  ])
    it(`hears so from journal ${args.join(" ")}`, () => {
      writeFileSync(
        join(directory, "bill.txt"),
        readFileSync(new URL("test/providers/wechat-v2/fixtures/bill-all.txt", root)),
      );
      const bill = args.map((arg) => (arg === "bill.txt" ? join(directory, arg) : arg));
      assert.deepEqual(scanbox("journal", ...bill), { status: 1, stdout: "", stderr: `${sentence()}.\n` });
    });

  it("hears so from journal quarantine, which does nothing", () => {
    const stderr = `${sentence()}; nothing was done.\n`;
    assert.deepEqual(scanbox("journal", "quarantine"), { status: 1, stdout: "", stderr });
  });

  it("hears so from status, which does not say that no order is open", () => {
    const { status, stdout, stderr } = scanbox("status");
    assert.deepEqual([status, stderr], [1, ""]);
    assert.ok(stdout.includes(`         ${sentence()}.\n`), stdout);
    assert.match(stdout, /^orders {3}not known: /m);
    const json = JSON.parse(scanbox("status", "--json").stdout) as { orders: unknown };
    assert.equal(json.orders, null);
  });

  it("hears so from the doctor, who does not take it for a box that has no journal yet", () => {
    const { stdout } = scanbox("doctor", "--only", "journal", "--json");
    const { findings } = JSON.parse(stdout) as {
      findings: { check: string; level: string; found: string }[];
    };
    const tail = findings.find(({ check }) => check === "journal.tail");
    assert.deepEqual([tail?.level, tail?.found], ["fault", `${sentence()}.`]);
  });
});

describe("a user who may not read the configuration", () => {
  it("is told so with what helps, and not that there is none", () => {
    const directory = mkdtempSync(join(tmpdir(), "scanbox-permission-"));
    try {
      chmodSync(directory, 0o755);
      const folder = join(directory, "closed");
      mkdirSync(folder, { mode: 0o700 });
      const file = join(folder, "device.config.json");
      writeFileSync(file, "{}");
      for (const [cwd, shown] of [
        [directory, file],
        [folder, "./device.config.json"],
      ] as const) {
        const args = cwd === folder ? ["status"] : ["status", "--config", file];
        const node = ["--input-type=module", "--eval", asNobody, ...args];
        const said = spawnSync(process.execPath, node, { encoding: "utf8", cwd });
        assert.deepEqual([said.status, said.stderr], [2, `This user may not read ${shown}: use sudo.\n`]);
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

// Goal: a provider can be taken out of the house. Method: its folder is deleted in a copy of the sources, with its line in each
// list of providers; what is left must compile, and what misses the folder must not.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import test, { type TestContext } from "node:test";

const root = join(import.meta.dirname, "..");

/** Where each provider has its one line. */
const registers = ["registry.ts", "settings.ts", "sandboxes.ts"];

/** A copy of the sources without a provider. */
function copyWithout(t: TestContext, folder: string): string {
  const copy = mkdtempSync(join(tmpdir(), "scanbox-deletion-"));
  t.after(() => rmSync(copy, { recursive: true }));
  cpSync(join(root, "src"), join(copy, "src"), { recursive: true });
  for (const name of ["package.json", "tsconfig.json"]) cpSync(join(root, name), join(copy, name));
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  rmSync(join(copy, "src/providers", folder), { recursive: true });
  for (const register of registers) {
    const path = join(copy, "src/providers", register);
    writeFileSync(path, withoutLine(readFileSync(path, "utf8"), folder));
  }
  return copy;
}

/** A list without the folder: the import is gone, and so is the one line that has what it imported. */
function withoutLine(list: string, folder: string): string {
  const lines = list.split("\n");
  const isImport = (line: string): boolean => line.startsWith("import ") && line.includes(`"./${folder}/`);
  const imports = lines.filter(isImport);
  const [, imported = ""] = /^import \{ (\w+) \} from/.exec(imports[0] ?? "") ?? [];
  assert.ok(imports.length === 1 && imported !== "", `one import of ${folder}`);
  const rest = lines.filter((line) => !isImport(line));
  const left = rest.filter((line) => !new RegExp(`\\b${imported}\\b`).test(line));
  assert.equal(left.length, rest.length - 1, `${folder} has one line`);
  return left.join("\n");
}

/** How long both compilations of a provider may take, in milliseconds: some seconds of work, on however busy a machine. */
const LIMIT_MS = 600_000;

/** What the compiler makes of these sources of a copy; it ends with the test. */
async function compile(t: TestContext, copy: string, include: string): Promise<Compiled> {
  const config = join(copy, "tsconfig.only.json");
  writeFileSync(config, JSON.stringify({ extends: "./tsconfig.json", include: [include] }));
  const tsc = spawn(join(root, "node_modules/.bin/tsc"), ["-p", config], {
    cwd: copy,
    stdio: ["ignore", "pipe", "inherit"],
    signal: t.signal,
    killSignal: "SIGKILL",
  });
  const [said, status] = await Promise.all([
    text(tsc.stdout),
    new Promise<number | null>((resolve, reject) => tsc.once("error", reject).once("close", resolve)),
  ]);
  return { status, said };
}

interface Compiled {
  /** 0 where all is well; null where the compiler was killed. */
  readonly status: number | null;
  readonly said: string;
}

const folders = readdirSync(join(root, "src/providers"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

test("there is a provider to delete", () => assert.ok(folders.includes("wechat-v2")));

for (const folder of folders) {
  test(`without ${folder} and its lines everything else compiles, and what misses it does not`, {
    timeout: LIMIT_MS,
  }, async (t) => {
    const copy = copyWithout(t, folder);
    assert.deepEqual(await compile(t, copy, "src"), { status: 0, said: "" });
    const offence = `import { kind } from "../providers/${folder}/kind.ts";\nexport const planted = kind;\n`;
    writeFileSync(join(copy, "src/core/planted.ts"), offence);
    const { status, said } = await compile(t, copy, "src/core/planted.ts");
    assert.notEqual(status, 0);
    assert.match(said, /^src\/core\/planted\.ts\(1,\d+\): error TS2307: /);
  });
}

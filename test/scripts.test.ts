/** The scripts look at their arguments before they install or do anything. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { kinds } from "../scripts/run-tests.ts";
import { PATIENCE_MS } from "./e2e/until.ts";

const root = new URL("../", import.meta.url).pathname;

/** A clone in which nothing is installed; its runtime is the one that runs the tests, and says when it is asked for more. */
const clone = mkdtempSync(join(tmpdir(), "scanbox-scripts-"));
after(() => rmSync(clone, { recursive: true }));
for (const part of ["package.json", "scripts", "src", "test/mutation", "test/core"])
  cpSync(join(root, part), join(clone, part), { recursive: true });
symlinkSync(join(root, "node_modules"), join(clone, "node_modules"));
writeFileSync(
  join(clone, "scripts/runtime"),
  '#!/bin/sh\nif [ "$1" = node ]; then exec "$@"; fi\necho "asked for $1" >&2\nexit 1\n',
);

function script(name: string, args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(join(clone, "scripts", name), args, {
    encoding: "utf8",
    env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` },
    timeout: PATIENCE_MS,
  });
  return { status, stdout, stderr };
}

for (const name of ["build-deb", "check", "mutate", "test"])
  test(`scripts/${name} says what it does, and does nothing else`, () => {
    for (const asked of ["--help", "-h"]) {
      const { status, stdout, stderr } = script(name, [asked]);
      assert.deepEqual([status, stderr], [0, ""], name);
      assert.match(stdout, new RegExp(`scripts/${name}\\b`));
    }
    for (const made of [".runtime", ".cache", "dist"]) assert.ok(!existsSync(join(clone, made)), made);
  });

test("scripts/check takes no arguments", () => {
  const { status, stdout, stderr } = script("check", ["--fast"]);
  assert.deepEqual([status, stdout], [2, ""]);
  assert.match(stderr, /scripts\/check/);
});

test("scripts/check fails where a file names a host of packages, tracked or not, and names the file", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-check-"));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "scripts"));
  mkdirSync(join(folder, "bin"));
  cpSync(join(root, "scripts/check"), join(folder, "scripts/check"));
  for (const tool of ["biome", "tsc", "oxlint", "knip"])
    writeFileSync(join(folder, "bin", tool), "#!/bin/sh\n", { mode: 0o755 });
  spawnSync("git", ["init", "--quiet", folder]);
  const check = () => {
    const { status, stdout, stderr } = spawnSync(join(folder, "scripts/check"), {
      encoding: "utf8",
      env: { PATH: `${join(folder, "bin")}:/usr/bin:/bin`, SCANBOX_CHECK: "inside" },
      timeout: PATIENCE_MS,
    });
    return { status, stdout, stderr };
  };
  const planted = join(folder, "notes.md");
  writeFileSync(planted, "Packages come from where this machine takes them.\n");
  assert.deepEqual(check(), { status: 0, stdout: "", stderr: "" });
  // Put together here, so that this file itself names none.
  for (const host of [
    ["https://registry", "npmjs", "org/"],
    ["http://deb", "debian", "org/debian"],
    ["https://mirrors", "example", "org/"],
    ["https://pypi", "org/simple"],
    ["https://proxy", "golang", "org"],
  ]) {
    writeFileSync(planted, `From ${host.join(".")}\n`);
    const { status, stdout, stderr } = check();
    assert.deepEqual([status, stderr], [1, "scripts/check: failed: no_registry\n"], host.join("."));
    assert.match(stdout, /^notes\.md:1:From http/);
  }
});

test("scripts/build-deb tells of an option that it does not have, without a stack", () => {
  for (const wrong of [["--fats"], ["riscv"], ["--revision", "x"], ["--directory"]]) {
    const { status, stdout, stderr } = script("build-deb", wrong);
    assert.deepEqual([status, stdout], [2, ""], wrong.join(" "));
    assert.match(stderr, /^Usage: scripts\/build-deb .*\n$/, wrong.join(" "));
  }
});

test("scripts/mutate refuses what it does not know before it installs Stryker", () => {
  for (const [args, sentence] of [
    [["nope.ts"], /nope\.ts is not among the sources/],
    [["--jobs", "0"], /--jobs is a whole number/],
    [["--part", "spleen"], /spleen is no part: core journal /],
    [["--each", "no"], /--each is a whole number/],
    [["--minutes", "0"], /--minutes is a whole number/],
    [["--agian"], /Unknown option '--agian'/],
  ] as const) {
    const { status, stderr } = script("mutate", args);
    assert.equal(status, 2, stderr);
    assert.match(stderr, sentence);
    assert.doesNotMatch(stderr, /installing/);
  }
  const { stderr } = script("mutate", ["src/core/kernel/fen.ts"]);
  assert.match(stderr, /installing Stryker/);
});

/** A machine on which no package is installed, whose user is `uid`; gives what apt-get was asked for. */
function need(uid: number, kinds: readonly string[]) {
  const bin = mkdtempSync(join(tmpdir(), "scanbox-need-"));
  const stub = (name: string, body: string): void =>
    writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  stub("dpkg-query", "exit 1");
  stub("id", `echo ${uid}`);
  stub("apt-get", `echo "$@" >>${bin}/asked`);
  for (const tool of ["awk", "cat", "dirname", "grep", "mktemp", "readlink", "rm", "sh"])
    symlinkSync(join("/usr/bin", tool), join(bin, tool));
  const { status, stderr } = spawnSync(join(clone, "scripts/need"), kinds, {
    encoding: "utf8",
    env: { PATH: bin },
  });
  const asked = existsSync(join(bin, "asked")) ? readFileSync(join(bin, "asked"), "utf8") : "";
  rmSync(bin, { recursive: true });
  return { status, stderr, asked };
}

test("scripts/need installs what the kinds need that are asked for, and nothing else", () => {
  const { status, asked, stderr } = need(0, ["static", "unit"]);
  assert.equal(status, 0, stderr);
  assert.match(asked, /^update\ninstall .* g\+\+ make openssl python3\n$/);
  const all = need(0, ["all"]);
  for (const name of ["lintian", "mosquitto", "tmux", "openssl"])
    assert.ok(all.asked.includes(` ${name}`), name);
});

test("scripts/need tells a user who is not root a command that is there", () => {
  const { status, asked, stderr } = need(1_000, ["contract"]);
  assert.deepEqual([status, asked], [1, ""]);
  assert.match(stderr, /; as root: apt-get install .*mosquitto/);
});

test("each kind that a package is for is a kind of check, or the benches", () => {
  const known = new Set(["all", "bench", ...kinds.map(({ name }) => name.replaceAll(" ", "-"))]);
  const lines = readFileSync(join(root, "scripts/debian-packages"), "utf8").split("\n");
  for (const line of lines.filter((one) => one !== "" && !one.startsWith("#"))) {
    const [name = "", ...its] = line.split(" ");
    assert.ok(its.length > 0, name);
    for (const kind of its) assert.ok(known.has(kind), `${name} is for ${kind}`);
  }
});

/** A finished clone whose Node says which one it is, and that everybody may read; `compiler` is that of its owner. */
function finished(compiler: string): string {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-runtime-"));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, "scripts"));
  cpSync(join(root, "scripts/runtime"), join(folder, "scripts/runtime"));
  const parts = ["package.json", "package-lock.json", ".npmrc"].map((name) => readFileSync(join(root, name)));
  for (const [index, name] of ["package.json", "package-lock.json", ".npmrc"].entries())
    writeFileSync(join(folder, name), parts[index] ?? "");
  const [, node = "", npm = ""] =
    /^node_version=(.*)\nnpm_version=(.*)$/m.exec(readFileSync(join(root, "scripts/runtime"), "utf8")) ?? [];
  const bin = join(folder, `.runtime/node_modules/node-linux-${process.arch}/bin`);
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "node"), "#!/bin/sh\necho the pinned one\n", { mode: 0o755 });
  writeFileSync(join(folder, ".runtime/version"), `${node} ${npm}\n`);
  mkdirSync(join(folder, "node_modules"));
  const locked = createHash("sha256").update(Buffer.concat(parts)).digest("hex");
  writeFileSync(join(folder, "node_modules/.installed"), `${locked}  -${compiler}\n`);
  return folder;
}

/** Runs a script as the user of this process, or as one who may write nowhere. */
function asked(path: string, user: "this" | "nobody") {
  const [file, args] =
    user === "this"
      ? [path, ["node"]]
      : ["setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", path, "node"]];
  return spawnSync(file, args, { encoding: "utf8", env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" } });
}

const aRoot = process.getuid?.() === 0 ? {} : { skip: "only root may run a program as somebody else" };

test("scripts/runtime finds its clone through a link", () => {
  const folder = finished(spawnSync("sh", ["-c", "command -v c++"], { encoding: "utf8" }).stdout.trim());
  const link = join(folder, "a-link");
  symlinkSync("scripts/runtime", link);
  assert.deepEqual(asked(link, "this").stdout, "the pinned one\n");
  rmSync(folder, { recursive: true });
});

test("scripts/runtime finds its clone through a link to the folder of scripts", () => {
  const folder = finished(spawnSync("sh", ["-c", "command -v c++"], { encoding: "utf8" }).stdout.trim());
  mkdirSync(join(folder, "elsewhere"));
  symlinkSync("../scripts", join(folder, "elsewhere/scripts"));
  assert.deepEqual(asked(join(folder, "elsewhere/scripts/runtime"), "this").stdout, "the pinned one\n");
  rmSync(folder, { recursive: true });
});

test("scripts/runtime says why it waits for packages and what helps, and keeps a proxy's password to itself", () => {
  const folder = finished("");
  rmSync(join(folder, ".runtime"), { recursive: true });
  const bin = join(folder, "bin");
  const said = join(folder, "said");
  mkdirSync(bin);
  // The installation fails as soon as the reason has been told, which nothing but a question of its own can know.
  const npm = `#!/bin/sh
case $1 in
  config) printf '%s\\n' cache=/nowhere registry=https://packages.example/ https-proxy=http://me:secret@proxy.example:3128 ;;
  view) echo "npm ERR! request to https://packages.example/npm failed, reason: self-signed certificate in certificate chain" >&2; exit 1 ;;
  install) until grep -q NODE_EXTRA_CA_CERTS "${said}"; do /bin/sleep 0.1; done; exit 1 ;;
esac
`;
  writeFileSync(join(bin, "npm"), npm, { mode: 0o755 });
  writeFileSync(join(bin, "sleep"), "#!/bin/sh\n", { mode: 0o755 });
  const { status } = spawnSync("sh", ["-c", `exec scripts/runtime true 2>"${said}"`], {
    cwd: folder,
    env: { PATH: `${bin}:/usr/bin:/bin` },
    timeout: PATIENCE_MS,
  });
  const lines = readFileSync(said, "utf8");
  assert.equal(status, 1);
  assert.match(
    lines,
    /still waiting for https:\/\/packages\.example\/ by the proxy http:\/\/proxy\.example:3128;/,
  );
  assert.match(lines, /no answer from there: self-signed certificate in certificate chain\n/);
  assert.doesNotMatch(lines, /secret/);
  rmSync(folder, { recursive: true });
});

test(
  "scripts/runtime serves whoever may not write to a finished clone, whatever compiler made it",
  aRoot,
  () => {
    const folder = finished("/opt/elsewhere/c++");
    const { stdout, stderr } = asked(join(folder, "scripts/runtime"), "nobody");
    assert.deepEqual([stdout, stderr], ["the pinned one\n", ""]);
    rmSync(folder, { recursive: true });
  },
);

test("scripts/runtime says whose clone it is that is not finished", aRoot, () => {
  const folder = finished("");
  rmSync(join(folder, "node_modules/.installed"));
  const { status, stdout, stderr } = asked(join(folder, "scripts/runtime"), "nobody");
  assert.deepEqual([status, stdout], [1, ""]);
  assert.match(stderr, /which nobody may not write to: its owner has to run .*scripts\/runtime true\n$/);
  rmSync(folder, { recursive: true });
});

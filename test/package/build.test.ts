/** What is in the packages, and that everybody gets the same. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { z } from "zod";
import { SCHEMA_VERSION } from "../../src/links/sqlite/sqlite-schema.ts";
import { type Made, Snapshot, unpack } from "./packages.ts";

const root = new URL("../../", import.meta.url).pathname;
const architectures = ["amd64", "arm64"] as const;
type Architecture = (typeof architectures)[number];

const folder = mkdtempSync(join(tmpdir(), "scanbox-packages-"));
const made = new Map<Architecture, Made>();
const unpacked = new Map<Architecture, string>();

let snapshot: Snapshot;

before(() => {
  snapshot = new Snapshot();
  for (const architecture of architectures) {
    const one = snapshot.build(architecture, folder);
    made.set(architecture, one);
    unpacked.set(architecture, unpack(one.path));
  }
});

after(() => {
  snapshot.remove();
  for (const path of [folder, ...unpacked.values()]) rmSync(path, { recursive: true });
});

function packageOf(architecture: Architecture): Made {
  const one = made.get(architecture);
  assert.ok(one);
  return one;
}

function treeOf(architecture: Architecture): string {
  const tree = unpacked.get(architecture);
  assert.ok(tree);
  return tree;
}

/** Every file below a folder, by path from there. */
function filesOf(tree: string): readonly string[] {
  return readdirSync(tree, { recursive: true, encoding: "utf8" }).filter(
    (path) => !statSync(join(tree, path)).isDirectory(),
  );
}

/** The machine that a binary is for (ELF header, e_machine), or null where it is none. */
function machineOf(path: string): number | null {
  const bytes = readFileSync(path);
  return bytes.readUInt32BE(0) === 0x7f454c46 ? bytes.readUInt16LE(18) : null;
}

const machines = { amd64: 62, arm64: 183 } as const;

const binaries = [
  "usr/lib/scanbox/bin/node",
  "usr/lib/scanbox/node_modules/epoll/build/Release/epoll.node",
  "usr/lib/scanbox/node_modules/i2c-bus/build/Release/i2c.node",
] as const;

for (const architecture of architectures) {
  test(`${architecture}: every binary is for that machine, and for what Debian 12 has`, () => {
    const tree = treeOf(architecture);
    const found = filesOf(tree).filter((path) => machineOf(join(tree, path)) !== null);
    for (const path of found) assert.equal(machineOf(join(tree, path)), machines[architecture], path);
    for (const path of binaries) assert.ok(found.includes(path), path);
    assert.equal(found.length, 5);
    for (const path of found) {
      const said = execFileSync("readelf", ["--dynamic", "--version-info", "--wide", join(tree, path)], {
        encoding: "utf8",
      });
      const needed = [...said.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name = ""]) => name);
      const known = /^(?:lib(?:c|m|dl|pthread|gcc_s|stdc\+\+)\.so\.\d|ld-linux-(?:x86-64|aarch64)\.so\.\d)$/;
      for (const name of needed) assert.match(name, known, path);
      const newest = (prefix: string): number =>
        Math.max(
          0,
          ...[...said.matchAll(new RegExp(`${prefix}_(\\d+)\\.(\\d+)(?:\\.(\\d+))?`, "g"))].map(
            ([, major, minor, patch]) => Number(major) * 1e6 + Number(minor) * 1e3 + Number(patch ?? 0),
          ),
        );
      assert.ok(newest("GLIBC") <= 2_036_000, `${path} needs a newer glibc: ${newest("GLIBC")}`);
      assert.ok(newest("GLIBCXX") <= 3_004_030, `${path} needs a newer libstdc++: ${newest("GLIBCXX")}`);
    }
  });
}

test("man finds a page for each command, and each shell its completion", () => {
  const share = join(treeOf("amd64"), "usr/share");
  const names = (folder: string): readonly string[] => readdirSync(join(share, folder)).sort();
  const listed = execFileSync(
    join(treeOf("amd64"), "usr/lib/scanbox/bin/node"),
    [join(treeOf("amd64"), "usr/lib/scanbox/scanbox.mjs"), "--help"],
    { encoding: "utf8" },
  );
  const commands = [...listed.matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name]) => `scanbox-${name}.1.gz`);
  assert.deepEqual(names("man/man1"), [...commands, "scanbox.1.gz"].sort());
  assert.deepEqual(names("man/man5"), ["device.config.json.5.gz"]);
  for (const folder of ["bash-completion/completions", "fish/vendor_completions.d", "zsh/vendor-completions"])
    assert.match(readFileSync(join(share, folder, names(folder)[0] ?? ""), "utf8"), /\boutputs-off\b/);
  const checked = spawnSync("bash", ["-n", join(share, "bash-completion/completions/scanbox")], {
    encoding: "utf8",
  });
  assert.deepEqual([checked.status, checked.stderr], [0, ""]);
});

test("lintian finds nothing that is not named with its reason", () => {
  const found = spawnSync("lintian", [packageOf("arm64").path], { encoding: "utf8" });
  assert.deepEqual([found.stdout, found.status], ["", 0]);
});

test("the same sources give the same bytes, whoever builds them, where and when", () => {
  const elsewhere = new Snapshot(snapshot);
  try {
    const stranger = { TZ: "Asia/Shanghai", LC_ALL: "C", HOME: elsewhere.folder };
    const again = elsewhere.build("arm64", join(elsewhere.folder, "dist"), stranger);
    assert.equal(again.sha256, packageOf("arm64").sha256);
  } finally {
    elsewhere.remove();
  }
});

test("both architectures bring the same program, and nothing but what is loaded", () => {
  const scripts = (architecture: Architecture): readonly string[] =>
    filesOf(treeOf(architecture))
      .filter((path) => /\.(?:mjs|js|map)$/.test(path) && !path.includes("@koromix"))
      .sort()
      .map((path) => `${path} ${readFileSync(join(treeOf(architecture), path)).toString("base64").length}`);
  assert.deepEqual(scripts("amd64"), scripts("arm64"));
  const strays = filesOf(join(treeOf("amd64"), "usr/lib/scanbox")).filter(
    (path) => !/^(?:bin\/node|scanbox\.mjs(?:\.map)?|node_modules\/.+\.(?:js|node|json))$/.test(path),
  );
  assert.deepEqual(strays, []);
});

const billSchema = z.object({
  bomFormat: z.literal("CycloneDX"),
  serialNumber: z.string().regex(/^urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  components: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      hashes: z.array(z.object({ content: z.string() })).min(1),
    }),
  ),
});

test("the bill of materials names what is shipped, with hashes, and nothing that is not", () => {
  const text = readFileSync(join(treeOf("arm64"), "usr/share/doc/scanbox/scanbox.cdx.json"), "utf8");
  const names = billSchema.parse(JSON.parse(text)).components.map(({ name }) => name);
  for (const name of [
    "node",
    "mqtt",
    "undici",
    "fast-xml-parser",
    "onoff",
    "epoll",
    "@koromix/koffi-linux-arm64",
  ]) {
    assert.ok(names.includes(name), name);
  }
  for (const name of ["typescript", "esbuild", "tenpay", "@koromix/koffi-linux-x64"]) {
    assert.equal(names.includes(name), false, name);
  }
});

test("the package knows the format of the journal that it can read", () => {
  const preinst = readFileSync(join(treeOf("amd64"), "DEBIAN/preinst"), "utf8");
  assert.match(preinst, new RegExp(`^journal_version=${SCHEMA_VERSION}$`, "m"));
});

test("the service is exposed no further than 1.5 of 10", () => {
  const unit = join(root, "systemd/scanbox.service");
  const said = execFileSync("systemd-analyze", ["security", "--offline=true", "--no-pager", unit], {
    encoding: "utf8",
  });
  const exposure = Number(/Overall exposure level for scanbox\.service: ([\d.]+)/.exec(said)?.[1]);
  assert.ok(exposure <= 1.5, said);
});

test("arm64: the program and its add-ons run on that machine's instructions", () => {
  const library = join(treeOf("arm64"), "usr/lib/scanbox");
  const emulated = (...args: readonly string[]) =>
    spawnSync("qemu-aarch64-static", ["-L", "/usr/aarch64-linux-gnu", join(library, "bin/node"), ...args], {
      encoding: "utf8",
      env: { PATH: "/usr/bin:/bin" },
    });
  const version = emulated(join(library, "scanbox.mjs"), "version");
  assert.match(version.stdout, /^scanbox .+ \(Node\.js v24\.\d+\.\d+, linux arm64\)$/m, version.stderr);
  // From the program's own place, so that they are found as the program finds them.
  const script = `const load = require("node:module").createRequire("${library}/scanbox.mjs");
    for (const name of ["@serialport/bindings-cpp", "epoll", "onoff", "lcd", "i2c-bus"]) load(name);
    import("${library}/node_modules/koffi/index.js").then((koffi) => {
      const libc = koffi.load(null);
      console.log(libc.func("int getpid()")() === process.pid ? "loaded" : "wrong");
    });`;
  const loaded = emulated("--input-type=commonjs", "--eval", script);
  assert.equal(loaded.stdout, "loaded\n", loaded.stderr);
  const paid = emulated(join(library, "scanbox.mjs"), "demo", "--pay", "1.00");
  assert.equal(paid.status, 0, paid.stderr);
  assert.match(paid.stdout, /"state":"paid","final":true,"amountFen":100/);
});

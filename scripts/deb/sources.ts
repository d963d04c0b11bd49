/** What a package takes from the npm registry: the pinned runtime and the packages of the lock file, for a given machine. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cache, root, type Target } from "./target.ts";

/** The folder of the pinned Node.js for a machine: bin/node, include/node, LICENSE. Its program is the one that is named by hash. */
export function runtimeFor({ cpu }: Target): { readonly folder: string; readonly version: string } {
  const version = /^node_version=(.+)$/m.exec(readFileSync(join(root, "scripts/runtime"), "utf8"))?.[1] ?? "";
  // That of this machine is there already: it runs this.
  const own = join(root, `.runtime/node_modules/node-linux-${cpu}`);
  const folder = existsSync(own) ? own : join(cache, `node-${version}-${cpu}`);
  if (!existsSync(folder)) {
    const name = `node-linux-${cpu}@${version}`;
    const tarball = npm(cache, "pack", "--silent", name).trim();
    mkdirSync(`${folder}.new`, { recursive: true });
    run("tar", ["-xzf", join(cache, tarball), "-C", `${folder}.new`, "--strip-components=1"]);
    rmSync(join(cache, tarball));
    run("mv", [`${folder}.new`, folder]);
  }
  const hashes = readFileSync(join(import.meta.dirname, "runtime.sha256"), "utf8");
  const found = createHash("sha256")
    .update(readFileSync(join(folder, "bin/node")))
    .digest("hex");
  if (!hashes.includes(`${found}  ${version}/linux-${cpu}/bin/node\n`)) {
    throw new Error(
      `Node.js ${version} for ${cpu} has the hash ${found}, which scripts/deb/runtime.sha256 does not name.`,
    );
  }
  return { folder, version };
}

/** The folder with node_modules as the lock file says, hashes included, for a machine; no script of a package is run. */
export function packagesFor({ cpu }: Target): string {
  const folder = join(cache, `packages-${cpu}`);
  const files = ["package.json", "package-lock.json", ".npmrc"] as const;
  const wanted = createHash("sha256");
  for (const file of files) wanted.update(readFileSync(join(root, file)));
  const stamp = join(folder, ".installed");
  const wish = wanted.digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wish) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of files) copyFileSync(join(root, file), join(folder, file));
  const machine = ["--os=linux", `--cpu=${cpu}`, "--libc=glibc"];
  npm(folder, "install", ...machine, "--omit=dev", "--ignore-scripts", "--no-save");
  writeFileSync(stamp, wish);
  return folder;
}

/** Runs the pinned npm in a folder; what it printed. */
export function npm(folder: string, ...args: readonly string[]): string {
  const { npm_config_nodedir: _, ...environment } = process.env;
  return execFileSync("npm", args, {
    cwd: folder,
    env: environment,
    encoding: "utf8",
    // What it warns of is part of the error where it fails, and nobody's business otherwise.
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 1_048_576,
  });
}

/** Runs a tool; throws with what it said where it fails. */
export function run(
  tool: string,
  args: readonly string[],
  { folder, ...environment }: { readonly folder?: string; readonly SOURCE_DATE_EPOCH?: string } = {},
): string {
  const where = folder === undefined ? {} : { cwd: folder };
  return execFileSync(tool, args, { encoding: "utf8", env: { ...process.env, ...environment }, ...where });
}

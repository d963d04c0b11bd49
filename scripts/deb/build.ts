/** Makes the Debian packages. Run by scripts/build-deb. */
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { z } from "zod";
import packageJson from "../../package.json" with { type: "json" };
import { described } from "../../src/cli/cli.ts";
import { bashCompletion } from "../../src/cli/completion/bash.ts";
import { fishCompletion } from "../../src/cli/completion/fish.ts";
import { zshCompletion } from "../../src/cli/completion/zsh.ts";
import { SCHEMA_VERSION } from "../../src/links/sqlite/sqlite-schema.ts";
import { bundleProgram } from "../bundle.ts";
import { billOfMaterials } from "./bill-of-materials.ts";
import { manualPages } from "./manual.ts";
import { licenceFiles, nativeFiles, packageFolders } from "./natives.ts";
import { plainFiles } from "./plain-files.ts";
import { packagesFor, run, runtimeFor } from "./sources.ts";
import { root, type Target, targets } from "./target.ts";

const usage = "Usage: scripts/build-deb [amd64|arm64|all] [--revision N] [--directory D] [--fast]\n";

const library = "usr/lib/scanbox";
const documents = "usr/share/doc/scanbox";

/** What distinguishes one build from another. */
interface Wish {
  readonly target: Target;
  readonly version: string;
  /** Seconds since 1970: the time of every file. */
  readonly epoch: number;
  readonly directory: string;
  readonly fast: boolean;
}

/** A package as it grows, in a folder of its own. */
class Stage {
  readonly folder: string = mkdtempSync(join(tmpdir(), "scanbox-deb-"));

  copy(from: string, to: string, mode = 0o644): void {
    const path = this.#place(to);
    copyFileSync(from, path);
    chmodSync(path, mode);
  }

  write(to: string, contents: string | Uint8Array, mode = 0o644): void {
    const path = this.#place(to);
    writeFileSync(path, contents);
    chmodSync(path, mode);
  }

  /** Every path, folders included, in one order everywhere. */
  paths(): readonly string[] {
    return readdirSync(this.folder, { recursive: true, encoding: "utf8" }).sort();
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  #place(to: string): string {
    const path = join(this.folder, to);
    mkdirSync(dirname(path), { recursive: true });
    return path;
  }
}

/** Makes one package and gives its path. */
async function makePackage(wish: Wish): Promise<string> {
  const stage = new Stage();
  try {
    const runtime = runtimeFor(wish.target);
    const packages = packagesFor(wish.target);
    const { files, inputs } = await bundleProgram();
    for (const { path, contents } of files) stage.write(`${library}/${path.split("/").at(-1)}`, contents);
    const natives = await nativeFiles(packages, wish.target, runtime.folder);
    for (const { from, to } of natives) stage.copy(from, `${library}/${to}`);
    const node = join(runtime.folder, "bin/node");
    stage.copy(node, `${library}/bin/node`, 0o755);
    // A third of it is for debuggers.
    run(`${wish.target.triplet}-strip`, [
      "--strip-unneeded",
      "-R.comment",
      "-R.note",
      stage.path(`${library}/bin/node`),
    ]);
    for (const [from, to, mode] of plainFiles) stage.copy(join(root, from), to, mode);
    await writeHelp(stage, wish);
    const shipped = [...inputs, ...natives.map(({ to }) => to), "node_modules/nan/nan.h"];
    writeLegal(stage, { shipped, packages, runtime: runtime.folder, wish });
    const bill = billOfMaterials(packages, {
      packages: new Set(shipped.flatMap((path) => innermost(path, packages))),
      runtime: {
        version: runtime.version,
        cpu: wish.target.cpu,
        sha256: createHash("sha256").update(readFileSync(node)).digest("hex"),
      },
      epoch: wish.epoch,
    });
    stage.write(`${documents}/scanbox.cdx.json`, bill);
    writeControl(stage, wish);
    return close(stage, wish);
  } finally {
    rmSync(stage.folder, { recursive: true });
  }
}

/** What explains the commands beside `--help`: man pages, and what completes them in the shells of Debian. */
async function writeHelp(stage: Stage, { epoch }: Wish): Promise<void> {
  const pages = await manualPages(new Date(epoch * 1_000).toISOString().slice(0, 10));
  for (const [file, text] of pages) stage.write(`usr/share/man/man${file.at(-1)}/${file}.gz`, packed(text));
  const commands = await described();
  stage.write("usr/share/bash-completion/completions/scanbox", bashCompletion(commands));
  stage.write("usr/share/zsh/vendor-completions/_scanbox", zshCompletion(commands));
  stage.write("usr/share/fish/vendor_completions.d/scanbox.fish", fishCompletion(commands));
}

const descriptionSchema = z.object({ name: z.string(), version: z.string() });

/** The package that a file belongs to, as name@version; none for files of our own. */
function innermost(path: string, packages: string): readonly string[] {
  const [folder] = packageFolders(path);
  if (folder === undefined) return [];
  const { name, version } = descriptionSchema.parse(
    JSON.parse(readFileSync(join(packages, folder, "package.json"), "utf8")),
  );
  return [`${name}@${version}`];
}

interface LegalParts {
  readonly shipped: readonly string[];
  readonly packages: string;
  readonly runtime: string;
  readonly wish: Wish;
}

/** Whose work is in the package, and what changed in it. */
function writeLegal(stage: Stage, { shipped, packages, runtime, wish }: LegalParts): void {
  const folders = [...new Set(shipped.flatMap((path) => packageFolders(path).slice(0, 1)))].sort();
  const texts = folders.map((folder) => {
    const [name = ""] = innermost(`${folder}/x`, packages);
    const files = licenceFiles(join(packages, folder)).map((path) => readFileSync(path, "utf8").trim());
    return `${name}\n\n${files.join("\n\n") || "No licence file; see its package.json."}`;
  });
  const line = "\n\n----------------------------------------------------------------------\n\n";
  stage.write(`${documents}/third-party-licences.gz`, packed(`${texts.join(line)}\n`));
  stage.write(`${documents}/node-licence.gz`, packed(readFileSync(join(runtime, "LICENSE"))));
  const ours = readFileSync(join(root, "LICENSE"), "utf8");
  stage.write(
    `${documents}/copyright`,
    `${ours}\nThe package also holds Node.js (node-licence.gz) and packages of npm (third-party-licences.gz; the list with\n` +
      "versions and hashes is scanbox.cdx.json). All of them may be redistributed.\n",
  );
  const date = new Date(wish.epoch * 1_000).toUTCString().replace("GMT", "+0000");
  const entry = `scanbox (${wish.version}) stable; urgency=medium\n\n  * See changelog.gz.\n\n -- ${maintainer()}  ${date}\n`;
  stage.write(`${documents}/changelog.Debian.gz`, packed(entry));
  stage.write(`${documents}/changelog.gz`, packed(readFileSync(join(root, "CHANGELOG.md"))));
}

function maintainer(): string {
  return /^Maintainer: (.+)$/m.exec(readFileSync(join(import.meta.dirname, "control"), "utf8"))?.[1] ?? "";
}

/** zlib writes no time and no name. */
function packed(contents: string | Uint8Array): Uint8Array {
  return gzipSync(contents, { level: 9 });
}

function writeControl(stage: Stage, { version, target }: Wish): void {
  const content = stage.paths().filter((path) => !statSync(stage.path(path)).isDirectory());
  const kibibytes = content.reduce(
    (sum, path) => sum + Math.ceil(statSync(stage.path(path)).size / 1_024),
    0,
  );
  const sums = content.map(
    (path) =>
      `${createHash("md5")
        .update(readFileSync(stage.path(path)))
        .digest("hex")}  ${path}\n`,
  );
  const values: Readonly<Record<string, string>> = {
    VERSION: version,
    ARCHITECTURE: target.debian,
    SIZE: String(kibibytes),
    JOURNAL_VERSION: String(SCHEMA_VERSION),
  };
  const filled = (name: string): string =>
    readFileSync(join(import.meta.dirname, name), "utf8").replace(
      /@([A-Z_]+)@/g,
      (_, key: string) => values[key] ?? "",
    );
  stage.write("DEBIAN/control", filled("control"));
  for (const script of ["preinst", "postinst", "prerm", "postrm"]) {
    stage.write(`DEBIAN/${script}`, filled(script), 0o755);
  }
  stage.write("DEBIAN/md5sums", sums.join(""));
}

/** Gives every file the same time, and makes one file of all. */
function close(stage: Stage, { version, target, epoch, directory, fast }: Wish): string {
  for (const path of [...stage.paths(), "."]) {
    if (statSync(stage.path(path)).isDirectory()) chmodSync(stage.path(path), 0o755);
    utimesSync(stage.path(path), epoch, epoch);
  }
  mkdirSync(directory, { recursive: true });
  const made = join(directory, `scanbox_${version}_${target.debian}.deb`);
  // One thread: how xz cuts its blocks would depend on their number.
  const compression = fast ? ["-Zgzip", "-z1"] : ["-Zxz", "-z6", "--threads-max=1"];
  run("dpkg-deb", ["--root-owner-group", ...compression, "--build", stage.folder, made], {
    SOURCE_DATE_EPOCH: String(epoch),
  });
  return made;
}

function wrongUsage(): never {
  process.stderr.write(usage);
  process.exit(2);
}

function readArguments() {
  try {
    return parseArgs({
      options: { revision: { type: "string" }, directory: { type: "string" }, fast: { type: "boolean" } },
      allowPositionals: true,
    });
  } catch {
    return wrongUsage();
  }
}

const { values, positionals } = readArguments();
const [which = "all", ...more] = positionals;
const wanted = targets.filter(({ debian }) => which === "all" || which === debian);
if (wanted.length === 0 || more.length > 0 || !/^[1-9]\d{0,5}$/.test(values.revision ?? "1")) wrongUsage();
const epoch = Number(process.env.SOURCE_DATE_EPOCH ?? run("git", ["-C", root, "log", "-1", "--format=%ct"]));
process.umask(0o022);
for (const target of wanted) {
  const made = await makePackage({
    target,
    version: `${packageJson.version}-${values.revision ?? "1"}`,
    epoch,
    directory: resolve(values.directory ?? join(root, "dist")),
    fast: values.fast === true,
  });
  console.log(
    `${createHash("sha256").update(readFileSync(made)).digest("hex")}  ${statSync(made).size}  ${made}`,
  );
}

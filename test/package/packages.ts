/** Packages to install: the one that is shipped, and others made of it that are newer, or broken. */
import { execFileSync } from "node:child_process";
import {
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

const root = new URL("../../", import.meta.url).pathname;

/** What scripts/build-deb said of a package that it made. */
export interface Made {
  readonly sha256: string;
  readonly path: string;
}

/** The checkout at one moment, in a folder of its own, so that nobody's work in the meantime is in one build and not in the next. */
export class Snapshot {
  readonly folder: string = mkdtempSync(join(tmpdir(), "scanbox-snapshot-"));

  /** Its time, in seconds since 1970. */
  readonly epoch: number;

  /** Takes it of the checkout, or of another snapshot. */
  constructor(of: Snapshot | null = null) {
    const from = of === null ? root : of.folder;
    this.epoch =
      of === null
        ? Number(execFileSync("git", ["-C", root, "log", "-1", "--format=%ct"], { encoding: "utf8" }))
        : of.epoch;
    const listed = execFileSync(
      "git",
      ["-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
      {
        encoding: "utf8",
      },
    );
    for (const path of listed.split("\0")) {
      if (path === "" || !existsSync(join(from, path))) continue;
      mkdirSync(dirname(join(this.folder, path)), { recursive: true });
      cpSync(join(from, path), join(this.folder, path));
    }
    symlinkSync(join(root, ".runtime"), join(this.folder, ".runtime"));
    // Links where that is possible: nothing of it is written to.
    linked(join(root, "node_modules"), join(this.folder, "node_modules"));
    mkdirSync(join(this.folder, ".cache"));
    if (existsSync(join(root, ".cache/deb")))
      linked(join(root, ".cache/deb"), join(this.folder, ".cache/deb"));
    // What is compiled is compiled there.
    for (const cpu of ["x64", "arm64"]) {
      rmSync(join(this.folder, `.cache/deb/add-ons-${cpu}`), { recursive: true, force: true });
    }
  }

  /** Makes the package of one architecture in `directory`. */
  build(
    architecture: "amd64" | "arm64",
    directory: string,
    environment: Readonly<Record<string, string>> = {},
  ): Made {
    const said = execFileSync(
      join(this.folder, "scripts/build-deb"),
      [architecture, "--fast", "--directory", directory],
      {
        encoding: "utf8",
        env: { ...process.env, SOURCE_DATE_EPOCH: String(this.epoch), ...environment },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const [sha256 = "", , path = ""] = said.trim().split(/\s+/);
    return { sha256, path };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

function linked(from: string, to: string): void {
  try {
    execFileSync("cp", ["--archive", "--link", from, to], { stdio: "ignore" });
  } catch {
    // Another file system.
    execFileSync("cp", ["--archive", "--force", from, to]);
  }
}

/** Takes a package apart into a new folder, which the caller removes. */
export function unpack(path: string): string {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-unpacked-"));
  execFileSync("dpkg-deb", ["--raw-extract", path, folder]);
  return folder;
}

/** Makes a package of another version of a package; `change` sees its files. */
export function variant(
  path: string,
  version: { readonly from: string; readonly to: string },
  change: (folder: string) => void = () => {},
): void {
  const folder = unpack(path);
  try {
    for (const name of ["control", "postinst"]) {
      const file = join(folder, "DEBIAN", name);
      writeFileSync(file, readFileSync(file, "utf8").replaceAll(version.from, version.to));
    }
    change(folder);
    const made = path.replace(version.from, version.to);
    execFileSync("dpkg-deb", ["--root-owner-group", "-Znone", "--build", folder, made], { stdio: "ignore" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const root = new URL("../../", import.meta.url).pathname;

/** The program as it is shipped. */
const bundle = join(root, "dist/scanbox.mjs");

/**
 * Makes the bundle where it is absent or older than its sources, and names it. Test files that run at the same time take
 * turns, so that none starts a bundle that another one is writing. Where nothing can be written, one that was made before
 * is named by `SCANBOX_BUNDLE`.
 */
export function makeBundle(): string {
  const given = process.env.SCANBOX_BUNDLE;
  if (given !== undefined) return given;
  execFileSync("flock", [join(root, "scripts/build"), process.execPath, import.meta.filename], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return bundle;
}

function isStale(): boolean {
  const made = changedAt(bundle);
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(?:ts|json)$/.test(name))
    .map((name) => join(root, "src", name));
  const settings = ["scripts/build", "scripts/bundle.ts", "package.json", "package-lock.json"].map((name) =>
    join(root, name),
  );
  return [...sources, ...settings].some((path) => changedAt(path) >= made);
}

function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

if (import.meta.main && isStale()) {
  execFileSync(join(root, "scripts/build"), { stdio: ["ignore", "ignore", "inherit"] });
}

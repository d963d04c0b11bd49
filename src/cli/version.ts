import packageJson from "../../package.json" with { type: "json" };
import type { Description } from "./description.ts";
import { exitStatus } from "./exit-status.ts";
import { type CommandIo, readOptions } from "./usage.ts";

/** The hash that scripts/bundle.ts puts into a bundle; absent where the sources run as they are. */
declare const PROGRAM_BUILD: string | undefined;

/**
 * The version of package.json and, behind a plus, the build: two bundles with the same name are the same bytes. From sources,
 * which anybody may have changed, it says so.
 */
export const version = `${packageJson.version}+${typeof PROGRAM_BUILD === "string" ? PROGRAM_BUILD : "sources"}`;

/** How whoever reads this calls the program; in a checkout there is no command of its name. */
export const program = typeof PROGRAM_BUILD === "string" ? "scanbox" : "scripts/scanbox";

/** `scanbox version`, as its help has it. */
export const description = {
  usage: ["scanbox version [--json]"],
  about: [
    'Prints the version of the program with its build, the version of its runtime and the kind of machine. The build is a hash of the program\'s file, or "sources" where it runs from its sources.',
  ],
  options: { json: { type: "boolean", about: "as one JSON object" } },
} as const satisfies Description;

/** `scanbox version [--json]`: the program, the runtime and the machine it runs on. */
export async function versionCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, description.options);
  const { arch, platform, version: node } = process;
  const text =
    values.json === true
      ? JSON.stringify({ version, node, platform, arch })
      : `scanbox ${version} (Node.js ${node}, ${platform} ${arch})`;
  io.stdout.write(`${text}\n`);
  return exitStatus.done;
}

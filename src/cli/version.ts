import packageJson from "../../package.json" with { type: "json" };
import { exitStatus } from "./exit-status.ts";
import { type CommandIo, readOptions } from "./usage.ts";

/** The version of the program, as package.json has it. */
export const version: string = packageJson.version;

const help = `Usage: scanbox version [--json]

Prints the version of the program, of its runtime and the kind of machine.

  --json    as one JSON object
`;

/** `scanbox version [--json]`: the program, the runtime and the machine it runs on. */
export async function versionCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, { json: { type: "boolean" }, help: { type: "boolean", short: "h" } });
  if (values.help === true) {
    io.stdout.write(help);
    return exitStatus.done;
  }
  const { arch, platform, version: node } = process;
  const text =
    values.json === true
      ? JSON.stringify({ version, node, platform, arch })
      : `scanbox ${version} (Node.js ${node}, ${platform} ${arch})`;
  io.stdout.write(`${text}\n`);
  return exitStatus.done;
}

/** The program: `scanbox COMMAND`. */
import { inspect } from "node:util";
import { runCli } from "./cli/cli.ts";
import { exitStatus } from "./cli/exit-status.ts";

// A fault of this program ends it, with the stack for whoever mends it; recovery runs at the next start.
process.on("uncaughtException", (error) => {
  process.stderr.write(`${inspect(error)}\n`);
  process.exit(exitStatus.defect);
});
// Whoever read the output has gone (`scanbox journal list | head`): there is nothing left to say.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitStatus.done);
  throw error;
});
process.exit(await runCli(process.argv.slice(2), process));

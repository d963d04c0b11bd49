/** The program: `scanbox COMMAND`. */
import { inspect } from "node:util";
import { runCli } from "./cli/cli.ts";
import { exitStatus } from "./cli/exit-status.ts";

// A fault of this program ends it, with the stack for whoever mends it; recovery runs at the next start.
process.on("uncaughtException", (error) => {
  process.stderr.write(`${inspect(error)}\n`);
  process.exit(exitStatus.defect);
});
// Where nobody reads it, there is nobody to tell.
process.stderr.on("error", () => undefined);
let status: number | null = null;
// Whoever read the output has gone (`scanbox journal list | head`): there is nothing left to say.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(status ?? exitStatus.done);
  // What was to be told is not, whatever it was: nobody may take it for an answer.
  process.stderr.write(`The output cannot be written: ${error.message}\n`);
  process.exit(exitStatus.unknown);
});
status = await runCli(process.argv.slice(2), process);
// A write that failed is told of after the call: without this the end would overtake it.
process.stdout.write("", () => setImmediate(() => process.exit(status)));

/** What would be printed beside the log of a box: whoever reads the log as JSON must find each word of it. */
import { inspect } from "node:util";
import type { Log } from "../../runtime/ports.ts";
import { exitStatus } from "../exit-status.ts";

/** Puts Node's warnings, and the fault that ends the process, into the log, from here to the end of the process. */
export function strayWordsInto(log: Log): void {
  // The first listener is Node's own, which prints.
  process.removeAllListeners("warning");
  process.on("warning", (warning) => {
    const { name, message } = warning;
    log.warn("node.warning", { kind: name, warning: message });
  });
  // Before every other listener: the stack is a line of the log for each of its own, for a field has an end.
  process.setUncaughtExceptionCaptureCallback((error) => {
    for (const [n, detail] of inspect(error).split("\n").entries()) log.error("run.defect", { n, detail });
    process.exit(exitStatus.defect);
  });
}

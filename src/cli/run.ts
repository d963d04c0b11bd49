import { ComposedBox } from "../compose.ts";
import { configPath, loadConfig } from "./config.ts";
import { deviceParts } from "./device-links.ts";
import { exitStatus } from "./exit-status.ts";
import { type CommandIo, readOptions } from "./usage.ts";

const options = { config: { type: "string" } } as const;

/** `scanbox run`: the box itself, until SIGTERM or SIGINT. Logs to stdout, one JSON object a line. */
export async function runCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, options);
  const path = configPath(values.config);
  const checked = loadConfig(path);
  if (!checked.ok) return refuse(checked.problems, io);
  const { config } = checked;
  // Nobody knows whether the last append was done: end at once, the next start reads the journal.
  const made = await deviceParts(config, (cause) => {
    io.stderr.write(`The journal's thread has ended: ${cause}\n`);
    process.exit(exitStatus.defect);
  });
  if (!made.ok) return refuse(made.problems, io);
  const { log } = made.parts.links;
  const box = new ComposedBox(made.parts);
  const refusal = await new Promise<Parameters<Parameters<ComposedBox["start"]>[0]>[0]>((resolve) => {
    box.start(resolve);
  });
  if (refusal !== null) return refuse([`journal: ${refusal.detail}`], io);
  if (config.loopbackOnly) log.warn("config.loopback", { loopbackOnly: true });
  log.info("run.ready", { box: config.box.id, pid: process.pid });
  const signal = await stopSignal();
  log.info("run.stopping", { signal });
  await new Promise<void>((resolve) => {
    box.stop(resolve);
  });
  log.info("run.stopped", { left: box.reporting?.unconfirmed ?? null });
  return exitStatus.done;
}

function refuse(problems: readonly string[], io: CommandIo): number {
  for (const problem of problems) io.stderr.write(`${problem}\n`);
  return exitStatus.usage;
}

/** Waits for the first signal that asks the process to end; a second one ends it as the system does. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    process.once("SIGTERM", () => resolve("SIGTERM"));
    process.once("SIGINT", () => resolve("SIGINT"));
  });
}

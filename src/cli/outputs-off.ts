/** `scanbox outputs-off`: what follows a box that ended in whatever way, so that no relay stays on. */
import type { DeviceConfig } from "../config/device-config.ts";
import { loadGpio } from "../links/gpio/gpio.ts";
import type { GpioLink } from "../runtime/ports.ts";
import { loadConfig } from "./config.ts";
import { configPath } from "./config-file.ts";
import { configOption, type Description } from "./description.ts";
import { exitStatus } from "./exit-status.ts";
import { type CommandIo, readOptions } from "./usage.ts";

/** `scanbox outputs-off`, as its help has it. */
export const description = {
  usage: ["scanbox outputs-off [--config FILE]"],
  about: [
    "Drives every configured output off, the relay first, and gives the pins back. The service does it after each end of the box, since a process that was killed cannot.",
  ],
  options: { config: configOption },
  exit: { 0: "all are off", 1: "one could not be reached", 2: "the configuration is wrong" },
} as const satisfies Description;

/** A pin of `outputs`, with its name there. */
interface Output {
  readonly name: string;
  readonly pin: number;
  readonly activeLow: boolean;
}

/** Finds the pins that a configuration names; tests give the header of a simulated machine. */
export type LoadPins = (settings: DeviceConfig["gpio"]) => ReturnType<typeof loadGpio>;

/** `scanbox outputs-off [--config FILE]`: status 1 where a pin could not be driven off. */
export async function outputsOffCommand(
  args: readonly string[],
  io: CommandIo,
  loadPins: LoadPins = loadGpio,
): Promise<number> {
  const { values } = readOptions(args, description.options);
  const checked = loadConfig(configPath(values.config));
  if (!checked.ok) {
    for (const problem of checked.problems) io.stderr.write(`${problem}\n`);
    return exitStatus.usage;
  }
  const outputs = outputsOf(checked.config);
  if (outputs.length === 0) {
    io.stdout.write("No outputs are configured.\n");
    return exitStatus.done;
  }
  const loaded = await loadPins(checked.config.gpio);
  if (!loaded.ok) {
    io.stderr.write(`${loaded.problem}\n`);
    return exitStatus.no;
  }
  let status: number = exitStatus.done;
  for (const output of outputs) {
    const why = await drivenOff(loaded.link, output);
    if (why === null) continue;
    io.stderr.write(`outputs.${output.name}: ${why}\n`);
    status = exitStatus.no;
  }
  if (status === exitStatus.done) io.stdout.write(`${outputs.map(({ name }) => name).join(", ")}: off.\n`);
  return status;
}

/** The relay first: it is what costs goods. */
function outputsOf({ outputs }: DeviceConfig): readonly Output[] {
  const { relay = null, paid = null, wait = null, refused = null, buzzer = null } = outputs ?? {};
  return Object.entries({ relay, paid, wait, refused, buzzer }).flatMap(([name, output]) =>
    output === null ? [] : [{ name, pin: output.pin, activeLow: output.activeLow }],
  );
}

/** Drives one pin off and gives it back; null, or why it could not be had. */
async function drivenOff(link: GpioLink, { pin, activeLow }: Output): Promise<string | null> {
  return await new Promise((resolve) => {
    const listener = { edge: () => {}, lost: resolve };
    link.claim([{ use: "output", pin, level: activeLow ? 1 : 0 }], listener, (outcome) => {
      if (outcome.kind === "refused") resolve(outcome.why);
      else outcome.lines.release(() => resolve(null));
    });
  });
}

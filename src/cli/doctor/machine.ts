import { arch, machine, release } from "node:os";
import { join } from "node:path";
import packageJson from "../../../package.json" with { type: "json" };
import { namesIn, readTextIfAny } from "../../links/machine/proc-files.ts";
import { type Finding, fault, note, ok, warning } from "./finding.ts";
import type { Area } from "./subject.ts";

/** The machine, its system and the Node that runs this. */
export const machineArea: Area = {
  name: "machine",
  about: "board, kernel, operating system, power, temperature, Node.js",
  network: false,
  configured: false,
  examine: () => judgeMachine(machineFacts()),
};

/** What the machine says of itself; null where it says nothing. */
export interface MachineFacts {
  /** Name of the board, from its device tree. */
  readonly model: string | null;
  readonly kernel: string;
  /** What the kernel calls the processor, such as aarch64. */
  readonly processor: string;
  /** The architecture that Node was made for. */
  readonly architecture: string;
  /** Name of the distribution. */
  readonly system: string | null;
  /** Whether the firmware of a Raspberry Pi has seen too low a voltage; null where there is no such firmware. */
  readonly underVoltage: boolean | null;
  readonly celsius: number | null;
  readonly node: string;
  /** The range of versions that the program is made for. */
  readonly wanted: string;
}

const architectures: readonly string[] = ["arm64", "x64"];

/** A Raspberry Pi lowers its clock at 80 °C. */
const HOT_CELSIUS = 80;

/** Judges a machine. */
export function judgeMachine(facts: MachineFacts): readonly Finding[] {
  return [board(facts), system(facts), node(facts), ...power(facts), ...temperature(facts)];
}

function board({ model }: MachineFacts): Finding {
  if (model === null) return note("machine.model", "This machine does not say which board it is.");
  if (/Raspberry Pi/.test(model)) return ok("machine.model", `${model}.`, { model });
  return note("machine.model", `${model}: no Raspberry Pi, so pins have to be named by gpio.chip.`, null, {
    model,
  });
}

function system({ system: name, kernel, processor, architecture }: MachineFacts): Finding {
  const data = { system: name, kernel, processor, architecture };
  const found = `${name ?? "An unnamed system"}, Linux ${kernel} on ${processor}, program for ${architecture}.`;
  if (architectures.includes(architecture)) return ok("machine.system", found, data);
  const remedy = "Install a 64-bit operating system: Node.js for others is no longer made.";
  return fault("machine.system", found, remedy, data);
}

function node({ node: running, wanted }: MachineFacts): Finding {
  const data = { node: running, wanted };
  if (fits(running, wanted)) return ok("machine.node", `Node.js ${running}.`, data);
  const found = `Node.js ${running}; the program is made for and tested with ${wanted}.`;
  return warning("machine.node", found, "Install the Node.js that comes with the program.", data);
}

function power({ underVoltage }: MachineFacts): readonly Finding[] {
  if (underVoltage === null) return [];
  if (!underVoltage) return [ok("machine.power", "The supply has not dropped since the board started.")];
  const remedy = "Use the maker's power supply and a short cable; writes to the card may be lost meanwhile.";
  return [warning("machine.power", "The supply has dropped below 4.63 V since the board started.", remedy)];
}

function temperature({ celsius }: MachineFacts): readonly Finding[] {
  if (celsius === null) return [];
  const found = `The processor has ${celsius} °C.`;
  return celsius < HOT_CELSIUS
    ? [ok("machine.temperature", found, { celsius })]
    : [warning("machine.temperature", found, "Give the box air or a heat sink.", { celsius })];
}

/** Whether a version such as v24.21.0 is in a range such as `>=24.21.0 <25`. */
function fits(version: string, range: string): boolean {
  const [, from = "", below = ""] = /^>=(\S+) <(\d+)$/.exec(range) ?? [];
  const [major = 0, minor = 0, patch = 0] = numbers(version);
  const [least = 0, leastMinor = 0, leastPatch = 0] = numbers(from);
  if (major >= Number(below) || major < least) return false;
  return major > least || minor > leastMinor || (minor === leastMinor && patch >= leastPatch);
}

function numbers(version: string): readonly number[] {
  return version.replace(/^v/, "").split(".").map(Number);
}

function machineFacts(): MachineFacts {
  const release_ = readTextIfAny("/etc/os-release") ?? "";
  const millidegrees = readTextIfAny("/sys/class/thermal/thermal_zone0/temp");
  return {
    model: readTextIfAny("/proc/device-tree/model"),
    kernel: release(),
    processor: machine(),
    architecture: arch(),
    system: /^PRETTY_NAME="?([^"\n]*)/m.exec(release_)?.[1] ?? null,
    underVoltage: underVoltage(),
    celsius: millidegrees === null ? null : Math.round(Number(millidegrees) / 1_000),
    node: process.version,
    wanted: packageJson.engines.node,
  };
}

/** The kernel's driver for the firmware of a Raspberry Pi shows its latched alarm as a sensor. */
function underVoltage(): boolean | null {
  const sensors = "/sys/class/hwmon";
  const sensor = namesIn(sensors).find((name) => readTextIfAny(join(sensors, name, "name")) === "rpi_volt");
  if (sensor === undefined) return null;
  return readTextIfAny(join(sensors, sensor, "in0_lcrit_alarm")) === "1";
}

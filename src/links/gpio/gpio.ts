/** Chooses how the pins are reached, and loads what that takes. */
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import type { GpioLink } from "../../runtime/ports.ts";
import { notLoaded } from "../machine/not-loaded.ts";
import { cdevPins } from "./gpio-cdev.ts";
import { chooseChip, SYSFS_GPIO, sysfsChips } from "./gpio-chip.ts";
import { type OnoffGpio, sysfsPins } from "./gpio-sysfs.ts";
import { GpioDevices } from "./gpio-uapi.ts";

/** What the configuration says of pins. */
export interface GpioSettings {
  readonly backend: "auto" | "sysfs" | "cdev";
  /** Label of the chip; null means the header of a Raspberry Pi. */
  readonly chip: string | null;
}

/** The pins, by which interface of the kernel and why; or a sentence for the technician. */
export type LoadedGpio =
  | {
      readonly ok: true;
      readonly link: GpioLink;
      readonly backend: "sysfs" | "cdev";
      readonly why: string;
    }
  | { readonly ok: false; readonly problem: string };

/** Loads the pins; `auto` takes sysfs where all it needs is there, else the character device. */
export async function loadGpio({ backend, chip }: GpioSettings): Promise<LoadedGpio> {
  switch (backend) {
    case "sysfs":
      return await loadSysfs(chip);
    case "cdev":
      return await loadCdev(chip);
    case "auto": {
      const sysfs = await loadSysfs(chip);
      if (sysfs.ok) return sysfs;
      const cdev = await loadCdev(chip);
      if (cdev.ok) return { ...cdev, why: `${cdev.why.slice(0, -1)}, not by sysfs: ${sysfs.problem}` };
      return { ok: false, problem: `${sysfs.problem} ${cdev.problem}` };
    }
  }
}

async function loadSysfs(label: string | null): Promise<LoadedGpio> {
  const exporting = join(SYSFS_GPIO, "export");
  try {
    accessSync(exporting, constants.W_OK);
  } catch {
    const problem = `${exporting} cannot be written; this kernel has no such files, or the user is not in the group gpio.`;
    return { ok: false, problem };
  }
  const chosen = chooseChip(sysfsChips(), label);
  if (!chosen.ok) return { ok: false, problem: chosen.problem };
  let onoff: OnoffGpio;
  try {
    onoff = (await import("onoff")).Gpio;
  } catch {
    return { ok: false, problem: notLoaded("onoff") };
  }
  const { label: found, path } = chosen.chip;
  return {
    ok: true,
    link: sysfsPins(onoff, label),
    backend: "sysfs",
    why: `Pins of "${found}" (${path}) by sysfs.`,
  };
}

async function loadCdev(label: string | null): Promise<LoadedGpio> {
  let devices: GpioDevices;
  try {
    devices = await GpioDevices.load();
  } catch {
    return { ok: false, problem: notLoaded("koffi") };
  }
  const chosen = chooseChip(devices.chips(), label);
  if (!chosen.ok) return { ok: false, problem: chosen.problem };
  const { label: found, path } = chosen.chip;
  return {
    ok: true,
    link: cdevPins(devices, label),
    backend: "cdev",
    why: `Pins of "${found}" by ${path}.`,
  };
}

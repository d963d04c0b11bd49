/** Which GPIO chips there are, and who has their lines. Nothing is claimed. */
import { join } from "node:path";
import { holdersOf, realPathIfAny } from "../machine/proc-files.ts";
import { chooseChip, type GpioChip, SYSFS_GPIO, type SysfsChip, sysfsChips } from "./gpio-chip.ts";
import { GpioDevices } from "./gpio-uapi.ts";

/** The chips by both interfaces of the kernel. */
export interface PinSurvey {
  readonly sysfs: readonly SysfsChip[];
  /** Null where the character devices cannot be asked. */
  readonly devices: readonly GpioChip[] | null;
  /** Who has a pin of the chip with this label, null for the header's; null where nobody has it or nobody can tell. */
  userOf(pin: number, label: string | null): string | null;
}

/** Looks at the chips. */
export async function surveyPins(): Promise<PinSurvey> {
  const devices = await GpioDevices.load().catch(() => null);
  const sysfs = sysfsChips();
  const chips = devices?.chips() ?? null;
  return {
    sysfs,
    devices: chips,
    userOf: (pin, label) => {
      const exported = chooseChip(sysfs, label);
      const file = exported.ok ? join(SYSFS_GPIO, `gpio${exported.chip.base + pin}`) : null;
      if (file !== null && realPathIfAny(file) !== null) {
        const [holder] = holdersOf(file).holders;
        // Nobody has it open: it was left behind by a process that was killed, and the box takes it over.
        return holder === undefined ? null : `${holder.program} (process ${holder.pid})`;
      }
      const chosen = chooseChip(chips ?? [], label);
      return devices === null || !chosen.ok ? null : consumerIfAny(devices, chosen.chip.path, pin);
    },
  };
}

function consumerIfAny(devices: GpioDevices, path: string, pin: number): string | null {
  try {
    return devices.consumer(path, pin);
  } catch {
    return null;
  }
}

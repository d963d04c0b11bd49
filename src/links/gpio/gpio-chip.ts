/**
 * Which GPIO chip has the pins of the header. Device numbers and sysfs bases are the kernel's choice and have changed
 * between releases; on some of them gpiochip0 or gpiochip512 was the expander of the board. Only the label is stable.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A GPIO chip as the kernel shows it. */
export interface GpioChip {
  /** File or folder that it was seen in, such as `/dev/gpiochip0`. */
  readonly path: string;
  readonly label: string;
  readonly lines: number;
}

/** A GPIO chip in /sys/class/gpio; its line N has the number `base` + N there. */
export interface SysfsChip extends GpioChip {
  readonly base: number;
}

/** The chip, or a sentence for the technician. */
export type ChosenChip<Chip extends GpioChip> =
  | { readonly ok: true; readonly chip: Chip }
  | { readonly ok: false; readonly problem: string };

/** Where the kernel shows its numbered pins (Documentation/ABI/obsolete/sysfs-gpio). */
export const SYSFS_GPIO = "/sys/class/gpio";

/** The header's chip on a Pi 5, 500 or CM5; on a Pi 4, 400 or CM4; on a Zero to a Pi 3. */
const HEADER_LABELS: readonly string[] = ["pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835"];

/** The header has BCM 0 to 27. */
const HEADER_PIN_MAX = 27;

/** The one chip with this label; null stands for the labels of the header. */
export function chooseChip<Chip extends GpioChip>(
  chips: readonly Chip[],
  label: string | null,
): ChosenChip<Chip> {
  const wanted = label === null ? HEADER_LABELS : [label];
  const [chip, ...others] = chips.filter((one) => wanted.includes(one.label));
  const named =
    label === null ? `labelled ${HEADER_LABELS.join(" or ")}` : `labelled "${label}" (setting gpio.chip)`;
  if (chip === undefined) {
    return { ok: false, problem: `There is no GPIO chip ${named}; ${chipsSeen(chips)}.` };
  }
  if (others.length > 0) {
    return { ok: false, problem: `More than one GPIO chip is ${named}; ${chipsSeen(chips)}.` };
  }
  return { ok: true, chip };
}

/** Why one of these is no pin of the header, or null. */
export function refusedPins(
  pins: readonly number[],
  chip: GpioChip,
  chips: readonly GpioChip[],
): string | null {
  const last = Math.min(HEADER_PIN_MAX, chip.lines - 1);
  const stranger = pins.find((pin) => !Number.isInteger(pin) || pin < 0 || pin > last);
  if (stranger === undefined) return null;
  return `There is no pin ${stranger}: pins are BCM numbers from 0 to ${last} of "${chip.label}"; ${chipsSeen(chips)}.`;
}

/** The chips that the kernel shows in sysfs; none where it has no such folder, or has given it up. */
export function sysfsChips(folder: string = SYSFS_GPIO): readonly SysfsChip[] {
  return chipNames(folder).flatMap((name) => {
    const path = join(folder, name);
    try {
      const word = (file: string): string => readFileSync(join(path, file), "utf8").trim();
      const [base, lines] = [word("base"), word("ngpio")];
      // What is no number would make every pin one of the chip's.
      if (!isCount(base) || !isCount(lines)) return [];
      return [{ path, label: word("label"), base: Number(base), lines: Number(lines) }];
    } catch {
      // It was taken away while it was read, or may not be read: it is none that could be used.
      return [];
    }
  });
}

function isCount(text: string): boolean {
  return /^\d{1,9}$/.test(text);
}

/** The names gpiochip… of a folder, in the order of their numbers. */
export function chipNames(folder: string): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => /^gpiochip\d+$/.test(name))
    .sort((one, other) => Number(one.slice("gpiochip".length)) - Number(other.slice("gpiochip".length)));
}

/** All chips of a sentence about what is missing. */
function chipsSeen(chips: readonly GpioChip[]): string {
  if (chips.length === 0)
    return "no GPIO chip can be opened here; the user of the box has to be in the group gpio";
  const each = chips.map(({ path, label, lines }) => `"${label}" with ${lines} lines (${path})`);
  return `seen: ${each.join(", ")}`;
}

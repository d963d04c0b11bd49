/** What the configured devices take of the machine. */
import { pinUses } from "../../config/pins.ts";
import type { NativePackage } from "../../links/machine/package-probe.ts";
import type { Sections } from "./sections.ts";

/** Whether any pin is configured. */
export function needsPins(sections: Sections): boolean {
  return pinUses(sections).length > 0;
}

/** Whether the scanner plays a keyboard. */
export function isKeyboard(path: string): boolean {
  return path.startsWith("/dev/input/");
}

/** For what each native package is needed, by its configured devices; a package that nothing needs is absent. */
export function neededPackages(sections: Sections): ReadonlyMap<NativePackage, string> {
  const { scanner, display, gpio } = sections;
  const needed = new Map<NativePackage, string>();
  const keyboard = scanner ? isKeyboard(scanner.path) : false;
  if (scanner && !keyboard) needed.set("serialport", "the scanner");
  if (keyboard) {
    needed.set("onoff", "the scanner, whose package epoll comes with it");
    needed.set("koffi", "the scanner, which it takes for the box alone");
  }
  if (needsPins(sections) && gpio?.backend === "cdev") needed.set("koffi", "the pins");
  if (needsPins(sections) && gpio?.backend === "sysfs") needed.set("onoff", "the pins");
  if (display?.driver === "hd44780-gpio" && gpio?.backend === "sysfs") needed.set("lcd", "the display");
  if (display?.driver === "hd44780-i2c") needed.set("i2c-bus", "the display");
  return needed;
}

/** The groups whose devices the box uses, as Raspberry Pi OS and the rules of this program name them. */
export function neededGroups(sections: Sections): ReadonlyMap<string, string> {
  const { scanner, display } = sections;
  const needed = new Map<string, string>();
  if (scanner) needed.set(isKeyboard(scanner.path) ? "input" : "dialout", "the scanner");
  if (needsPins(sections) || display?.driver === "kernel") needed.set("gpio", "the pins");
  if (display?.driver === "hd44780-i2c") needed.set("i2c", "the display");
  return needed;
}

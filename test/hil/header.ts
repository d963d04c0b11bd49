/** The simulated header of the guest, as a hand with wires and a voltmeter sees it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sysfsChips } from "../../src/links/gpio/gpio-chip.ts";
import type { Level } from "../../src/runtime/ports.ts";

const CONTROLLER = "/sys/kernel/config/gpio-sim/pi";

/** Pulls a pin from outside, weakly: a pin that drives is stronger. */
export function pull(pin: number, to: "up" | "down"): void {
  writeFileSync(join(simulated(pin), "pull"), `pull-${to}`);
}

/** Which way a pin is pulled. */
export function pulled(pin: number): Level {
  return readFileSync(join(simulated(pin), "pull"), "utf8").trim() === "pull-up" ? 1 : 0;
}

/** The number of BCM 0 in sysfs and in the trace. */
export function headerBase(): number {
  const label = readFileSync(join(CONTROLLER, "bank0/label"), "utf8").trim();
  const chip = sysfsChips().find((one) => one.label === label);
  if (chip === undefined) throw new Error(`no chip is labelled ${label}`);
  return chip.base;
}

/** Every pin that a program or the kernel holds, by BCM number, with the name it gave. */
export function heldPins(): ReadonlyMap<number, string> {
  if (!present()) return new Map();
  const base = headerBase();
  const lines = readFileSync("/sys/kernel/debug/gpio", "utf8").matchAll(/^ gpio-(\d+) +\([^|]*\|([^)]*)\)/gm);
  const pins = new Map<number, string>();
  for (const [, number, user = ""] of lines) {
    const pin = Number(number) - base;
    if (pin >= 0 && pin < 54) pins.set(pin, user.trim());
  }
  return pins;
}

/** Takes the chip away under whoever holds its pins. */
export function removeHeader(): void {
  writeFileSync(join(CONTROLLER, "live"), "0");
}

/** Brings it back, with all pins free. */
export function restoreHeader(): void {
  if (!present()) writeFileSync(join(CONTROLLER, "live"), "1");
}

function present(): boolean {
  return readFileSync(join(CONTROLLER, "live"), "utf8").trim() === "1";
}

function simulated(pin: number): string {
  const word = (file: string): string => readFileSync(join(CONTROLLER, file), "utf8").trim();
  return join("/sys/devices/platform", word("dev_name"), word("bank0/chip_name"), `sim_gpio${pin}`);
}

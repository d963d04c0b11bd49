/** The links to pins and display that a configuration asks for; what the box does not need is not loaded. */
import type { DeviceConfig } from "../../config/device-config.ts";
import type { DeviceLinks } from "../../devices.ts";
import { Hd44780Backpack } from "../../drivers/hd44780-backpack.ts";
import { Hd44780Pins } from "../../drivers/hd44780-pins.ts";
import { loadI2cDevice } from "../../links/display/i2c-bus.ts";
import { KernelDisplay } from "../../links/display/kernel-display.ts";
import { loadLcdDisplay, sysfsNumbers } from "../../links/display/lcd-display.ts";
import { TerminalDisplay } from "../../links/display/terminal-display.ts";
import { type LoadedGpio, loadGpio } from "../../links/gpio/gpio.ts";
import { spin } from "../../links/machine/spin.ts";
import { guardedDisplay, guardedGpio, type Loaded, promised } from "../../runtime/guards.ts";
import type { Clock, DisplayLink, GpioLink, Log } from "../../runtime/ports.ts";

/** The links, or what is missing on this machine, a sentence each. */
export type PanelLinks =
  | { readonly ok: true; readonly gpio: GpioLink | null; readonly display: DisplayLink | null }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Loads what keypad, display, outputs and inputs take; says in the log by which interface and why. */
export async function loadPanelLinks(config: DeviceConfig, clock: Clock, log: Log): Promise<PanelLinks> {
  const pins = needsPins(config) ? await loadGpio(config.gpio) : null;
  if (pins?.ok === false) return { ok: false, problems: [`gpio: ${pins.problem}`] };
  if (pins !== null) log.info("gpio.ready", { backend: pins.backend, why: pins.why });
  try {
    return { ok: true, gpio: pins?.link ?? null, display: await loadDisplay(config, pins, clock) };
  } catch (error) {
    return { ok: false, problems: [`display: ${error instanceof Error ? error.message : String(error)}`] };
  }
}

/**
 * The same for a box that runs whatever of them is missing: each is looked for when its driver wants it, and again at each try,
 * until it is found.
 */
export function panelLinks(
  config: DeviceConfig,
  clock: Clock,
  log: Log,
): Pick<DeviceLinks, "gpio" | "display"> {
  let pins: Pins = null;
  const loadPins = async (): Promise<LoadedGpio> => {
    if (pins !== null) return pins;
    const loaded = await loadGpio(config.gpio);
    if (!loaded.ok) return { ok: false, problem: `gpio: ${loaded.problem}` };
    if (pins === null) log.info("gpio.ready", { backend: loaded.backend, why: loaded.why });
    pins = loaded;
    return loaded;
  };
  const loadConfigured = async (): Promise<Loaded<DisplayLink>> => {
    const wanted = config.display?.driver === "hd44780-gpio" ? await loadPins() : null;
    if (wanted?.ok === false) return wanted;
    const link = await loadDisplay(config, wanted, clock);
    return link === null ? { ok: false, problem: "display: none is configured." } : { ok: true, link };
  };
  return {
    gpio: needsPins(config) ? guardedGpio(promised(loadPins), clock) : null,
    display: config.display === null ? null : guardedDisplay(promised(loadConfigured), clock),
  };
}

function needsPins({ keypad, display, outputs, inputs }: DeviceConfig): boolean {
  const driven = outputs !== null && Object.values(outputs).some((output) => output !== null);
  const told = inputs !== null && Object.values(inputs).some((input) => input !== null);
  return keypad !== null || display?.driver === "hd44780-gpio" || driven || told;
}

type Pins = Extract<LoadedGpio, { ok: true }> | null;

async function loadDisplay(
  { display, gpio }: DeviceConfig,
  pins: Pins,
  clock: Clock,
): Promise<DisplayLink | null> {
  switch (display?.driver) {
    case undefined:
      return null;
    case "hd44780-gpio": {
      if (pins === null) return null;
      // The package knows sysfs alone; the character device has the same module by our own driver.
      if (pins.backend === "cdev") {
        return new Hd44780Pins({ gpio: pins.link, clock, spin, settings: display });
      }
      return await loadLcdDisplay({
        gpio: pins.link,
        sysfsNumber: sysfsNumbers(gpio.chip),
        settings: display,
      });
    }
    case "hd44780-i2c":
      return new Hd44780Backpack({ i2c: await loadI2cDevice(display), clock, settings: display });
    case "kernel":
      return new KernelDisplay(display);
    case "terminal":
      return new TerminalDisplay({ stream: process.stderr, size: display });
  }
}

/** A stand for the contract suite on the pins of the guest's kernel. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { loadGpio } from "../../src/links/gpio/gpio.ts";
import { GpioDevices } from "../../src/links/gpio/gpio-uapi.ts";
import type { GpioLink, Level } from "../../src/runtime/ports.ts";
import type { GpioStand } from "../contract/gpio-suite.ts";
import { until } from "../e2e/until.ts";
import { heldPins, pull, pulled, removeHeader, restoreHeader } from "./header.ts";
import { clearTrace, type PinEvent, readTrace } from "./trace.ts";

/** An edge may take this long to reach a listener: the guest's clock ticks every 10 ms. */
const EDGE_WITHIN_MS = 60;

/** Free pins and an empty trace, by one of the kernel's interfaces. */
export async function kernelStand(backend: "sysfs" | "cdev"): Promise<GpioStand> {
  restoreHeader();
  clearTrace();
  const link = await loadLink(backend);
  return {
    link,
    pullsUp: backend === "cdev",
    // What nothing else pulls is pulled down weakly, as most pins of the board are.
    drive: (pin, how) => pull(pin, how === "up" ? "up" : "down"),
    level: (pin) => levels(readTrace(), pin).at(-1) ?? pulled(pin),
    record: (pin) => {
      const from = readTrace().length;
      const before = levels(readTrace(), pin).at(-1) ?? pulled(pin);
      return () =>
        [before, ...levels(readTrace().slice(from), pin)]
          .filter((level, index, all) => level !== all[index - 1])
          .slice(1);
    },
    held: () => [...heldPins().keys()].sort((one, other) => one - other),
    takeElsewhere,
    breakPin: removeHeader,
    until: (condition) => until(condition),
    pass: async () => {
      await sleep(EDGE_WITHIN_MS);
    },
    end: async () => {
      if (heldPins().size > 0) removeHeader();
    },
  };
}

/** The link by one of the kernel's interfaces; fails where it does not load. */
export async function loadLink(backend: "sysfs" | "cdev"): Promise<GpioLink> {
  const loaded = await loadGpio({ backend, chip: null });
  assert.ok(loaded.ok, loaded.ok ? "" : loaded.problem);
  assert.equal(loaded.backend, backend);
  return loaded.link;
}

/** A program such as gpiomon has the pin. */
async function takeElsewhere(pin: number): Promise<() => Promise<void>> {
  const devices = await GpioDevices.load();
  const chip = devices.chips().find(({ label }) => label.startsWith("pinctrl-"));
  assert.ok(chip !== undefined);
  const lines = devices.take(chip.path, [pin]);
  return async () => lines.close();
}

function levels(events: readonly PinEvent[], pin: number): readonly Level[] {
  return events
    .filter((event) => event.pin === pin)
    .map(({ level }) => (level === "released" ? pulled(pin) : level));
}

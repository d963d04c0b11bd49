/** Takes the place of src/links/gpio/gpio.ts in a bundle: pins with pull-ups that nobody touches, had as quickly as a call. */
import type { LoadedGpio } from "../../src/links/gpio/gpio.ts";
import type { GpioLines, GpioLink, Level } from "../../src/runtime/ports.ts";

/** Gives the pins, whatever the configuration says of them. */
export async function loadGpio(): Promise<LoadedGpio> {
  return { ok: true, link, backend: "cdev", why: "The pins of a bench are played." };
}

const link: GpioLink = {
  claim: (claimed, _listener, done) => {
    const levels = new Map<number, Level>(claimed.map(({ pin }) => [pin, 1]));
    const lines: GpioLines = {
      read: (pin) => levels.get(pin) ?? 1,
      write: (written) => {
        for (const { pin, level } of written) levels.set(pin, level);
      },
      watch: () => {},
      release: (freed) => void setImmediate(freed),
    };
    setImmediate(() => done({ kind: "claimed", lines }));
  },
};

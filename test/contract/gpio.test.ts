/** The simulated pins keep the contract that the real ones keep in test/hil/gpio.test.ts. */
import assert from "node:assert/strict";
import type { Level } from "../../src/runtime/ports.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedTime } from "../../src/simulator/outside/time.ts";
import { SimulatedPins, type SimulatedPinsOptions } from "../../src/simulator/site/pins.ts";
import { type GpioStand, gpioContract } from "./gpio-suite.ts";

/** Longer than anything that the twin puts off. */
const LONG_MS = 100;

const HEADER = Array.from({ length: 28 }, (_, pin) => pin);

function simulatedStand(seed: number, options: SimulatedPinsOptions): GpioStand {
  const time = new SimulatedTime();
  const link = new SimulatedPins(time, new Random(seed), options);
  const silent = { edge: () => {}, lost: () => {} };
  return {
    link,
    pullsUp: options.pullUps === true,
    drive: (pin, how) => link.pull(pin, how === "free" ? "none" : how),
    level: (pin) => link.level(pin),
    record: (pin) => {
      const from = link.changes.length;
      return (): readonly Level[] =>
        link.changes
          .slice(from)
          .filter((change) => change.pin === pin)
          .map(({ level }) => level);
    },
    held: () => HEADER.filter((pin) => link.holds(pin)),
    takeElsewhere: async (pin) => {
      let letGo: (() => Promise<void>) | null = null;
      link.claim([{ use: "input", pin, pullUp: false, debounceMs: 0 }], silent, (outcome) => {
        assert.ok(outcome.kind === "claimed");
        letGo = async () => outcome.lines.release(() => {});
      });
      time.runUntil(time.now + LONG_MS);
      assert.ok(letGo !== null);
      return letGo;
    },
    breakPin: (pin) => link.fail(pin, "the line is gone"),
    until: async (condition) => {
      while (!condition()) assert.ok(time.step(), "it never came true");
    },
    pass: async () => time.runUntil(time.now + LONG_MS),
    end: async () => {},
  };
}

gpioContract("the simulated twin as sysfs", async (seed) =>
  simulatedStand(seed, { pullUps: false, atomicWrites: false }),
);
gpioContract("the simulated twin as the character device", async (seed) =>
  simulatedStand(seed, { pullUps: true, atomicWrites: true }),
);

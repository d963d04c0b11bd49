/** The wiring that the documents show, as what a new configuration begins with; and the words around pins. */
import type { LoadedGpio } from "../../links/gpio/gpio.ts";
import { type Draft, textAt, valueAt } from "./draft.ts";
import type { SetupContext } from "./step.ts";

/** Pins of the wiring table, by BCM number. */
export const usualPins = {
  keypad: { rows: [5, 6, 13, 19], columns: [12, 16, 20, 21], keys: ["789C", "456<", "123X", "0.:="] },
  display: { rs: 25, e: 24, data: [23, 17, 18, 22] },
  outputs: { paid: 26, wait: 4, refused: 27, buzzer: 11 },
} as const;

/** The pins as the draft says they are reached; null where they cannot be, which is said. */
export async function pinsOf(draft: Draft, { dialogue, machine, told }: SetupContext) {
  const backend = textAt(draft, "gpio.backend");
  const loaded: LoadedGpio = await machine.pins({
    backend: backend === "sysfs" || backend === "cdev" ? backend : "auto",
    chip: textAt(draft, "gpio.chip"),
  });
  if (loaded.ok) return loaded.link;
  const why = told.has(loaded.problem) ? "the pins cannot be reached." : loaded.problem;
  told.add(loaded.problem);
  dialogue.say(`Kept, and not tried: ${why}`, "bad");
  return null;
}

/** Whether a part of the configuration is there. */
export function has(key: string): (draft: Draft) => boolean {
  return (draft) => {
    const value = valueAt(draft, key);
    return value !== undefined && value !== null;
  };
}

/** Drives one output for a moment, so that somebody can see or hear it. */
import { levelOf, type Pin } from "../../drivers/pin.ts";
import type { GpioLines, GpioLink } from "../../runtime/ports.ts";
import { pause } from "./pause.ts";
import type { SetupContext } from "./step.ts";

/** How often, and for how long, in milliseconds. */
export interface Beat {
  readonly times: number;
  readonly onMs: number;
  readonly offMs: number;
}

/** Switches the pin on and off; null, or why that was not possible. It is off and free when this ends, however it ends. */
export async function beat(
  link: GpioLink,
  pin: Pin,
  { times, onMs, offMs }: Beat,
  desk: SetupContext,
): Promise<string | null> {
  const { clock } = desk.machine;
  const { left } = desk.dialogue;
  let lost: string | null = null;
  const lines = await new Promise<GpioLines | string>((resolve) => {
    const listener = {
      edge: () => {},
      lost: (cause: string) => {
        lost = cause;
      },
    };
    link.claim([{ use: "output", pin: pin.pin, level: levelOf(pin, false) }], listener, (outcome) =>
      resolve(outcome.kind === "claimed" ? outcome.lines : outcome.why),
    );
  });
  if (typeof lines === "string") return lines;
  try {
    for (let time = 0; time < times; time += 1) {
      lines.write([{ pin: pin.pin, level: levelOf(pin, true) }]);
      await pause(clock, onMs, left);
      lines.write([{ pin: pin.pin, level: levelOf(pin, false) }]);
      await pause(clock, offMs, left);
    }
    return lost;
  } finally {
    lines.write([{ pin: pin.pin, level: levelOf(pin, false) }]);
    await new Promise<void>((free) => lines.release(free));
  }
}

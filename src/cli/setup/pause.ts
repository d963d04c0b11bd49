import { after } from "../../core/kernel/instant.ts";
import type { Clock } from "../../runtime/ports.ts";
import { Left } from "./dialogue.ts";

/** Waits; rejects at once where the person leaves, so that what was taken is given back. */
export async function pause(clock: Clock, milliseconds: number, left: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const leave = (): void => {
      timer.cancel();
      reject(new Left());
    };
    const timer = clock.at(after(clock.now(), milliseconds), () => {
      left.removeEventListener("abort", leave);
      resolve();
    });
    if (left.aborted) leave();
    else left.addEventListener("abort", leave, { once: true });
  });
}

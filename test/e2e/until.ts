import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * How long anything may take before a test gives up on it, in milliseconds. It says nothing about speed: it only makes that
 * what never comes ends in a sentence, on however busy a machine.
 */
export const PATIENCE_MS = 180_000;

/**
 * Waits in real time until `condition` holds. Where it does not, fails with what `what` says, or else with the condition
 * itself. No test waits in another way for what others do.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string | (() => string) = String(condition),
  { everyMs = 5 }: { readonly everyMs?: number } = {},
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (performance.now() >= deadline) {
      assert.fail(
        `within ${PATIENCE_MS / 1_000} s this did not come true: ${typeof what === "string" ? what : what()}`,
      );
    }
    await sleep(everyMs);
  }
}

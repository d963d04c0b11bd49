import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

/** How long anything may take before a test gives up on it, in milliseconds. */
export const PATIENCE_MS = 20_000;

/** Waits until `condition` holds; fails with what `what` says where it does not within `patienceMs`. */
export async function until(
  condition: () => boolean,
  what: string | (() => string),
  { patienceMs = PATIENCE_MS, everyMs = 5 }: { readonly patienceMs?: number; readonly everyMs?: number } = {},
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!condition()) {
    if (performance.now() >= deadline) {
      assert.fail(
        `within ${patienceMs} ms this did not come true: ${typeof what === "string" ? what : what()}`,
      );
    }
    await sleep(everyMs);
  }
}

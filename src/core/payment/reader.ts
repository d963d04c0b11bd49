/** Whether a reader is to read, and since when it has read nothing. */
import type { Box } from "./box.ts";
import { blockerOf } from "./readiness.ts";
import { readsAt, restOf, rests } from "./rest.ts";
import type { Rules, Stamp } from "./rules.ts";

/** Something was read: what lies in the reader lies there still. */
export function unquiet(box: Box, { at }: Stamp): Box {
  return box.quietSince === null ? box : { ...box, quietSince: at };
}

/**
 * Whether the reader is to read: a triggered one is told so, and no rest passes while it is not or is not there. What is on sale
 * rests again when reading was interrupted, for nobody saw who came and went.
 */
export function wantsReading(box: Box, rules: Rules): boolean {
  if (!readsAt(box.foreground, rules)) return false;
  const blocker = blockerOf(box, rules);
  // A machine that is busy for a moment, or a pause, sees who comes meanwhile.
  return blocker === null || blocker === "inhibited" || blocker === "paused";
}

/** Notes since when a reader reads, and lets what is on sale rest where none does. */
export function lookAtReader(box: Box, { at }: Stamp, rules: Rules): Box {
  if (box.scannerReady && wantsReading(box, rules))
    return box.quietSince === null ? { ...box, quietSince: at } : box;
  const { foreground } = box;
  const next = foreground.name === "armed" && rests(rules) ? restOf(foreground.sale, at, rules) : foreground;
  const same = next === foreground && box.quietSince === null;
  return same ? box : { ...box, foreground: next, quietSince: null };
}

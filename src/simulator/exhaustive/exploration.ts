/**
 * All small worlds up to a number of faults, each once. A world is run with the choices that name it, and tells at which
 * points it could have gone on otherwise; its successors make one more choice, after its last one. So every world up to the
 * bound is reached by exactly one way, and none is left out; that a world is the same each time is checked as it is run.
 */
import type { PlantedDefect } from "../site/planted-defect.ts";
import type { Choice } from "./choices.ts";
import type { SmallSetup } from "./setups.ts";
import { runSmallWorld, type SmallWorldReport } from "./small-world.ts";

/** A world that is still to be run, with all that come after it. */
export interface Branch {
  readonly choices: readonly Choice[];
  /** How many of its choices are faults. */
  readonly faults: number;
}

/** What the worlds of one kind are, and how far they go. */
export interface Bounds {
  readonly setup: SmallSetup;
  /** The most faults in one world. */
  readonly faults: number;
  readonly defect?: PlantedDefect;
}

/** The world from which all others come: nothing goes wrong. */
export const root: Branch = { choices: [], faults: 0 };

/** Runs one world and hands on what follows from it. */
export function runBranch(
  { setup, faults: most, defect }: Bounds,
  { choices, faults }: Branch,
): { readonly report: SmallWorldReport; readonly next: readonly Branch[] } {
  const report = runSmallWorld({ setup, choices, ...(defect === undefined ? {} : { defect }) });
  const next: Branch[] = [];
  const { points } = report;
  for (let point = (choices.at(-1)?.point ?? -1) + 1; point < points.length; point += 1) {
    const { options = [], fault = true, way = null } = points[point] ?? {};
    const spent = faults + Number(fault);
    if (spent > most) continue;
    for (let option = 1; option < options.length; option += 1) {
      next.push({ choices: [...choices, { point, option, way }], faults: spent });
    }
  }
  return { report, next };
}

/** Runs every world of a branch; `heard` is told of each, and ends the walk with false. */
export function explore(
  bounds: Bounds,
  from: Branch,
  heard: (branch: Branch, report: SmallWorldReport) => boolean,
): void {
  const waiting = [from];
  for (let branch = waiting.pop(); branch !== undefined; branch = waiting.pop()) {
    const { report, next } = runBranch(bounds, branch);
    if (!heard(branch, report)) return;
    // The earliest choices first: whatever is told of long runs begins with them.
    waiting.push(...next.toReversed());
  }
}

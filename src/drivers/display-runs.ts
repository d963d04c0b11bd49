import type { DisplayRun } from "../runtime/ports.ts";

/** Unchanged cells between two changes that are written again, for going to an address costs as much as a cell. */
const GAP_CELLS_MAX = 2;

/**
 * What has to be written so that a display that shows `before` shows `after`; both have the same number of rows and columns.
 * Changes of one row that are close to each other become one run.
 */
export function changedRuns(before: readonly string[], after: readonly string[]): readonly DisplayRun[] {
  return after.flatMap((text, row) => runsOfRow(row, before[row] ?? "", text));
}

function runsOfRow(row: number, before: string, after: string): readonly DisplayRun[] {
  const runs: DisplayRun[] = [];
  let first = -1;
  let last = -1;
  const end = (): void => {
    if (first >= 0) runs.push({ row, column: first, text: after.slice(first, last + 1) });
  };
  for (let column = 0; column < after.length; column += 1) {
    if (after[column] === before[column]) continue;
    if (first < 0 || column - last - 1 > GAP_CELLS_MAX) {
      end();
      first = column;
    }
    last = column;
  }
  end();
  return runs;
}

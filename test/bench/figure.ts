/** What a number should be: test/README.md has the goals. */
export type Goal = { readonly atMost: number } | { readonly atLeast: number };

/** One measured number. */
export interface Figure {
  /** Stays the same from run to run, such as `latency.scan-to-charge.p50`. */
  readonly name: string;
  readonly value: number;
  readonly unit: "ms" | "µs" | "MiB" | "%" | "1/s" | "×" | "";
  readonly goal?: Goal;
  /** How it was measured, where the name does not say it. */
  readonly note?: string;
}

/** One subject that can be measured by itself. */
export interface Bench {
  readonly name: string;
  /** One line for the list. */
  readonly what: string;
  /** After so many minutes it is ended, done or not; eight where it does not say. */
  readonly minutes?: number;
  /**
   * `say` tells a waiting person how far it is; `had` hands over what stays measured if the part is ended before it returns the
   * rest. Throws `CannotMeasure` where the machine lacks something.
   */
  readonly measure: (
    say: (progress: string) => void,
    had: (figures: readonly Figure[]) => void,
  ) => Promise<readonly Figure[]>;
}

/** The machine lacks what a bench needs; the message is a sentence that says what. */
export class CannotMeasure extends Error {
  override readonly name = "CannotMeasure";
}

/** Whether the goal of a figure is reached; null where it has none. */
export function isReached({ value, goal }: Figure): boolean | null {
  if (goal === undefined) return null;
  return "atMost" in goal ? value <= goal.atMost : value >= goal.atLeast;
}

/** A figure in one line. */
export function lineOf(figure: Figure): string {
  const { name, value, unit, goal, note } = figure;
  const number = `${rounded(value)}${unit === "" ? "" : ` ${unit}`}`;
  const wanted =
    goal === undefined ? "" : `  goal ${"atMost" in goal ? `≤ ${goal.atMost}` : `≥ ${goal.atLeast}`}`;
  const verdict = goal === undefined ? "" : `, ${verdictOf(figure, goal)}`;
  return `${name.padEnd(44)} ${number.padStart(12)}${wanted}${verdict}${note === undefined ? "" : `  (${note})`}`;
}

/** The last line: how many goals were reached, and what was not, or was not even measured. */
export function summaryOf(figures: readonly Figure[], unmeasured: readonly string[]): string {
  const reached = figures.filter((figure) => isReached(figure) === true).length;
  const missed = figures.filter((figure) => isReached(figure) === false).map(({ name }) => name);
  return [
    `goals: ${reached} reached, ${missed.length} missed${missed.length === 0 ? "" : ` (${missed.join(", ")})`}`,
    ...(unmeasured.length === 0 ? [] : [`not measured: ${unmeasured.join(", ")}`]),
  ].join("; ");
}

/** Whether the goal is reached, and else by how much it is missed. */
function verdictOf(figure: Figure, goal: Goal): string {
  if (isReached(figure) === true) return "reached";
  const wanted = "atMost" in goal ? goal.atMost : goal.atLeast;
  const short = Math.abs(figure.value - wanted);
  const share =
    wanted === 0 ? "" : `, ${Math.ceil((100 * short) / wanted)} % ${"atMost" in goal ? "above" : "below"} it`;
  return `MISSED by ${rounded(short)}${figure.unit === "" ? "" : ` ${figure.unit}`}${share}`;
}

/** The value below which `share` of all lie, 0 to 1; the upper one where it falls between two. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** The least of all. */
export function least(values: readonly number[]): number {
  return Math.min(...values);
}

/** Three digits that matter, and no more than two behind the point. */
function rounded(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2);
}

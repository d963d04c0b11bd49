/** Tells Stryker, which loads this into a process of its own, which of the defects that it planted are looked at. */
import { readFileSync } from "node:fs";

/** A defect as Stryker knows it: lines and columns from 0. */
interface Planned {
  /** Counts the defects of a run from 0, in the order of the files. */
  readonly id: string;
  readonly mutatorName: string;
  readonly replacement: string;
  readonly location: { readonly start: Place; readonly end: Place };
}

interface Place {
  readonly line: number;
  readonly column: number;
}

/** Which defects are wanted. */
export interface Wanted {
  /** Each so many-th one. */
  readonly every: number;
  /** Only those of these names; null for all. */
  readonly names: readonly string[] | null;
}

/** The variable that names the file in which a `Wanted` stands. */
export const WANTED_VARIABLE = "SCANBOX_MUTATION_WANTED";

/** Why a defect was not looked at, by which the report is read. */
export const NOT_WANTED = "not wanted";

/** What one defect of a source is called from run to run. */
export function nameOf(mutatorName: string, replacement: string, start: Place, end: Place): string {
  return [mutatorName, start.line, start.column, end.line, end.column, replacement].join(" ");
}

/** Whether a defect is wanted. */
export function isWanted(
  { every, names }: Wanted,
  { id, mutatorName, replacement, location }: Planned,
): boolean {
  const name = nameOf(mutatorName, replacement, oneBased(location.start), oneBased(location.end));
  return Number(id) % every === 0 && (names === null || names.includes(name));
}

function oneBased({ line, column }: Place): Place {
  return { line: line + 1, column: column + 1 };
}

class Chosen {
  #wanted: Wanted = { every: 1, names: null };

  init(): void {
    const file = process.env[WANTED_VARIABLE];
    if (file !== undefined) this.#wanted = JSON.parse(readFileSync(file, "utf8")) as Wanted;
  }

  check(mutants: readonly Planned[]): Record<string, { readonly status: string; readonly reason?: string }> {
    const answer = (mutant: Planned) =>
      isWanted(this.#wanted, mutant) ? { status: "passed" } : { status: "compileError", reason: NOT_WANTED };
    return Object.fromEntries(mutants.map((mutant) => [mutant.id, answer(mutant)]));
  }
}

/** What Stryker looks for in a module of a plugin. */
export const strykerPlugins = [{ kind: "Checker", name: "chosen", injectableClass: Chosen }];

/** Defects that no test can notice, because the program does the same with them, each with its reason. */

/** A family of defects in one place. */
export interface Explanation {
  readonly source: string;
  /** The line as it stands in the source, without its indentation. */
  readonly line: string;
  /** What is put there instead, as the list of survivors prints it; none for every defect of the line. */
  readonly becomes?: string;
  /** Why no test can tell. */
  readonly because: string;
}

/**
 * Whether what stands before a text makes it the sentence of a `Defect`: it is for whoever reads the log of a program that
 * has ended itself, and decides nothing. That the defect is thrown is for tests to say, its words are not.
 */
export function isSentenceOfDefect(before: string): boolean {
  return /(?:\binvariant\([^;{}]*,|\bnew Defect\()\s*$/.test(before);
}

export const explanations: readonly Explanation[] = [];

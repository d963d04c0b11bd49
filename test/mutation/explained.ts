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

export const explanations: readonly Explanation[] = [];

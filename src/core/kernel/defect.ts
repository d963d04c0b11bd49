/**
 * A fault of this program, as opposed to refused input (a `Result`) or a failing world (an event).
 * It is thrown, never caught to go on: the process ends and recovery runs at the next start.
 */
export class Defect extends Error {
  override readonly name = "Defect";
}

/** Throws a `Defect` where `condition` does not hold; `claim` is a sentence that says what should have been true. */
export function invariant(condition: boolean, claim: string): asserts condition {
  if (!condition) throw new Defect(claim);
}

/** Closes a switch over a union: a case that is missing does not compile, one that arrives anyway is a defect. */
export function unreachable(value: never): never {
  throw new Defect(`unexpected ${JSON.stringify(value)}`);
}

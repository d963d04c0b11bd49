/** What somebody outside can tell a box to do, by whatever way in, and what the core decides about it, once. */
import type { SaleCommand, SaleDecision } from "./till-sale.ts";

/** What is asked for. */
export type Command =
  | SaleCommand
  /** Say how everything stands. */
  | { readonly name: "status" }
  /** Begin a new segment of the journal, and drop old ones that may go. */
  | { readonly name: "journal rotate" };

/** What came of a rotation: `row` begins the new segment, `dropped` rows of old ones are gone; `why` is the end of a sentence. */
export type RotationOutcome =
  | { readonly kind: "rotated"; readonly row: number; readonly dropped: number }
  /** Nothing was written since the newest segment began, and nothing may go. */
  | { readonly kind: "nothing" }
  | { readonly kind: "refused"; readonly why: string };

/** What is decided. */
export type Decision =
  | SaleDecision
  /** The box stands as the turn says that brings this answer. */
  | { readonly kind: "status" }
  | { readonly kind: "rotation"; readonly outcome: RotationOutcome };

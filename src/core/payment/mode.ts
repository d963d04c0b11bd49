/** What follows from who presents the code, whoever the provider is. */
import type { Mode } from "./order.ts";

/** One row for each mode. */
export interface ModeFacts {
  /** After a charge whose answer is unclear: a code that nobody was shown is a code that nobody can pay. */
  readonly unclearCharge: "inquire" | "undo";
  /** When people at the box are told that a reversal takes its time: for a code of ours nobody waits. */
  readonly staffAfter: "patience" | "at-once";
  readonly unknownText: "unknown" | "code-withdrawn";
}

/** The table; a branch on the mode anywhere else is about money (`undoOf`) or about a screen that shows our code. */
export const modes: Readonly<Record<Mode, ModeFacts>> = {
  cpm: { unclearCharge: "inquire", staffAfter: "patience", unknownText: "unknown" },
  mpm: { unclearCharge: "undo", staffAfter: "at-once", unknownText: "code-withdrawn" },
};

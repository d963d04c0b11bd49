/**
 * What a start does with an order of the journal, as a table: seven facts, a hundred and twenty-eight combinations, and for each exactly one
 * row. The table in src/core/README.md is generated from this one.
 */
import { invariant } from "../kernel/defect.ts";

/** What the journal says of one order, and whether the box still holds the credentials of its merchant. */
export interface OrderFacts {
  /** A `charging` entry stands in the journal. */
  readonly charging: boolean;
  /** A `reversing` entry follows. */
  readonly reversing: boolean;
  /** The newest money entry says that the number is known at the provider. */
  readonly numberConflict: boolean;
  /** The newest money entry is a payment whose goods were still to come. */
  readonly dispensing: boolean;
  /** The newest money entry is final. */
  readonly final: boolean;
  readonly credentials: boolean;
  /** A quarantine has lost a row that may have been its last. */
  readonly doubted: boolean;
}

/**
 * `ask`: query at once, as after an unclear answer. `reverse`: go on reversing. `judge`: nobody knows what became of the
 * goods, the setting decides. `hold`: charge nobody until somebody brings
 * the credentials back. `doubt`: query and tell, never reverse. `leave`: nothing to do. `refuse`: the journal is damaged, do not start.
 */
export type RecoveryAction = "ask" | "reverse" | "resolve-goods" | "doubt" | "hold" | "leave" | "refuse";

/** One row of the table: which facts it is for, and what the start does. */
export interface RecoveryRow {
  readonly name: string;
  /** What must hold for this row; a fact that is not named may be either. */
  readonly when: Partial<OrderFacts>;
  readonly action: RecoveryAction;
  readonly because: string;
}

/** The table; its rows do not overlap and leave nothing out. */
export const recoveryTable: readonly RecoveryRow[] = [
  {
    name: "nothing",
    when: { charging: false, reversing: false, dispensing: false, final: false },
    action: "leave",
    because: "Nothing was recorded, so nothing was sent.",
  },
  {
    name: "orphan-reversal",
    when: { charging: false, reversing: true },
    action: "refuse",
    because: "A reversal without its intent cannot have been written by this program.",
  },
  {
    name: "orphan-end",
    when: { charging: false, reversing: false, dispensing: false, final: true },
    action: "refuse",
    because: "An end without its intent cannot have been written by this program.",
  },
  {
    name: "orphan-payment",
    when: { charging: false, reversing: false, dispensing: true },
    action: "refuse",
    because: "A payment without its intent cannot have been written by this program.",
  },
  {
    name: "ended",
    when: { charging: true, final: true },
    action: "leave",
    because: "The order has ended; the reporters of the journal still follow it.",
  },
  {
    name: "outcome-unknown",
    when: {
      charging: true,
      reversing: false,
      numberConflict: false,
      dispensing: false,
      final: false,
      credentials: true,
      doubted: false,
    },
    action: "ask",
    because: "The charge may have left at any moment before the stop: it counts as charged now.",
  },
  {
    name: "reversal-of-number-conflict",
    when: { charging: true, reversing: true, numberConflict: true, final: false, credentials: true },
    action: "ask",
    because: "A query has shown somebody else's order under the number that was being reversed.",
  },
  {
    name: "number-conflict",
    when: {
      charging: true,
      reversing: false,
      numberConflict: true,
      final: false,
      credentials: true,
      doubted: false,
    },
    action: "ask",
    because: "The number is known there, by whatever hand: nothing that may be another's is reversed.",
  },
  {
    name: "goods-unclear",
    when: {
      charging: true,
      reversing: false,
      numberConflict: false,
      dispensing: true,
      final: false,
      credentials: true,
      doubted: false,
    },
    action: "resolve-goods",
    because: "A pulse may have gone out, and a second one could be a second product.",
  },
  {
    name: "last-row-lost",
    when: { charging: true, reversing: false, final: false, credentials: true, doubted: true },
    action: "doubt",
    because: "It may have been sold, or taken back, in the row that was lost: people hear of it.",
  },
  {
    name: "reversal-open",
    when: { charging: true, reversing: true, numberConflict: false, final: false, credentials: true },
    action: "reverse",
    because: "What was to be reversed can never become paid; a query has not confirmed it yet.",
  },
  {
    name: "account-gone",
    when: { charging: true, final: false, credentials: false },
    action: "hold",
    because: "An order is asked about and reversed under its own account, or not at all.",
  },
];

const factNames = [
  "charging",
  "reversing",
  "numberConflict",
  "dispensing",
  "final",
  "credentials",
  "doubted",
] as const;

/** The one row for these facts; no row or two is a defect of the table. */
export function recoveryOf(facts: OrderFacts): RecoveryRow {
  const rows = recoveryTable.filter(({ when }) =>
    factNames.every((name) => when[name] === undefined || when[name] === facts[name]),
  );
  const [row] = rows;
  invariant(row !== undefined && rows.length === 1, "every combination has exactly one row");
  return row;
}

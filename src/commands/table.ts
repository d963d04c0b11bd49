/**
 * Every command that a box takes, by whatever way in: who may give it, its arguments, and what it tells the core. Help, errors and
 * documents come from here; a new command is one row.
 */
import * as z from "zod";
import { fenOf } from "../core/kernel/fen.ts";
import type { Command } from "../core/payment/command.ts";
import { saleRefSchema, saleStates } from "./sale.ts";

/** What somebody may do at a box. */
export const roles = ["read", "sell", "operate"] as const;
export type Role = (typeof roles)[number];

/** One command. */
export interface Row {
  readonly role: Role;
  /** What it does, a sentence. */
  readonly about: string;
  /** What it answers, as the end of "it answers …". */
  readonly answers: string;
  readonly args: z.ZodObject;
  /** The command of a caller with these arguments, or what is wrong with them. */
  readonly read: (caller: string, args: unknown) => z.ZodSafeParseResult<Command>;
}

function row<Shape extends z.ZodRawShape>(
  about: Pick<Row, "role" | "about" | "answers">,
  args: z.ZodObject<Shape>,
  command: (args: z.output<z.ZodObject<Shape>>, caller: string) => Command,
): Row {
  return {
    ...about,
    args,
    read: (caller, given) => args.transform((read) => command(read, caller)).safeParse(given),
  };
}

/** The message of an issue that an amount is too large has this name: it is a refusal of its own. */
export const TOO_LARGE = "amount-too-large";

const ref = saleRefSchema.describe("The till's own id of the sale.");

const amountFen = z
  .int()
  .describe("The amount in fen.")
  .transform((value, context) => {
    const fen = fenOf(value);
    if (fen.ok) return fen.value;
    context.addIssue({ code: "custom", message: fen.reason === "too-large" ? TOO_LARGE : "is no amount" });
    return z.NEVER;
  });

/** Whoever waits is answered before a way in would take the silence for an end. */
const WAIT_MS_MAX = 25_000;

const state = z.enum(saleStates).describe("How the sale stood when it was last told of.");

const withinMs = z
  .int()
  .min(0)
  .max(WAIT_MS_MAX)
  .default(WAIT_MS_MAX)
  .describe("How long it is waited for, in milliseconds.");

const nothing = z.strictObject({});
const theSale = "the sale";

/** By name, in the order of the documents. */
export const commands: ReadonlyMap<string, Row> = new Map([
  [
    "status",
    row(
      { role: "read", about: "Says how everything stands.", answers: "what `scanbox status --json` prints" },
      nothing,
      () => ({ name: "status" }),
    ),
  ],
  [
    "pay",
    row(
      {
        role: "sell",
        about: "Arms the amount, or says how the sale of this `ref` stands that was asked for before.",
        answers: theSale,
      },
      z.strictObject({ ref, amountFen }),
      (args, caller) => ({ name: "pay", caller, ...args }),
    ),
  ],
  [
    "sale",
    row(
      { role: "sell", about: "Says how a sale stands.", answers: theSale },
      z.strictObject({ ref }),
      (args, caller) => ({ name: "sale", caller, ...args }),
    ),
  ],
  [
    "wait",
    row(
      {
        role: "sell",
        about:
          "Says how a sale stands as soon as it stands otherwise than in `state`, or when the time is over.",
        answers: theSale,
      },
      z.strictObject({ ref, state, withinMs }),
      (args, caller) => ({ name: "wait", caller, ...args }),
    ),
  ],
  [
    "withdraw",
    row(
      {
        role: "sell",
        about: "Wants a sale no more: one that waits ends, one that is under way is reversed if it can be.",
        answers: theSale,
      },
      z.strictObject({ ref }),
      (args, caller) => ({ name: "withdraw", caller, ...args }),
    ),
  ],
  [
    "journal rotate",
    row(
      {
        role: "operate",
        about: "Begins a new segment of the journal and drops old ones that may go.",
        answers: "`rotated` with `row` and `dropped`, or `nothing`",
      },
      nothing,
      () => ({ name: "journal rotate" }),
    ),
  ],
]);

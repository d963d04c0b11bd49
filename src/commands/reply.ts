/** What whoever asked reads, by whatever way in: a result, or a problem in one word with a sentence. */
import type { AskRefusal } from "../core/payment/till-sale.ts";

/** Why there is no result. A program may rely on these; `message` is a sentence for people. */
export type Problem =
  | "unknown-command"
  /** It is a command, and not for whoever comes in this way. */
  | "not-allowed"
  /** The command does not take these arguments. */
  | "arguments"
  /** The answer is no: `message` says why. */
  | "refused"
  /** There is no sale of this `ref`. */
  | "no-sale"
  /** Nobody knows now. */
  | "unread"
  /** A sale is not taken. */
  | AskRefusal;

/** What comes back. */
export type Reply =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly problem: Problem; readonly message: string };

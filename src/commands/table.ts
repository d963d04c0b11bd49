/** What a box can be asked to do through its control socket. A new command is one entry of the table. */
import * as z from "zod";
import { fenOf } from "../core/kernel/fen.ts";
import type { SaleAnswer, SalesApi } from "../core/payment/till-sale.ts";
import { type ControlAnswer, type ControlRequest, problemAnswer, resultAnswer } from "./protocol.ts";
import { saleRefSchema, saleStates } from "./sale.ts";
import type { BoxStatus } from "./status.ts";

/** What came of a rotation of the journal; `row` begins the new segment, `dropped` rows of old ones are gone. */
export type Rotated =
  | { readonly kind: "rotated"; readonly row: number; readonly dropped: number }
  | { readonly kind: "nothing" }
  | { readonly kind: "refused"; readonly why: string };

/** The box, as far as commands reach it. */
export interface ControlApi {
  /** Null where the box is stopping and its journal about to close. */
  readonly status: () => BoxStatus | null;
  readonly rotate: (done: (outcome: Rotated) => void) => void;
  /** What a till may do. */
  readonly sales: SalesApi;
}

interface Command {
  /** Answers once, now or later; gives what is wrong with the arguments instead, where they are not its own. */
  readonly run: (
    request: ControlRequest,
    handlers: ControlApi,
    answer: (answer: ControlAnswer) => void,
  ) => ControlAnswer | null;
}

function command<Args>(
  schema: z.ZodType<Args>,
  run: (args: Args, handlers: ControlApi, answer: (answer: ControlAnswer) => void, caller: string) => void,
): Command {
  return {
    run: ({ caller, args }, handlers, answer) => {
      const read = schema.safeParse(args);
      if (!read.success) return refusedArguments(read.error.issues);
      run(read.data, handlers, answer, caller);
      return null;
    },
  };
}

const nothing = z.strictObject({});

/** The message of an issue that an amount is too large has this name: it is a refusal of its own. */
const TOO_LARGE = "amount-too-large";

const amountFen = z.int().transform((value, context) => {
  const fen = fenOf(value);
  if (fen.ok) return fen.value;
  context.addIssue({ code: "custom", message: fen.reason === "too-large" ? TOO_LARGE : "is no amount" });
  return z.NEVER;
});

/** Says which of the arguments is wrong: missing, one too many, or not what it should be. */
function refusedArguments(issues: readonly z.core.$ZodIssue[]): ControlAnswer {
  if (issues.every(({ message }) => message === TOO_LARGE))
    return problemAnswer(TOO_LARGE, refusals[TOO_LARGE]);
  const names = issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) =>
        /^[\w-]{1,64}$/.test(key) ? `"${key}" (not known)` : "one that is not known",
      );
    const [name] = issue.path;
    return name === undefined ? [] : [`"${String(name)}"`];
  });
  const which = names.length === 0 ? "they are no object" : names.join(", ");
  return problemAnswer("arguments", `These arguments are missing or wrong: ${which}.`);
}

const asked = z.strictObject({ ref: saleRefSchema, amountFen });
const named = z.strictObject({ ref: saleRefSchema });

/** Whoever waits is answered before the server would take the silence for an end. */
const WAIT_MS_MAX = 25_000;

const awaited = z.strictObject({
  ref: saleRefSchema,
  state: z.enum(saleStates),
  withinMs: z.int().min(0).max(WAIT_MS_MAX).default(WAIT_MS_MAX),
});

const commands: ReadonlyMap<string, Command> = new Map([
  ["status", command(nothing, (_, handlers, answer) => answer(statusAnswer(handlers.status())))],
  [
    "journal rotate",
    command(nothing, (_, handlers, answer) =>
      handlers.rotate((outcome) =>
        answer(outcome.kind === "refused" ? problemAnswer("refused", outcome.why) : resultAnswer(outcome)),
      ),
    ),
  ],
  [
    "pay",
    command(asked, ({ ref, amountFen }, { sales }, answer, caller) => {
      sales.ask({ caller, ref }, amountFen, (sale) => answer(saleAnswer(sale)));
    }),
  ],
  [
    "sale",
    command(named, ({ ref }, { sales }, answer, caller) =>
      sales.state({ caller, ref }, (sale) => answer(saleAnswer(sale))),
    ),
  ],
  [
    "wait",
    command(awaited, ({ ref, state, withinMs }, { sales }, answer, caller) =>
      sales.wait({ caller, ref }, { state, withinMs }, (sale) => answer(saleAnswer(sale))),
    ),
  ],
  [
    "withdraw",
    command(named, ({ ref }, { sales }, answer, caller) =>
      sales.withdraw({ caller, ref }, (sale) => answer(saleAnswer(sale))),
    ),
  ],
]);

function statusAnswer(status: BoxStatus | null): ControlAnswer {
  return status === null ? problemAnswer("refused", "The box is stopping.") : resultAnswer(status);
}

const refusals: Readonly<Record<Extract<SaleAnswer, { kind: "refused" }>["why"], string>> = {
  "not-offered": 'This box takes no amounts from a till: amount.source of its configuration is not "till".',
  "not-ready": "The box takes no payments now",
  busy: "Another payment is at the box, or another caller's amount waits there; ask again when it has ended.",
  "ref-used":
    "There was a sale with this ref before, and this is no new one: ask how it stands, without an amount.",
  "other-amount": "This ref stands for another amount; a new sale needs a new ref.",
  "amount-too-large": "The amount is above amount.maximum.",
  "amount-uneven": "The amount is no whole number of the machine's pulses.",
};

function saleAnswer(answer: SaleAnswer): ControlAnswer {
  switch (answer.kind) {
    case "state":
      return resultAnswer(answer.sale);
    case "no-sale":
      return problemAnswer("no-sale", "The box knows of no sale with this ref.");
    case "unread":
      return problemAnswer("unread", "The journal cannot be read now: what became of the sale is not known.");
    case "refused": {
      const blocked =
        answer.why === "not-ready" ? `${answer.blocker === null ? "" : ` (${answer.blocker})`}.` : "";
      return problemAnswer(answer.why, `${refusals[answer.why]}${blocked}`);
    }
  }
}

/** Does what a request asks for and answers once. */
export function obey(
  request: ControlRequest,
  handlers: ControlApi,
  answer: (answer: ControlAnswer) => void,
): void {
  const { command: name } = request;
  const found = commands.get(name);
  if (found === undefined) {
    const known = [...commands.keys()].join(", ");
    answer(problemAnswer("unknown-command", `There is no command of this name; there are: ${known}.`));
  } else {
    const refused = found.run(request, handlers, answer);
    if (refused !== null) answer(refused);
  }
}

/** Gives a request to the box and makes a reply of its answer. */
import type * as z from "zod";
import type { SaleAnswer } from "../core/payment/till-sale.ts";
import type { Answer, Ask } from "./callers.ts";
import type { Problem, Reply } from "./reply.ts";
import { commands, type Role, TOO_LARGE } from "./table.ts";

/** What somebody asks for, when the way in has said who it is. */
export interface Request {
  readonly caller: string;
  readonly command: string;
  readonly args: unknown;
}

/** Replies once, now or later. */
export function put(
  { caller, command: name, args }: Request,
  may: ReadonlySet<Role>,
  ask: Ask,
  reply: (reply: Reply) => void,
): void {
  const found = commands.get(name);
  if (found === undefined) {
    const known = [...commands].filter(([, { role }]) => may.has(role)).map(([known]) => known);
    reply(problem("unknown-command", `There is no command of this name; there are: ${known.join(", ")}.`));
  } else if (!may.has(found.role)) {
    reply(problem("not-allowed", `This takes the role "${found.role}", which who asks here does not have.`));
  } else {
    const read = found.read(caller, args);
    if (read.success) ask(read.data, (answer) => reply(replyOf(answer)));
    else reply(refusedArguments(read.error.issues));
  }
}

/** Says which of the arguments is wrong: missing, one too many, or not what it should be. */
function refusedArguments(issues: readonly z.core.$ZodIssue[]): Reply {
  if (issues.every(({ message }) => message === TOO_LARGE)) return problem(TOO_LARGE, refusals[TOO_LARGE]);
  const names = issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) =>
        /^[\w-]{1,64}$/.test(key) ? `"${key}" (not known)` : "one that is not known",
      );
    const [name] = issue.path;
    return name === undefined ? [] : [`"${String(name)}"`];
  });
  const which = names.length === 0 ? "they are no object" : names.join(", ");
  return problem("arguments", `These arguments are missing or wrong: ${which}.`);
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

function replyOf(answer: Answer): Reply {
  switch (answer.kind) {
    case "state":
      return { ok: true, result: answer.sale };
    case "status":
      return { ok: true, result: answer.status };
    case "rotation":
      return answer.outcome.kind === "refused"
        ? problem("refused", answer.outcome.why)
        : { ok: true, result: answer.outcome };
    case "no-sale":
      return problem("no-sale", "The box knows of no sale with this ref.");
    case "unread":
      return problem("unread", "The journal cannot be read now: how things stand is not known.");
    case "refused": {
      const blocked =
        answer.why === "not-ready" ? `${answer.blocker === null ? "" : ` (${answer.blocker})`}.` : "";
      return problem(answer.why, `${refusals[answer.why]}${blocked}`);
    }
  }
}

function problem(word: Problem, message: string): Reply {
  return { ok: false, problem: word, message };
}

/** What a box can be asked to do through its door. A new command is one entry of the table. */
import { z } from "zod";
import { type ControlAnswer, type ControlRequest, problemAnswer, resultAnswer } from "./protocol.ts";
import type { BoxStatus } from "./status.ts";

/** What came of a rotation of the journal; `row` begins the new segment, `dropped` rows of old ones are gone. */
export type Rotated =
  | { readonly kind: "rotated"; readonly row: number; readonly dropped: number }
  | { readonly kind: "nothing" }
  | { readonly kind: "refused"; readonly why: string };

/** The box, as far as commands reach it. */
export interface ControlHands {
  readonly status: () => BoxStatus;
  readonly rotate: (done: (outcome: Rotated) => void) => void;
}

interface Command {
  /** Answers once, now or later, unless the arguments are not its own. */
  readonly run: (
    args: unknown,
    hands: ControlHands,
    answer: (answer: ControlAnswer) => void,
  ) => "taken" | "wrong-arguments";
}

function command<Args>(
  schema: z.ZodType<Args>,
  run: (args: Args, hands: ControlHands, answer: (answer: ControlAnswer) => void) => void,
): Command {
  return {
    run: (args, hands, answer) => {
      const read = schema.safeParse(args);
      if (!read.success) return "wrong-arguments";
      run(read.data, hands, answer);
      return "taken";
    },
  };
}

const nothing = z.strictObject({});

const commands: ReadonlyMap<string, Command> = new Map([
  ["status", command(nothing, (_, hands, answer) => answer(resultAnswer(hands.status())))],
  [
    "journal rotate",
    command(nothing, (_, hands, answer) =>
      hands.rotate((outcome) =>
        answer(outcome.kind === "refused" ? problemAnswer("refused", outcome.why) : resultAnswer(outcome)),
      ),
    ),
  ],
]);

/** Does what a request asks for and answers once. */
export function obey(
  { command: name, args }: ControlRequest,
  hands: ControlHands,
  answer: (answer: ControlAnswer) => void,
): void {
  const found = commands.get(name);
  if (found === undefined) {
    const known = [...commands.keys()].join(", ");
    answer(problemAnswer("unknown-command", `There is no command of this name; there are: ${known}.`));
  } else if (found.run(args, hands, answer) === "wrong-arguments") {
    answer(problemAnswer("arguments", `"${name}" does not take these arguments.`));
  }
}

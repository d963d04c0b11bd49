/** One question after the other: a default in brackets, `?` explains, `<` goes back, `-` leaves things as they are. */
import type { Dialogue } from "./dialogue.ts";
import { type Draft, problemsAt, valueAt, withValue } from "./draft.ts";
import { type Form, yesOrNo } from "./form.ts";
import type { SetupContext, State, Step } from "./step.ts";

/** What is asked, whatever becomes of the answer. */
export interface Asking {
  readonly text: string;
  readonly help: string;
  readonly form: Form;
  /** What Enter means, as the form shows it; null where there is no such thing. */
  readonly proposal: string | null;
  /** Why this value will not do, a sentence each. */
  readonly refuse?: (value: unknown) => readonly string[];
}

/** The value; or the person wants to go back, or to leave this as it is. */
export type Answer =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "back" }
  | { readonly kind: "skip" };

/** Asks until there is an answer that will do. */
export async function ask(dialogue: Dialogue, asking: Asking): Promise<Answer> {
  const { form, help, proposal } = asking;
  const prompt = pose(dialogue, asking);
  for (;;) {
    const typed = (await dialogue.ask(prompt, form.secret)).trim();
    if (typed === "<") return { kind: "back" };
    if (typed === "-") return { kind: "skip" };
    if (typed === "?") {
      dialogue.say(help, "quiet");
      continue;
    }
    if (typed === "" && proposal === null) {
      dialogue.say("There is no default here: type an answer, ? for help, or - to skip it.", "bad");
      continue;
    }
    const read = form.read(typed === "" ? (proposal ?? "") : typed);
    const problems = read.ok ? (asking.refuse?.(read.value) ?? []) : [read.why];
    if (read.ok && problems.length === 0) return { kind: "value", value: read.value };
    for (const problem of problems) dialogue.say(problem, "bad");
  }
}

/** A prompt longer than this leaves no room for the answer. */
const PROMPT_MAX = 56;

/** Says what stands above the line to type in, and gives that line's prompt. */
function pose(dialogue: Dialogue, { form, proposal, text }: Asking): string {
  const shown = proposal === null ? "" : ` [${proposal}]`;
  const line = `${text}${shown}: `;
  if (form.above.length === 0 && line.length <= PROMPT_MAX) return line;
  dialogue.say(form.above.length > 0 ? `\n${text}:` : text);
  for (const choice of form.above) dialogue.say(choice);
  return `  ${shown.trim() || "?"}: `;
}

/** Asks for yes or no; a skipped question is a no. */
export async function askYes(
  dialogue: Dialogue,
  asking: { readonly text: string; readonly help: string; readonly proposal: boolean },
): Promise<boolean | "back"> {
  const proposal = asking.proposal ? "yes" : "no";
  const answer = await ask(dialogue, { ...asking, form: yesOrNo, proposal });
  if (answer.kind === "back") return "back";
  return answer.kind === "value" && answer.value === true;
}

/** A question whose answer stands at one key of the configuration. */
export interface Question {
  readonly section: string;
  readonly key: string;
  readonly text: string;
  readonly help: string;
  readonly form: Form;
  /** What Enter means where the configuration says nothing. */
  readonly proposal?: string | ((draft: Draft, desk: SetupContext) => string | null);
  readonly when?: (draft: Draft) => boolean;
  /** What else changes with the answer. */
  readonly also?: (draft: Draft) => Draft;
  /** Why an answer will not do that the configuration's check has nothing against, a sentence each. */
  readonly refuse?: (draft: Draft, desk: SetupContext) => readonly string[];
  /** A word to the answer: about what is worth knowing and does not stand in the way. */
  readonly remark?: (draft: Draft, desk: SetupContext) => string | null;
}

/** The step that asks a question. What the configuration's own check says of the answer stands in its way. */
export function questionStep(question: Question): Step {
  const { also = (draft) => draft, key, refuse, remark, section, when = () => true } = question;
  return {
    section,
    when: ({ draft }) => when(draft),
    run: async (state: State, desk: SetupContext) => {
      const { draft } = state;
      const answered = (value: unknown): Draft => also(withValue(draft, key, value));
      const answer = await ask(desk.dialogue, {
        ...question,
        proposal: proposalOf(question, draft, desk),
        refuse: (value) => {
          const next = answered(value);
          return [...problemsAt(next, key), ...(refuse?.(next, desk) ?? [])];
        },
      });
      if (answer.kind === "back") return "back";
      if (answer.kind === "skip") return state;
      const next = answered(answer.value);
      const word = remark?.(next, desk) ?? null;
      if (word !== null) desk.dialogue.say(word, "bad");
      return { ...state, draft: next };
    },
  };
}

function proposalOf({ form, key, proposal }: Question, draft: Draft, desk: SetupContext): string | null {
  const value = valueAt(draft, key);
  // A secret has no default but its file, which `show` names.
  if (value !== undefined && (value !== null || form.show(null) !== "null")) return form.show(value);
  return typeof proposal === "function" ? proposal(draft, desk) : (proposal ?? null);
}

import { join } from "node:path";
import { type Draft, valueAt, withValue } from "./draft.ts";
import { secretText, source } from "./form.ts";
import { ask } from "./question.ts";
import type { Desk, State, Step } from "./step.ts";

/** What is asked for a secret. */
export interface SecretQuestion {
  readonly section: string;
  /** Its key in the configuration. */
  readonly key: string;
  /** The name of its file, beside the configuration. */
  readonly fileName: string;
  readonly text: string;
  readonly help: string;
  readonly refuse?: (secret: string) => readonly string[];
  readonly when?: (draft: Draft) => boolean;
}

/** The step that asks for a secret, without showing it, and keeps where it was before where nothing is typed. */
export function secretStep(question: SecretQuestion): Step {
  const { fileName, key, refuse, section, when = () => true } = question;
  return {
    section,
    when: ({ draft }) => when(draft),
    run: async (state: State, { dialogue, folder }: Desk): Promise<State | "back"> => {
      const path = join(folder, fileName);
      const before = valueAt(state.draft, key);
      const known = state.secrets.has(path) ? "as typed" : before ? `as in ${source.show(before)}` : null;
      const answer = await ask(dialogue, {
        ...question,
        form: secretText,
        proposal: known,
        refuse: (value) => (value === known ? [] : (refuse?.(String(value)) ?? [])),
      });
      if (answer.kind === "back") return "back";
      if (answer.kind === "skip" || answer.value === known) return state;
      return {
        draft: withValue(state.draft, key, { file: path }),
        secrets: new Map([...state.secrets, [path, String(answer.value)]]),
      };
    },
  };
}

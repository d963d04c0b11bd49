import { join } from "node:path";
import { type Draft, valueAt, withValue } from "./draft.ts";
import { secretText, source } from "./form.ts";
import { ask } from "./question.ts";
import type { SetupContext, State, Step } from "./step.ts";

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

/** Whether what was typed names a credential of the service, as the questions about certificates take it too. */
function isSource(value: unknown): boolean {
  return /^credential:[\w.-]+$/.test(String(value));
}

/** The step that asks for a secret, without showing it, and keeps where it was before where nothing is typed. */
export function secretStep(question: SecretQuestion): Step {
  const { fileName, key, refuse, section, when = () => true } = question;
  return {
    section,
    when: ({ draft }) => when(draft),
    run: async (state: State, { dialogue, folder }: SetupContext): Promise<State | "back"> => {
      const path = join(folder, fileName);
      const before = valueAt(state.draft, key);
      const known = state.secrets.has(path) ? "as typed" : before ? `as in ${source.show(before)}` : null;
      const answer = await ask(dialogue, {
        ...question,
        help: `${question.help} credential:NAME means what systemd hands to the service under that name.`,
        form: secretText,
        proposal: known,
        refuse: (value) => (value === known || isSource(value) ? [] : (refuse?.(String(value)) ?? [])),
      });
      if (answer.kind === "back") return "back";
      if (answer.kind === "skip" || answer.value === known) return state;
      if (isSource(answer.value)) {
        // What was typed before for a file of its own is not written.
        const secrets = new Map([...state.secrets].filter(([other]) => other !== path));
        const named = source.read(String(answer.value));
        return { draft: withValue(state.draft, key, named.ok ? named.value : undefined), secrets };
      }
      return {
        draft: withValue(state.draft, key, { file: path }),
        secrets: new Map([...state.secrets, [path, String(answer.value)]]),
      };
    },
  };
}

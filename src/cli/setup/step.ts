/** The way through a set-up: one step after the other, and back. */
import type { Dialogue } from "./dialogue.ts";
import type { Draft } from "./draft.ts";
import type { Machine } from "./machine.ts";

/** What has been made so far. Nothing of it is in a file yet. */
export interface State {
  readonly draft: Draft;
  /** Texts of secrets by the absolute paths of the files that they go into. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** What every step works with. */
export interface SetupContext {
  readonly dialogue: Dialogue;
  readonly machine: Machine;
  /** The folder of the configuration, where secrets go. */
  readonly folder: string;
  /** What has been said already, and is not worth saying again. */
  readonly told: Set<string>;
}

/** A question, or something that is tried. */
export interface Step {
  /** The subject that it belongs to. */
  readonly section: string;
  readonly when: (state: State) => boolean;
  readonly run: (state: State, desk: SetupContext) => Promise<State | "back">;
}

/** A subject: its name and what is said about it before its first question. */
export interface Section {
  readonly name: string;
  readonly about: string;
  readonly steps: readonly Step[];
}

/** Goes through all steps; "back" leads to the step before, with what has been answered as its default. */
export async function walk(sections: readonly Section[], begun: State, desk: SetupContext): Promise<State> {
  const steps = sections.flatMap(({ steps: own }) => own);
  const been: number[] = [];
  let state = begun;
  let section: string | null = null;
  for (let index = 0; index < steps.length; ) {
    const step = steps[index];
    if (step?.when(state) !== true) {
      index += 1;
      continue;
    }
    if (step.section !== section) introduce(sections, step.section, desk.dialogue);
    section = step.section;
    const next = await step.run(state, desk);
    if (next !== "back") {
      been.push(index);
      state = next;
      index += 1;
      continue;
    }
    const before = been.pop();
    if (before === undefined) desk.dialogue.say("This is the first question.", "bad");
    else index = before;
  }
  return state;
}

function introduce(sections: readonly Section[], name: string, dialogue: Dialogue): void {
  const index = sections.findIndex((section) => section.name === name);
  dialogue.title(`${index + 1} of ${sections.length}: ${name}`);
  const about = sections[index]?.about ?? "";
  if (about !== "") dialogue.say(about, "quiet");
}

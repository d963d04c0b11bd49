import { type Draft, isObject, problemsAt, valueAt, withValue } from "./draft.ts";
import { numberOrNone, oneOf } from "./form.ts";
import { beat } from "./output-trial.ts";
import { type OutputPin, pinAt } from "./pin-at.ts";
import { pinsOf, usualPins } from "./pins-text.ts";
import { ask, askYes } from "./question.ts";
import type { Section, SetupContext, State, Step } from "./step.ts";

const name = "Lights and buzzer";

const outputs = [
  { which: "paid", what: "the light for PAID" },
  { which: "wait", what: "the light for waiting" },
  { which: "refused", what: "the light for a refusal" },
  { which: "buzzer", what: "the buzzer" },
] as const;

interface Output {
  readonly which: (typeof outputs)[number]["which"];
  readonly what: string;
}

/** A light blinks three times; a buzzer does the same, shorter. */
const lightBeat = { times: 3, onMs: 400, offMs: 300 };
const buzzerBeat = { times: 3, onMs: 120, offMs: 200 };

const anyStep: Step = {
  section: name,
  when: () => true,
  run: async (state, { dialogue }) => {
    const before = outputs.some(({ which }) => pinAt(state.draft, which) !== null);
    const asked = valueAt(state.draft, "outputs") !== undefined;
    const answer = await askYes(dialogue, {
      text: "Are there lights or a buzzer",
      help: "Each has a pin of its own; every one of them is tried when it has been named. An LED needs a resistor, a buzzer a transistor.",
      proposal: before || !asked,
    });
    if (answer === "back") return "back";
    if (answer) return { ...state, draft: before ? state.draft : withUsual(state.draft) };
    return {
      ...state,
      draft: outputs.reduce((draft, { which }) => withOutput(draft, which, null), state.draft),
    };
  },
};

/** Lights and buzzer, each tried where it is named. */
export const outputSection: Section = {
  name,
  about: "",
  steps: [
    anyStep,
    ...outputs.map((output) => ({
      section: name,
      when: ({ draft }: State) => outputs.some(({ which }) => pinAt(draft, which) !== null),
      run: async (state: State, desk: SetupContext) => await outputStep(output, state, desk),
    })),
  ],
};

async function outputStep(
  { which, what }: Output,
  state: State,
  desk: SetupContext,
): Promise<State | "back"> {
  const known = pinAt(state.draft, which);
  const answer = await ask(desk.dialogue, {
    text: `Pin of ${what}`,
    help: "BCM number, or none where there is no such thing.",
    form: numberOrNone,
    proposal: known === null ? "none" : String(known.pin),
    refuse: (value) => problemsAt(withValue(state.draft, `outputs.${which}`, value), `outputs.${which}`),
  });
  if (answer.kind === "back") return "back";
  if (answer.kind === "skip") return state;
  const pin = answer.value;
  if (typeof pin !== "number") return { ...state, draft: withOutput(state.draft, which, null) };
  const activeLow = known?.pin === pin && known.activeLow;
  return await tryOutput({ which, what }, { pin, activeLow }, state, desk);
}

async function tryOutput(
  output: Output,
  pin: OutputPin,
  state: State,
  desk: SetupContext,
): Promise<State | "back"> {
  const { dialogue } = desk;
  const draft = withOutput(state.draft, output.which, pin);
  const kept = { ...state, draft };
  const link = await pinsOf(draft, desk);
  if (link === null) return kept;
  const isBuzzer = output.which === "buzzer";
  const why = await beat(link, pin, isBuzzer ? buzzerBeat : lightBeat, desk);
  if (why !== null) {
    dialogue.say(`Pin ${pin.pin} could not be tried: ${why}`, "bad");
    return kept;
  }
  const answer = await ask(dialogue, {
    text: isBuzzer ? "Did it sound three times" : "Did it light up three times",
    help: "reversed: it was on before and after, and went off three times. again: once more.",
    form: oneOf([
      { name: "yes", about: "three times, then off" },
      { name: "reversed", about: "it went off three times and is on now" },
      { name: "again", about: "try it once more" },
      { name: "no", about: "nothing happened, or something else did: name another pin" },
    ]),
    proposal: "yes",
  });
  if (answer.kind === "skip") return kept;
  if (answer.kind === "back" || answer.value === "no") return await outputStep(output, kept, desk);
  if (answer.value === "yes") return kept;
  const next = answer.value === "reversed" ? { ...pin, activeLow: !pin.activeLow } : pin;
  return await tryOutput(output, next, kept, desk);
}

function withOutput(draft: Draft, which: string, pin: OutputPin | null): Draft {
  // Nothing of nothing is nothing: a section without an output need not be there.
  if (pin === null && !isObject(draft.outputs)) return withValue(draft, "outputs", null);
  const value = pin === null ? null : pin.activeLow ? pin : pin.pin;
  return withValue(draft, `outputs.${which}`, value);
}

function withUsual(draft: Draft): Draft {
  return Object.entries(usualPins.outputs).reduce(
    (next, [which, pin]) => withValue(next, `outputs.${which}`, pin),
    draft,
  );
}

import { type Draft, numbersAt, textAt, textsAt, valueAt, withValue } from "./draft.ts";
import { keyRows, pinList } from "./form.ts";
import { arrange, labelsOf, type WiredKeypad, type Wiring } from "./key-print.ts";
import { KEY_MS, learnKeys } from "./key-search.ts";
import { has, pinsOf, usualPins } from "./pins-text.ts";
import { askYes, questionStep } from "./question.ts";
import type { Section, SetupContext, State, Step } from "./step.ts";

const name = "Keypad";

const pinHelp =
  "BCM numbers, in the order of the keypad, separated by blanks. The wiring table in src/drivers/README.md has them beside the numbers of the header. The columns need pull-ups: 10 kΩ each to 3.3 V. Where rows and columns are in another order, trying the keys finds out.";

const existsStep: Step = {
  section: name,
  when: () => true,
  run: async (state, { dialogue }) => {
    const present = valueAt(state.draft, "keypad");
    const wanted = ["keypad", "menu"].includes(textAt(state.draft, "amount.source") ?? "");
    const answer = await askYes(dialogue, {
      text: "Is there a keypad",
      help: "A matrix of keys on the pins of the header. It is needed where amounts or a menu are typed.",
      proposal: present === undefined ? wanted : present !== null,
    });
    if (answer === "back") return "back";
    if (!answer) return { ...state, draft: withValue(state.draft, "keypad", null) };
    return present ? state : { ...state, draft: withValue(state.draft, "keypad", usualPins.keypad) };
  },
};

const tryStep: Step = { section: name, when: ({ draft }) => has("keypad")(draft), run: tryKeys };

/** The key matrix: what is printed on it, its pins, and where each key really is. */
export const keypadSection: Section = {
  name,
  about: "",
  steps: [
    existsStep,
    questionStep({
      section: name,
      key: "keypad.keys",
      text: "The keys as they are printed, row by row",
      help: "Digits; . point, : double zero, < backspace, C clear, X cancel, = confirm (OK), _ no key or one without a use. Blanks part the rows.",
      form: keyRows,
      when: has("keypad"),
    }),
    questionStep({
      section: name,
      key: "keypad.rows",
      text: "Pins of the rows, from the top",
      help: pinHelp,
      form: pinList,
      when: has("keypad"),
    }),
    questionStep({
      section: name,
      key: "keypad.columns",
      text: "Pins of the columns, from the left",
      help: pinHelp,
      form: pinList,
      when: has("keypad"),
    }),
    tryStep,
  ],
};

async function tryKeys(state: State, desk: SetupContext): Promise<State | "back"> {
  const { dialogue } = desk;
  const go = await askYes(dialogue, {
    text: "Try every key now",
    help: `Each key is asked for and may take ${KEY_MS / 1_000} s; Enter says that there is no such key. In the end the configuration has the keypad as it is really wired.`,
    proposal: true,
  });
  if (go === "back") return "back";
  if (!go) return state;
  const link = await pinsOf(state.draft, desk);
  if (link === null) return state;
  const printed = keypadOf(state.draft);
  const learnt = await learnKeys(link, desk, printed, labelsOf(printed.keys));
  if (!learnt.ok) {
    dialogue.say(learnt.why, "bad");
    return await tryKeys(state, desk);
  }
  if (learnt.positions.size === 0) {
    dialogue.say("No key was pressed; the keypad stays as it was typed.", "bad");
    return await tryKeys(state, desk);
  }
  const { keypad, wiring } = arrange(printed, learnt.positions);
  tellWiring(keypad, wiring, desk);
  return { ...state, draft: withKeypad(state.draft, keypad) };
}

function keypadOf(draft: Draft): WiredKeypad {
  return {
    rows: numbersAt(draft, "keypad.rows"),
    columns: numbersAt(draft, "keypad.columns"),
    keys: textsAt(draft, "keypad.keys"),
  };
}

function withKeypad(draft: Draft, { rows, columns, keys }: WiredKeypad): Draft {
  return withValue(
    withValue(withValue(draft, "keypad.rows", rows), "keypad.columns", columns),
    "keypad.keys",
    keys,
  );
}

function tellWiring({ rows, columns, keys }: WiredKeypad, wiring: Wiring, { dialogue }: SetupContext): void {
  const words: Readonly<Record<Wiring, string>> = {
    "as-printed": "Every key is where it should be.",
    reordered: `The wires run in another order: rows ${rows.join(" ")}, columns ${columns.join(" ")}.`,
    turned: "Printed rows are wired as columns; the keys are kept as they are wired.",
    unlike: "The matrix is not wired like the print; the keys are kept as they are wired.",
  };
  dialogue.say(words[wiring], "good");
  for (const row of keys) dialogue.say(`  ${row.split("").join(" ")}`);
}

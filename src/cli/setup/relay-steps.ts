import { parseYuan } from "../../core/kernel/fen.ts";
import { PULSES_MAX } from "../../core/payment/rules.ts";
import { levelOf } from "../../drivers/pin.ts";
import { type Draft, isObject, problemsAt, textAt, valueAt, withValue } from "./draft.ts";
import { anyText, oneOf, wholeNumber } from "./form.ts";
import { beat } from "./output-trial.ts";
import { pinAt } from "./pin-at.ts";
import { pinsOf } from "./pins-text.ts";
import { ask, askYes, questionStep } from "./question.ts";
import type { Section, SetupContext, State, Step } from "./step.ts";

const name = "Relay";

/** From the word that there is one; its pin may still be missing. */
const hasRelay = (draft: Draft): boolean => isObject(valueAt(draft, "outputs.relay"));

/** The word that a relay is switched for, and nothing shorter. */
const CONSENT = "switch it";

const existsStep: Step = {
  section: name,
  when: () => true,
  run: async (state, { dialogue }) => {
    const answer = await askYes(dialogue, {
      text: "Does a relay give goods or credit to a machine",
      help: "Pulses to a vending machine, a washer, a gate: one for a certain sum, after a payment that is proved and never for a late one.",
      proposal: hasRelay(state.draft),
    });
    if (answer === "back") return "back";
    if (answer === hasRelay(state.draft)) return state;
    return { ...state, draft: withValue(state.draft, "outputs.relay", answer ? {} : null) };
  },
};

const pinStep: Step = {
  section: name,
  when: ({ draft }) => hasRelay(draft),
  run: async (state, { dialogue }) => {
    const known = pinAt(state.draft, "relay");
    const answer = await ask(dialogue, {
      text: "Its pin",
      help: "BCM number. 9 to 27 are pulled low at reset: right for what switches on at high. 4 to 8 are pulled high: right for what switches on at low. So nothing moves before the box runs.",
      form: wholeNumber,
      proposal: known === null ? null : String(known.pin),
      refuse: (value) => problemsAt(withValue(state.draft, "outputs.relay.pin", value), "outputs.relay.pin"),
    });
    if (answer.kind !== "value") return answer.kind === "back" ? "back" : state;
    return { ...state, draft: withValue(state.draft, "outputs.relay.pin", answer.value) };
  },
};

const levelStep: Step = {
  section: name,
  when: ({ draft }) => hasRelay(draft),
  run: async (state, { dialogue }) => {
    const answer = await ask(dialogue, {
      text: "What switches it on",
      help: "Boards with an opto-coupler usually switch at low: their input sinks current. A transistor or a solid-state relay usually switches at high.",
      form: oneOf([
        { name: "high", about: "3.3 V at the pin" },
        { name: "low", about: "ground at the pin, as most boards with an opto-coupler" },
      ]),
      proposal: pinAt(state.draft, "relay")?.activeLow === true ? "low" : "high",
    });
    if (answer.kind !== "value") return answer.kind === "back" ? "back" : state;
    return { ...state, draft: withValue(state.draft, "outputs.relay.activeLow", answer.value === "low") };
  },
};

/** Pulses to a machine. */
export const relaySection: Section = {
  name,
  about: "",
  steps: [
    existsStep,
    pinStep,
    levelStep,
    questionStep({
      section: name,
      key: "outputs.relay.fenPerPulse",
      text: "What one pulse is worth, in fen",
      help: "100 is one yuan. Every price must be a whole number of pulses.",
      form: wholeNumber,
      proposal: pulseWorth,
      when: hasRelay,
    }),
    questionStep({
      section: name,
      key: "outputs.relay.widthMs",
      text: "How long a pulse is, in milliseconds",
      help: "What the machine's coin input asks for: 20 to 500.",
      form: wholeNumber,
      proposal: "50",
      when: hasRelay,
    }),
    { section: name, when: ({ draft }) => hasRelay(draft), run: tryRelay },
  ],
};

/** The price where there is one; else the least of these sums that makes few enough pulses of the largest payment. */
function pulseWorth(draft: Draft): string {
  const price = parseYuan(textAt(draft, "amount.fixed") ?? "");
  if (price.ok) return String(price.value);
  const maximum = parseYuan(textAt(draft, "amount.maximum") ?? "3000.00");
  const most = maximum.ok && textAt(draft, "amount.source") === "keypad" ? maximum.value : 0;
  return String([100, 1_000, 10_000].find((worth) => most / worth <= PULSES_MAX) ?? 100_000);
}

async function tryRelay(state: State, desk: SetupContext): Promise<State | "back"> {
  const { dialogue } = desk;
  const pin = pinAt(state.draft, "relay");
  if (pin === null) return state;
  dialogue.say(
    "A trial gives one pulse, for which the machine may hand out goods or open something. Look that nobody is in the way.",
    "bad",
  );
  const answer = await ask(dialogue, {
    text: `Type "${CONSENT}" for one pulse; Enter leaves it alone`,
    help: `The pin is ${levelOf(pin, false) === 1 ? "high" : "low"} until then, and ${levelOf(pin, true) === 1 ? "high" : "low"} during the pulse.`,
    form: anyText,
    proposal: "no",
    refuse: (value) =>
      value === CONSENT || /^no?$/i.test(String(value)) ? [] : [`Type "${CONSENT}" in full, or no.`],
  });
  if (answer.kind === "back") return "back";
  if (answer.kind === "skip" || answer.value !== CONSENT) return state;
  const link = await pinsOf(state.draft, desk);
  if (link === null) return state;
  const width = valueAt(state.draft, "outputs.relay.widthMs");
  const once = { times: 1, onMs: typeof width === "number" ? width : 50, offMs: 100 };
  const why = await beat(link, pin, once, desk);
  if (why !== null) dialogue.say(`Pin ${pin.pin} could not be tried: ${why}`, "bad");
  else dialogue.say("One pulse went out. Where it was the wrong way round, go back with < and change it.");
  return state;
}

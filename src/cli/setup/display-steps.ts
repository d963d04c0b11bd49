import { DISPLAY_ALPHABET } from "../../core/codecs/display-frame.ts";
import { after } from "../../core/kernel/instant.ts";
import type { DisplayConnection, DisplayLink } from "../../runtime/ports.ts";
import { Left } from "./dialogue.ts";
import { type Draft, textAt, valueAt, withValue } from "./draft.ts";
import { address, anyText, oneOf, pinList, wholeNumber, yesOrNo } from "./form.ts";
import { partialConfig } from "./partial-config.ts";
import { has, usualPins } from "./pins-text.ts";
import { ask, askYes, questionStep } from "./question.ts";
import type { Section, SetupContext, State, Step } from "./step.ts";

const name = "Display";

/** A module that is not ready by then does not answer. */
const READY_MS = 3_000;

const isDriver = (driver: string) => (draft: Draft) => textAt(draft, "display.driver") === driver;

const drivers = [
  { name: "hd44780-gpio", about: "16 pins in a row, six of them on the header" },
  { name: "hd44780-i2c", about: "with a small board on its back, on the I2C bus" },
  { name: "kernel", about: "a driver of the kernel shows it, /dev/lcd" },
] as const;

const driverStep: Step = {
  section: name,
  when: () => true,
  run: async (state, { dialogue }) => {
    const known = textAt(state.draft, "display.driver");
    const choices = [
      ...drivers,
      ...(known === "terminal" ? [{ name: "terminal", about: "the terminal that the box runs on" }] : []),
      { name: "none", about: "there is no display" },
    ];
    const answer = await ask(dialogue, {
      text: "Which display",
      help: "A character display with a controller like the HD44780, as nearly all of 16×2 and 20×4 have it. A box without one still takes payments.",
      form: oneOf(choices),
      proposal: known ?? (state.draft.display === null ? "none" : "hd44780-gpio"),
    });
    if (answer.kind === "back") return "back";
    if (answer.kind === "skip" || answer.value === known) return state;
    const draft = answer.value === "none" ? null : begun(String(answer.value));
    return { ...state, draft: withValue(state.draft, "display", draft) };
  },
};

const sizeStep: Step = {
  section: name,
  when: ({ draft }) => has("display")(draft),
  run: async (state, { dialogue }) => {
    const columns = valueAt(state.draft, "display.columns");
    const answer = await ask(dialogue, {
      text: "Its size",
      help: "Characters in a line, and lines.",
      form: oneOf([
        { name: "16x2", about: "two lines of 16 characters" },
        { name: "20x4", about: "four lines of 20 characters" },
      ]),
      proposal: columns === 20 ? "20x4" : "16x2",
    });
    if (answer.kind === "back") return "back";
    if (answer.kind === "skip") return state;
    const [width, height] = String(answer.value).split("x").map(Number);
    const wide = withValue(state.draft, "display.columns", width);
    return { ...state, draft: withValue(wide, "display.rows", height) };
  },
};

const tryStep: Step = {
  section: name,
  when: ({ draft }) => has("display")(draft) && !isDriver("terminal")(draft),
  run: tryDisplay,
};

/** The character display. */
export const displaySection: Section = {
  name,
  about: "",
  steps: [
    driverStep,
    sizeStep,
    questionStep({
      section: name,
      key: "display.rs",
      text: "Pin of RS",
      help: "BCM number. RW must be joined to ground: the box never reads from the display, and a display that speaks at 5 V would harm the pins.",
      form: wholeNumber,
      when: isDriver("hd44780-gpio"),
    }),
    questionStep({
      section: name,
      key: "display.e",
      text: "Pin of E",
      help: "BCM number.",
      form: wholeNumber,
      when: isDriver("hd44780-gpio"),
    }),
    questionStep({
      section: name,
      key: "display.data",
      text: "Pins of D4 to D7",
      help: "BCM numbers, D4 first. D0 to D3 stay open.",
      form: pinList,
      when: isDriver("hd44780-gpio"),
    }),
    questionStep({
      section: name,
      key: "display.bus",
      text: "Number of the I2C bus",
      help: "1 on the header of every Raspberry Pi of today (pins 3 and 5), switched on by raspi-config.",
      form: wholeNumber,
      when: isDriver("hd44780-i2c"),
    }),
    questionStep({
      section: name,
      key: "display.address",
      text: "Its address",
      help: "0x27 with a PCF8574T on the board, 0x3f with a PCF8574AT; three bridges on it take up to 7 off.",
      form: address,
      when: isDriver("hd44780-i2c"),
    }),
    questionStep({
      section: name,
      key: "display.path",
      text: "Its device",
      help: "What the overlay hd44780-lcd or hd44780-i2c-lcd makes.",
      form: anyText,
      when: isDriver("kernel"),
    }),
    tryStep,
  ],
};

function begun(driver: string): Draft {
  const size = { driver, columns: 16, rows: 2 };
  if (driver === "hd44780-gpio") return { ...size, ...usualPins.display };
  return driver === "hd44780-i2c" ? { ...size, bus: 1, address: 0x27 } : { ...size, path: "/dev/lcd" };
}

async function tryDisplay(state: State, desk: SetupContext): Promise<State | "back"> {
  const { dialogue, machine } = desk;
  const go = await askYes(dialogue, {
    text: "Show a picture on it now",
    help: "A line of text and a line of signs, until you have answered whether they can be read.",
    proposal: true,
  });
  if (go === "back") return "back";
  if (!go) return state;
  const config = partialConfig(state.draft, ["display", "gpio"]);
  const links = config === null ? null : await machine.panel(config);
  if (links?.ok !== true || links.display === null) {
    const problems = links?.ok === false ? links.problems : ["What was typed for it is not complete."];
    for (const problem of problems) dialogue.say(problem, "bad");
    return state;
  }
  const read = await withPicture(links.display, pictureOf(config?.display?.columns ?? 16), desk);
  if (read === "yes") dialogue.say("The display is as it should be.", "good");
  if (read === "yes" || read === "skip") return state;
  return read === "back" ? "back" : await tryDisplay(state, desk);
}

/** Shows the picture while a person is asked about it. */
async function withPicture(link: DisplayLink, picture: readonly string[], desk: SetupContext) {
  const { dialogue } = desk;
  const shown = await show(link, picture, desk);
  if (typeof shown === "string") {
    dialogue.say(`The display does not answer: ${shown}.`, "bad");
    return "no";
  }
  try {
    dialogue.say("It should show now:");
    for (const line of picture) dialogue.say(`  |${line}|`);
    const answer = await ask(dialogue, {
      text: "Can you read both lines",
      help: "no says what to look at, and tries again if you like.",
      form: yesOrNo,
      proposal: "yes",
    });
    if (answer.kind !== "value") return answer.kind;
    if (answer.value === true) return "yes";
    dialogue.say(
      "Nothing, or boxes: turn the potentiometer at VO (contrast). Boxes in the first line only: RS, E or the supply. " +
        "Nonsense: the order of D4 to D7, RW not on ground, or long wires. Go back with < to change pins.",
    );
    return "no";
  } finally {
    await new Promise<void>((free) => shown.close(free));
  }
}

/** Starts the module and writes; the connection, or why there is none. */
async function show(
  link: DisplayLink,
  picture: readonly string[],
  { dialogue: { left }, machine: { clock } }: SetupContext,
): Promise<DisplayConnection | string> {
  const opened = Promise.withResolvers<string | null>();
  const leave = (): void => opened.resolve("left");
  const connection = link.open({
    ready: () => opened.resolve(null),
    closed: (cause) => opened.resolve(cause),
  });
  const timer = clock.at(after(clock.now(), READY_MS), () => opened.resolve("it is not ready in time"));
  left.addEventListener("abort", leave, { once: true });
  const cause = await opened.promise;
  timer.cancel();
  left.removeEventListener("abort", leave);
  if (cause === null) {
    await new Promise<void>((written) => {
      connection.write(
        picture.map((text, row) => ({ row, column: 0, text })),
        written,
      );
    });
    return connection;
  }
  await new Promise<void>((free) => connection.close(free));
  if (left.aborted) throw new Left();
  return cause;
}

/** Two lines that show whether all eight bits of a character arrive. */
function pictureOf(columns: number): readonly string[] {
  const signs = [...DISPLAY_ALPHABET].filter((sign) => /[0-9A-Za-z#%&@?]/.test(sign)).join("");
  return ["Can you read me?", `¥12.50 ${signs}`].map((text) => text.slice(0, columns).padEnd(columns));
}

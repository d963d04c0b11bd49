import { isKeyboard } from "../doctor/needs.ts";
import { isHeld } from "../status.ts";
import { type Draft, textAt, valueAt, withValue } from "./draft.ts";
import { anyText, type Choice, oneOf, wholeNumber } from "./form.ts";
import { ask, questionStep } from "./question.ts";
import { SEARCH_MS, type SearchEnd, searchScanner } from "./scanner-search.ts";
import type { Section, SetupContext, State, Step } from "./step.ts";

const name = "Scanner";

/** The speeds that scanners leave the factory with, the most usual first. */
const speeds = [9600, 115200, 57600, 38400, 19200, 4800];

/** A keyboard has no speed, and is told nothing. */
const isSerial = (draft: Draft): boolean =>
  textAt(draft, "scanner.path")?.startsWith("/dev/input/") === false;

/** A triggered reader tells of a code whenever it is told to read. */
const sellsByItself = (draft: Draft): boolean => {
  const source = textAt(draft, "amount.source");
  const plain = (textAt(draft, "scanner.profile") ?? "plain") === "plain";
  return (source === "fixed" || source === "menu") && textAt(draft, "scanner.path") !== null && plain;
};

const findStep: Step = { section: name, when: () => true, run: find };

/** Which scanner, how fast, and how it is spoken to. */
export const scannerSection: Section = {
  name,
  about: "Plug it in. USB serial mode is better than keyboard mode; a code in its manual switches it.",
  steps: [
    findStep,
    questionStep({
      section: name,
      key: "scanner.baudRate",
      text: "Speed in baud",
      help: "Of a scanner on a serial line; 9600 is usual. Scanners that are USB serial devices by themselves (ttyACM) take any.",
      form: wholeNumber,
      proposal: "9600",
      when: isSerial,
    }),
    questionStep({
      section: name,
      key: "scanner.profile",
      text: "Who starts a reading",
      help: "A scanner that reads whatever is held before it needs nothing: plain. The modules GM65 and GM72 can be told when to read, which saves their light; they must be in command mode for that.",
      form: oneOf([
        { name: "plain", about: "the scanner itself, whenever it sees a code" },
        { name: "gm65", about: "the box, by the commands of a GM65 and its kin" },
        { name: "gm72", about: "the box, by the commands of a GM72 and its kin (SSI)" },
      ]),
      proposal: "plain",
      when: isSerial,
    }),
    questionStep({
      section: name,
      key: "scanner.repeats",
      text: "How does it tell of a code that stays before it",
      help: "Where a box sells by itself, it waits after each payment until the phone has left the reader, for it would pay again. Lay a code before the scanner for half a minute and count its beeps. A scanner that beeps once makes the next customer wait for more than a minute: set its delay for the same code to 1 s or so, by a code in its manual.",
      form: oneOf([
        {
          name: "often",
          about: "again within 4 s, for as long as it lies there: 5 s from one customer to the next",
        },
        { name: "seldom", about: "again within 14 s: 15 s from one customer to the next" },
        { name: "once", about: "once, or nobody knows: 65 s from one customer to the next" },
      ]),
      proposal: "once",
      when: sellsByItself,
    }),
  ],
};

async function find(state: State, desk: SetupContext): Promise<State | "back"> {
  const { dialogue } = desk;
  const known = textAt(state.draft, "scanner.path");
  const ways: readonly Choice[] = [
    { name: "scan", about: "find it: hold any code before it" },
    { name: "path", about: "type the name of its device" },
    ...(known === null ? [] : [{ name: "keep", about: `it is ${known}` }]),
    { name: "none", about: "there is no scanner" },
  ];
  const answer = await ask(dialogue, {
    text: "Where is the scanner",
    help: "A scan finds it among all serial devices and keyboards of this machine. Where that is not possible, name its device, best by a link below /dev/serial/by-id, which stays the same after a restart.",
    form: oneOf(ways),
    proposal: known === null ? "scan" : "keep",
  });
  if (answer.kind === "back") return "back";
  if (answer.kind === "skip" || answer.value === "keep") return state;
  if (answer.value === "none") return { ...state, draft: withValue(state.draft, "scanner", null) };
  const found = answer.value === "scan" ? await search(state, desk) : await typed(state, desk);
  return found === "back" ? await find(state, desk) : found;
}

async function typed(state: State, { dialogue }: SetupContext): Promise<State | "back"> {
  const answer = await ask(dialogue, {
    text: "Its device",
    help: "An absolute path such as /dev/serial/by-id/usb-NAME or, for the UART of the header, /dev/serial0.",
    form: anyText,
    proposal: textAt(state.draft, "scanner.path"),
    refuse: (value) =>
      /^\/\S+$/.test(String(value)) ? [] : ["Type an absolute path, such as /dev/ttyACM0."],
  });
  if (answer.kind === "back") return "back";
  if (answer.kind === "skip") return state;
  return { ...state, draft: withValue(state.draft, "scanner.path", answer.value) };
}

/** Rounds of the search, until something is found or the person has enough. */
async function search(state: State, desk: SetupContext): Promise<State | "back"> {
  const { dialogue, machine } = desk;
  const known = textAt(state.draft, "scanner.path");
  const speedKnown = valueAt(state.draft, "scanner.baudRate");
  let baudRate = typeof speedKnown === "number" ? speedKnown : (speeds[0] ?? 9600);
  for (;;) {
    const usual = machine.scannerPaths();
    const paths = known === null || usual.includes(known) ? usual : [known, ...usual];
    const end: SearchEnd =
      paths.length === 0
        ? { found: null, garbled: [], altNumbers: [], closed: new Map() }
        : await searchScanner(machine, dialogue, {
            paths,
            baudRate,
            ready: () => announce(paths, baudRate, desk),
          });
    if (end.found !== null) {
      const { path, payment } = end.found;
      dialogue.say(`${path} read ${payment ? "a WeChat payment code" : "a code"}.`, "good");
      if (!payment) {
        dialogue.say("It is none of WeChat Pay, so the box would refuse it; the scanner works.", "quiet");
      }
      const serial = withValue(withValue(state.draft, "scanner.path", path), "scanner.baudRate", baudRate);
      const keyboard = withValue(
        withValue(serial, "scanner.baudRate", undefined),
        "scanner.profile",
        undefined,
      );
      return { ...state, draft: path.startsWith("/dev/input/") ? keyboard : serial };
    }
    tellFailure(end, paths, desk);
    const serial = paths.some((path) => !isKeyboard(path));
    const nextSpeed = speeds[(speeds.indexOf(baudRate) + 1) % speeds.length] ?? 9600;
    const answer = await ask(dialogue, {
      text: "What now",
      help: serial
        ? "again opens all devices once more. A serial line that says nothing, or nonsense, may have another speed. path lets you type the device's name."
        : "again opens all devices once more. A keyboard has no speed: what it types depends on how the scanner is set up. path lets you type the device's name.",
      form: oneOf([
        { name: "again", about: "search once more" },
        ...(serial ? [{ name: "speed", about: `search at ${nextSpeed} baud` }] : []),
        { name: "path", about: "type the name of its device" },
        { name: "later", about: "go on without it for now" },
      ]),
      proposal: end.garbled.some((path) => !isKeyboard(path)) ? "speed" : "again",
    });
    if (answer.kind === "back") return "back";
    if (answer.kind === "skip" || answer.value === "later") return state;
    if (answer.value === "path") return await typed(state, desk);
    if (answer.value === "speed") baudRate = nextSpeed;
  }
}

function announce(paths: readonly string[], baudRate: number, { dialogue }: SetupContext): void {
  dialogue.say(`Listening at ${baudRate} baud to:`);
  for (const path of paths) dialogue.say(`  ${path}`);
  if (paths.some((path) => path.startsWith("/dev/input/"))) {
    dialogue.say("A keyboard that is plugged into this machine does not answer meanwhile.", "quiet");
  }
  dialogue.say(
    `Hold any code before the scanner within ${SEARCH_MS / 1_000} s. What it says is neither shown nor kept. Enter ends the search.`,
  );
}

function tellFailure(
  { garbled, altNumbers, closed }: SearchEnd,
  paths: readonly string[],
  { dialogue }: SetupContext,
): void {
  if (paths.length === 0) {
    dialogue.say(
      "There is no serial device and no keyboard on this machine. Is the scanner plugged in?",
      "bad",
    );
    return;
  }
  dialogue.say(
    garbled.length === 0 && altNumbers.length === 0
      ? "No code came."
      : altNumbers.length > 0
        ? `Nothing readable came from ${altNumbers.join(", ")}.`
        : `Nothing readable came from ${garbled.join(", ")}.`,
    "bad",
  );
  for (const path of garbled) {
    dialogue.say(
      isKeyboard(path)
        ? `  ${path}: it types what no US keyboard types; set its layout to US English, or switch it to USB serial.`
        : `  ${path}: its speed may be another, or it speaks a protocol of its own (switch it to plain text).`,
    );
  }
  for (const path of altNumbers) {
    dialogue.say(
      `  ${path}: it types each character as Alt and a number, which cannot be read; switch "ALT mode" or "universal keyboard" off by a code in its manual, or switch it to USB serial.`,
    );
  }
  for (const [path, cause] of closed) {
    dialogue.say(`  ${path}: ${cause}${isHeld(cause) ? "; another program holds it: end that program" : ""}`);
  }
}

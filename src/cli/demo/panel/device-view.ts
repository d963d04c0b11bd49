/** The front of the box: display, lights, buzzer, relay and keypad. */
import type { DisplaySize } from "../../../core/codecs/display-frame.ts";
import type { Key } from "../../../core/payment/amount-entry.ts";
import type { Light, Sound } from "../../../core/payment/screen.ts";
import { fit, type Line, type Span, span, type Tone, widthOf } from "./picture.ts";

/** What is to be seen and heard of the box. */
export interface Device {
  readonly display: DisplaySize;
  /** Rows of the display; empty where it is dark. */
  readonly rows: readonly string[];
  readonly light: Light;
  /** What the buzzer plays at this moment. */
  readonly sound: Sound;
  /** The key that is held down. */
  readonly pressed: Key | null;
}

/** Cells between the edges of the box, room for a display of 20 columns. */
const INNER = 24;

/** How wide the front is, edges included. */
export const DEVICE_COLUMNS = INNER + 4;

const lamps = ["PAID", "WAIT", "REFUSED", "SCAN"] as const;
type Lamp = (typeof lamps)[number];

const lampTones: Readonly<Record<Lamp, Tone>> = { PAID: "good", WAIT: "warn", REFUSED: "bad", SCAN: "wire" };

const lit: Readonly<Record<Light, readonly Lamp[]>> = {
  off: [],
  ready: [],
  scan: ["SCAN"],
  wait: ["WAIT"],
  paid: ["PAID"],
  dispensing: ["PAID"],
  refused: ["REFUSED"],
  unknown: ["WAIT", "REFUSED"],
};

const soundWords: Readonly<Record<Sound, string>> = {
  none: "silent",
  read: "short beep",
  paid: "two rising",
  refused: "one low",
  changed: "two short",
  unknown: "three short",
};

/** As the demonstration's configuration has them. */
const keyRows = ["789C", "456<", "123X", "0.:="];

const keyNames: Readonly<Record<string, string>> = { ":": "00", "=": "OK" };

/** The display in its frame. */
export function displayLines({ display, rows }: Device): readonly Line[] {
  const edge = "─".repeat(display.columns);
  const dark = rows.length === 0;
  const blank = " ".repeat(display.columns);
  return [
    [span(`┌${edge}┐`)],
    ...Array.from({ length: display.rows }, (_, row) => [
      span("│"),
      dark ? span(blank) : span(rows[row] ?? blank, "display"),
      span("│"),
    ]),
    [span(`└${edge}┘`)],
  ];
}

/** One line for each light. */
export function lampLines({ light }: Device): readonly Line[] {
  return lamps.map((lamp) => [
    lit[light].includes(lamp) ? span(`● ${lamp}`, lampTones[lamp]) : span(`○ ${lamp}`, "quiet"),
  ]);
}

/** What the buzzer plays. */
export function buzzerLine({ sound }: Device): Line {
  return [span(`♪ ${soundWords[sound]}`, sound === "none" ? "quiet" : "strong")];
}

/** The keypad; the key that is held down stands out. */
export function keypadLines({ pressed }: Device): readonly Line[] {
  return keyRows.map((row) =>
    row.split("").flatMap((character): readonly Span[] => {
      const name = keyNames[character] ?? character;
      const face = name.length === 2 ? ` ${name}` : ` ${name} `;
      const held = pressed !== null && labelOf(pressed) === character;
      return [span("["), span(face.padEnd(3), held ? "turned" : "plain"), span("]")];
    }),
  );
}

/** The whole front as a box; `roomy` leaves a line between its parts. */
export function deviceLines(device: Device, roomy = false): readonly Line[] {
  const between: readonly Line[] = roomy ? [[]] : [];
  const [paid = [], wait = [], refused = [], scan = []] = lampLines(device);
  const content: readonly Line[] = [
    ...displayLines(device).map(centred),
    ...between,
    [...fit(paid, INNER / 2), ...wait],
    [...fit(refused, INNER / 2), ...scan],
    [...fit(buzzerLine(device), INNER / 2 + 2), span("relay none", "quiet")],
    ...between,
    ...keypadLines(device).map(centred),
    ...between,
  ];
  const edge = "─".repeat(INNER + 2);
  return [
    [span(`╭${edge}╮`, "quiet")],
    ...content.map((line) => [span("│ ", "quiet"), ...fit(line, INNER), span(" │", "quiet")]),
    [span(`╰${edge}╯`, "quiet")],
  ];
}

/** How a key is called on the keypad. */
export function keyName(key: Key): string {
  const label = labelOf(key);
  return keyNames[label] ?? label;
}

function labelOf(key: Key): string {
  return key.name === "digit" ? String(key.digit) : labels[key.name];
}

const labels = {
  "double-zero": ":",
  point: ".",
  backspace: "<",
  clear: "C",
  cancel: "X",
  confirm: "=",
} as const;

function centred(line: Line): Line {
  return [span(" ".repeat(Math.floor((INNER - widthOf(line)) / 2))), ...line];
}

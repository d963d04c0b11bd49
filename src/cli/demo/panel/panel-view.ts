/** The panel as a picture: a pure function of what is known, for any size of terminal. */
import type { Screen } from "../../../core/payment/screen.ts";
import { codeLines } from "./code-view.ts";
import {
  buzzerLine,
  DEVICE_COLUMNS,
  type Device,
  deviceLines,
  displayLines,
  keypadLines,
  lampLines,
} from "./device-view.ts";
import { helpLines, helpPageCount } from "./help-view.ts";
import { hintFor } from "./hint.ts";
import type { OrderNote } from "./order-notes.ts";
import {
  apart,
  beside,
  fill,
  fit,
  heading,
  type Line,
  type Picture,
  type Size,
  span,
  widthOf,
  wrap,
} from "./picture.ts";
import { type Picking, pickerLines } from "./scenario-picker.ts";
import type { WireNote } from "./wire-notes.ts";

/** Everything that can be seen on the panel. */
export interface PanelFacts {
  readonly version: string;
  /** By how much all waits for the sandbox are shorter than in life. */
  readonly hurry: number;
  readonly entry: "implied" | "explicit";
  readonly device: Device;
  readonly screen: Screen;
  readonly powered: boolean;
  readonly scannerPlugged: boolean;
  readonly scenario: string;
  readonly sandboxUp: boolean;
  readonly brokerUp: boolean;
  /** Oldest first. */
  readonly orders: readonly OrderNote[];
  /** Oldest first. */
  readonly notes: readonly WireNote[];
  readonly overlay: Overlay;
  /** Where sandbox, broker and journal are to be found, for those who want to look deeper. */
  readonly places: readonly string[];
}

/** What lies over the panel and takes the keys. */
export type Overlay =
  | { readonly kind: "none" }
  /** Pages count from 0. */
  | { readonly kind: "help"; readonly page: number }
  | { readonly kind: "code"; readonly typed: string }
  | { readonly kind: "scenarios"; readonly picking: Picking };

/** The smallest terminal on which the panel makes sense. */
export const LEAST: Size = { columns: 40, rows: 16 };

/** From this width on the front of the box stands beside the log. */
const WIDE_COLUMNS = 72;

/** From this width on orders stand in columns, and notes have their times. */
const TABLE_COLUMNS = 44;

/** How many orders are shown beside the box. */
const ORDERS_WIDE = 4;

/** Rows that a narrow panel keeps for the log, its heading included. */
const LOG_ROWS = 3;

/** The picture, of exactly this size. */
export function drawPanel(facts: PanelFacts, size: Size): Picture {
  if (size.columns < LEAST.columns || size.rows < LEAST.rows) return fill(tooSmall(size), size);
  return isWide(facts, size) ? drawWide(facts, size) : drawNarrow(facts, size);
}

/** How many pages the help has at this size. */
export function helpPages(facts: PanelFacts, size: Size): number {
  return helpPageCount(facts.places, isWide(facts, size) ? besideSize(facts, size).right : overlaySize(size));
}

/** What is left beside the box: `body` rows of it, `spare` of them blank, and the room at the right. */
function besideSize(facts: PanelFacts, { columns, rows }: Size) {
  const body = rows - 2 - hintLines(facts, columns).length;
  const spare = body - deviceLines(facts.device).length - switchLines(facts).length;
  return { body, spare, right: { columns: columns - DEVICE_COLUMNS - 2, rows: body - (spare >= 2 ? 1 : 0) } };
}

function isWide(facts: PanelFacts, { columns, rows }: Size): boolean {
  const beneath = deviceLines(facts.device).length + switchLines(facts).length;
  return columns >= WIDE_COLUMNS && rows >= beneath + 3;
}

/** What lies over a narrow panel leaves its title. */
function overlaySize({ columns, rows }: Size): Size {
  return { columns, rows: rows - 1 };
}

function drawWide(facts: PanelFacts, { columns, rows }: Size): Picture {
  const hint = hintLines(facts, columns);
  const switches = switchLines(facts);
  // Blank lines where there is room for them.
  const { body, spare, right } = besideSize(facts, { columns, rows });
  const gap = (wanted: boolean): readonly Line[] => (wanted ? [[]] : []);
  const device = deviceLines(facts.device, spare >= 5);
  const front = [...gap(spare >= 2), ...device, ...gap(spare >= 1), ...switches];
  return fill(
    [
      titleLine(facts, columns),
      ...beside(fill(front, { columns: DEVICE_COLUMNS, rows: body }), DEVICE_COLUMNS, 2, [
        ...gap(spare >= 2),
        ...sideLines(facts, right),
      ]),
      ...hint,
      keyLine(columns),
    ],
    { columns, rows },
  );
}

/** What stands beside the box: what lies over the panel, or orders and wires. */
function sideLines(facts: PanelFacts, size: Size): Picture {
  const over = overlayLines(facts, size);
  if (over !== null) return over;
  const orders = facts.orders.slice(-ORDERS_WIDE).flatMap((order) => orderLines(order, size.columns));
  const none: Line = [span("none yet", "quiet")];
  const above = [heading("ORDERS", size.columns), ...(orders.length === 0 ? [none] : orders), []];
  const wires = { columns: size.columns, rows: size.rows - above.length };
  return [...above, ...wireLines(facts.notes, wires)];
}

function drawNarrow(facts: PanelFacts, { columns, rows }: Size): Picture {
  const over = overlayLines(facts, overlaySize({ columns, rows }));
  if (over !== null) return [titleLine(facts, columns), ...over];
  const { device } = facts;
  const display = displayLines(device);
  const besides = [...lampLines(device), buzzerLine(device)];
  const above: readonly Line[] = [
    titleLine(facts, columns),
    ...beside(display, device.display.columns + 2, 1, besides.slice(0, display.length)),
  ];
  const switches = narrowSwitches(facts);
  const hint = hintLines(facts, columns);
  const room = rows - above.length - switches.length - hint.length;
  const [newest] = facts.orders.slice(-1);
  const order = newest === undefined ? [] : orderLines(newest, columns);
  // The log comes first, then what is being done about the order, then the reminder of the keys.
  const [told, reminded] = [
    [order, [keyLine(columns)]] as const,
    [order.slice(0, 2), [keyLine(columns)]] as const,
  ].find(([lines, keys]) => room - lines.length - keys.length >= LOG_ROWS) ?? [order.slice(0, 2), []];
  const spare = room - told.length - reminded.length;
  // The keyboard is the keypad; it is drawn where it costs the log little.
  const keys = keypadLines(device);
  const keypad = spare >= keys.length * 3 ? keys : [];
  const wires = wireLines(facts.notes, { columns, rows: spare - keypad.length });
  return fill([...above, ...keypad, ...switches, ...told, ...wires, ...hint, ...reminded], { columns, rows });
}

function titleLine({ version, hurry }: PanelFacts, columns: number): Line {
  const left = [span(`scanbox ${version}`, "strong")];
  const speed = hurry === 1 ? "" : `${hurry}× as quick as life · `;
  const long = [span(`no money moves · ${speed}? help · q quit`, "quiet")];
  const room = columns - widthOf(left) - 1;
  const fits = long.every(({ text }) => text.length <= room);
  return apart(left, fits ? long : [span("? help · q quit", "quiet")], columns);
}

/** The world around the box, each part with the key that changes it. */
function switchLines(facts: PanelFacts): readonly Line[] {
  return switches(facts).map(({ key, name, state, well }) => [
    span(` ${key} `, "strong"),
    span(name.padEnd(9), "quiet"),
    span(state, well ? "plain" : "warn"),
  ]);
}

function narrowSwitches(facts: PanelFacts): readonly Line[] {
  const [scanner, scenario, sandbox, broker, power] = switches(facts).map(
    ({ key, name, state, well }): Line => [
      span(key, "strong"),
      span(` ${name} `, "quiet"),
      span(state, well ? "plain" : "warn"),
    ],
  );
  const gap = span("  ");
  return [
    [...(scanner ?? []), gap, ...(sandbox ?? []), gap, ...(broker ?? [])],
    [...(scenario ?? []), gap, ...(power ?? [])],
  ];
}

interface Switch {
  readonly key: string;
  readonly name: string;
  readonly state: string;
  /** Whether everything is as it should be. */
  readonly well: boolean;
}

function switches({ scannerPlugged, scenario, sandboxUp, brokerUp, powered }: PanelFacts): readonly Switch[] {
  return [
    { key: "u", name: "scanner", state: scannerPlugged ? "in" : "OUT", well: scannerPlugged },
    { key: "s", name: "scenario", state: scenario, well: true },
    { key: "b", name: "sandbox", state: sandboxUp ? "up" : "DOWN", well: sandboxUp },
    { key: "m", name: "broker", state: brokerUp ? "up" : "DOWN", well: brokerUp },
    { key: "k", name: "power", state: powered ? "on" : "OFF", well: powered },
  ];
}

function orderLines({ ref, yuan, state, tone, remark }: OrderNote, columns: number): readonly Line[] {
  const table = [span(`${ref} ${yuan.padStart(8)}  `), span(state.padEnd(9), tone), span("  ")];
  const named = columns < TABLE_COLUMNS ? [span(`${ref} ${yuan} `), span(state, tone), span("  ")] : table;
  if (widthOf(named) + remark.length <= columns) return [[...named, span(remark)]];
  const lines = wrap(remark, columns - 4);
  return [named, ...lines.map((text, line) => [span(line === 0 ? "  ↳ " : "    "), span(text)])];
}

function wireLines(notes: readonly WireNote[], { columns, rows }: Size): Picture {
  const lines = notes.slice(-rows).flatMap((note) => noteLines(note, columns));
  return fill([heading("WIRES", columns), ...lines.slice(-Math.max(0, rows - 1))], { columns, rows });
}

function noteLines({ at, wire, text, tone }: WireNote, columns: number): readonly Line[] {
  const time = columns < TABLE_COLUMNS ? "" : `${at.toFixed(1).padStart(6)} `;
  const indent = " ".repeat(time.length + 8);
  return wrap(text, columns - indent.length).map((part, line) =>
    line === 0
      ? [span(time, "quiet"), span(wire.padEnd(8), "wire"), span(part, tone)]
      : [span(indent), span(part, tone)],
  );
}

function hintLines(facts: PanelFacts, columns: number): readonly Line[] {
  const { overlay, powered, screen, entry, scannerPlugged, sandboxUp } = facts;
  if (overlay.kind === "code") {
    const shown = overlay.typed.slice(-(columns - 10));
    return [[span("▸ Code: ", "strong"), span(`${shown}_`)], [span("  Enter scans it, Esc leaves", "quiet")]];
  }
  const text = hintFor({ powered, screen, entry, scannerPlugged, sandboxUp });
  const lines = wrap(text, columns - 2).map(
    (part, line): Line => [span(line === 0 ? "▸ " : "  ", "strong"), span(part, "strong")],
  );
  return [...lines, ...(lines.length < 2 ? [[]] : [])].slice(0, 2);
}

/** As many of these as there is room for, the most wanted ones first. */
const keyWords = [
  "g WeChat code",
  "a Alipay code",
  "n our code",
  "r again",
  "t type a code",
  "Enter OK",
  "Bksp <",
  "Esc X",
  "c C",
];

function keyLine(columns: number): Line {
  let text = "";
  for (const words of keyWords) {
    const longer = text === "" ? words : `${text} · ${words}`;
    if (longer.length > columns) break;
    text = longer;
  }
  return fit([span(text, "quiet")], columns);
}

function overlayLines({ overlay, places, screen }: PanelFacts, size: Size): Picture | null {
  switch (overlay.kind) {
    case "none":
    case "code":
      return screen.codeUrl === null ? null : codeLines(screen.codeUrl, screen.seconds ?? 0, size);
    case "help":
      return helpLines(places, size, overlay.page);
    case "scenarios":
      return pickerLines(overlay.picking, size);
  }
}

function tooSmall({ columns, rows }: Size): readonly Line[] {
  const need = `The panel needs ${LEAST.columns}×${LEAST.rows}; this terminal has ${columns}×${rows}.`;
  const ways = "Make it larger, or press q and take --plain.";
  return [...wrap(need, columns), ...wrap(ways, columns)].map((text) => [span(text)]);
}

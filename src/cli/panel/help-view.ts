import { fill, heading, type Line, type Picture, type Size, span, wrap } from "./picture.ts";

const keys: readonly (readonly [key: string, does: string])[] = [
  ["0-9 . :", "the keypad: digits, point, 00"],
  ["Enter", "OK"],
  ["Bksp c", "< and C on the keypad"],
  ["Esc x", "X: cancel"],
  ["g", "a customer shows a WeChat code"],
  ["a", "a customer shows an Alipay code"],
  ["n", "a customer scans a code of the box"],
  ["r", "the last code once more"],
  ["t", "type a code, or just paste one"],
  ["u", "scanner: unplug it, plug it in"],
  ["s", "choose what becomes of payments"],
  ["b", "bank: down or up"],
  ["m", "MQTT broker: down or up"],
  ["k", "cut the power, now"],
  ["Ctrl-L", "empty the log"],
  ["q", "quit; Ctrl-Z suspends"],
];

const about = [
  "This is the program that runs on a device, with its journal, its signatures and its reports.",
  "The bank is a look-alike on this machine, the broker is built in; the hardware is played.",
];

/** What the keys do, and where the parts are to be found where there is room for that. */
export function helpLines(places: readonly string[], size: Size): Picture {
  const { columns, rows } = size;
  const list = keys.map(([key, does]): Line => [span(key.padEnd(8), "strong"), span(does)]);
  const found = [[], ...places.map((text): Line => [span(text, "quiet")])];
  const known = [
    [],
    ...about.flatMap((text) => wrap(text, columns)).map((text): Line => [span(text, "quiet")]),
    ...found,
  ];
  const end: Line = [span("any key goes back", "quiet")];
  // Without room for all of it the heading goes first.
  const head = rows >= list.length + 2 ? [heading("KEYS", columns)] : [];
  const more = [known, found].find((lines) => rows >= list.length + lines.length + 2) ?? [];
  return fill([...head, ...list, ...more, ...(rows >= list.length + more.length + 2 ? [end] : [])], size);
}

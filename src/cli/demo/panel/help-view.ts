import { fill, heading, type Line, type Picture, type Size, span, wrap } from "./picture.ts";

const keys: readonly (readonly [key: string, does: string])[] = [
  ["0-9 . :", "the keypad: digits, point, 00"],
  ["Enter", "OK"],
  ["Bksp c", "< and C on the keypad"],
  ["Esc x", "X: cancel"],
  ["g", "a customer shows a WeChat code"],
  ["a", "a customer shows an Alipay code"],
  ["n", "a customer scans the box's code"],
  ["r", "the last code once more"],
  ["t", "type a code, or just paste one"],
  ["u", "scanner: unplug it, plug it in"],
  ["s", "choose what becomes of payments"],
  ["b", "sandbox: down or up"],
  ["m", "MQTT broker: down or up"],
  ["k", "cut the power, now"],
  ["Ctrl-L", "empty the log"],
  ["q", "quit; Ctrl-Z suspends"],
];

const about = [
  "This is the program that runs on a device, with its journal, its signatures and its reports.",
  "The sandbox plays the provider on this machine, the broker is built in; the hardware is played.",
];

/** One line for each key. */
const list = keys.map(([key, does]): Line => [span(key.padEnd(8), "strong"), span(does)]);

/** How many pages the help has at this size: one wherever the keys, the places and a line below them fit. */
export function helpPageCount(places: readonly string[], size: Size): number {
  const { length } = allLines(places, size);
  if (size.rows > length) return 1;
  return listFits(size) ? 2 : Math.ceil(length / (size.rows - 1));
}

/** What the keys do, and where sandbox, broker and journal are to be found: on the next page where there is no room for both. */
export function helpLines(places: readonly string[], size: Size, page: number): Picture {
  if (helpPageCount(places, size) > 1) return pageOf(places, size, page);
  const { columns, rows } = size;
  const found = [[], ...places.map((text): Line => [span(text, "quiet")])];
  const known = [[], ...quietly(about, columns), ...found];
  // Without room for all of it the heading goes first.
  const head = rows >= list.length + 2 ? [heading("KEYS", columns)] : [];
  const more = [known, found].find((lines) => rows >= list.length + lines.length + 2) ?? [];
  return fill([...head, ...list, ...more, goesBack], size);
}

const goesBack: Line = [span("any key goes back", "quiet")];
const goesOn: Line = [span("any key shows the rest, Esc goes back", "quiet")];

/** Whether the keys stand on one page, and the places then on one of their own. */
function listFits({ rows }: Size): boolean {
  return rows > list.length;
}

function pageOf(places: readonly string[], size: Size, page: number): Picture {
  const room = size.rows - 1;
  const all = allLines(places, size);
  const first = listFits(size) ? list.length + 1 : room;
  const shown =
    page === 0
      ? all.slice(0, Math.min(first, room))
      : all.slice(first + (page - 1) * room, first + page * room);
  const lines = fill(shown, { ...size, rows: room });
  return fill([...lines, page + 1 < helpPageCount(places, size) ? goesOn : goesBack], size);
}

function allLines(places: readonly string[], { columns }: Size): readonly Line[] {
  return [...list, [], ...quietly(places, columns)];
}

function quietly(texts: readonly string[], columns: number): readonly Line[] {
  return texts.flatMap((text) => wrap(text, columns)).map((text): Line => [span(text, "quiet")]);
}

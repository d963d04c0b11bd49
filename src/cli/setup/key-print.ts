/** Where each key of a keypad is: what is printed on it against what its contacts join. */

/** A matrix as it is wired, and what stands on its keys. */
export interface WiredKeypad {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  /** One text for each row, one character for each column; a blank is no key. */
  readonly keys: readonly string[];
}

/** How the wires run, compared with the print. */
export type Wiring =
  /** Every key is where the print says. */
  | "as-printed"
  /** The wires of rows or columns are in another order; the pins are listed in the order of the print. */
  | "reordered"
  /** Printed rows are electrical columns: the keys are listed as they are wired. */
  | "turned"
  /** The matrix has nothing to do with the print: the keys are listed as they are wired. */
  | "unlike";

/** The labels of a print, in reading order. */
export function labelsOf(keys: readonly string[]): readonly string[] {
  return keys
    .join("")
    .split("")
    .filter((label) => label !== " ");
}

/**
 * The keypad as it really is. `positions` is what was learnt: for each label row × columns + column; a label that is not in
 * it is not on the keypad. Every contact appears in the result under the label that was pressed.
 */
export function arrange(
  printed: WiredKeypad,
  positions: ReadonlyMap<string, number>,
): { readonly keypad: WiredKeypad; readonly wiring: Wiring } {
  const width = printed.columns.length;
  const places = placesOf(printed.keys, positions, width);
  const rows = orderOf(places.map(({ printedRow, row }) => [printedRow, row]));
  const columns = orderOf(places.map(({ printedColumn, column }) => [printedColumn, column]));
  if (rows !== null && columns !== null) {
    const keypad = {
      rows: ordered(printed.rows, rows),
      columns: ordered(printed.columns, columns),
      keys: printed.keys.map((row) =>
        row
          .split("")
          .map((label) => (positions.has(label) ? label : " "))
          .join(""),
      ),
    };
    const same = String([keypad.rows, keypad.columns]) === String([printed.rows, printed.columns]);
    return { keypad, wiring: same ? "as-printed" : "reordered" };
  }
  const turned =
    orderOf(places.map(({ printedRow, column }) => [printedRow, column])) !== null &&
    orderOf(places.map(({ printedColumn, row }) => [printedColumn, row])) !== null;
  const labels = new Map([...positions].map(([label, position]) => [position, label]));
  const keys = printed.rows.map((_, row) =>
    printed.columns.map((__, column) => labels.get(row * width + column) ?? " ").join(""),
  );
  return {
    keypad: { rows: printed.rows, columns: printed.columns, keys },
    wiring: turned ? "turned" : "unlike",
  };
}

interface Place {
  readonly printedRow: number;
  readonly printedColumn: number;
  readonly row: number;
  readonly column: number;
}

function placesOf(
  keys: readonly string[],
  positions: ReadonlyMap<string, number>,
  width: number,
): readonly Place[] {
  return keys.flatMap((text, printedRow) =>
    text.split("").flatMap((label, printedColumn) => {
      const position = positions.get(label);
      if (position === undefined) return [];
      return [{ printedRow, printedColumn, row: Math.floor(position / width), column: position % width }];
    }),
  );
}

/** Which wire belongs to which printed line, where each has one of its own; else null. */
function orderOf(
  pairs: readonly (readonly [printed: number, wire: number])[],
): ReadonlyMap<number, number> | null {
  const order = new Map<number, number>();
  for (const [printed, wire] of pairs) {
    if ((order.get(printed) ?? wire) !== wire) return null;
    order.set(printed, wire);
  }
  return new Set(order.values()).size === order.size ? order : null;
}

/** The pins in the order of the print; lines that no key was learnt of take what is left. */
function ordered(pins: readonly number[], order: ReadonlyMap<number, number>): readonly number[] {
  const taken = new Set(order.values());
  const rest = pins.filter((_, wire) => !taken.has(wire));
  return pins.map((pin, printed) => {
    const wire = order.get(printed);
    return (wire === undefined ? rest.shift() : pins[wire]) ?? pin;
  });
}

import { invariant } from "../kernel/defect.ts";

/**
 * Where order numbers come from: eight characters for the box, twelve random ones drawn at each boot (60 bits), and a
 * counter (money rule 2). Cards that are copied, and boots that forget, still never make one number twice.
 */
export interface Numbering {
  readonly boxTag: string;
  readonly bootMark: string;
  /** The number of the next order of this boot; it begins at a random place, for references people can tell apart. */
  readonly counter: number;
}

/** Digits and letters that cannot be mistaken for each other (Crockford's base 32), in lower case. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/** Twelve characters, 60 bits, from three random 32-bit numbers. */
export function markOf(chance: readonly [number, number, number]): string {
  // Each number gives four characters from its lowest 20 bits.
  return chance
    .map((bits) => [15, 10, 5, 0].map((shift) => alphabet.charAt((bits >>> shift) & 31)).join(""))
    .join("");
}

/** Begins a boot's numbers from four random 32-bit numbers. */
export function numberingOf(boxTag: string, chance: readonly [number, number, number, number]): Numbering {
  invariant(/^[a-z0-9]{8}$/.test(boxTag), "a box mark has eight characters");
  return {
    boxTag,
    bootMark: markOf([chance[0], chance[1], chance[2]]),
    counter: (chance[3] >>> 0) % 10_000,
  };
}

/** The next order's number (`[A-Za-z0-9_]`, at most 30 characters) and its short reference of four digits. */
export function orderNumber(numbering: Numbering): {
  readonly outTradeNo: string;
  readonly shortRef: string;
} {
  const { boxTag, bootMark, counter } = numbering;
  const outTradeNo = `${boxTag}_${bootMark}_${counter}`;
  invariant(outTradeNo.length <= 30, "an order number has at most 30 characters");
  return { outTradeNo, shortRef: String(counter % 10_000).padStart(4, "0") };
}

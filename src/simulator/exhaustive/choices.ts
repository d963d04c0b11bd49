/**
 * The choices of one small world, in the order in which it meets them. Whoever enumerates worlds says what is chosen at some
 * of them; at all others the world takes the first option, the one in which nothing goes wrong.
 */
import { invariant } from "../../core/kernel/defect.ts";

/**
 * Where nothing else is said of what a world has from its beginning, though it matters only from some point on: how WeChat
 * Pay behaves where its documents are silent, and how the box is set. The world asks for one at the point from which on it
 * matters, so that worlds in which it never does are one world and not two.
 */
export const ways = [
  /** An order that is unpaid 45 s after its charge is revoked by itself. */
  "auto-revoke",
  /** A reversal of a number that was never seen is forgotten, and its charge may still come. */
  "unseen-forgotten",
  /** Such a reversal is refused. */
  "unseen-refused",
  /** A paid order becomes REFUND by its reversal, not REVOKED. */
  "paid-becomes-refund",
  /** The setting `late` is `reverse`. */
  "late-reversed",
  /** The setting `onAmbiguous` is `refund`. */
  "unclear-refunded",
] as const;

/** One of them. */
export type Way = (typeof ways)[number];

/**
 * What is chosen at one point, by their numbers; a world is named by those choices that are not the first option. `way` is
 * there where the point is one of a way.
 */
export interface Choice {
  readonly point: number;
  readonly option: number;
  readonly way: Way | null;
}

/** A moment at which a world could go on in several ways. */
export interface Point {
  readonly what: string;
  /** The first one is what happens where nothing else is said. */
  readonly options: readonly string[];
  /** Whether another option than the first is a fault; else it is one of several ways of the outside, all as good. */
  readonly fault: boolean;
  /** The way that the second option is. */
  readonly way: Way | null;
}

/** Answers each question of one world, and remembers what was asked. */
export class Choices {
  readonly #said: ReadonlyMap<number, Choice>;
  readonly #heard: (point: Point, option: string) => void;
  readonly points: Point[] = [];

  /** `heard` is told of every choice that is not the first option. */
  constructor(said: readonly Choice[], heard: (point: Point, option: string) => void) {
    this.#said = new Map(said.map((choice) => [choice.point, choice]));
    this.#heard = heard;
  }

  /** The number of the option that is taken here. */
  take(point: Point): number {
    const { option = 0, way = point.way } = this.#said.get(this.points.length) ?? {};
    const name = point.options[option];
    const number = this.points.push(point) - 1;
    invariant(name !== undefined, `point ${number} (${point.what}) has an option ${option}`);
    invariant(way === point.way, `point ${number} (${point.what}) is where ${way ?? "no way"} is met`);
    if (option > 0) this.#heard(point, name);
    return option;
  }

  /** Whether every choice that was said has been asked for: the same choices give the same world. */
  get spent(): boolean {
    return [...this.#said.keys()].every((point) => point < this.points.length);
  }
}

/** Writes choices as people copy them, such as `9:2 14:auto-revoke 31:1`. */
export function choicesText(choices: readonly Choice[]): string {
  return choices.map(({ point, option, way }) => `${point}:${way ?? option}`).join(" ");
}

/** Reads what `choicesText` wrote; null where the text is something else. */
export function readChoices(text: string): readonly Choice[] | null {
  const words = text.split(/\s+/).filter((word) => word !== "");
  const choices = words.flatMap((word) => {
    const [, digits, said = ""] = /^(\d{1,6}):([a-z-]+|\d{1,3})$/.exec(word) ?? [];
    const way = ways.find((name) => name === said) ?? null;
    if (digits === undefined || (way === null && !/^\d/.test(said))) return [];
    return [{ point: Number(digits), option: way === null ? Number(said) : 1, way }];
  });
  const rises = choices.every(({ point }, index) => point > (choices[index - 1]?.point ?? -1));
  return choices.length === words.length && rises ? choices : null;
}

/**
 * A code reader with something before it, or nothing: which codes it tells of, and how often, is its habit. Boxes that sell by
 * themselves must bear every one (money rule 13).
 */
import { scannerProfiles } from "../../core/codecs/scanner-profile.ts";
import type { Random } from "../outside/random.ts";
import type { SimulatedTime } from "../outside/time.ts";

/**
 * What readers do with a code that stays in view: tell of it again and again, seldom, or never; or read only where a GM65 or GM72 is
 * told to.
 */
export const readerBehaviours = ["often", "seldom", "once", "gm65", "gm72"] as const;

/** One of them. */
export type ReaderBehaviour = (typeof readerBehaviours)[number];

/** How long a triggered reader reads, and how long it takes for a code. */
const READING_MS = 5_000;
const DECODE_MS = 100;

/** How long somebody holds a phone before a reader that does not read. */
const HELD_MS = 6_000;

/** No reader tells of two codes more quickly. */
const APART_MS = 500;

/** What a reader is made of; `tell` hears what it has read, `reply` what it answers to its box. */
interface ReaderParts {
  readonly habit: ReaderBehaviour;
  readonly time: SimulatedTime;
  readonly random: Random;
  readonly tell: (text: string) => void;
  readonly reply: (bytes: Uint8Array) => void;
}

/** What is before the reader: it lies there, or is taken away as soon as it was read. */
interface View {
  readonly text: string;
  readonly lies: boolean;
}

/** Plays the reader. */
export class SimulatedReader {
  readonly #parts: ReaderParts;
  readonly #triggered: boolean;
  #view: View | null = null;
  #readsUntil = -1;
  #toldAt = -APART_MS;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#triggered = parts.habit === "gm65" || parts.habit === "gm72";
  }

  /** Holds something before it until it was read, or for as long as people have patience. */
  pass(text: string): void {
    if (!this.#triggered) {
      this.#parts.tell(text);
      return;
    }
    const view = this.#look({ text, lies: false });
    this.#parts.time.after(HELD_MS, () => {
      if (this.#view === view) this.#view = null;
    });
  }

  /** Something lies before it from now on, or shows something else. */
  lay(text: string): void {
    const view = this.#look({ text, lies: true });
    if (!this.#triggered) this.#tellOf(view);
  }

  /** What lay there is taken away. */
  clear(): void {
    this.#view = null;
  }

  /** The box says something to it. */
  told(bytes: Uint8Array): void {
    const { habit, time, reply } = this.#parts;
    if (habit !== "gm65" && habit !== "gm72") return;
    const { trigger, replies } = scannerProfiles[habit];
    const is = (command: Uint8Array | null | undefined): boolean =>
      command?.length === bytes.length && bytes.every((byte, index) => byte === command[index]);
    if (is(trigger?.stop)) this.#readsUntil = -1;
    if (is(trigger?.start)) {
      this.#readsUntil = time.now + READING_MS;
      if (this.#view !== null) this.#decode(this.#view);
    }
    const [accepted] = replies;
    if ((is(trigger?.start) || is(trigger?.stop)) && accepted !== undefined) reply(accepted);
  }

  #look(view: View): View {
    this.#view = view;
    if (this.#triggered) this.#decode(view);
    return view;
  }

  /** A code ends the reading of a triggered reader. */
  #decode(view: View): void {
    const { time, tell } = this.#parts;
    time.after(DECODE_MS, () => {
      if (this.#view !== view || time.now > this.#readsUntil) return;
      this.#readsUntil = -1;
      if (!view.lies) this.#view = null;
      tell(view.text);
    });
  }

  #tellOf(view: View): void {
    const { habit, time, random, tell } = this.#parts;
    if (this.#view !== view) return;
    const pause = this.#toldAt + APART_MS - time.now;
    if (pause > 0) {
      time.after(pause, () => this.#tellOf(view));
      return;
    }
    this.#toldAt = time.now;
    tell(view.text);
    if (habit === "once") return;
    const wait = habit === "often" ? random.between(500, 4_000) : random.between(6_000, 14_000);
    time.after(wait, () => this.#tellOf(view));
  }
}

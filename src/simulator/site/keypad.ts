import type { Random } from "../outside/random.ts";
import type { SimulatedTime } from "../outside/time.ts";
import type { SimulatedPins } from "./pins.ts";

/** Contacts of a usual keypad chatter this long at most, in milliseconds. */
export const BOUNCE_MS_MAX = 8;

/** What a simulated keypad is made of. */
export interface SimulatedKeypadParts {
  readonly pins: SimulatedPins;
  readonly time: SimulatedTime;
  readonly random: Random;
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  /** How long a contact chatters at most, in milliseconds; `BOUNCE_MS_MAX` where it is not given. */
  readonly bounceMs?: number;
}

interface Contact {
  wanted: boolean;
  stuck: boolean;
  /** Counts the moves of the finger; what is left of an earlier chatter does not happen. */
  move: number;
}

/**
 * A key matrix without diodes on the pins of the header: each key joins a row to a column, chattering when it closes and when
 * it opens. Keys are named by row and column, counted from 0.
 */
export class SimulatedKeypad {
  readonly #parts: SimulatedKeypadParts;
  readonly #contacts = new Map<string, Contact>();

  constructor(parts: SimulatedKeypadParts) {
    this.#parts = parts;
  }

  press(row: number, column: number): void {
    this.#move(row, column, true);
  }

  /** A stuck key does not notice. */
  release(row: number, column: number): void {
    this.#move(row, column, false);
  }

  /** Presses now and releases `holdMs` later. */
  tap(row: number, column: number, holdMs: number): void {
    this.press(row, column);
    this.#parts.time.after(holdMs, () => this.release(row, column));
  }

  /** The key goes down and stays there, whoever releases it. */
  stick(row: number, column: number): void {
    this.#contact(row, column).stuck = true;
    this.#move(row, column, true);
  }

  /** A stuck key comes up. */
  free(row: number, column: number): void {
    this.#contact(row, column).stuck = false;
    this.#move(row, column, false);
  }

  #move(row: number, column: number, down: boolean): void {
    const { random, bounceMs = BOUNCE_MS_MAX } = this.#parts;
    const contact = this.#contact(row, column);
    const wanted = down || contact.stuck;
    if (wanted === contact.wanted) return;
    contact.wanted = wanted;
    contact.move += 1;
    this.#chatter(row, column, random.between(0, bounceMs));
  }

  #chatter(row: number, column: number, leftMs: number): void {
    const { pins, random, rows, columns, time } = this.#parts;
    const contact = this.#contact(row, column);
    const closed = leftMs === 0 ? contact.wanted : random.chance(0.5);
    const [a, b] = [rows[row] ?? Number.NaN, columns[column] ?? Number.NaN];
    if (closed) pins.connect(a, b);
    else pins.disconnect(a, b);
    if (leftMs === 0) return;
    const { move } = contact;
    time.after(1, () => {
      if (move === contact.move) this.#chatter(row, column, leftMs - 1);
    });
  }

  #contact(row: number, column: number): Contact {
    const name = `${row},${column}`;
    const known = this.#contacts.get(name);
    if (known !== undefined) return known;
    const contact: Contact = { wanted: false, stuck: false, move: 0 };
    this.#contacts.set(name, contact);
    return contact;
  }
}

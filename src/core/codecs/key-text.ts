/** Bytes of one `struct input_event` on a 64-bit kernel: two longs of time, type, code and value (linux/input.h). */
export const KEY_RECORD_BYTES = 24;

/** Types of records and the codes of EV_SYN (linux/input-event-codes.h). */
const EV_SYN = 0x00;
const EV_KEY = 0x01;
const SYN_DROPPED = 3;

/** Values of a key: released is 0; 2 is a key that is held down and repeats, which a scanner never means. */
const RELEASED = 0;
const PRESSED = 1;

/** What stands for a key or a gap that cannot be part of a code. */
const UNREADABLE = "?";

/** The keys of a US keyboard, which scanners play unless they are told otherwise: first code, plain, with shift. */
const rows: readonly (readonly [number, string, string])[] = [
  [2, "1234567890-=", "!@#$%^&*()_+"],
  [15, "\tqwertyuiop[]\r", "\tQWERTYUIOP{}\r"],
  [30, "asdfghjkl;'`", 'ASDFGHJKL:"~'],
  [43, "\\zxcvbnm,./", "|ZXCVBNM<>?"],
  [55, "*", "*"],
  [57, " ", " "],
  [71, "789-456+1230.", "789-456+1230."],
  [96, "\r", "\r"],
  [98, "/", "/"],
];

const plainKeys = new Map(rows.flatMap(([first, keys]) => keys.split("").map((key, n) => [first + n, key])));
const shiftedKeys = new Map(
  rows.flatMap(([first, , keys]) => keys.split("").map((key, n) => [first + n, key])),
);

const shifts: ReadonlySet<number> = new Set([42, 54]);

/** Control, Alt and Meta on both sides: with one of them held, a key types no text. */
const commands: ReadonlySet<number> = new Set([29, 97, 56, 100, 125, 126]);

/** Alt on both sides, and the digits of the number block: held and typed, they mean a character by its number. */
const alts: readonly number[] = [56, 100];
const blockDigits: ReadonlySet<number> = new Set([71, 72, 73, 75, 76, 77, 79, 80, 81, 82]);

/** The three locks, which type nothing and which a scanner may toggle around its text. */
const locks: ReadonlySet<number> = new Set([58, 69, 70]);

/**
 * Turns the key records of a scanner that plays a keyboard into the bytes that a serial scanner would have sent: text,
 * and CR for either Enter. What cannot be read stands in the line as `?`, so that no code is made of what is left of it.
 * One per connection: keys that were held before an unplug are not held after it.
 */
export class KeyText {
  /** The codes of the modifiers that are down. */
  readonly #held = new Set<number>();
  #altNumbers = false;

  /** Takes whole records, as the kernel hands them over, and returns latin1 bytes. */
  pass(records: Uint8Array): Uint8Array {
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
    const text: number[] = [];
    for (let at = 0; at + KEY_RECORD_BYTES <= records.length; at += KEY_RECORD_BYTES) {
      const character = this.#take(
        view.getUint16(at + 16, true),
        view.getUint16(at + 18, true),
        view.getInt32(at + 20, true),
      );
      if (character !== "") text.push(character.charCodeAt(0));
    }
    return Uint8Array.from(text);
  }

  /**
   * Whether characters have been typed by their numbers, with Alt held, since it was last asked. What they are depends on the
   * machine that a scanner expects, so none of them is read.
   */
  takeAltNumbers(): boolean {
    const seen = this.#altNumbers;
    this.#altNumbers = false;
    return seen;
  }

  #take(type: number, code: number, value: number): string {
    if (type === EV_SYN && code === SYN_DROPPED) {
      // The kernel's buffer overflowed: keys are missing here, and releases among them.
      this.#held.clear();
      return UNREADABLE;
    }
    if (type !== EV_KEY) return "";
    if (shifts.has(code) || commands.has(code)) {
      if (value === RELEASED) this.#held.delete(code);
      else this.#held.add(code);
      return "";
    }
    return value === PRESSED && !locks.has(code) ? this.#character(code) : "";
  }

  #character(code: number): string {
    const held = [...this.#held];
    if (blockDigits.has(code) && alts.some((alt) => this.#held.has(alt))) this.#altNumbers = true;
    if (held.some((key) => commands.has(key))) return UNREADABLE;
    return (held.length > 0 ? shiftedKeys : plainKeys).get(code) ?? UNREADABLE;
  }
}

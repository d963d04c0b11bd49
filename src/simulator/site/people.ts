import type { Key } from "../../core/payment/amount-entry.ts";
import type { Screen } from "../../core/payment/screen.ts";
import type { Random } from "../outside/random.ts";

/** What somebody at the box does next. */
export type Act =
  | { readonly kind: "keys"; readonly keys: readonly Key[] }
  | { readonly kind: "scan"; readonly text: string }
  /** They want to scan a code of the box's. */
  | { readonly kind: "code" }
  | { readonly kind: "unplug" }
  | { readonly kind: "nothing" };

const digitKeys: readonly Key[] = Array.from({ length: 10 }, (_, digit) => ({ name: "digit", digit }));
const otherKeys: readonly [Key, ...Key[]] = [
  { name: "cancel" },
  { name: "confirm" },
  { name: "clear" },
  { name: "backspace" },
  { name: "double-zero" },
  { name: "point" },
];

/** Customers and staff: they mostly do what the screen says, and sometimes whatever comes to mind. */
export class People {
  readonly #random: Random;
  readonly #silliness: number;
  /** The codes of the last two times that somebody wanted to pay; null where they scanned ours. A box remembers these for certain. */
  #codes: readonly [string | null, string | null] = [null, null];

  constructor(random: Random, silliness: number) {
    this.#random = random;
    this.#silliness = silliness;
  }

  /** What they do in front of this screen. */
  act(screen: Screen): Act {
    const random = this.#random;
    if (random.chance(this.#silliness)) return this.#silly();
    switch (screen.text) {
      case "idle":
        return { kind: "keys", keys: [...this.#amount(), { name: "confirm" }] };
      case "menu":
        return { kind: "keys", keys: [digitKeys[random.between(1, 3)] ?? otherKeys[0]] };
      case "entering":
        return { kind: "keys", keys: [{ name: "confirm" }] };
      case "armed-no-scanner":
        return this.#ourCode();
      case "code-shown":
        return random.chance(0.03) ? { kind: "keys", keys: [{ name: "cancel" }] } : { kind: "nothing" };
      case "code-withdrawn":
        return random.chance(0.7) ? { kind: "keys", keys: [{ name: "confirm" }] } : { kind: "nothing" };
      case "armed":
        if (random.chance(0.15)) return this.#ourCode();
        if (random.chance(0.1)) return this.#again();
        return random.chance(0.05) ? this.#silly() : { kind: "scan", text: `${this.#freshCode()}\r` };
      case "unknown":
      case "vend-unclear":
      case "earlier-paid":
      case "earlier-refunded":
        return random.chance(0.7) ? { kind: "keys", keys: [{ name: "confirm" }] } : { kind: "nothing" };
      case "password":
      case "checking":
        return random.chance(0.08) ? { kind: "keys", keys: [{ name: "cancel" }] } : { kind: "nothing" };
      default:
        return { kind: "nothing" };
    }
  }

  #silly(): Act {
    const random = this.#random;
    switch (random.between(0, 7)) {
      case 0:
        return this.#again();
      case 1:
        return { kind: "scan", text: `28${"7".repeat(16)}\r` };
      case 2:
        return { kind: "scan", text: `${this.#freshCode().slice(0, 9)}` };
      case 3:
        return { kind: "scan", text: "\u0000\u00ff\u0002noise\r" };
      case 4:
        return { kind: "scan", text: `${this.#freshCode()}\r${this.#freshCode()}\r` };
      case 5:
        return { kind: "unplug" };
      case 6:
        return { kind: "scan", text: `${this.#freshCode()}\r` };
      default:
        return { kind: "keys", keys: Array.from({ length: random.between(1, 9) }, () => this.#key()) };
    }
  }

  #key(): Key {
    const random = this.#random;
    return random.chance(0.5) ? (digitKeys[random.between(0, 9)] ?? otherKeys[0]) : random.pick(otherKeys);
  }

  #amount(): readonly Key[] {
    const digits = String(this.#random.between(1, 99_999));
    return Array.from(digits, (digit) => ({ name: "digit", digit: Number(digit) }));
  }

  #freshCode(): string {
    const code = freshCode(this.#random);
    this.#codes = [code, this.#codes[0]];
    return code;
  }

  /** A phone still shows the code of a payment before. */
  #again(): Act {
    return { kind: "scan", text: `${this.#random.pick(this.#codes) ?? this.#freshCode()}\r\n` };
  }

  #ourCode(): Act {
    this.#codes = [null, this.#codes[0]];
    return { kind: "code" };
  }
}

/** A payment code that nobody has shown before. */
export function freshCode(random: Random): string {
  let tail = "";
  for (let digits = 0; digits < 16; digits += 1) tail += random.between(0, 9);
  return `1${random.between(0, 5)}${tail}`;
}

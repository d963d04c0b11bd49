/** What the keys of a terminal mean. */
import type { Key } from "../../../core/payment/amount-entry.ts";

/** One key as the terminal sent it; `name` is Node's, such as `return`, `escape` or `paste-start`. */
export interface Press {
  readonly name: string;
  readonly text: string;
  readonly ctrl: boolean;
}

/** A key, or a text that came at once. */
export type Stroke =
  | { readonly kind: "key"; readonly press: Press }
  | { readonly kind: "paste"; readonly text: string };

/** What somebody at the panel wants. */
export type Intent =
  /** A key of the box's keypad. */
  | { readonly kind: "keypad"; readonly key: Key }
  /** This text is shown to the scanner. */
  | { readonly kind: "scan"; readonly text: string }
  | { readonly kind: PanelRequest };

/** Wishes that need no more words. */
export type PanelRequest =
  | "wechat"
  | "alipay"
  | "our-code"
  | "again"
  | "type-code"
  | "plug"
  | "scenarios"
  | "sandbox"
  | "broker"
  | "power"
  | "help"
  | "clear-log"
  | "suspend"
  | "quit";

/** As many digits at once as nobody types. */
const CODE_DIGITS = 18;

/** More than any code; what is longer is cut. */
const PASTE_MAX = 400;

/** Puts what is pasted together again, with or without marks around it; one for each terminal. */
export class StrokeReader {
  /** Since its opening mark. */
  #pasted: string | null = null;

  /** The strokes in keys that came at once. */
  read(presses: readonly Press[]): readonly Stroke[] {
    const strokes: Stroke[] = [];
    let digits: Press[] = [];
    const flush = (): void => {
      if (digits.length >= CODE_DIGITS) {
        strokes.push({
          kind: "paste",
          text: digits
            .map(({ text }) => text)
            .join("")
            .slice(0, PASTE_MAX),
        });
      } else {
        strokes.push(...digits.map((press) => ({ kind: "key", press }) as const));
      }
      digits = [];
    };
    for (const press of presses) {
      if (press.name === "paste-start") {
        flush();
        this.#pasted = "";
      } else if (press.name === "paste-end") {
        if (this.#pasted !== null) strokes.push({ kind: "paste", text: this.#pasted });
        this.#pasted = null;
      } else if (this.#pasted !== null) {
        this.#pasted = `${this.#pasted}${printable(press.text)}`.slice(0, PASTE_MAX);
      } else if (/^\d$/.test(press.text)) {
        digits.push(press);
      } else {
        flush();
        strokes.push({ kind: "key", press });
      }
    }
    flush();
    return strokes;
  }
}

/** What a stroke means while nothing lies over the panel. */
export function intentsOf(stroke: Stroke): readonly Intent[] {
  if (stroke.kind === "paste") return pasted(stroke.text.trim());
  const { press } = stroke;
  const wish = wishOf(press);
  if (wish !== null) return [{ kind: wish }];
  const key = keyOf(press);
  return key === null ? [] : [{ kind: "keypad", key }];
}

/** Wishes that hold wherever they are typed; null for any other key. */
export function lastingRequestOf({ name, ctrl }: Press): "quit" | "suspend" | "clear-log" | null {
  if (!ctrl) return null;
  if (name === "c" || name === "d") return "quit";
  if (name === "z") return "suspend";
  return name === "l" ? "clear-log" : null;
}

/** What may stand in a line of text. */
export function printable(text: string): string {
  return text.replace(/[^ -~]/g, "");
}

/** A short amount goes to the keypad, everything else before the scanner. */
function pasted(text: string): readonly Intent[] {
  if (text === "") return [];
  if (text.length >= CODE_DIGITS || !/^[\d.]+$/.test(text)) return [{ kind: "scan", text }];
  return text.split("").flatMap((character) => {
    const key = keyOf({ name: "", text: character, ctrl: false });
    return key === null ? [] : [{ kind: "keypad", key } as const];
  });
}

const wishes: Readonly<Record<string, PanelRequest>> = {
  g: "wechat",
  a: "alipay",
  n: "our-code",
  r: "again",
  t: "type-code",
  u: "plug",
  s: "scenarios",
  b: "sandbox",
  m: "broker",
  k: "power",
  "?": "help",
  h: "help",
  q: "quit",
};

function wishOf(press: Press): PanelRequest | null {
  const lasting = lastingRequestOf(press);
  if (lasting !== null || press.ctrl) return lasting;
  return Object.hasOwn(wishes, press.text) ? (wishes[press.text] ?? null) : null;
}

function keyOf({ name, text }: Press): Key | null {
  if (/^\d$/.test(text)) return { name: "digit", digit: Number(text) };
  if (text === "." || text === ",") return { name: "point" };
  if (text === ":") return { name: "double-zero" };
  if (text === "c" || name === "delete") return { name: "clear" };
  if (text === "x" || name === "escape") return { name: "cancel" };
  if (name === "return" || name === "enter") return { name: "confirm" };
  return name === "backspace" ? { name: "backspace" } : null;
}

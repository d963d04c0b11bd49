/** What goes over each wire of the box, in words short enough for a narrow terminal. */
import { formatYuan } from "../../../core/kernel/fen.ts";
import type { TxData } from "../../../core/payment/order.ts";
import type { HandledCall, RequestWords } from "../../../providers/sandbox.ts";
import type { LogFields } from "../../../runtime/ports.ts";
import type { BrokerReceipt } from "../../../simulator/outside/embedded-broker.ts";
import { callWords, refOf, scanWords } from "../story.ts";
import { printable } from "./keyboard.ts";
import type { Tone } from "./picture.ts";

/** Where something went. `power` is the plug of the box, `box` what it says of itself. */
export type Wire = "keypad" | "scanner" | "journal" | "https" | "sandbox" | "mqtt" | "box" | "power";

/** One line of the log. */
export interface WireNote {
  /** Seconds since the panel began. */
  readonly at: number;
  readonly wire: Wire;
  readonly text: string;
  readonly tone: Tone;
}

/** A note before it has its time. */
export type Noted = Omit<WireNote, "at">;

/** How many notes are kept: more than any terminal has lines. */
const NOTES_MAX = 300;

/** Keys that follow each other this quickly, in seconds, stand in one line. */
const TYPED_TOGETHER_S = 5;

/** The log with one more note. */
export function withNote(notes: readonly WireNote[], noted: Noted, at: number): readonly WireNote[] {
  const last = notes.at(-1);
  if (last?.wire === "keypad" && noted.wire === "keypad" && at - last.at < TYPED_TOGETHER_S) {
    return [...notes.slice(0, -1), { ...last, text: `${last.text} ${noted.text}`.slice(-60) }];
  }
  return [...notes, { ...noted, at }].slice(-NOTES_MAX);
}

/** A note of what a wire carried; what others have written loses everything that is not plain text. */
export function note(wire: Wire, text: string, tone: Tone = "plain"): Noted {
  return { wire, text: text.replace(/[^ -~¥→←✓✗·…]/g, "?"), tone };
}

/** Who heard a scan: the box, a box that listens to no code now, or nobody. */
export type Hearing = "box" | "busy" | "nobody";

/** What the scanner read, masked as everywhere. */
export function scanNote(text: string, hearing: Hearing): Noted {
  const what = scanWords(text);
  switch (hearing) {
    case "box":
      return note("scanner", what);
    case "busy":
      return note("scanner", `${what}; not now`, "warn");
    case "nobody":
      return note("scanner", `${what}; nobody listens`, "warn");
  }
}

/** A request as it leaves the box. */
export function requestNote(request: RequestWords): Noted {
  return note("https", `→ ${callWords(request)}`);
}

/** What the sandbox did to a reply; null where it simply sent it. */
export function sandboxNote({ outcome, treatment }: HandledCall): Noted | null {
  if (treatment === null) return null;
  const { lost, words } = treatment;
  return note("sandbox", lost ? words : `${outcome}, ${words}`, "warn");
}

/** A money record that is durable. */
export function recordNote({ state, outTradeNo, amountFen, reason, late }: TxData): Noted {
  const words = [`✓ ${state} ${refOf(outTradeNo)} ${formatYuan(amountFen)}`, reason, late ? "late" : null];
  return note("journal", words.filter((word) => word !== null).join(", "));
}

/** A message that has reached the broker. */
export function messageNote({ payload, retain }: BrokerReceipt): Noted {
  const event: unknown = JSON.parse(payload);
  const is = (name: string): string => {
    const value: unknown = typeof event === "object" && event !== null ? Reflect.get(event, name) : null;
    return typeof value === "string" || typeof value === "number" ? String(value) : "";
  };
  const type = is("type").replace(/^scanbox\.|\.v\d+$/g, "");
  return note("mqtt", `→ ${type}${is("seq") === "" ? "" : ` seq ${is("seq")}`}${retain ? ", retained" : ""}`);
}

/** A line of the box's own log; null for those that another wire tells better. */
export function logNote(event: string, fields: LogFields): Noted | null {
  const call = callWords({ call: String(fields.call), outTradeNo: String(fields.outTradeNo) });
  switch (event) {
    case "provider.answered":
      return note("https", `← ${call} ${wordOf(fields.says) ?? fields.kind}`);
    case "provider.unknown":
      return note("https", `← ${call} ${wordOf(fields.says) ?? "proves nothing"}: ${fields.why}`, "warn");
    case "provider.not-sent":
      return note("https", `✗ ${call} not sent: ${fields.why}`, "warn");
    case "scanner.ready":
      return note("scanner", "ready");
    case "scanner.absent":
      return note("scanner", "gone; looked for again and again", "warn");
    case "scanner.discarded":
      return note("scanner", `${fields.why}, thrown away`, "warn");
    case "scanner.marked":
      return note("scanner", `puts ${fields.mark} before a code`, "warn");
    case "mqtt.connected":
      return note("mqtt", "connected");
    case "mqtt.lost":
      return note("mqtt", "lost; connects again and again", "warn");
    case "journal.opened":
      return note("journal", openedWords(Number(fields.open)));
    case "box.started":
      return note("box", "started");
    case "order.resumed":
      return note("box", `#${fields.shortRef} was ${fields.state}: goes on`, "warn");
    case "alarm": {
      const about = typeof fields.outTradeNo === "string" ? ` ${refOf(fields.outTradeNo)}` : "";
      return note("box", `ALARM ${fields.kind}${about}`, "bad");
    }
    // It comes when nobody pays, at any moment; what it finds damaged is an alarm.
    case "journal.proved":
    case "order.moved":
    case "order.recorded":
    case "screen.shown":
    case "scanner.scanned":
    case "scanner.refused":
      return null;
    default: {
      const words = Object.entries(fields).filter(([, value]) => value !== null);
      return note("box", printable([event, ...words.map((pair) => pair.join("="))].join(" ")), "warn");
    }
  }
}

function openedWords(open: number): string {
  return open === 0 ? "read; no order is open" : `read; ${open} order${open === 1 ? " is" : "s are"} open`;
}

/** The provider's own word, without its sentence. */
function wordOf(says: LogFields[string] | undefined): string | null {
  return typeof says === "string" ? (/^[\dA-Z_.]{2,}|^[a-z]+\.[\w.-]+/.exec(says)?.[0] ?? null) : null;
}

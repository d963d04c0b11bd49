/** What people see and hear, as a pure function of the box: nothing is shown that the state does not say. */

import { invariant } from "../kernel/defect.ts";
import type { Instant } from "../kernel/instant.ts";
import { enteredFen, enteredText } from "./amount-entry.ts";
import type { ProbeFailure } from "./answers.ts";
import { type Blocker, type Box, blockerOf, type Front, frontPayment, type NoticeName } from "./box.ts";
import type { Payment, Phase, Verdict } from "./payment.ts";
import type { Rules } from "./rules.ts";
import type { TextName } from "./texts.ts";

/** One picture for display, lights and buzzer. Two screens that are equal look and sound the same. */
export interface Screen {
  readonly text: TextName;
  /** Fen to show, 0 in an entry that has just begun, null where no amount is at stake. */
  readonly amountFen: number | null;
  /** What stands in place of the amount while it is typed. */
  readonly typed: string | null;
  /** Whole seconds to the real deadline. */
  readonly seconds: number | null;
  /** The order's short reference, or the code of an outage. */
  readonly ref: string | null;
  /** What the customer scans, for displays that can draw a QR code. */
  readonly codeUrl: string | null;
  readonly light: Light;
  /** Played once when the text changes. */
  readonly sound: Sound;
}

/** `wait` blinks while nobody may pay again; the names are those of the outputs. */
export type Light = "off" | "ready" | "scan" | "wait" | "paid" | "refused" | "unknown";

/** What the buzzer plays. */
export type Sound = "none" | "read" | "paid" | "refused" | "unknown";

/** The outage codes people read to support. The number never changes its meaning. */
const outageCodes: Readonly<Record<Exclude<Blocker, "unclear" | "unproved"> | ProbeFailure, string>> = {
  stopping: "E10",
  "journal-broken": "E11",
  "merchant-gone": "E12",
  unresolved: "E13",
  "no-scanner": "E14",
  "certificate-missing": "E21",
  "certificate-mismatch": "E22",
  "certificate-expired": "E23",
  "cannot-reverse": "E24",
  "api-key": "E31",
  merchant: "E32",
  "no-trust": "E33",
  "no-network": "E41",
  "no-answer": "E42",
};

/** The picture of a box that is still reading its journal. */
export const bootScreen: Screen = plain("boot", "off");

/** The picture of this box at this moment. */
export function screenFor(box: Box, now: Instant, rules: Rules): Screen {
  const { front } = box;
  switch (front.name) {
    case "paying": {
      const payment = frontPayment(box);
      invariant(payment !== undefined, "the order in front is known");
      return payingScreen(payment, now);
    }
    case "result":
      return { ...resultScreen(front), ref: front.intent.shortRef };
    case "unknown":
      return {
        ...plain(front.intent.tradeType === "NATIVE" ? "code-withdrawn" : "unknown", "unknown", "unknown"),
        amountFen: front.intent.amountFen,
        ref: front.intent.shortRef,
      };
    case "idle":
    case "entering":
    case "armed":
    case "resting": {
      const blocker = blockerOf(box, rules);
      if (blocker !== null) return outageScreen(box, blocker);
      if (box.notice !== null) return noticeScreen(box.notice.name, front, rules);
      return openScreen(front, box.scannerReady);
    }
  }
}

function openScreen(
  front: Front & { name: "idle" | "entering" | "armed" | "resting" },
  scannerReady: boolean,
): Screen {
  switch (front.name) {
    case "idle":
      return plain("idle", "ready");
    case "entering":
      return {
        ...plain("entering", "ready"),
        amountFen: enteredFen(front.entry),
        typed: enteredText(front.entry),
      };
    case "armed":
      return { ...plain(scannerReady ? "armed" : "armed-no-scanner", "scan"), amountFen: front.amountFen };
    case "resting":
      return { ...plain("resting", "off"), amountFen: front.amountFen };
  }
}

function payingScreen(payment: Payment, now: Instant): Screen {
  const { phase } = payment;
  const shown = { amountFen: payment.intent.amountFen, ref: payment.intent.shortRef };
  switch (phase.name) {
    case "recording":
    case "charging":
      return { ...plain("submitting", "wait", "read"), ...shown };
    case "closing":
    case "settled":
    case "void":
      return { ...plain(closingText(payment), "wait"), ...shown };
    case "asking":
      return { ...askingScreen(phase, now), ...shown };
    default:
      return { ...plain("reversing", "wait"), ...shown };
  }
}

function askingScreen({ about, giveUpAt, codeUrl }: Phase & { name: "asking" }, now: Instant): Screen {
  const seconds = Math.max(0, Math.ceil((giveUpAt - now) / 1_000));
  switch (about) {
    case "password":
      return { ...plain("password", "wait"), seconds };
    case "scan":
      return { ...plain("code-shown", "scan"), seconds, codeUrl };
    case "unclear":
    case "disputed":
      return plain("checking", "wait");
  }
}

/** The end is on its way into the journal: until it is there, what stood on the glass goes on to hold. */
function closingText({ counts }: Payment): TextName {
  if (counts.reverse > 0) return "reversing";
  return counts.query > 0 ? "checking" : "submitting";
}

function resultScreen({ verdict, intent }: Front & { name: "result" }): Screen {
  const { amountFen } = intent;
  switch (verdict.state) {
    case "paid":
      return { ...plain("paid", "paid", "paid"), amountFen };
    case "declined":
      return { ...plain(declinedText(verdict), "refused", "refused"), amountFen };
    case "cancelled":
      return { ...plain("cancelled", "refused", "refused"), amountFen };
    case "reversed":
      return { ...plain(reversedText(verdict), "refused", "refused"), amountFen };
    case "refunded":
      return { ...plain("refunded", "refused", "refused"), amountFen };
    case "manual":
      return { ...plain("unknown", "unknown", "unknown"), amountFen };
  }
}

function declinedText({ reason }: Verdict): TextName {
  switch (reason) {
    case "funds":
      return "not-paid-funds";
    case "card":
      return "not-paid-card";
    case "code-expired":
    case "code-used":
    case "stale":
      return "code-expired";
    case "code-invalid":
      return "code-not-wechat";
    case "not-sent":
      return "not-sent";
    default:
      return "not-paid";
  }
}

function reversedText({ reason }: Verdict): TextName {
  if (reason === "gave-up") return "timed-out";
  return reason === "cancelled-by-person" ? "cancelled" : "not-paid";
}

function outageScreen(box: Box, blocker: Blocker): Screen {
  if (blocker === "unclear") return plain("offline", "refused");
  if (blocker !== "unproved") {
    return { ...plain("out-of-service", "refused"), ref: outageCodes[blocker] };
  }
  const { failure } = box.trust;
  if (failure === null) return bootScreen;
  const offline = failure === "no-network" || failure === "no-answer";
  return { ...plain(offline ? "offline" : "out-of-service", "refused"), ref: outageCodes[failure] };
}

function noticeScreen(name: NoticeName, front: Front, rules: Rules): Screen {
  const amountFen = front.name === "armed" ? front.amountFen : null;
  const refused = { light: "refused", sound: "refused", amountFen } as const;
  switch (name) {
    case "no-amount":
      return { ...plain("no-amount", "refused"), ...refused };
    case "not-wechat":
      return { ...plain("code-not-wechat", "refused"), ...refused };
    case "not-a-code":
      return { ...plain("not-a-code", "refused"), ...refused };
    case "code-used":
      return { ...plain("code-used", "refused"), ...refused };
    case "amount-zero":
      return { ...plain("amount-zero", "refused"), ...refused };
    case "amount-too-large":
      return { ...plain("amount-too-large", "refused"), ...refused, amountFen: rules.amount.maximum };
  }
}

function plain(text: TextName, light: Light, sound: Sound = "none"): Screen {
  return { text, amountFen: null, typed: null, seconds: null, ref: null, codeUrl: null, light, sound };
}

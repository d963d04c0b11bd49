/** What people see and hear, as a pure function of the box: nothing is shown that the state does not say. */

import { invariant } from "../kernel/defect.ts";
import type { Instant } from "../kernel/instant.ts";
import { enteredFen, enteredText } from "./amount-entry.ts";
import type { ProbeFailure } from "./answers.ts";
import { type Box, type EarlierEnd, type Foreground, foregroundPayment, type NoticeName } from "./box.ts";
import type { Intent } from "./order.ts";
import type { Payment, Phase, Verdict } from "./payment.ts";
import { type Blocker, failureIn, type Outage, outageOf } from "./readiness.ts";
import { recentTexts } from "./recent.ts";
import { lineAt } from "./rotation.ts";
import type { Rules } from "./rules.ts";
import type { TextName } from "./texts.ts";
import { isAwaited } from "./verdict.ts";

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
  /** What stands, as it is written, in place of a line that only says welcome or what to show. */
  readonly line: FreeLine | null;
  /** What the customer scans, for displays that can draw a QR code. */
  readonly codeUrl: string | null;
  readonly light: Light;
  /** Played once when the text changes. */
  readonly sound: Sound;
}

/** Words of the merchant's: at the left, and at the right. Nothing in them is filled in. */
export type FreeLine = readonly [left: string, right: string];

/** `wait` blinks while nobody may pay again; the names are those of the outputs. */
export type Light = "off" | "ready" | "scan" | "wait" | "paid" | "dispensing" | "refused" | "unknown";

/** What the buzzer plays. */
export type Sound = "none" | "read" | "paid" | "refused" | "changed" | "unknown";

/** The outage codes people read to support. The number never changes its meaning. */
const outageCodes: Readonly<
  Record<Exclude<Blocker, "unclear" | "unproved" | "inhibited" | "paused"> | ProbeFailure, string>
> = {
  stopping: "E10",
  "journal-broken": "E11",
  "disk-full": "E17",
  "account-gone": "E12",
  unresolved: "E13",
  "no-scanner": "E14",
  "no-relay": "E15",
  "invariant-broken": "E16",
  misconfigured: "E19",
  "no-keypad": "E18",
  "certificate-missing": "E21",
  "certificate-mismatch": "E22",
  "certificate-expired": "E23",
  "cannot-reverse": "E24",
  "api-key": "E31",
  account: "E32",
  request: "E34",
  "no-trust": "E33",
  "no-network": "E41",
  "no-answer": "E42",
};

/** The picture of a box that is still reading its journal. */
export const bootScreen: Screen = plain("boot", "off");

const dispensingScreen: Screen = plain("dispensing", "dispensing", "paid");
const vendFailedScreen: Screen = plain("vend-failed", "refused", "unknown");

/** The picture of this box at this moment. */
export function screenFor(box: Box, now: Instant, rules: Rules): Screen {
  const { foreground } = box;
  switch (foreground.name) {
    case "paying": {
      const payment = foregroundPayment(box);
      invariant(payment !== undefined, "the order in the foreground is known");
      // While nobody but the customer is waited for, who stands at the till may look at the display for a moment.
      if (box.notice !== null && payment.phase.name === "asking") {
        return { ...noticeScreen(box.notice.name, foreground, rules), amountFen: payment.intent.amountFen };
      }
      return payingScreen(payment, now);
    }
    case "result":
      return { ...resultScreen(foreground), ref: foreground.intent.shortRef };
    case "unknown":
      return {
        ...plain(unknownText(foreground.intent, box), "unknown", "unknown"),
        amountFen: foreground.intent.amountFen,
        ref: foreground.intent.shortRef,
      };
    case "earlier":
      return earlierScreen(foreground.end);
    case "idle":
    case "looking":
    case "entering":
    case "armed":
    case "resting": {
      const outage = outageOf(box, rules);
      if (outage !== null) return outageScreen(box, outage, now);
      if (box.notice !== null) return noticeScreen(box.notice.name, foreground, rules);
      return { ...openScreen(foreground, box.scannerReady, rules), line: lineAt(foreground, now, rules) };
    }
  }
}

function openScreen(
  foreground: Foreground & { name: "idle" | "looking" | "entering" | "armed" | "resting" },
  scannerReady: boolean,
  { amount }: Rules,
): Screen {
  switch (foreground.name) {
    case "idle":
      return plain(idleTexts[amount.source], "ready");
    case "looking": {
      const { state, amountFen, shortRef } = foreground.order;
      return { ...plain(recentTexts[state], "ready"), amountFen, ref: shortRef };
    }
    case "entering":
      return {
        ...plain("entering", "ready"),
        amountFen: enteredFen(foreground.entry),
        typed: enteredText(foreground.entry),
      };
    case "armed":
      return {
        ...plain(scannerReady ? "armed" : "armed-no-scanner", "scan"),
        amountFen: foreground.sale.amountFen,
      };
    case "resting":
      return {
        ...(scannerReady ? plain("resting", "off") : plain("armed-no-scanner", "scan")),
        amountFen: foreground.sale.amountFen,
      };
  }
}

const idleTexts: Readonly<Record<Rules["amount"]["source"], TextName>> = {
  keypad: "idle",
  fixed: "idle",
  menu: "menu",
  till: "till-idle",
};

function payingScreen(payment: Payment, now: Instant): Screen {
  const { phase } = payment;
  const shown = { amountFen: payment.intent.amountFen, ref: payment.intent.shortRef };
  switch (phase.name) {
    case "recording":
    case "charging":
      return { ...plain("submitting", "wait", "read"), ...shown };
    case "recording-outcome":
      return { ...closingScreen(payment, phase), ...shown };
    case "asking":
      return { ...askingScreen(phase, now), ...shown };
    case "recording-conflict":
    case "number-conflict":
      return { ...plain("checking", "wait"), ...shown };
    case "dispensing":
      return { ...dispensingScreen, ...shown };
    default:
      return { ...(payment.goods === null ? plain("reversing", "wait") : vendFailedScreen), ...shown };
  }
}

function askingScreen({ about, giveUpAt, codeUrl }: Phase & { name: "asking" }, now: Instant): Screen {
  const seconds = secondsTo(giveUpAt, now);
  switch (about) {
    case "password":
      return { ...plain("password", "wait"), seconds };
    case "scan":
      return { ...plain("code-shown", "scan"), seconds, codeUrl };
    case "unclear":
    case "refused-unconfirmed":
      return plain("checking", "wait");
  }
}

/** The end is on its way into the journal: until it is there, what stood on the display goes on to hold. */
function closingScreen(
  { counts, goods }: Payment,
  { verdict }: Phase & { name: "recording-outcome" },
): Screen {
  if (goods !== null && goods.outcome !== "withheld" && !isAwaited(goods)) {
    return verdict.state === "paid" ? dispensingScreen : vendFailedScreen;
  }
  if (counts.reverse > 0) return plain("reversing", "wait");
  return plain(counts.query > 0 ? "checking" : "submitting", "wait");
}

function unknownText({ mode, outTradeNo }: Intent, box: Box): TextName {
  const payment = box.orders.get(outTradeNo);
  invariant(payment !== undefined, "an order whose result is unknown is known");
  const { goods, phase, counts } = payment;
  if (goods === null) return mode === "mpm" ? "code-withdrawn" : "unknown";
  // Only a reversal that stands in the journal is a refund that will come.
  const unrecorded = phase.name === "unrecorded" && counts.reverse === 0;
  return isAwaited(goods) || unrecorded ? "unknown" : "refund-pending";
}

function resultScreen({ verdict, intent, goods }: Foreground & { name: "result" }): Screen {
  const { amountFen } = intent;
  switch (verdict.state) {
    case "paid":
      // Bought and not given: the machine cannot say, or the merchant has given money back meanwhile.
      if (goods?.outcome === "unclear" || goods?.outcome === "withheld")
        return { ...plain("vend-unclear", "unknown", "unknown"), amountFen };
      // Who bought goods has heard the sound when they began to come.
      return { ...plain("paid", "paid", goods === null ? "paid" : "none"), amountFen };
    case "declined":
      return { ...plain(declinedText(verdict), "refused", "refused"), amountFen };
    case "cancelled":
    case "reversed":
      return { ...plain(reversedText(verdict), "refused", "refused"), amountFen };
    case "refunded":
      return { ...plain("refunded", "refused", "refused"), amountFen };
    case "manual":
      return { ...plain("unknown", "unknown", "unknown"), amountFen };
  }
}

/** Who waits since before the start hears of their order; nobody else must take it for their own, so it has its number. */
function earlierScreen({ intent, verdict }: EarlierEnd): Screen {
  const text =
    verdict.state === "manual" ? "unknown" : earlierTexts[verdict.state === "paid" ? "paid" : "refunded"];
  return { ...plain(text, "unknown", "unknown"), amountFen: intent.amountFen, ref: intent.shortRef };
}

const earlierTexts = { paid: "earlier-paid", refunded: "earlier-refunded" } as const;

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
      return "code-not-taken";
    case "not-sent":
      return "not-sent";
    case "not-ready":
      return "not-charged";
    default:
      return "not-paid";
  }
}

function reversedText({ reason }: Verdict): TextName {
  if (reason === "gave-up") return "timed-out";
  return reason === "cancelled-by-person" ? "cancelled" : "not-paid";
}

function outageScreen(box: Box, outage: Outage, now: Instant): Screen {
  const { blocker } = outage;
  if (blocker === "unclear") return plain("offline", "refused");
  if (blocker === "inhibited") return plain("machine-busy", "wait");
  if (blocker === "paused") {
    invariant(box.pausedUntil !== null, "a pause has an end");
    return { ...plain("paused", "refused"), seconds: secondsTo(box.pausedUntil, now) };
  }
  if (blocker !== "unproved") {
    return { ...plain("out-of-service", "refused"), ref: outageCodes[blocker] };
  }
  const failure = failureIn(box, outage);
  if (failure === null) return bootScreen;
  const offline = failure === "no-network" || failure === "no-answer";
  return { ...plain(offline ? "offline" : "out-of-service", "refused"), ref: outageCodes[failure] };
}

function noticeScreen(name: NoticeName, foreground: Foreground, rules: Rules): Screen {
  const amountFen = foreground.name === "armed" ? foreground.sale.amountFen : null;
  const refused = { sound: "refused", amountFen } as const;
  switch (name) {
    case "no-amount":
      return {
        ...plain(rules.amount.source === "till" ? "no-amount-of-till" : "no-amount", "refused"),
        ...refused,
      };
    case "wallet-not-taken":
      return { ...plain("code-not-taken", "refused"), ...refused };
    case "not-a-code":
      return { ...plain("not-a-code", "refused"), ...refused };
    case "code-used":
      return { ...plain("code-used", "refused"), ...refused };
    case "amount-zero":
      return { ...plain("amount-zero", "refused"), ...refused };
    case "amount-too-large":
      return { ...plain("amount-too-large", "refused"), ...refused, amountFen: rules.amount.maximum };
    case "amount-changed":
      return { ...plain("amount-changed", "wait", "changed"), amountFen };
    case "till-busy":
      return plain("till-busy", "wait", "refused");
    case "amount-uneven":
      invariant(rules.relay !== null, "pulses are counted where there is a relay");
      return {
        ...plain("amount-uneven", "refused"),
        ...refused,
        amountFen: rules.relay.fenPerPulse,
      };
  }
}

/** Whole seconds to a deadline, the last one shown as 1. */
function secondsTo(deadline: Instant, now: Instant): number {
  return Math.max(0, Math.ceil((deadline - now) / 1_000));
}

function plain(text: TextName, light: Light, sound: Sound = "none"): Screen {
  const nothing = { amountFen: null, typed: null, seconds: null, ref: null, line: null, codeUrl: null };
  return { text, ...nothing, light, sound };
}

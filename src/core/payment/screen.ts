/** What people see and hear, as a pure function of the box: nothing is shown that the state does not say. */

import { invariant } from "../kernel/defect.ts";
import type { Instant } from "../kernel/instant.ts";
import { enteredFen, enteredText } from "./amount-entry.ts";
import { type Box, type EarlierEnd, type Foreground, foregroundPayment, type Notice } from "./box.ts";
import { modes } from "./mode.ts";
import type { Intent } from "./order.ts";
import { codeOf } from "./outage-code.ts";
import type { Payment, Phase, Verdict } from "./payment.ts";
import { providerFor } from "./providers.ts";
import { failureIn, freeWallets, type Outage, outageOf, providerBlockerOf } from "./readiness.ts";
import { recentTexts } from "./recent.ts";
import { type FreeLine, lineAt, type WalletLine } from "./rotation.ts";
import type { Rules } from "./rules.ts";
import type { TextName } from "./texts.ts";
import { isAwaited } from "./verdict.ts";
import type { Wallet } from "./wallet.ts";

/** One picture for display, lights and buzzer. Two screens that are equal look and sound the same. */
export interface Screen {
  readonly text: TextName;
  /** Of the payment; of an amount that waits the only one that can pay it, null where there are several. */
  readonly wallet: Wallet | null;
  /** Fen to show, 0 in an entry that has just begun, null where no amount is at stake. */
  readonly amountFen: number | null;
  /** What stands in place of the amount while it is typed. */
  readonly typed: string | null;
  /** Whole seconds to the real deadline. */
  readonly seconds: number | null;
  /** The order's short reference, or the code of an outage. */
  readonly ref: string | null;
  /** What stands, as it is written, in place of a line that only says welcome or what to show. */
  readonly line: FreeLine | WalletLine | null;
  /** What the customer scans, for displays that can draw a QR code. */
  readonly codeUrl: string | null;
  readonly light: Light;
  /** Played once when the text changes. */
  readonly sound: Sound;
}

/** `wait` blinks while nobody may pay again; the names are those of the outputs. */
export type Light = "off" | "ready" | "scan" | "wait" | "paid" | "dispensing" | "refused" | "unknown";

/** What the buzzer plays. */
export type Sound = "none" | "read" | "paid" | "refused" | "changed" | "unknown";

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
        return { ...noticeScreen(box, box.notice, rules), amountFen: payment.intent.amountFen };
      }
      return payingScreen(payment, now);
    }
    case "result":
      return {
        ...resultScreen(foreground),
        wallet: foreground.intent.wallet,
        ref: foreground.intent.shortRef,
      };
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
      if (box.notice !== null) return noticeScreen(box, box.notice, rules);
      return { ...openScreen(box, foreground, rules), line: lineAt(box, now, rules) };
    }
  }
}

function openScreen(
  box: Box,
  foreground: Foreground & { name: "idle" | "looking" | "entering" | "armed" | "resting" },
  rules: Rules,
): Screen {
  const { scannerReady } = box;
  switch (foreground.name) {
    case "idle":
      return plain(idleTexts[rules.amount.source], "ready");
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
        wallet: onlyOf(freeWallets(box, rules)),
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
  const { phase, intent } = payment;
  const shown = { wallet: intent.wallet, amountFen: intent.amountFen, ref: intent.shortRef };
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
  if (goods === null) return modes[mode].unknownText;
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
  const ref = codeOf(box, outage);
  if (ref === null) return bootScreen;
  const failure = blocker === "unproved" ? failureIn(box, outage) : null;
  const offline = failure === "no-network" || failure === "no-answer";
  return { ...plain(offline ? "offline" : "out-of-service", "refused"), ref };
}

function noticeScreen(box: Box, notice: Notice, rules: Rules): Screen {
  const { foreground } = box;
  const amountFen = foreground.name === "armed" ? foreground.sale.amountFen : null;
  const refused = (text: TextName): Screen => ({ ...plain(text, "refused", "refused"), amountFen });
  switch (notice.name) {
    case "no-amount":
      return refused(rules.amount.source === "till" ? "no-amount-of-till" : "no-amount");
    case "wallet-not-taken": {
      const wallets = freeWallets(box, rules);
      const wallet = onlyOf(wallets);
      if (wallet !== null) return { ...refused("wallet-not-taken"), wallet };
      return { ...refused("wallet-not-taken-here"), line: { wallets } };
    }
    case "wallet-out":
      return { ...refused("wallet-out"), wallet: notice.wallet, ref: codeFor(notice.wallet, box, rules) };
    case "not-a-code":
    case "receiving-code":
    case "goods-barcode":
    case "card":
    case "marked-code":
    case "code-used":
    case "amount-zero":
      return refused(notice.name);
    case "amount-too-large":
      return { ...refused("amount-too-large"), amountFen: rules.amount.maximum };
    case "amount-changed":
      return { ...plain("amount-changed", "wait", "changed"), amountFen };
    case "till-busy":
      return plain("till-busy", "wait", "refused");
    case "amount-uneven":
      invariant(rules.relay !== null, "pulses are counted where there is a relay");
      return { ...refused("amount-uneven"), amountFen: rules.relay.fenPerPulse };
  }
}

/** The wallet that customers are asked for, null where there are several. */
function onlyOf(wallets: readonly Wallet[]): Wallet | null {
  const [only = null, ...others] = wallets;
  return others.length === 0 ? only : null;
}

/** The code of what is wrong with the provider of a wallet now. */
function codeFor(wallet: Wallet, box: Box, rules: Rules): string | null {
  const facts = providerFor(wallet, rules);
  invariant(facts !== null, "a wallet that is out is taken otherwise");
  const blocker = providerBlockerOf(box, facts);
  return blocker === null ? null : codeOf(box, { blocker, provider: facts.payee.provider });
}

/** Whole seconds to a deadline, the last one shown as 1. */
function secondsTo(deadline: Instant, now: Instant): number {
  return Math.max(0, Math.ceil((deadline - now) / 1_000));
}

function plain(text: TextName, light: Light, sound: Sound = "none"): Screen {
  const numbers = { amountFen: null, typed: null, seconds: null, ref: null };
  return { text, wallet: null, ...numbers, line: null, codeUrl: null, light, sound };
}

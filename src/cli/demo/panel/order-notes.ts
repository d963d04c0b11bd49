/** The orders of the box: what it is doing about each, and whether the sandbox's books agree with what it says. */
import { formatYuan } from "../../../core/kernel/fen.ts";
import type { Instant } from "../../../core/kernel/instant.ts";
import type { TxData } from "../../../core/payment/order.ts";
import type { Payment } from "../../../core/payment/payment.ts";
import type { SandboxBooks } from "../../../providers/sandbox.ts";
import { refOf } from "../story.ts";
import type { Tone } from "./picture.ts";

/** One order, for people. */
export interface OrderNote {
  readonly ref: string;
  readonly yuan: string;
  readonly state: string;
  readonly tone: Tone;
  /** What comes next, or what the sandbox's books say. */
  readonly remark: string;
}

/** What the sandbox took and gave back. */
type Books = Omit<SandboxBooks, "state">;

/** What is known of one order. */
export interface OrderFacts {
  readonly tx: TxData;
  /** As the box has it in mind; null where it has forgotten it, or has no power. */
  readonly payment: Payment | null;
  readonly powered: boolean;
  /** Null where the sandbox has never seen the order. */
  readonly books: Books | null;
  readonly now: Instant;
}

/** The order in words. */
export function orderNote({ tx, payment, powered, books, now }: OrderFacts): OrderNote {
  const { outTradeNo, amountFen, state, final } = tx;
  const named = { ref: refOf(outTradeNo), yuan: formatYuan(amountFen), state };
  if (!final) {
    if (!powered) return { ...named, tone: "warn", remark: "only the journal knows of it now" };
    return { ...named, tone: "warn", remark: payment === null ? "taken up soon" : thoughtOf(payment, now) };
  }
  const check = checkOf(payment, now);
  const verdict = verdictOf(tx, books);
  const tone = verdict.agree ? (state === "paid" ? "good" : "strong") : "bad";
  return { ...named, tone, remark: check === null ? verdict.words : `${verdict.words}; ${check}` };
}

/** What the box is doing about an open order, and when it goes on. */
function thoughtOf({ phase, inFlight }: Payment, now: Instant): string {
  const inSeconds = (moment: Instant): string => `in ${Math.max(0, Math.ceil((moment - now) / 1_000))} s`;
  switch (phase.name) {
    case "recording":
      return "its intent goes to the journal first";
    case "charging":
      return "the charge is on its way";
    case "asking": {
      const next = inFlight === null ? `asks ${inSeconds(phase.next)}` : "asking now";
      return `${askingAbout[phase.about] ?? phase.about}; ${next}, gives up ${inSeconds(phase.giveUpAt)}`;
    }
    case "recording-conflict":
      return "that its number is known there goes to the journal first";
    case "number-conflict":
      return `its number is known there; only asked about, gives up ${inSeconds(phase.giveUpAt)}`;
    case "recording-reversal":
      return "that it is taken back goes to the journal first";
    case "reversing": {
      const { call, at } = phase.next;
      const again = phase.rounds === 0 ? "" : `, round ${phase.rounds + 1}`;
      if (inFlight !== null) {
        return inFlight.call === "undo"
          ? `taking it back now${again}`
          : `asking whether it is closed${again}`;
      }
      return call === "undo"
        ? `takes it back ${inSeconds(at)}${again}`
        : `asks whether it is closed ${inSeconds(at)}${again}`;
    }
    case "dispensing":
      return "paid; the goods are on their way";
    case "recording-outcome":
      return "its end goes to the journal first";
    case "final":
      return checkOf({ phase }, now) ?? "";
    case "doubted":
      return `its last row is lost; asks ${inSeconds(phase.next)}`;
    case "unrecorded":
      return `the journal failed; asks ${inSeconds(phase.next)}`;
    case "abandoned":
      return "never sent";
  }
}

const askingAbout: Readonly<Record<string, string>> = {
  password: "the customer types",
  scan: "the customer scans our code",
  unclear: "nobody knows yet",
  disputed: "refused, perhaps",
};

function checkOf(payment: Pick<Payment, "phase"> | null, now: Instant): string | null {
  if (payment?.phase.name !== "final" || payment.phase.check === null) return null;
  return `checked again in ${Math.max(0, Math.ceil((payment.phase.check - now) / 1_000))} s`;
}

/** Whether the sandbox kept what the box says it did. */
function verdictOf(
  { charged, amountFen }: TxData,
  books: Books | null,
): { readonly agree: boolean; readonly words: string } {
  if (charged === "unknown") return { agree: true, words: "a person has to look" };
  const keptFen = books === null ? 0 : books.chargedFen - books.returnedFen;
  const agree = keptFen === (charged === "yes" ? amountFen : 0);
  return { agree, words: `${agree ? "✓" : "✗ but"} ${booksWords(books, keptFen)}` };
}

function booksWords(books: Books | null, keptFen: number): string {
  if (books === null) return "sandbox saw nothing";
  return keptFen === 0 && books.returnedFen > 0
    ? "sandbox gave it back"
    : `sandbox keeps ${formatYuan(keptFen)}`;
}

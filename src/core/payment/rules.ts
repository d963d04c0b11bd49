import type { Fen } from "../kernel/fen.ts";
import type { Instant, WallTime } from "../kernel/instant.ts";
import type { Waits } from "../kernel/waits.ts";
import type { ProviderFacts } from "./provider.ts";

/** What the core is told once, at start: the settings that its decisions need. Times are in milliseconds. */
export interface Rules {
  readonly boxId: string;
  /** Eight characters that stand for the box in order numbers; made by `order-number.ts`. */
  readonly boxTag: string;
  readonly version: string;
  /** By their ids, in the order of the configuration; the first that charges and takes a wallet is the only one. */
  readonly providers: ReadonlyMap<string, ProviderFacts>;
  readonly amount: AmountRules;
  /** Whether anything is sold; not where the configuration has mistakes: then what is open is brought to its end. */
  readonly sells: boolean;
  /** Whether there are keys: without them a result that wants to be seen leaves by itself. */
  readonly keypad: boolean;
  readonly late: "keep" | "reverse";
  /** How goods are dispensed, null where nothing is. */
  readonly relay: RelayRules | null;
  /** Whether a machine can say that it takes no order now; until it has spoken it takes none. */
  readonly inhibit: boolean;
  /** Lines that stand in turn where the box would only say welcome. */
  readonly advert: readonly string[];
  readonly timing: Timing;
}

/** Who says what is to be paid. */
export type AmountRules =
  | { readonly source: "keypad"; readonly entry: "implied" | "explicit"; readonly maximum: Fen }
  /** Always the same; a fixed amount is its own maximum. */
  | { readonly source: "fixed"; readonly maximum: Fen }
  /** A till asks for each amount and withdraws it. */
  | { readonly source: "till"; readonly maximum: Fen }
  /** One digit, one price. */
  | { readonly source: "menu"; readonly items: readonly MenuItem[]; readonly maximum: Fen };

/** What a digit of the keypad sells. */
export interface MenuItem {
  /** 1 to 9. */
  readonly digit: number;
  readonly name: string;
  readonly amountFen: Fen;
  /** Pulses that it takes, null to go by the price. */
  readonly pulses: number | null;
}

/** More pulses than any machine wants for one payment: a ceiling against a price that is wrong. */
export const PULSES_MAX = 100;

/** How a payment becomes pulses, and what follows where nobody knows whether they went out (money rule 14). */
export interface RelayRules {
  /** Every amount is a multiple of it. */
  readonly fenPerPulse: number;
  readonly onAmbiguous: "hold" | "refund";
}

/** Every wait the core knows, in milliseconds. `standardTiming` has the usual values and their sources. */
export interface Timing {
  /** How long our code is shown. */
  readonly offerMs: number;
  /** From the scan to the first byte of the charge (money rule 3). */
  readonly sendWithinMs: number;
  /** Waits between reversals, in order; the last one repeats (money rule 9). */
  readonly reverseAgainMs: Waits;
  /** A reversal that is open for so long raises an alarm (money rule 9). */
  readonly reversalAlarmMs: number;
  /** A reversal in front of people that is open for so long turns into RESULT UNKNOWN (money rule 12). */
  readonly askStaffAfterMs: number;
  /** RESULT UNKNOWN, `manual` and unclear goods stay for so long without keys, or with a menu (money rule 12). */
  readonly unknownShownMs: number;
  /** From a decline by code to its check in the background (money rule 7). */
  readonly checkAfterMs: number;
  /** Between queries of an order that the journal could not take (money rule 11). */
  readonly unrecordedEveryMs: number;
  /** Waits between probes that fail, in order; the last one repeats (money rule 4). */
  readonly probeAgainMs: Waits;
  /** An armed amount lives for so long (money rule 13). */
  readonly armedMs: number;
  /** The same where a menu sells to passers-by. */
  readonly menuArmedMs: number;
  /** An entry that nobody goes on with is cleared after so long. */
  readonly entryMs: number;
  /** A result stays on the screen for so long unless a key is pressed. */
  readonly resultMs: number;
  /** A refusal that moves no money stays on the screen for so long. */
  readonly noticeMs: number;
  /** What a box sells by itself is armed after so long without a decode (money rule 13). */
  readonly restMs: number;
  /** A line of the advert or of the menu stands for so long. */
  readonly advertMs: number;
  /** Three declined codes within so long look like guessing, or like a child at the counter. */
  readonly declinesWithinMs: number;
  /** After them the box takes no code for so long. */
  readonly declinePauseMs: number;
}

/** The usual waits; a configuration replaces some, tests replace more. */
export const standardTiming: Timing = {
  offerMs: 300_000,
  sendWithinMs: 10_000,
  reverseAgainMs: [1_000, 2_000, 5_000, 10_000, 30_000, 60_000],
  reversalAlarmMs: 300_000,
  askStaffAfterMs: 20_000,
  unknownShownMs: 30_000,
  checkAfterMs: 30_000,
  unrecordedEveryMs: 30_000,
  probeAgainMs: [1_000, 2_000, 5_000, 10_000, 30_000, 60_000],
  armedMs: 180_000,
  menuArmedMs: 60_000,
  entryMs: 30_000,
  resultMs: 5_000,
  noticeMs: 3_000,
  restMs: 5_000,
  advertMs: 4_000,
  declinesWithinMs: 60_000,
  declinePauseMs: 10_000,
};

/**
 * What the loop puts on every event: the moment it was taken up, on both clocks, and 128 fresh random bits as four
 * unsigned 32-bit numbers. With it the core needs neither a clock nor a source of chance.
 */
export interface Stamp {
  readonly at: Instant;
  readonly wall: WallTime;
  readonly clockTrusted: boolean;
  readonly chance: readonly [number, number, number, number];
}

import type { Fen } from "../kernel/fen.ts";
import type { WallTime } from "../kernel/instant.ts";
import type { DeclineReason } from "./answers.ts";
import type { Wallet } from "./wallet.ts";

/**
 * Through whom and for whom an order is charged (money rules 1 and 15). It never changes: an order is queried and taken back under
 * the account of its intent, or not at all. The core compares it and reads nothing out of it.
 */
export interface Payee {
  /** The provider's id in the configuration. */
  readonly provider: string;
  /** The account as people know it at the provider; `merchantId` in `tx` data. */
  readonly account: string;
  /** Everything that names the account there, its kind first, as one text, such as `wechat-v2 wx12… 1900000109 - -`. */
  readonly key: string;
}

/** Who presents the code: the consumer (CPM, we scan it) or the merchant (MPM, they scan ours). */
export type Mode = "cpm" | "mpm";

/**
 * What is decided before the first byte leaves, and never changes afterwards (money rule 1): it is durable first.
 * `nonce` is a random text for the provider to echo; `codeHash` is the salted hash of the payment code, never the code.
 */
export interface Intent {
  readonly outTradeNo: string;
  /** The last characters of the order number, as screens and people name it. */
  readonly shortRef: string;
  /** The till's or server's own id of this sale, where one gave the amount. */
  readonly ref: string | null;
  /** Who gave it: `ref` is unique for one caller. */
  readonly caller: string | null;
  readonly amountFen: Fen;
  readonly currency: "CNY";
  readonly payee: Payee;
  /** Whose code was read; the first that the provider takes where the customer scans ours. */
  readonly wallet: Wallet;
  readonly mode: Mode;
  readonly nonce: string;
  /** Null where no code of the customer's is charged. */
  readonly codeHash: string | null;
  /** How many pulses of the relay the payment buys, null where nothing is dispensed. */
  readonly pulses: number | null;
  readonly boot: string;
  readonly intentAt: WallTime;
  readonly clockTrusted: boolean;
}

/** How an order can end (ARCHITECTURE.md, how an order can end). Refunds that come later are records of their own. */
export const finalStates = ["paid", "declined", "cancelled", "reversed", "refunded", "manual"] as const;
export type FinalState = (typeof finalStates)[number];

/** What a money record says an order is: charging and reversing stand in the journal before the request leaves. */
export const moneyStates = ["charging", "reversing", ...finalStates] as const;
export type MoneyState = (typeof moneyStates)[number];

/** Why an order is in its state; part of the contract of `tx` events. */
export type MoneyReason =
  | DeclineReason
  | "not-sent"
  | "stale"
  | "not-ready"
  | "cancelled-by-person"
  | "gave-up"
  | "pay-error"
  | "refused-unclear"
  | "closed-by-provider"
  | "late-reversed"
  | "not-dispensed"
  | "contradiction"
  | "number-conflict"
  | "reverse-expired"
  | "journal-damaged";

/**
 * What became of the goods: `dispensed` as far as the machine can tell, `not-dispensed` by proof, `unclear` where a pulse
 * may have gone out and nobody knows, `withheld` from a payment that was found too late.
 */
export const goodsOutcomes = ["dispensed", "not-dispensed", "unclear", "withheld"] as const;
export type GoodsOutcome = (typeof goodsOutcomes)[number];

/** What a payment buys of a machine. `outcome` null is the intent to dispense: durable before the first pulse (money rule 14). */
export interface Goods {
  readonly pulses: number;
  readonly outcome: GoodsOutcome | null;
}

/**
 * The `data` of a `tx` event (src/reporting/README.md, MQTT), stored in the journal as it is reported: a repeat is byte-identical.
 * Times are RFC 3339 in UTC. `charged` is "unknown" until it is proved.
 */
export interface TxData {
  readonly outTradeNo: string;
  readonly shortRef: string;
  readonly ref: string | null;
  readonly transactionId: string | null;
  readonly provider: string;
  readonly wallet: Wallet;
  readonly merchantId: string;
  readonly state: MoneyState;
  readonly final: boolean;
  readonly amountFen: Fen;
  readonly currency: "CNY";
  readonly charged: "yes" | "no" | "unknown";
  readonly reason: MoneyReason | null;
  readonly late: boolean;
  readonly clockTrusted: boolean;
  readonly chargeCount: number;
  readonly queryCount: number;
  readonly reverseCount: number;
  /** Null where nothing is dispensed, or was not paid for. A payment is not final before its goods have an outcome. */
  readonly dispense: Goods | null;
  readonly intentAt: string;
  readonly finalAt: string | null;
  readonly box: string;
}

/** Why an order was declined that was never sent. */
const unsentReasons: ReadonlySet<MoneyReason | null> = new Set<MoneyReason>([
  "not-sent",
  "stale",
  "not-ready",
]);

/** Whether the provider refused an order with a code, after which it is asked about once more (money rule 7). */
export function isDeclinedByCode({ state, reason }: Pick<TxData, "state" | "reason">): boolean {
  return state === "declined" && !unsentReasons.has(reason);
}

/** Whether the number of an open order was said to be known at the provider: it is asked about and never reversed (money rule 2). */
export function isConflict({ final, reason }: Pick<TxData, "final" | "reason">): boolean {
  return !final && reason === "number-conflict";
}

/** An entry of the journal. Money entries become `tx` events; the others explain them. */
export type Entry =
  | { readonly kind: "boot"; readonly boot: string; readonly version: string; readonly at: string }
  | {
      readonly kind: "charging";
      readonly tx: TxData;
      readonly intent: Intent;
      /** There where a quarantine has lost a row that may have been the order's last; in its first row, so that it goes with it. */
      readonly doubted?: true;
    }
  | { readonly kind: "money"; readonly tx: TxData }
  | { readonly kind: "shown"; readonly outTradeNo: string; readonly text: string; readonly at: string }
  /** A declined order was looked at once more, and no money had moved. */
  | { readonly kind: "checked"; readonly outTradeNo: string; readonly at: string }
  /** What is known of an order that is being reversed, or only asked about, and stands in no money record; the newest one holds. */
  | {
      readonly kind: "evidence";
      readonly outTradeNo: string;
      readonly at: string;
      readonly evidence: Evidence;
    };

/**
 * What a restart should not forget of an order that is being reversed (money rule 9). It rides with other records and nobody
 * waits for it: what the last seconds before a crash brought is asked for once more.
 */
export interface Evidence {
  /** The host that was charged, null where nobody knows. */
  readonly chargedHost: string | null;
  /** A signed answer said that money had moved. */
  readonly paid: boolean;
  /** Absences in a row, and the running time from the first of them to the last. */
  readonly absences: number;
  readonly runMs: number;
}

/** An order as recovery finds it: without a final record, or declined and not looked at once more. */
export interface OpenOrder {
  readonly intent: Intent;
  readonly last: TxData;
  /** There where the journal has any. */
  readonly evidence?: Evidence;
  /** There where a row was lost that may have been its last. */
  readonly doubted?: true;
}

/** An order with its newest durable state. */
export type RecentOrder = Pick<TxData, "outTradeNo" | "shortRef" | "amountFen" | "state">;

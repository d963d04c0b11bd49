/** What a box knows: the orders that are not over, the one in front at which people look, and what stands around them. */

import type { Instant } from "../kernel/instant.ts";
import type { AmountEntry } from "./amount-entry.ts";
import type { AlarmName, Effect } from "./effects.ts";
import type { Goods, Intent, RecentOrder } from "./order.ts";
import type { Numbering } from "./order-number.ts";
import type { Payment, Verdict } from "./payment.ts";
import type { ProviderHealth } from "./provider-health.ts";
import type { KnownSale, Sale } from "./sale.ts";
import type { SaleName, SaleState } from "./till-sale.ts";
import type { Wallet } from "./wallet.ts";

/** How many of the till's ids are remembered: as many as codes. */
export const REFS_MAX = 4_096;

/** How many charged codes are remembered (money rule 1). */
export const USED_CODES_MAX = 4_096;

/** Everything the core knows. Before `started` there is no box, so nothing can be charged. */
export interface Box {
  readonly numbering: Numbering;
  readonly foreground: Foreground;
  readonly notice: Notice | null;
  /** All orders that are not over, by order number, in the order they began. */
  readonly orders: ReadonlyMap<string, Payment>;
  readonly usedCodes: readonly string[];
  /** The newest order of each sale that a till asked for, by `saleKey`. */
  readonly refs: ReadonlyMap<string, string>;
  /** Sales of tills that are open or ended lately, and those that no code was scanned for; by `saleKey`. */
  readonly sales: ReadonlyMap<string, KnownSale>;
  /** Tills that wait until their sale moves; `WAITERS_MAX` bounds them. */
  readonly waiters: readonly Waiter[];
  /** Ends of orders that a start found open, of which nobody at the box has been told yet, oldest first. */
  readonly untold: readonly EarlierEnd[];
  /** The last orders, newest first, each with its newest durable state. */
  readonly recent: readonly RecentOrder[];
  /** Of each provider that charges, by its id; who only finishes orders is never probed. */
  readonly health: ReadonlyMap<string, ProviderHealth>;
  readonly scannerReady: boolean;
  /** Since when the reader reads and has read nothing; null where it is not to read, or is not there. */
  readonly quietSince: Instant | null;
  /** Whether keys can be pressed, where amounts come from them; believed until somebody says otherwise. */
  readonly keypadReady: boolean;
  /** Whether goods can be given; true where none are. */
  readonly relayReady: boolean;
  /** The machine behind the relay takes no order now. */
  readonly inhibited: boolean;
  /** Whether the disk has room for the record of another payment; null until it has been looked at. */
  readonly room: boolean | null;
  /** When codes were declined lately, and until when none is taken because of it. */
  readonly declines: readonly Instant[];
  readonly pausedUntil: Instant | null;
  /** An append failed: nothing is charged any more until a restart has verified the journal. */
  readonly journalBroken: boolean;
  /** Old rows of the journal were found damaged: nothing is charged any more until people have put it aside. */
  readonly journalDamaged: boolean;
  /** The first invariant that this process has broken, as a sentence: nothing is charged any more. */
  readonly violation: string | null;
  /** Whether the wall clock is known to be right, at the last turn. */
  readonly clockTrusted: boolean;
  /** Orders whose account's credentials the box no longer holds. */
  readonly held: readonly HeldOrder[];
  readonly stopping: boolean;
}

/** An open order for whose account nobody speaks any more: new charges of its wallet are refused (money rule 15). */
export interface HeldOrder {
  readonly outTradeNo: string;
  /** Null where its provider's id is gone, and with it the knowledge of whose wallets it took: then nothing is sold. */
  readonly wallet: Wallet | null;
}

/** What the people at the box deal with. */
export type Foreground =
  | { readonly name: "idle" }
  /** Somebody looks back at one of the last orders. */
  | { readonly name: "looking"; readonly order: RecentOrder; readonly until: Instant }
  | { readonly name: "entering"; readonly entry: AmountEntry; readonly until: Instant }
  | { readonly name: "armed"; readonly sale: Sale; readonly since: Instant; readonly until: Instant | null }
  | { readonly name: "paying"; readonly outTradeNo: string }
  /** A durable end. `rearm` is the sale to go on with where nothing was charged. */
  | {
      readonly name: "result";
      readonly intent: Intent;
      readonly verdict: Verdict;
      readonly goods: Goods | null;
      readonly since: Instant;
      /** Null where staff are asked, until somebody confirms. */
      readonly until: Instant | null;
      readonly rearm: Sale | null;
    }
  /** RESULT UNKNOWN, until somebody confirms or, without keys, for a while. */
  | {
      readonly name: "unknown";
      readonly intent: Intent;
      readonly since: Instant;
      readonly until: Instant | null;
    }
  /** A fixed amount or a choice of the menu waits until the last phone has left the reader; `until` gives the choice up. */
  | {
      readonly name: "resting";
      readonly sale: Sale;
      readonly since: Instant;
      readonly until: Instant | null;
    }
  /** The first of `untold`, until somebody confirms or, without keys, for a while. */
  | {
      readonly name: "earlier";
      readonly end: EarlierEnd;
      readonly since: Instant;
      readonly until: Instant | null;
    };

/** Who is answered when a sale stands otherwise than in `state`, and at the latest at `until`. */
export interface Waiter {
  readonly token: number;
  readonly name: SaleName;
  readonly state: SaleState["state"];
  readonly until: Instant;
}

/** How an order ended for which people stood at the box before it was started. */
export interface EarlierEnd {
  readonly intent: Intent;
  readonly verdict: Verdict;
}

/** A refusal that is shown for a moment; `wallet-out` is about the provider of a wallet, while another one works. */
export type Notice = { readonly until: Instant } & (
  | { readonly name: NoticeName }
  | { readonly name: "wallet-out"; readonly wallet: Wallet }
);

/** Short refusals that move no money. */
export type NoticeName =
  | "no-amount"
  | "wallet-not-taken"
  | "not-a-code"
  | "receiving-code"
  | "goods-barcode"
  | "card"
  | "marked-code"
  | "code-used"
  | "amount-too-large"
  | "amount-uneven"
  | "amount-zero"
  | "amount-changed"
  | "till-busy";

/** The box after an event, and what is to be done about it. */
export interface Step {
  readonly box: Box;
  readonly effects: readonly Effect[];
}

/** The order in front, where there is one. */
export function foregroundPayment({ foreground, orders }: Box): Payment | undefined {
  return foreground.name === "paying" ? orders.get(foreground.outTradeNo) : undefined;
}

/** Whether a machine is giving goods: cut off, nobody could say what the customer got. */
export function isDispensing(box: Box): boolean {
  return [...box.orders.values()].some(({ phase }) => phase.name === "dispensing");
}

/** Whether a charge or goods may still be on their way into the world: a graceful stop waits for these. */
export function isBusy(box: Box): boolean {
  return [...box.orders.values()].some(({ phase }) =>
    [
      "recording",
      "charging",
      "recording-reversal",
      "recording-conflict",
      "recording-outcome",
      "dispensing",
    ].includes(phase.name),
  );
}

/** An effect that wakes operators. */
export function alarm(name: AlarmName, outTradeNo: string | null): Effect {
  return { type: "alarm", alarm: name, outTradeNo };
}

/** A step that asks for nothing. */
export function still(box: Box): Step {
  return { box, effects: [] };
}

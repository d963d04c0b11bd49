/** A provider's bill of one day, held against the orders of a box. */
import type { TxData } from "../core/payment/order.ts";

/** Reads the bills of a kind; `Config` is an entry of the configuration. */
export interface BillReader<Config> {
  /** What to do about a bill that does not tell what went back, a clause. */
  readonly whole: string;
  /** The bill, or a clause that says why this is none. */
  read(
    bytes: Uint8Array,
  ): { readonly ok: true; readonly value: ReadBill } | { readonly ok: false; readonly reason: string };
  /** How bills name the account of this entry. */
  accountOf(config: Config): string;
}

/** A bill that has been read. */
export interface ReadBill {
  /** The days of its rows (`yyyy-MM-dd` in Beijing), each once; a bill of one day has one. */
  readonly dates: readonly string[];
  /** Whose payments it has, each once. */
  readonly accounts: readonly string[];
  /**
   * Compares. `orders` are all orders of the journal in their newest state, each looked at once. Payments within ten minutes of midnight that this
   * bill lacks are not missed: they may stand in its neighbour.
   */
  against(orders: Iterable<TxData>, whose: Whose): Reconciliation;
}

/** Which box, and which day. */
export interface Whose {
  /** The device by which the bill names this box. */
  readonly box: string;
  /** How its order numbers begin: a bill may leave the device out. */
  readonly boxTag: string;
  /** `yyyy-MM-dd` in Beijing. */
  readonly date: string;
}

/**
 * What does not agree. `unknown`: the bill has an order of this box that the journal lacks. `missing`: the journal has a
 * payment of that day that the bill lacks. `amount`: they name different amounts. `charged`: the bill has a payment that has
 * not gone back, and the journal says otherwise. `taken-back`: the other way round. `open`: the journal does not know yet.
 */
export type ExceptionKind = "unknown" | "missing" | "amount" | "charged" | "taken-back" | "open";

/** One order on which bill and journal do not agree. */
export interface BillException {
  readonly kind: ExceptionKind;
  readonly outTradeNo: string;
  readonly transactionId: string | null;
  /** What the bill says, `SUCCESS 1250` for each row; empty where it has none. */
  readonly bill: readonly string[];
  /** What the journal says, null where it has nothing. */
  readonly journal: Pick<TxData, "state" | "amountFen" | "charged"> | null;
}

/**
 * What could not be compared, and therefore agrees with nobody. `refunds`: the bill does not tell what went back. `sum`: a
 * column or a sum has no other one to be held against. `merchant`: the journal has payments of that day to another merchant,
 * whose bill this is not. `midnight`: a payment that this bill lacks may stand in that of the next day or the day before.
 * `state`: a row says of an order what this program does not know.
 */
export type NotComparedWhy = "refunds" | "sum" | "merchant" | "midnight" | "state";

/** One thing that was not compared: the order, or the name of the column, where there is one. */
export interface NotCompared {
  readonly why: NotComparedWhy;
  readonly about: string | null;
}

/** What came of it. They agree where both lists are empty. */
export interface Reconciliation {
  /** `yyyy-MM-dd` in Beijing. */
  readonly date: string;
  /** Orders of this box in the bill. */
  readonly inBill: number;
  /** Payments of the journal that ended on that day. */
  readonly inJournal: number;
  readonly exceptions: readonly BillException[];
  readonly notCompared: readonly NotCompared[];
}

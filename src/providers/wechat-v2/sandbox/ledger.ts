import { invariant, unreachable } from "../../../core/kernel/defect.ts";
import type { Fen } from "../../../core/kernel/fen.ts";
import type { PaymentCode } from "../../../core/payment/payment-code.ts";
import type { Fact } from "../../../simulator/outside/sandbox.ts";
import { beijingTime } from "../../beijing-time.ts";
import type { Merchant } from "../merchant.ts";
import { afterAct, afterScan, type CustomerAct, type OrderState } from "./customer.ts";
import {
  type ClosingResult,
  closingFault,
  type PlacedOrder,
  type Placing,
  type PlacingResult,
  placeAgain,
  placingOf,
  tokenOf,
} from "./placing.ts";
import { type RefundEntry, type RefundResult, Refunds, STAFF_REFUND, type WantedRefund } from "./refunds.ts";
import { payeeOf } from "./told.ts";

/** Where WeChat Pay documents two behaviours, or none: a box must be safe under each of them. */
export interface LedgerPolicy {
  /** An order that is still unpaid this long after its creation is revoked by itself; null means never. */
  readonly autoRevokeMs: number | null;
  /**
   * A reversal of an order number that was never seen: `tombstone` remembers it, so that a charge that was
   * still under way is refused when it arrives; `forget` lets that charge take the money.
   */
  readonly unseenReversal: "tombstone" | "forget";
  /** What a paid order becomes by its reversal: REVOKED that carries its `transaction_id`, or REFUND. */
  readonly paidReversal: "revoked" | "refund";
  /** A booked order is closed by itself after this long, where it does not end sooner. */
  readonly bookedForMs: number;
  /** A booked order cannot be closed before this age. */
  readonly closeNotBeforeMs: number;
  /** How long a refund is under way before its money moves. */
  readonly refundAfterMs: number;
}

/**
 * What is asked for by one charge. Times are milliseconds since 1970 on the sandbox's own clock, here and
 * everywhere below.
 */
export interface ChargeOrder {
  readonly merchant: Merchant;
  readonly outTradeNo: string;
  readonly amountFen: Fen;
  readonly body: string;
  readonly attach: string | null;
  readonly deviceInfo: string | null;
  readonly authCode: PaymentCode;
}

/** How a charge that meets no obstacle begins: the scenario says it. */
export type Opening =
  | { readonly kind: "paid" }
  | { readonly kind: "dialog" }
  | { readonly kind: "accepted" }
  /** The reply is a refusal with `code`; the order may exist all the same, even paid. */
  | { readonly kind: "refused"; readonly code: string; readonly leaves: Leftover };

/**
 * What a refused charge leaves behind: no order, an unpaid one, one with an open password dialog, or a paid one. With
 * `others-unpaid` and `others-paid` the number belongs to somebody else, who had it first.
 */
export type Leftover = "nothing" | "unpaid" | "dialog" | "paid" | "others-unpaid" | "others-paid";

/** One entry of an order's life. */
export interface Passage {
  readonly at: number;
  readonly state: OrderState;
  readonly why:
    | ("charge" | CustomerAct | "reversal" | "auto-revoke" | "merchant-closes")
    | ("booking" | "expiry" | "refund");
}

/** Money that moved: out of the customer's wallet, or back into it. */
export interface Movement {
  readonly at: number;
  readonly kind: "charged" | "returned";
  readonly amountFen: Fen;
  readonly merchantId: string;
  readonly outTradeNo: string;
  readonly transactionId: string;
  readonly authCode: PaymentCode;
}

/**
 * An order as the books have it. Where it was booked and not charged, a token of its own stands in the place of the code, so
 * that "one code pays once" holds of every order.
 */
export interface Order extends ChargeOrder {
  readonly tradeType: "MICROPAY" | "NATIVE" | "JSAPI";
  /** Of a booked order, else null. */
  readonly booking: Placing | null;
  readonly createdAt: number;
  /** The payer under the merchant's appid. */
  readonly openId: string;
  readonly state: OrderState;
  /** Whether the customer can still act on it. */
  readonly open: boolean;
  /** The `err_code` that the charge was answered with, or null. */
  readonly refusal: string | null;
  /** From the payment on, through every reversal. */
  readonly transactionId: string | null;
  readonly paidAt: number | null;
  readonly history: readonly Passage[];
}

/** How an order is named in a query or a reversal; `transactionId` wins where both are given. */
export interface OrderReference {
  readonly outTradeNo: string | null;
  readonly transactionId: string | null;
}

/** What a charge came to: an order that is paid or being paid, or an `err_code`. */
export type ChargeResult =
  | { readonly kind: "paid"; readonly order: Order }
  | { readonly kind: "paying"; readonly order: Order }
  | { readonly kind: "refused"; readonly code: string };

/**
 * What a reversal came to. `unseen`: no such order of this merchant; `expired`: older than seven days; `booked`: an order
 * that is closed, not reversed; `partly-refunded`: what is left goes back by refunds only.
 */
export type ReversalResult =
  | { readonly kind: "reversed"; readonly order: Order }
  | { readonly kind: "unseen" }
  | { readonly kind: "booked" }
  | { readonly kind: "partly-refunded" }
  | { readonly kind: "expired" };

/** Whose code it is, or why nobody may know. */
export type PayerResult =
  | { readonly kind: "known"; readonly openId: string }
  | { readonly kind: "refused"; readonly code: string };

/** WeChat Pay v2, reverse: later than this only a refund is possible. */
export const REVERSIBLE_FOR_MS = 7 * 86_400_000;

/** What stands in the order of somebody else who makes the same numbers. */
const OTHERS_ATTACH = "somebodyelse";

const nothing: readonly Fact[] = [];

/** A fact but for what every one has. */
type FactOfOrder = Fact extends infer Each
  ? Each extends Fact
    ? Omit<Each, "order" | "payee" | "at">
    : never
  : never;

/** Sums of what moved, in fen. */
export interface Totals {
  readonly chargedFen: number;
  readonly returnedFen: number;
  readonly charges: number;
}

interface OrderRecord extends Order {
  state: OrderState;
  open: boolean;
  transactionId: string | null;
  paidAt: number | null;
  readonly history: Passage[];
}

interface Appointment {
  readonly at: number;
  readonly due: (at: number) => void;
}

/**
 * The books of the look-alike: orders, and every movement of money. Time passes only through `settle`, which
 * every call makes first, so that what a customer did between two calls is booked with the moment it was done
 * at, and in that order.
 */
export class Ledger {
  readonly #policy: LedgerPolicy;
  #now = 0;
  readonly #orders = new Map<string, OrderRecord>();
  readonly #byTransaction = new Map<string, OrderRecord>();
  /** By the digits of the code: the only order that may use it. */
  readonly #codes = new Map<string, OrderRecord>();
  readonly #codeExpiry = new Map<string, number>();
  readonly #tombstones = new Set<string>();
  readonly #payers = new Map<string, string>();
  /** By the digits of a code whose owner was asked for: the only merchant that may charge it. */
  readonly #locks = new Map<string, string>();
  readonly #refunds = new Refunds();
  #bookings = 0;
  readonly #movements: Movement[] = [];
  /** In the order of `at`, then of making. */
  readonly #agenda: Appointment[] = [];
  #facts: Fact[] = [];

  constructor(policy: LedgerPolicy) {
    this.#policy = policy;
  }

  /** Books what is due up to `now`. A clock that goes back is taken as standing still. */
  settle(now: number): void {
    for (;;) {
      const next = this.#agenda[0];
      if (next === undefined || next.at > now) break;
      this.#agenda.shift();
      this.#now = Math.max(this.#now, next.at);
      next.due(this.#now);
    }
    this.#now = Math.max(this.#now, now);
  }

  /** Makes known until when a code can be charged; a code that was never issued does not expire. */
  issueCode(authCode: PaymentCode, expiresAt: number): void {
    this.#codeExpiry.set(authCode.reveal(), expiresAt);
  }

  /**
   * Charges a code. A number that is known answers for itself: the same order with the same code as it stands
   * now, anything else with the refusal of WeChat Pay v2, micropay, for its case. A code is good for one
   * order, whatever became of it.
   */
  charge(wanted: ChargeOrder, opening: Opening, now: number): ChargeResult {
    this.settle(now);
    const key = keyOf(wanted.merchant, wanted.outTradeNo);
    if (this.#tombstones.has(key)) return { kind: "refused", code: "ORDERREVERSED" };
    const known = this.#orders.get(key);
    if (known !== undefined) return this.#chargeAgain(known, wanted);
    const fault = this.#codeFault(wanted.authCode, wanted.merchant);
    if (fault !== null) return { kind: "refused", code: fault };
    if (opening.kind === "refused" && opening.leaves === "nothing") {
      return { kind: "refused", code: opening.code };
    }
    const others = opening.kind === "refused" && opening.leaves.startsWith("others");
    if (others) this.#bookings += 1;
    const authCode = others ? tokenOf(this.#bookings) : wanted.authCode;
    return this.#open(key, others ? { ...wanted, authCode, attach: OTHERS_ATTACH } : wanted, opening);
  }

  /**
   * Books an order that its customer pays later, or never. A number that is known answers for itself; it shares its space
   * with those of charges.
   */
  book(wanted: PlacedOrder, now: number): PlacingResult {
    this.settle(now);
    const key = keyOf(wanted.merchant, wanted.outTradeNo);
    if (this.#tombstones.has(key)) return { kind: "refused", code: "ORDERCLOSED" };
    const known = this.#orders.get(key);
    if (known !== undefined) return placeAgain(known, wanted);
    this.#bookings += 1;
    const authCode = tokenOf(this.#bookings);
    const order: OrderRecord = {
      ...newOrder({ ...wanted, authCode }, this.#now),
      tradeType: wanted.tradeType,
      booking: placingOf(wanted, this.#bookings, this.#now),
      openId: wanted.openId ?? this.#payerOf(authCode),
    };
    this.#orders.set(key, order);
    this.#tell(order, { kind: "opened", amountFen: order.amountFen, nonce: order.attach });
    this.#pass(order, { state: "notpay", open: true }, "booking");
    const end = Math.min(wanted.expiresAt ?? Number.POSITIVE_INFINITY, this.#now + this.#policy.bookedForMs);
    this.#appoint(end, () => {
      if (isUnpaid(order.state)) this.#pass(order, { state: "closed", open: false }, "expiry");
    });
    return { kind: "booked", order, isNew: true };
  }

  /** Closes a booked order as its merchant asks for it, who is told why where that cannot be. */
  closeBooked(merchant: Merchant, outTradeNo: string, now: number): ClosingResult {
    this.settle(now);
    const order = this.#find(merchant, { outTradeNo, transactionId: null });
    const ageMs = this.#now - (order?.createdAt ?? 0);
    const fault = closingFault(order, ageMs, this.#policy.closeNotBeforeMs);
    if (fault !== null) return { kind: "refused", ...fault };
    invariant(order !== undefined, "what has no fault is there");
    this.#pass(order, { state: "closed", open: false }, "merchant-closes");
    return { kind: "closed", order };
  }

  /** Tells whose code it is; from then on nobody but this merchant can charge it. */
  payerOf(merchant: Merchant, authCode: PaymentCode, now: number): PayerResult {
    this.settle(now);
    const fault = this.#codeFault(authCode, merchant);
    if (fault !== null) return { kind: "refused", code: fault };
    this.#locks.set(authCode.reveal(), merchant.merchantId);
    return { kind: "known", openId: this.#payerOf(authCode) };
  }

  /** Takes a refund of a paid order; its money moves later, once. */
  refund(merchant: Merchant, wanted: WantedRefund, now: number): RefundResult {
    this.settle(now);
    const order = this.#find(merchant, wanted.reference);
    const returnedFen = order === undefined ? 0 : this.totalsOfOrder(order).returnedFen;
    const result = this.#refunds.accept(order, wanted, returnedFen, this.#now);
    if (result.kind === "refused" || order === undefined || !result.isNew) return result;
    this.#pass(order, { state: "refund", open: false }, "refund");
    const byStaff = wanted.outRefundNo.startsWith(STAFF_REFUND);
    const taken = { kind: "taken-back", amountFen: wanted.refundFen, by: byStaff ? "staff" : "box" } as const;
    if (byStaff) this.#tell(order, taken);
    this.#appoint(this.#now + this.#policy.refundAfterMs, (at) => {
      this.#refunds.settle(result.refund, at);
      this.#move("returned", order, wanted.refundFen);
      if (!byStaff) this.#tell(order, taken);
    });
    return result;
  }

  /** What has happened to orders and money since the last call, in order. */
  takeFacts(): readonly Fact[] {
    if (this.#facts.length === 0) return nothing;
    const facts = this.#facts;
    this.#facts = [];
    return facts;
  }

  /** Every refund in the order of its acceptance. */
  refunds(): readonly RefundEntry[] {
    return this.#refunds.all();
  }

  /** Finds an order of this merchant. */
  find(merchant: Merchant, reference: OrderReference, now: number): Order | null {
    this.settle(now);
    return this.#find(merchant, reference) ?? null;
  }

  /** Reverses an order: an unpaid one can never be paid again, a paid one gives all its money back, once. */
  reverse(merchant: Merchant, reference: OrderReference, now: number): ReversalResult {
    this.settle(now);
    const order = this.#find(merchant, reference);
    if (order === undefined) {
      if (this.#policy.unseenReversal === "tombstone" && reference.outTradeNo !== null) {
        this.#tombstones.add(keyOf(merchant, reference.outTradeNo));
      }
      return { kind: "unseen" };
    }
    if (order.booking !== null) return { kind: "booked" };
    if (this.#now - order.createdAt > REVERSIBLE_FOR_MS) return { kind: "expired" };
    if (this.#refunds.of(order).length > 0) return { kind: "partly-refunded" };
    if (order.state === "success") {
      this.#move("returned", order, order.amountFen);
      this.#tell(order, { kind: "taken-back", amountFen: order.amountFen, by: "box" });
      this.#pass(order, { state: this.#policy.paidReversal, open: false }, "reversal");
    } else if (order.state !== "revoked" && order.state !== "refund" && order.state !== "closed") {
      this.#pass(order, { state: "revoked", open: false }, "reversal");
    }
    return { kind: "reversed", order };
  }

  /** The customer acts on an order now; false where it is too late for that. */
  act(order: Order, act: CustomerAct, now: number): boolean {
    this.settle(now);
    return this.#act(this.#own(order), act);
  }

  /** The customer will act on an order at a later moment, if the order still lets them by then. */
  actAt(order: Order, act: CustomerAct, at: number): void {
    const record = this.#own(order);
    this.#appoint(at, () => this.#act(record, act));
  }

  /** Closes an unpaid order from the merchant's side; false where it is paid or over. */
  close(order: Order, now: number): boolean {
    this.settle(now);
    const record = this.#own(order);
    if (!isUnpaid(record.state)) return false;
    this.#pass(record, { state: "closed", open: false }, "merchant-closes");
    return true;
  }

  /** All orders in the order of their creation, as they stood when the books were last settled. */
  orders(): readonly Order[] {
    return [...this.#orders.values()];
  }

  /** Every movement of money in the order it happened. */
  movements(): readonly Movement[] {
    return this.#movements;
  }

  /** What was charged and returned by one code, over all orders. */
  totalsOfCode(authCode: PaymentCode): Totals {
    return totals(this.#movements.filter((movement) => movement.authCode.reveal() === authCode.reveal()));
  }

  /** What was charged and returned by one order. */
  totalsOfOrder(order: Order): Totals {
    return totals(this.#movements.filter((movement) => movement.transactionId === order.transactionId));
  }

  #find(merchant: Merchant, reference: OrderReference): OrderRecord | undefined {
    if (reference.transactionId !== null) {
      const order = this.#byTransaction.get(reference.transactionId);
      return order !== undefined && isOf(order, merchant) ? order : undefined;
    }
    if (reference.outTradeNo === null) return undefined;
    return this.#orders.get(keyOf(merchant, reference.outTradeNo));
  }

  #chargeAgain(known: OrderRecord, wanted: ChargeOrder): ChargeResult {
    const same = known.booking === null && isSameContent(known, wanted);
    const identical = same && known.authCode.reveal() === wanted.authCode.reveal();
    switch (known.state) {
      case "revoked":
      case "refund":
        return { kind: "refused", code: "ORDERREVERSED" };
      case "closed":
        return { kind: "refused", code: "ORDERCLOSED" };
      case "success":
        return identical ? { kind: "paid", order: known } : { kind: "refused", code: "ORDERPAID" };
      case "userpaying":
      case "accept":
      case "notpay":
      case "payerror":
        break;
      default:
        return unreachable(known.state);
    }
    if (!same) return { kind: "refused", code: "OUT_TRADE_NO_USED" };
    if (known.openId !== this.#payerOf(wanted.authCode)) return { kind: "refused", code: "BUYER_MISMATCH" };
    if (!identical) return { kind: "refused", code: "OUT_TRADE_NO_USED" };
    if (known.refusal !== null) return { kind: "refused", code: known.refusal };
    if (known.state === "payerror") return { kind: "refused", code: "TRADE_ERROR" };
    return { kind: "paying", order: known };
  }

  #open(key: string, wanted: ChargeOrder, opening: Opening): ChargeResult {
    const order: OrderRecord = {
      ...newOrder(wanted, this.#now),
      openId: this.#payerOf(wanted.authCode),
      open: true,
      refusal: opening.kind === "refused" ? opening.code : null,
    };
    this.#orders.set(key, order);
    this.#tell(order, { kind: "opened", amountFen: order.amountFen, nonce: order.attach });
    this.#codes.set(wanted.authCode.reveal(), order);
    if (this.#policy.autoRevokeMs !== null) {
      this.#appoint(this.#now + this.#policy.autoRevokeMs, () => {
        if (isUnpaid(order.state)) this.#pass(order, { state: "revoked", open: false }, "auto-revoke");
      });
    }
    switch (opening.kind) {
      case "paid":
        this.#pay(order, "charge");
        return { kind: "paid", order };
      case "dialog":
        this.#pass(order, { state: "userpaying", open: true }, "charge");
        return { kind: "paying", order };
      case "accepted":
        this.#pass(order, { state: "accept", open: true }, "charge");
        return { kind: "paying", order };
      case "refused":
        if (opening.leaves === "paid" || opening.leaves === "others-paid") this.#pay(order, "charge");
        else if (opening.leaves === "dialog")
          this.#pass(order, { state: "userpaying", open: true }, "charge");
        else this.#pass(order, { state: "notpay", open: false }, "charge");
        return { kind: "refused", code: opening.code };
      default:
        return unreachable(opening);
    }
  }

  #act(order: OrderRecord, act: CustomerAct): boolean {
    if (!order.open) return false;
    const next = order.booking === null ? afterAct(order, act) : afterScan(order, act);
    if (next.state === "success") this.#pay(order, act);
    else this.#pass(order, next, act);
    return true;
  }

  #pay(order: OrderRecord, why: "charge" | CustomerAct): void {
    const serial = String(this.#byTransaction.size + 1).padStart(10, "0");
    const transactionId = `4200009990${beijingTime(this.#now).slice(0, 8)}${serial}`;
    order.transactionId = transactionId;
    order.paidAt = this.#now;
    this.#byTransaction.set(transactionId, order);
    this.#move("charged", order, order.amountFen);
    const code = order.booking === null ? order.authCode.reveal() : null;
    this.#tell(order, { kind: "charged", amountFen: order.amountFen, code });
    this.#pass(order, { state: "success", open: false }, why);
  }

  #pass(
    order: OrderRecord,
    next: { readonly state: OrderState; readonly open: boolean },
    why: Passage["why"],
  ): void {
    if (order.open && !next.open) this.#tell(order, { kind: "ended" });
    order.state = next.state;
    order.open = next.open;
    order.history.push({ at: this.#now, state: next.state, why });
  }

  #move(kind: Movement["kind"], order: OrderRecord, amountFen: Fen): void {
    invariant(order.transactionId !== null, "money moves only under a transaction id");
    this.#movements.push({
      at: this.#now,
      kind,
      amountFen,
      merchantId: order.merchant.merchantId,
      outTradeNo: order.outTradeNo,
      transactionId: order.transactionId,
      authCode: order.authCode,
    });
  }

  #tell(order: OrderRecord, fact: FactOfOrder): void {
    const { merchant, outTradeNo } = order;
    this.#facts.push({ ...fact, order: outTradeNo, payee: payeeOf(merchant), at: this.#now });
  }

  #appoint(at: number, due: (at: number) => void): void {
    let index = this.#agenda.length;
    for (; index > 0; index -= 1) {
      const before = this.#agenda[index - 1];
      if (before === undefined || before.at <= at) break;
    }
    this.#agenda.splice(index, 0, { at, due });
  }

  #own(order: Order): OrderRecord {
    const record = this.#orders.get(keyOf(order.merchant, order.outTradeNo));
    invariant(record !== undefined, "an order that is acted on is in the books");
    return record;
  }

  /** Why this merchant cannot use a code now, as an `err_code`, or null. */
  #codeFault(authCode: PaymentCode, merchant: Merchant): string | null {
    const digits = authCode.reveal();
    if (this.#codes.has(digits)) return "AUTH_CODE_ERROR";
    const expiresAt = this.#codeExpiry.get(digits);
    if (expiresAt !== undefined && expiresAt <= this.#now) return "AUTHCODEEXPIRE";
    const lock = this.#locks.get(digits);
    return lock === undefined || lock === merchant.merchantId ? null : "AUTH_CODE_INVALID";
  }

  /** Codes that share their first ten digits are of one wallet: the other eight change every minute. */
  #payerOf(authCode: PaymentCode): string {
    const wallet = authCode.reveal().slice(0, 10);
    const known = this.#payers.get(wallet);
    if (known !== undefined) return known;
    const openId = `oFIXTUREopenid${String(this.#payers.size).padStart(13, "0")}A`;
    this.#payers.set(wallet, openId);
    return openId;
  }
}

/**
 * Names an order among all: its number is unique for one merchant id, of a sub-merchant where there is one.
 */
export function keyOf(merchant: Merchant, outTradeNo: string): string {
  return `${merchant.merchantId} ${merchant.subMerchantId ?? "-"} ${outTradeNo}`;
}

function newOrder(wanted: ChargeOrder, createdAt: number): OrderRecord {
  const { merchant, outTradeNo, amountFen, body, attach, deviceInfo, authCode } = wanted;
  return {
    ...{ merchant, outTradeNo, amountFen, body, attach, deviceInfo, authCode },
    tradeType: "MICROPAY",
    booking: null,
    createdAt,
    openId: "",
    state: "notpay",
    open: false,
    refusal: null,
    transactionId: null,
    paidAt: null,
    history: [],
  };
}

function isOf(order: Order, merchant: Merchant): boolean {
  return (
    order.merchant.merchantId === merchant.merchantId &&
    order.merchant.subMerchantId === merchant.subMerchantId
  );
}

function isUnpaid(state: OrderState): boolean {
  return state === "userpaying" || state === "accept" || state === "notpay" || state === "payerror";
}

function isSameContent(a: ChargeOrder, b: ChargeOrder): boolean {
  return (
    a.amountFen === b.amountFen &&
    a.body === b.body &&
    a.attach === b.attach &&
    a.deviceInfo === b.deviceInfo &&
    a.merchant.appId === b.merchant.appId &&
    a.merchant.subAppId === b.merchant.subAppId
  );
}

function totals(movements: readonly Movement[]): Totals {
  const charged = movements.filter((movement) => movement.kind === "charged");
  const returned = movements.filter((movement) => movement.kind === "returned");
  const sum = (list: readonly Movement[]) => list.reduce((fen, movement) => fen + movement.amountFen, 0);
  return { chargedFen: sum(charged), returnedFen: sum(returned), charges: charged.length };
}

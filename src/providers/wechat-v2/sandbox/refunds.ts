import type { Fen } from "../../../core/kernel/fen.ts";
import { beijingTime } from "../../beijing-time.ts";
import type { Order, OrderReference } from "./ledger.ts";

/** What one refund asks for. */
export interface WantedRefund {
  readonly reference: OrderReference;
  readonly outRefundNo: string;
  readonly totalFen: Fen;
  readonly refundFen: Fen;
}

/** A refund as the books have it. Times are milliseconds since 1970 on the sandbox's own clock. */
export interface RefundEntry {
  readonly order: Order;
  readonly outRefundNo: string;
  readonly refundId: string;
  readonly refundFen: Fen;
  readonly acceptedAt: number;
  /** When the money was back, null while it is under way. */
  readonly refundedAt: number | null;
}

/** How refunds are named in a query; the first that is given wins, in this order. */
export interface RefundReference extends OrderReference {
  readonly refundId: string | null;
  readonly outRefundNo: string | null;
}

/** What a refund came to; of one that was accepted before, `isNew` is false. */
export type RefundResult =
  | { readonly kind: "accepted"; readonly refund: RefundEntry; readonly isNew: boolean }
  | { readonly kind: "refused"; readonly code: string; readonly text: string | null };

/** How the numbers of refunds begin that staff give at the merchant platform, and no box has asked for. */
export const STAFF_REFUND = "staff-";

/** WeChat Pay v2, refund: a year from the payment, and so many refunds an order. */
export const REFUNDABLE_FOR_MS = 365 * 86_400_000;
const REFUNDS_MAX = 50;

interface RefundRecord extends RefundEntry {
  refundedAt: number | null;
}

/** The refunds of all orders. What is accepted binds the order at once, whenever the money moves. */
export class Refunds {
  readonly #entries: RefundRecord[] = [];

  /** Decides about a refund; `returnedFen` is what a reversal gave back. */
  accept(order: Order | undefined, wanted: WantedRefund, returnedFen: number, now: number): RefundResult {
    if (order === undefined || order.paidAt === null) return refused("ORDERNOTEXIST");
    const known = this.#entries.find(
      (entry) =>
        entry.outRefundNo === wanted.outRefundNo &&
        entry.order.merchant.merchantId === order.merchant.merchantId &&
        entry.order.merchant.subMerchantId === order.merchant.subMerchantId,
    );
    if (known !== undefined) {
      const same = known.order === order && known.refundFen === wanted.refundFen;
      const isSame = same && wanted.totalFen === order.amountFen;
      return isSame ? { kind: "accepted", refund: known, isNew: false } : refused("REFUND_FEE_MISMATCH");
    }
    if (wanted.totalFen !== order.amountFen) return refused("INVALID_REQUEST", "订单总金额与支付金额不一致");
    if (now - order.paidAt > REFUNDABLE_FOR_MS) return refused("TRADE_OVERDUE");
    const earlier = this.of(order);
    if (earlier.length >= REFUNDS_MAX) return refused("ERROR", "退款次数超过限制");
    const left = order.amountFen - Math.max(returnedFen, sumOf(earlier));
    if (wanted.refundFen > left) return refused("ERROR", "订单已全额退款或可退金额不足");
    const serial = String(this.#entries.length + 1).padStart(10, "0");
    const refund: RefundRecord = {
      order,
      outRefundNo: wanted.outRefundNo,
      refundId: `50300009990${beijingTime(now).slice(0, 8)}${serial}`,
      refundFen: wanted.refundFen,
      acceptedAt: now,
      refundedAt: null,
    };
    this.#entries.push(refund);
    return { kind: "accepted", refund, isNew: true };
  }

  /** The money of a refund is back. */
  settle(refund: RefundEntry, now: number): void {
    const record = this.#entries.find((entry) => entry === refund);
    if (record !== undefined) record.refundedAt = now;
  }

  /** The refunds of an order, in the order of their acceptance. */
  of(order: Order): readonly RefundEntry[] {
    return this.#entries.filter((entry) => entry.order === order);
  }

  /** All refunds in the order of their acceptance. */
  all(): readonly RefundEntry[] {
    return this.#entries;
  }
}

function sumOf(refunds: readonly RefundEntry[]): number {
  return refunds.reduce((fen, { refundFen }) => fen + refundFen, 0);
}

function refused(code: string, text: string | null = null): RefundResult {
  return { kind: "refused", code, text };
}

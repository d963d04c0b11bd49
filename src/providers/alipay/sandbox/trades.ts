/** The books of the sandbox: trades, what was charged, and what went back. Times are milliseconds since 1970 on its own clock. */
import type { Fen } from "../../../core/kernel/fen.ts";
import type { PaymentCode } from "../../../core/payment/payment-code.ts";
import type { Fact } from "../../../simulator/outside/sandbox.ts";

/** `trade_status` (Alipay, alipay.trade.query). */
export type TradeStatus = "WAIT_BUYER_PAY" | "TRADE_SUCCESS" | "TRADE_FINISHED" | "TRADE_CLOSED";

/** What the buyer does with the dialog on the phone. */
export type BuyerAct = "pays" | "closes";

/** What a charge says of its trade; it never changes. */
export interface NewTrade {
  readonly outTradeNo: string;
  /** All of Alipay's ids of who is charged for, as one text. */
  readonly payee: string;
  readonly amountFen: Fen;
  readonly code: PaymentCode;
  /** The `body` of the request; null where there was none. */
  readonly mark: string | null;
  readonly timeoutMs: number;
}

/** A trade in the books. */
export interface Trade extends NewTrade {
  readonly createdAt: number;
  readonly tradeNo: string;
  status: TradeStatus;
  paidAt: number | null;
  chargedFen: number;
  returnedFen: number;
  /** By `out_request_no`. */
  readonly refunds: Map<string, number>;
  /** What the buyer will do, and when. */
  plans: { readonly act: BuyerAct; readonly at: number }[];
  /** How many changes it has seen. */
  changes: number;
}

/** What the books leave open in Alipay's documents. */
export interface TradePolicy {
  /** A cancel of a number that was never seen forbids the charge that comes after it, or does not. */
  readonly unseenCancel: "tombstone" | "forget";
}

/** The books. */
export class Trades {
  readonly #policy: TradePolicy;
  readonly #trades = new Map<string, Trade>();
  readonly #dead = new Set<string>();
  readonly #codes = new Set<string>();
  #facts: Fact[] = [];

  constructor(policy: TradePolicy) {
    this.#policy = policy;
  }

  all(): readonly Trade[] {
    return [...this.#trades.values()];
  }

  find(outTradeNo: string): Trade | undefined {
    return this.#trades.get(outTradeNo);
  }

  /** Whether the number can never be charged any more. */
  isDead(outTradeNo: string): boolean {
    return this.#dead.has(outTradeNo);
  }

  /** Whether a charge has had this code before, with success or without. */
  isUsed(code: PaymentCode): boolean {
    return this.#codes.has(code.reveal());
  }

  /** Facts since the last call, in their order. */
  takeFacts(): readonly Fact[] {
    const facts = this.#facts;
    this.#facts = [];
    return facts;
  }

  /** Whatever is due by then happens: buyers act, and trades that nobody paid are closed. */
  settle(now: number): void {
    for (const trade of this.#trades.values()) {
      // Nothing is due of any other; a bench has ten thousand of them.
      if (trade.status !== "WAIT_BUYER_PAY") continue;
      const due = trade.plans.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
      if (due.length > 0) trade.plans = trade.plans.filter(({ at }) => at > now);
      const closesAt = trade.createdAt + trade.timeoutMs;
      for (const { act, at } of due) {
        if (at < closesAt) this.act(trade, act, at);
      }
      if (trade.status === "WAIT_BUYER_PAY" && closesAt <= now) this.#close(trade, closesAt);
    }
  }

  /** A trade that waits for its buyer. */
  open(wanted: NewTrade, now: number): Trade {
    const trade: Trade = {
      ...wanted,
      createdAt: now,
      tradeNo: `2026${String(this.#trades.size + 1).padStart(24, "0")}`,
      ...{ status: "WAIT_BUYER_PAY", paidAt: null, chargedFen: 0, returnedFen: 0 },
      ...{ refunds: new Map<string, number>(), plans: [], changes: 1 },
    };
    this.#codes.add(wanted.code.reveal());
    this.#trades.set(trade.outTradeNo, trade);
    const { amountFen, mark } = wanted;
    this.#facts.push({ kind: "opened", ...this.#at(trade, now), amountFen, nonce: mark });
    return trade;
  }

  /** The code works once, also where the charge was refused. */
  useUp(code: PaymentCode): void {
    this.#codes.add(code.reveal());
  }

  /** What the buyer does; false where it is too late. */
  act(trade: Trade, act: BuyerAct, now: number): boolean {
    if (trade.status !== "WAIT_BUYER_PAY") return false;
    if (act === "closes") {
      trade.plans = [];
      return true;
    }
    trade.status = "TRADE_SUCCESS";
    trade.paidAt = now;
    trade.chargedFen = trade.amountFen;
    trade.plans = [];
    trade.changes += 1;
    const { amountFen, code } = trade;
    this.#facts.push({ kind: "charged", ...this.#at(trade, now), amountFen, code: code.reveal() });
    this.#facts.push({ kind: "ended", ...this.#at(trade, now) });
    return true;
  }

  /** Ends a trade (alipay.trade.cancel); says what it did. */
  cancel(outTradeNo: string, now: number): "close" | "refund" | "nothing" {
    const trade = this.#trades.get(outTradeNo);
    if (trade === undefined) {
      if (this.#policy.unseenCancel === "tombstone") this.#dead.add(outTradeNo);
      return "nothing";
    }
    if (trade.status === "TRADE_CLOSED") return trade.chargedFen > 0 ? "refund" : "close";
    if (trade.status === "WAIT_BUYER_PAY") {
      this.#close(trade, now);
      return "close";
    }
    this.#giveBack(trade, trade.amountFen - trade.returnedFen, "box", now);
    return "refund";
  }

  /** Gives money back (alipay.trade.refund); the same number with the same amount happens once. */
  refund(trade: Trade, number: string, refundFen: number, by: "box" | "staff", now: number): boolean {
    const before = trade.refunds.get(number);
    if (before !== undefined) return false;
    trade.refunds.set(number, refundFen);
    this.#giveBack(trade, refundFen, by, now);
    return true;
  }

  #giveBack(trade: Trade, fen: number, by: "box" | "staff", now: number): void {
    trade.returnedFen += fen;
    trade.changes += 1;
    this.#facts.push({ kind: "taken-back", ...this.#at(trade, now), amountFen: fen, by });
    if (trade.returnedFen >= trade.chargedFen) this.#close(trade, now);
  }

  #close(trade: Trade, now: number): void {
    // Who has paid cannot pay again.
    if (trade.status === "WAIT_BUYER_PAY") this.#facts.push({ kind: "ended", ...this.#at(trade, now) });
    trade.status = "TRADE_CLOSED";
    trade.plans = [];
    trade.changes += 1;
  }

  #at({ outTradeNo: order, payee }: Trade, at: number) {
    return { order, payee, at };
  }
}

import type { Wallet } from "./wallet.ts";

/**
 * A customer's payment code: digits that can charge their owner for a minute, and the wallet that shows such digits.
 * It shows itself only masked, whatever prints it; `reveal` is for the charge request alone (money rule 17).
 */
export class PaymentCode {
  readonly #digits: string;
  readonly wallet: Wallet;

  constructor(digits: string, wallet: Wallet) {
    this.#digits = digits;
    this.wallet = wallet;
  }

  /** The digits, for the code field of a charge and for the salted hash. Never log them. */
  reveal(): string {
    return this.#digits;
  }

  toString(): string {
    const hidden = "*".repeat(Math.max(0, this.#digits.length - 5));
    return `${this.#digits.slice(0, 2)}${hidden}${this.#digits.slice(-3)}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** Why a line of the scanner is no payment code that anybody is asked to charge: what it is, as far as its form says. */
export type ScanRefusal =
  | "not-a-payment-code"
  | "receiving-code"
  | "goods-barcode"
  | "card"
  | "face-code"
  | "jd-code"
  | "bestpay-code"
  | "marked-code";

/**
 * A WeChat Pay payment code (`auth_code`): 18 digits that can charge its owner for a minute.
 * It shows itself only masked, whatever prints it; `reveal` is for the charge request alone (money rule 17).
 */
export class PaymentCode {
  readonly #digits: string;

  constructor(digits: string) {
    this.#digits = digits;
  }

  /** The digits, for the `auth_code` field of a charge and for the salted hash. Never log them. */
  reveal(): string {
    return this.#digits;
  }

  toString(): string {
    return `${this.#digits.slice(0, 2)}*************${this.#digits.slice(-3)}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** Why a scan is not a payment code that this box takes. */
export type ScanRefusal = "alipay" | "unionpay" | "e-cny" | "qq" | "not-a-payment-code";

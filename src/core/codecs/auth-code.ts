import { accept, type Result, refuse } from "../kernel/result.ts";

/**
 * A WeChat Pay payment code (`auth_code`): 18 digits that can charge its owner for a minute.
 * It shows itself only masked, whatever prints it; `reveal` is for the charge request alone (SECURITY: design §4.17).
 */
export class AuthCode {
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

/** Other wallets by the form of their codes (protocol.md §5.3). A form that no source confirms is not listed. */
const otherWallets: readonly { readonly form: RegExp; readonly refusal: ScanRefusal }[] = [
  { form: /^(?:2[5-9]|30)\d{14,22}$/, refusal: "alipay" },
  { form: /^62\d{17}$/, refusal: "unionpay" },
  { form: /^01\d{17}$/, refusal: "e-cny" },
  { form: /^91\d{16}$/, refusal: "qq" },
];

/**
 * Reads one line of a scanner: AIM symbology identifier (`]C1`, `]Q0` …), control characters and blanks at both ends are
 * taken off; what is left is a WeChat Pay code (18 digits, prefix 10 to 15, protocol.md §2.6) or is refused with its wallet.
 */
export function readScan(line: string): Result<AuthCode, ScanRefusal> {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: scanners wrap codes in STX, ETX, GS and the like
  const text = line.replace(/^[\x00-\x20]+|[\x00-\x20]+$/g, "").replace(/^\][A-Za-z][0-9A-Za-z]/, "");
  if (/^1[0-5]\d{16}$/.test(text)) return accept(new AuthCode(text));
  for (const wallet of otherWallets) if (wallet.form.test(text)) return refuse(wallet.refusal);
  return refuse("not-a-payment-code");
}

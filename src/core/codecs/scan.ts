import { accept, type Result, refuse } from "../kernel/result.ts";
import { PaymentCode, type ScanRefusal } from "../payment/payment-code.ts";
import type { Wallet } from "../payment/wallet.ts";

/**
 * Wallets by the form of their codes (WeChat Pay v2, micropay; Alipay, UnionPay, e-CNY and QQ Wallet, payment codes). No text has
 * two of these forms; a form that no source confirms is not listed.
 */
export const codeForms: readonly { readonly form: RegExp; readonly wallet: Wallet }[] = [
  { form: /^1[0-5]\d{16}$/, wallet: "wechat" },
  { form: /^(?:2[5-9]|30)\d{14,22}$/, wallet: "alipay" },
  { form: /^62\d{17}$/, wallet: "unionpay" },
  { form: /^01\d{17}$/, wallet: "e-cny" },
  { form: /^91\d{16}$/, wallet: "qq" },
];

/**
 * What customers show by mistake, by its whole form. `face-code`, `jd-code` and `bestpay-code` rest on one source each and are
 * charged through nobody; a card is what has the length of one, the first digits of one and its check digit (ISO/IEC 7812).
 */
const mistakes: readonly { readonly form: RegExp; readonly refusal: ScanRefusal }[] = [
  { form: /^[a-z][a-z0-9+.-]*:\/\//i, refusal: "receiving-code" },
  { form: /^(?:\d{8}|\d{12}|\d{13})$/, refusal: "goods-barcode" },
  { form: /^fp[0-9A-Za-z]{33}$/, refusal: "face-code" },
  { form: /^18\d{16}$/, refusal: "jd-code" },
  { form: /^51\d{16}$/, refusal: "bestpay-code" },
];

const cardForm = /^(?:[3-6]\d|2[2-7])\d{14,17}$/;

/** What a scanner puts before a code where nobody has told it to: no digit, for it could be the code's. */
const marked = /^([^0-9]{1,8})([0-9]{16,24})$/;

/**
 * Reads one line of a scanner: AIM symbology identifier (`]C1`, `]Q0` …), control characters and blanks at both ends are
 * taken off; what is left is a code of the wallet whose form it has, or is refused. Whether this box takes the wallet is not
 * asked here.
 */
export function readPaymentCode(line: string): Result<PaymentCode, ScanRefusal> {
  const text = cleaned(line);
  const wallet = walletOf(text);
  if (wallet !== null) return accept(new PaymentCode(text, wallet));
  const mistake = mistakes.find(({ form }) => form.test(text));
  if (mistake !== undefined) return refuse(mistake.refusal);
  if (cardForm.test(text) && hasCheckDigit(text)) return refuse("card");
  return refuse(markIn(text) === null ? "not-a-payment-code" : "marked-code");
}

/** The mark before the code in a line that is refused as `marked-code`, null in every other; it has no digit. */
export function scannerMark(line: string): string | null {
  return markIn(cleaned(line));
}

function cleaned(line: string): string {
  return line.replace(/^[\p{Cc} ]+|[\p{Cc} ]+$/gu, "").replace(/^\][A-Za-z][0-9A-Za-z]/, "");
}

function walletOf(text: string): Wallet | null {
  return codeForms.find(({ form }) => form.test(text))?.wallet ?? null;
}

function markIn(text: string): string | null {
  const [, mark = "", digits = ""] = marked.exec(text) ?? [];
  return walletOf(digits) === null ? null : mark;
}

/** Whether the last digit is the check digit of those before it (Luhn, ISO/IEC 7812-1, annex B). */
function hasCheckDigit(digits: string): boolean {
  const sum = Array.from(digits, Number).reduceRight((total, digit, index) => {
    const doubled = (digits.length - index) % 2 === 0 ? 2 * digit : digit;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}

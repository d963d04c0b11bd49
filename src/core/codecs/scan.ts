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
 * Reads one line of a scanner: AIM symbology identifier (`]C1`, `]Q0` …), control characters and blanks at both ends are
 * taken off; what is left is a code of the wallet whose form it has, or is refused. Whether this box takes the wallet is not
 * asked here.
 */
export function readPaymentCode(line: string): Result<PaymentCode, ScanRefusal> {
  const text = line.replace(/^[\p{Cc} ]+|[\p{Cc} ]+$/gu, "").replace(/^\][A-Za-z][0-9A-Za-z]/, "");
  for (const { form, wallet } of codeForms) if (form.test(text)) return accept(new PaymentCode(text, wallet));
  return refuse("not-a-payment-code");
}

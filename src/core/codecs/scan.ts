import { accept, type Result, refuse } from "../kernel/result.ts";
import { PaymentCode, type ScanRefusal } from "../payment/payment-code.ts";

/** Other wallets by the form of their codes (Alipay, UnionPay, e-CNY and QQ Wallet, payment codes). A form that no source confirms is not listed. */
const otherWallets: readonly { readonly form: RegExp; readonly refusal: ScanRefusal }[] = [
  { form: /^(?:2[5-9]|30)\d{14,22}$/, refusal: "alipay" },
  { form: /^62\d{17}$/, refusal: "unionpay" },
  { form: /^01\d{17}$/, refusal: "e-cny" },
  { form: /^91\d{16}$/, refusal: "qq" },
];

/**
 * Reads one line of a scanner: AIM symbology identifier (`]C1`, `]Q0` …), control characters and blanks at both ends are
 * taken off; what is left is a WeChat Pay code (18 digits, prefix 10 to 15: WeChat Pay v2, micropay) or is refused with
 * its wallet.
 */
export function readScan(line: string): Result<PaymentCode, ScanRefusal> {
  const text = line.replace(/^[\p{Cc} ]+|[\p{Cc} ]+$/gu, "").replace(/^\][A-Za-z][0-9A-Za-z]/, "");
  if (/^1[0-5]\d{16}$/.test(text)) return accept(new PaymentCode(text));
  for (const wallet of otherWallets) if (wallet.form.test(text)) return refuse(wallet.refusal);
  return refuse("not-a-payment-code");
}

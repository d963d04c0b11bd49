import type { Wallet } from "../../core/payment/wallet.ts";
import type { Entropy } from "../../runtime/ports.ts";

/** How the codes of a wallet begin (one of these), and how many digits they have (src/core/codecs/scan.ts). */
const forms: Readonly<
  Record<Wallet, { readonly begin: readonly [string, ...string[]]; readonly length: number }>
> = {
  wechat: { begin: ["10", "11", "12", "13", "14", "15"], length: 18 },
  alipay: { begin: ["28"], length: 18 },
  unionpay: { begin: ["62"], length: 19 },
  "e-cny": { begin: ["01"], length: 19 },
  qq: { begin: ["91"], length: 18 },
};

/** A payment code as a customer's phone would show it in this wallet. */
export function codeOf(wallet: Wallet, entropy: Entropy): string {
  const { begin, length } = forms[wallet];
  const [first = 0, ...others] = entropy.bytes(length - 1);
  return `${begin[first % begin.length] ?? begin[0]}${others.map((byte) => byte % 10).join("")}`;
}

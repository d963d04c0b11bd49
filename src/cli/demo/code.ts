import type { Entropy } from "../../runtime/ports.ts";

/** A payment code as a customer's phone would show it: 18 digits, of which the first two are 10 to 15. */
export function randomCode(entropy: Entropy): string {
  const [first = 0, ...others] = entropy.bytes(17);
  return `${10 + (first % 6)}${others.map((byte) => byte % 10).join("")}`;
}

/** A code of Alipay's, which no WeChat merchant can charge: 18 digits that begin with 28. */
export function alipayCode(entropy: Entropy): string {
  return `28${[...entropy.bytes(16)].map((byte) => byte % 10).join("")}`;
}

/** WeChat Pay v2 as the core reads it (money rule 18). */
import type { ProviderFacts } from "../../core/payment/provider.ts";
import type { Wallet } from "../../core/payment/wallet.ts";
import type { WechatV2Settings } from "./account.ts";
import { payeeOf } from "./merchant.ts";

/** Its waits, in milliseconds; a configuration replaces some, tests replace more. */
export interface WechatV2Timing {
  /** Between two queries, and before the first one after USERPAYING (money rule 8). */
  readonly queryEveryMs: number;
  /** From the charge to the last query and the decision to reverse (money rule 8). */
  readonly giveUpAfterMs: number;
  /** From the charge to the first reversal or refund (WeChat Pay v2, reverse: at least 15 s). */
  readonly reverseNotBeforeMs: number;
  /** From the booking of a NATIVE order to its first closing (WeChat Pay v2, closeorder: at least 5 minutes). */
  readonly closeNotBeforeMs: number;
  /** From the last moment a charge may have been in flight to an absence that counts (money rule 9). */
  readonly confirmNotBeforeMs: number;
  /** From the first to the last of the absences that stand for the host that was charged (money rule 9). */
  readonly absentForMs: number;
}

/** The usual waits (money rules 8 and 9). */
export const wechatV2Timing: WechatV2Timing = {
  queryEveryMs: 5_000,
  giveUpAfterMs: 45_000,
  reverseNotBeforeMs: 15_000,
  closeNotBeforeMs: 300_000,
  confirmNotBeforeMs: 60_000,
  absentForMs: 600_000,
};

/** So many absences stand for the one of the host that was charged (money rule 9). */
const ABSENCES_MIN = 5;

/** What the core has to know of one merchant. */
export function wechatV2Facts(
  { id, charges, wallets }: { id: string; charges: boolean; wallets: readonly Wallet[] },
  { merchant, hosts, notifyUrl }: Pick<WechatV2Settings, "merchant" | "hosts" | "notifyUrl">,
  timing: WechatV2Timing = wechatV2Timing,
): ProviderFacts {
  const reverse = {
    way: "reverse",
    notBeforeMs: timing.reverseNotBeforeMs,
    confirm: "payment",
    overdue: null,
  } as const;
  const close = {
    way: "close",
    notBeforeMs: timing.closeNotBeforeMs,
    confirm: "payment",
    overdue: null,
  } as const;
  const refund = {
    way: "refund",
    notBeforeMs: timing.reverseNotBeforeMs,
    confirm: "refund",
    overdue: null,
  } as const;
  return {
    payee: payeeOf(id, merchant),
    charges,
    wallets,
    chargeProves: true,
    needsClock: false,
    hosts,
    queryEveryMs: timing.queryEveryMs,
    giveUpAfterMs: timing.giveUpAfterMs,
    undo: { cpm: { unpaid: reverse, paid: reverse }, mpm: { unpaid: close, paid: refund } },
    // Without an address for its notifications WeChat Pay books no order that is scanned.
    offersCode: notifyUrl !== null,
    absence: {
      notBeforeMs: timing.confirmNotBeforeMs,
      count: ABSENCES_MIN,
      lastingMs: timing.absentForMs,
    },
  };
}

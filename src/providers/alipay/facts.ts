/** Alipay as the core reads it (money rule 18). */
import type { ProviderFacts, UndoFacts } from "../../core/payment/provider.ts";
import type { Wallet } from "../../core/payment/wallet.ts";
import type { AlipaySettings } from "./account.ts";
import { payeeOf } from "./seller.ts";

/** Its waits, in milliseconds; a configuration replaces some, tests replace more. */
export interface AlipayTiming {
  /** Between two queries, and before the first one after 10003 (money rule 8). */
  readonly queryEveryMs: number;
  /** From the charge to the last query and the decision to cancel (money rule 8). */
  readonly giveUpAfterMs: number;
  /** From the charge to the first cancel. Alipay names no least time; a charge may be on its way for so long (money rule 9). */
  readonly reverseNotBeforeMs: number;
  /** From the last moment a charge may have been in flight to an absence that counts (money rule 9). */
  readonly confirmNotBeforeMs: number;
  /** From the first to the last of the absences that stand for the host that was charged (money rule 9). */
  readonly absentForMs: number;
}

/** The usual waits (money rules 8 and 9). */
export const alipayTiming: AlipayTiming = {
  queryEveryMs: 5_000,
  giveUpAfterMs: 45_000,
  reverseNotBeforeMs: 15_000,
  confirmNotBeforeMs: 60_000,
  absentForMs: 600_000,
};

/** So many absences stand for the one of the host that was charged (money rule 9). */
const ABSENCES_MIN = 5;

/** What the core has to know of one account. */
export function alipayFacts(
  { id, charges, wallets }: { id: string; charges: boolean; wallets: readonly Wallet[] },
  { seller, hosts }: Pick<AlipaySettings, "seller" | "hosts">,
  timing: AlipayTiming,
): ProviderFacts {
  const notBeforeMs = timing.reverseNotBeforeMs;
  // A cancel is taken on the day of the payment only; what is refused as too late goes back by a refund.
  const cancel: UndoFacts = {
    ...{ way: "cancel", notBeforeMs, confirm: "payment" },
    overdue: { way: "refund", notBeforeMs, confirm: "refund" },
  };
  return {
    payee: payeeOf(id, seller),
    ...{ charges, wallets, hosts },
    // One page of Alipay's says that 10000 is a payment, another that it may still be rolled back.
    chargeProves: false,
    needsClock: true,
    queryEveryMs: timing.queryEveryMs,
    giveUpAfterMs: timing.giveUpAfterMs,
    undo: { cpm: { unpaid: cancel, paid: cancel }, mpm: null },
    offersCode: false,
    absence: {
      notBeforeMs: timing.confirmNotBeforeMs,
      count: ABSENCES_MIN,
      lastingMs: timing.absentForMs,
    },
  };
}

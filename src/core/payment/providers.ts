/** Which of the configured providers an order belongs to, or a code goes to, and what of its facts holds for the order. */
import { invariant } from "../kernel/defect.ts";
import type { Intent, Payee } from "./order.ts";
import type { Payment } from "./payment.ts";
import type { ProviderFacts, UndoFacts } from "./provider.ts";
import type { Rules } from "./rules.ts";
import type { Wallet } from "./wallet.ts";

/** The facts by which an order is asked about and taken back: those of its own account, whoever is charged through now. */
export function factsOf({ payee }: Pick<Intent, "payee">, { providers }: Rules): ProviderFacts {
  const facts = providers.get(payee.provider);
  invariant(
    facts?.payee.key === payee.key,
    "an order that is dealt with belongs to an account that is configured",
  );
  return facts;
}

/** Whether the box still speaks for this account: the id is there, and means the same account as before. */
export function knows({ provider, key }: Payee, { providers }: Rules): boolean {
  return providers.get(provider)?.payee.key === key;
}

/** How this order is taken back now. The only place where the mode decides about money. */
export function undoOf(
  { intent, seenPaid, phase }: Pick<Payment, "intent" | "seenPaid" | "phase">,
  facts: ProviderFacts,
): UndoFacts {
  const undoing = facts.undo[intent.mode];
  invariant(undoing !== null, "a code of ours was offered where it can be taken back");
  if (!seenPaid) return undoing.unpaid;
  const { overdue } = undoing.paid;
  const isDue = phase.name === "reversing" && phase.overdue === "paid" && overdue !== null;
  return isDue ? { ...overdue, overdue: null } : undoing.paid;
}

/** Those through which new orders are charged, in the order of the configuration. */
export function chargingProviders({ providers }: Rules): readonly ProviderFacts[] {
  return [...providers.values()].filter(({ charges }) => charges);
}

/** The one through which a code of this wallet is charged, null where nobody takes it. */
export function providerFor(wallet: Wallet, rules: Rules): ProviderFacts | null {
  return chargingProviders(rules).find(({ wallets }) => wallets.includes(wallet)) ?? null;
}

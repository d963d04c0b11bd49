/**
 * Whether a payment can begin now, and whether one whose intent is durable may still leave: what stands against it, for the box
 * and for each provider (money rules 4, 12, 15 and 17). One provider's trouble takes only its own wallets out of service; the box
 * is out when none is left.
 */
import type { ProbeFailure } from "./answers.ts";
import { type Blocker, type ProviderBlocker, providerBlockers } from "./blocker.ts";
import type { Box } from "./box.ts";
import type { Intent } from "./order.ts";
import { isOpen, type Payment } from "./payment.ts";
import type { ProviderFacts } from "./provider.ts";
import { chargingProviders, factsOf } from "./providers.ts";
import type { Rules } from "./rules.ts";
import type { Wallet } from "./wallet.ts";

/**
 * After so many reversals in a row without a signed answer a provider counts as one through which nothing can be taken back, and
 * nothing is charged through it (money rule 4): it may answer queries and yet not know the client certificate.
 */
const MUTE_ROUNDS = 3;

/** How many unresolved orders of one provider may stand behind the front (money rule 12). */
export const UNRESOLVED_MAX = 4;

/** Why a box takes no payment, and which provider's trouble it is where it is one's: that of the one nearest to service. */
export interface Outage {
  readonly blocker: Blocker;
  readonly provider: string | null;
}

/** Why nothing new is charged through this provider now, the reason to show first; null where nothing stands against it. */
export function providerBlockerOf(
  { health, held, orders, clockTrusted }: Box,
  { payee, wallets, needsClock }: ProviderFacts,
): ProviderBlocker | null {
  const now = health.get(payee.provider);
  if (held.some(({ wallet }) => wallet !== null && wallets.includes(wallet))) return "account-gone";
  if (!now?.proved) return "unproved";
  let open = 0;
  for (const payment of orders.values()) {
    if (payment.intent.payee.provider !== payee.provider) continue;
    if (isReversalMute(payment)) return "cannot-reverse";
    if (isOpen(payment)) open += 1;
  }
  if (needsClock && !clockTrusted) return "clock-untrusted";
  if (now.unclear) return "unclear";
  // No payment begins while one is in front, so that all open orders stand behind.
  return open >= UNRESOLVED_MAX ? "unresolved" : null;
}

/** Why no payment can begin now, the reason to show first; null where one can. */
export function outageOf(box: Box, rules: Rules): Outage | null {
  if (box.stopping) return ofBox("stopping");
  if (box.journalBroken) return ofBox("journal-broken");
  if (box.journalDamaged) return ofBox("journal-damaged");
  if (box.room === false) return ofBox("disk-full");
  if (box.violation !== null) return ofBox("invariant-broken");
  if (!rules.sells) return ofBox("misconfigured");
  // Of which wallets such an order's account was nobody knows any more: of all.
  if (box.held.some(({ wallet }) => wallet === null)) return ofBox("account-gone");
  const nearest = nearestToService(box, rules);
  if (nearest !== null && toldFirst.has(nearest.blocker)) return nearest;
  if (box.room === null) return ofBox("unproved");
  if (!box.scannerReady) {
    const offering = nearest === null ? freeProviders(box, rules) : chargingProviders(rules);
    if (!offering.some(({ offersCode }) => offersCode)) return ofBox("no-scanner");
  }
  if (!box.keypadReady && hasKeys(rules)) return ofBox("no-keypad");
  if (!box.relayReady) return ofBox("no-relay");
  if (nearest !== null) return nearest;
  if (box.inhibited) return ofBox("inhibited");
  return box.pausedUntil === null ? null : ofBox("paused");
}

/** What `outageOf` names without whose trouble it is. */
export function blockerOf(box: Box, rules: Rules): Blocker | null {
  return outageOf(box, rules)?.blocker ?? null;
}

/** What the last probe of this outage's provider found wrong, null where it is none's or nothing was found yet. */
export function failureIn({ health }: Box, { provider }: Outage): ProbeFailure | null {
  // No provider's id is empty.
  return health.get(provider ?? "")?.failure ?? null;
}

/** Those through which a payment could begin now, as far as they go, in the order of the configuration. */
export function freeProviders(box: Box, rules: Rules): readonly ProviderFacts[] {
  return chargingProviders(rules).filter((facts) => providerBlockerOf(box, facts) === null);
}

/** The wallets that can pay now. */
export function freeWallets(box: Box, rules: Rules): readonly Wallet[] {
  return freeProviders(box, rules).flatMap(({ wallets }) => wallets);
}

/**
 * Whether the charge of an order whose intent has become durable may still leave: the flush may have taken seconds, and the
 * preconditions of a charge are those of the moment in which it leaves, for another host as well (money rules 4, 12 and 14). What
 * counts is its own provider, however well another one may be. A pause is about the codes that come next, and this code has been
 * read; a box that has contradicted itself claims nothing, its last net keeps the charge.
 */
export function mayCharge(box: Box, intent: Intent, rules: Rules): boolean {
  const orders = new Map(box.orders);
  orders.delete(intent.outTradeNo);
  const others: Box = { ...box, orders, scannerReady: true, pausedUntil: null, violation: null };
  return providerBlockerOf(others, factsOf(intent, rules)) === null && blockerOf(others, rules) === null;
}

/** Whether a charge of which nothing has left may be tried at another host. */
export function mayMoveOn(box: Box, intent: Intent, rules: Rules): boolean {
  return box.violation === null && mayCharge(box, intent, rules);
}

/** Whether people say by keys what is to be paid. */
export function hasKeys({ amount }: Rules): boolean {
  return amount.source === "keypad" || amount.source === "menu";
}

/** What is told before the state of the devices. */
const toldFirst: ReadonlySet<Blocker> = new Set(["misconfigured", "account-gone", "unproved"] as const);

/** Where every provider is blocked, the one that is nearest to service, the first of several alike; null where one is free. */
function nearestToService(box: Box, rules: Rules): Outage | null {
  let nearest: { readonly blocker: ProviderBlocker; readonly provider: string } | null = null;
  for (const facts of rules.providers.values()) {
    if (!facts.charges) continue;
    const blocker = providerBlockerOf(box, facts);
    if (blocker === null) return null;
    if (nearest === null || distance(blocker) < distance(nearest.blocker))
      nearest = { blocker, provider: facts.payee.provider };
  }
  return nearest ?? ofBox("misconfigured");
}

function distance(blocker: ProviderBlocker): number {
  return -providerBlockers.indexOf(blocker);
}

function isReversalMute({ phase }: Payment): boolean {
  const taken = phase.name === "reversing" && (phase.heard === "again" || phase.heard === "done");
  return phase.name === "reversing" && !taken && phase.rounds >= MUTE_ROUNDS;
}

function ofBox(blocker: Blocker): Outage {
  return { blocker, provider: null };
}

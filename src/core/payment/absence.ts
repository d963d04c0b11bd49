/**
 * What it takes to believe that an order is not there (money rule 9). A signed "no such order" names no order: nothing binds
 * it to its question but the connection on which it came, so each is asked for on a connection of its own, and one alone
 * proves nothing.
 */
import { after, type Instant } from "../kernel/instant.ts";
import type { AbsenceFacts, ProviderFacts } from "./provider.ts";

/** Absences of one order in a row: no other signed answer to a query stood between them. */
export interface Absences {
  /** The hosts that said so since this start, in the order in which they did. */
  readonly hosts: readonly string[];
  /** How many there were in a row, those of earlier starts included. */
  readonly count: number;
  /** Running time from the first of them to the last: what passed while the box was off is not in it. */
  readonly runMs: number;
  /** From when running time counts: the newest absence, or the start where that was later. Null where there is none. */
  readonly since: Instant | null;
}

/** Where nobody has said so yet, or somebody has said otherwise. */
export const noAbsences: Absences = { hosts: [], count: 0, runMs: 0, since: null };

/** Goes on where an earlier run of the process stood, as the journal tells it. */
export function resumedAbsences(
  known: { readonly absences: number; readonly runMs: number } | undefined,
  now: Instant,
): Absences {
  if (known === undefined || known.absences === 0) return noAbsences;
  return { hosts: [], count: known.absences, runMs: known.runMs, since: now };
}

/** One more, by `host`, asked for at `askedAt` and heard at `now`: the time on its way is in no span. */
export function withAbsence(absences: Absences, host: string, askedAt: Instant, now: Instant): Absences {
  const { hosts, count, runMs, since } = absences;
  const passed = since === null ? 0 : Math.max(0, askedAt - since);
  return { hosts: [...hosts, host], count: count + 1, runMs: runMs + passed, since: now };
}

/** Whether an absence that was asked for at `askedAt` counts at all: the charge may still have been in flight. */
export function absencesCountFrom(answeredAt: Instant, { notBeforeMs }: AbsenceFacts): Instant {
  return after(answeredAt, notBeforeMs);
}

/** Whether absences are so many and so far apart that they need no host in particular. */
export function isLasting({ count, runMs }: Absences, facts: AbsenceFacts): boolean {
  return count >= facts.count && runMs >= facts.lastingMs;
}

/**
 * Whether an order is not there: two absences, one of them by the host that was charged, by every host where nobody knows
 * which one that was; or lasting ones, for a host may never come back.
 */
export function isAbsent(
  absences: Absences,
  chargedHost: string | null,
  provider: Pick<ProviderFacts, "hosts">,
  facts: AbsenceFacts,
): boolean {
  const { hosts } = absences;
  const wanted = chargedHost === null ? provider.hosts : [chargedHost];
  const said = hosts.length >= 2 && wanted.every((host) => hosts.includes(host));
  return said || isLasting(absences, facts);
}

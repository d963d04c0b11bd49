/**
 * Whether a provider knows this box and can be believed: the condition for every new charge (money rules 4 and 12).
 * `proved` comes only from a probe; `unclear` stands from an unsigned silence until any signed answer.
 */
import { after, type Instant } from "../kernel/instant.ts";
import { waitAfter } from "../kernel/waits.ts";
import type { ChargeAnswer, ProbeAnswer, ProbeFailure, QueryAnswer, UndoAnswer } from "./answers.ts";
import type { ProviderFacts } from "./provider.ts";
import type { Timing } from "./rules.ts";

/** How far a provider can be believed now. */
export interface ProviderHealth {
  readonly proved: boolean;
  readonly unclear: boolean;
  /** What the last probe, or the provider's refusal of this account, said; null while nothing is wrong. */
  readonly failure: ProbeFailure | null;
  /** When the next probe is due, `inFlight` while one is under way, null where none is needed. */
  readonly probe: Instant | "inFlight" | null;
  /** Probes that failed in a row. */
  readonly failures: number;
}

/** ProviderHealth at the start of a process: none, and a probe at once. */
export function unverifiedHealth(now: Instant): ProviderHealth {
  return { proved: false, unclear: false, failure: null, probe: now, failures: 0 };
}

/** When a probe is due; null where none is needed, or one is under way. */
export function probeAt({ probe }: ProviderHealth): Instant | null {
  return probe === "inFlight" ? null : probe;
}

/** ProviderHealth after an answer to any call of an order. */
export function afterAnswer(
  trust: ProviderHealth,
  answer: ChargeAnswer | QueryAnswer | UndoAnswer,
  now: Instant,
  timing: Timing,
  { queryEveryMs }: Pick<ProviderFacts, "queryEveryMs">,
): ProviderHealth {
  if (answer.kind === "not-sent") return trust;
  if (answer.kind === "declined" && (answer.reason === "configuration" || answer.reason === "request")) {
    const failures = timing.probeAgainMs.length;
    const failure = answer.reason === "request" ? "request" : "account";
    return { ...trust, ...again(trust, failures, now, timing), proved: false, failure, failures };
  }
  if (answer.kind !== "unknown" || (answer.signed && answer.why !== "clock")) {
    return {
      ...trust,
      unclear: false,
      probe: trust.proved && trust.probe !== "inFlight" ? null : trust.probe,
    };
  }
  switch (answer.why) {
    case "unsigned-refusal":
    case "bad-signature":
      return { ...trust, unclear: true, proved: false, probe: trust.probe ?? now };
    case "clock":
      // The next charge would be told the same: a probe has to show first that our time is right again.
      return {
        ...trust,
        unclear: !answer.signed,
        proved: false,
        failure: "clock",
        probe: trust.probe ?? now,
      };
    case "silence":
    case "http-status":
    case "malformed":
    case "mismatch":
    case "system-error":
    case "unlisted-code":
    case "configuration":
    case "request":
      return { ...trust, unclear: true, probe: trust.probe ?? after(now, queryEveryMs) };
  }
}

/** ProviderHealth after a probe. */
export function afterProbe(
  trust: ProviderHealth,
  answer: ProbeAnswer,
  now: Instant,
  timing: Timing,
): ProviderHealth {
  if (answer.kind === "passed") {
    return { proved: true, unclear: false, failure: null, probe: null, failures: 0 };
  }
  const landed: ProviderHealth = { ...trust, probe: null };
  return {
    ...landed,
    ...again(landed, trust.failures, now, timing),
    proved: false,
    failure: answer.why,
    failures: trust.failures + 1,
  };
}

function again(
  trust: ProviderHealth,
  failures: number,
  now: Instant,
  timing: Timing,
): Pick<ProviderHealth, "probe"> {
  if (trust.probe === "inFlight") return { probe: "inFlight" };
  return { probe: after(now, waitAfter(timing.probeAgainMs, failures)) };
}

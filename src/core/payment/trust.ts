/**
 * Whether WeChat Pay knows this box and can be believed: the condition for every new charge (money rules 4 and 12).
 * `proved` comes only from a probe; `unclear` stands from an unsigned silence until any signed answer.
 */
import { after, type Instant } from "../kernel/instant.ts";
import { waitAfter } from "../kernel/waits.ts";
import type { ChargeAnswer, ProbeAnswer, ProbeFailure, QueryAnswer, UndoAnswer } from "./answers.ts";
import type { Timing } from "./rules.ts";

/** How far WeChat Pay can be believed now. */
export interface Trust {
  readonly proved: boolean;
  readonly unclear: boolean;
  /** What the last probe, or WeChat's refusal of this merchant, said; null while nothing is wrong. */
  readonly failure: ProbeFailure | null;
  /** When the next probe is due, `flying` while one is under way, null where none is needed. */
  readonly probe: Instant | "flying" | null;
  /** Probes that failed in a row. */
  readonly failures: number;
}

/** Trust at the start of a process: none, and a probe at once. */
export function noTrust(now: Instant): Trust {
  return { proved: false, unclear: false, failure: null, probe: now, failures: 0 };
}

/** Whether a new charge may leave as far as trust goes. */
export function isTrusted(trust: Trust): boolean {
  return trust.proved && !trust.unclear;
}

/** Trust after an answer to any call of an order. */
export function afterAnswer(
  trust: Trust,
  answer: ChargeAnswer | QueryAnswer | UndoAnswer,
  now: Instant,
  timing: Timing,
): Trust {
  if (answer.kind === "not-sent") return trust;
  if (answer.kind === "declined" && (answer.reason === "configuration" || answer.reason === "request")) {
    const failures = timing.probeAgainMs.length;
    const failure = answer.reason === "request" ? "request" : "merchant";
    return { ...trust, ...again(trust, failures, now, timing), proved: false, failure, failures };
  }
  if (answer.kind !== "unknown" || answer.signed) {
    return { ...trust, unclear: false, probe: trust.proved && trust.probe !== "flying" ? null : trust.probe };
  }
  switch (answer.why) {
    case "unsigned-refusal":
    case "bad-signature":
      return { ...trust, unclear: true, proved: false, probe: trust.probe ?? now };
    case "silence":
    case "http-status":
    case "malformed":
    case "mismatch":
    case "system-error":
    case "unlisted-code":
    case "configuration":
    case "request":
      return { ...trust, unclear: true, probe: trust.probe ?? after(now, timing.queryEveryMs) };
  }
}

/** Trust after a probe. */
export function afterProbe(trust: Trust, answer: ProbeAnswer, now: Instant, timing: Timing): Trust {
  if (answer.kind === "passed") {
    return { proved: true, unclear: false, failure: null, probe: null, failures: 0 };
  }
  const landed: Trust = { ...trust, probe: null };
  return {
    ...landed,
    ...again(landed, trust.failures, now, timing),
    proved: false,
    failure: answer.why,
    failures: trust.failures + 1,
  };
}

function again(trust: Trust, failures: number, now: Instant, timing: Timing): Pick<Trust, "probe"> {
  if (trust.probe === "flying") return { probe: "flying" };
  return { probe: after(now, waitAfter(timing.probeAgainMs, failures)) };
}

import type { ProbeFailure } from "./answers.ts";
import type { Blocker } from "./blocker.ts";
import type { Box } from "./box.ts";
import { failureIn, type Outage } from "./readiness.ts";

/** Why a box takes no payment, where a code says it to support. */
export type CodedBlocker = Exclude<Blocker, "unclear" | "unproved" | "inhibited" | "paused">;

/** The codes that people read to support. A number never changes its meaning. */
const codes: Readonly<Record<CodedBlocker | ProbeFailure, string>> = {
  stopping: "E10",
  "journal-broken": "E11",
  "journal-damaged": "E20",
  "disk-full": "E17",
  "account-gone": "E12",
  unresolved: "E13",
  "no-scanner": "E14",
  "no-relay": "E15",
  "invariant-broken": "E16",
  misconfigured: "E19",
  "no-keypad": "E18",
  "certificate-missing": "E21",
  "certificate-mismatch": "E22",
  "certificate-expired": "E23",
  "cannot-reverse": "E24",
  "clock-untrusted": "E25",
  clock: "E25",
  "api-key": "E31",
  account: "E32",
  request: "E34",
  "no-trust": "E33",
  "no-network": "E41",
  "no-answer": "E42",
};

/** The code of an outage; null where it passes by itself, and a screen says all there is. */
export function codeOf(box: Box, outage: Outage): string | null {
  const { blocker } = outage;
  switch (blocker) {
    case "unclear":
    case "inhibited":
    case "paused":
      return null;
    case "unproved": {
      const failure = failureIn(box, outage);
      return failure === null ? null : codes[failure];
    }
    default:
      return codes[blocker];
  }
}

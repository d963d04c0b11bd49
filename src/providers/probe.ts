import type { ProbeAnswer, ProbeFailure, QueryAnswer } from "../core/payment/answers.ts";

/** What a query of an order that nobody made proves: only a signed "no such order" passes (money rule 4). */
export function probeAnswerOf(answer: QueryAnswer): ProbeAnswer {
  return answer.kind === "absent" ? { kind: "passed" } : { kind: "failed", why: whyProbeFailed(answer) };
}

function whyProbeFailed(answer: QueryAnswer): ProbeFailure {
  if (answer.kind === "not-sent") return answer.why === "no-trust" ? "no-trust" : "no-network";
  if (answer.kind !== "unknown") return "no-answer";
  switch (answer.why) {
    case "unsigned-refusal":
    case "bad-signature":
      return "api-key";
    case "configuration":
    case "mismatch":
      return "account";
    case "request":
      return "request";
    case "clock":
      return "clock";
    case "silence":
    case "http-status":
    case "malformed":
    case "system-error":
    case "unlisted-code":
      return "no-answer";
  }
}

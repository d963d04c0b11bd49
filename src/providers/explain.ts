/** A recorded pair of request and reply, and what it says: for whoever has to explain to a merchant what happened. */
import * as z from "zod";
import { accept, type Result, refuse } from "../core/kernel/result.ts";
import type { ChargeAnswer, QueryAnswer, UndoAnswer, UnknownReason } from "../core/payment/answers.ts";
import type { HttpsOutcome } from "../runtime/ports.ts";

/** How the reply is signed; `refused`: its form is not to be trusted; `valid-unescaped`: see src/providers/alipay/README.md. */
export type SignatureWord = "valid" | "valid-unescaped" | "invalid" | "absent" | "unverifiable" | "refused";

/** What this one reply means for its order. */
export const outcomeWords = {
  paid: "Every field of the proof is there and equal.",
  "paid-confirm": "It says paid; the box believes it once a query says so too.",
  pending: "The customer has not paid yet; the box asks again.",
  unknown: "It proves nothing: the box asks again, and never takes it for a failure.",
  declined: "Final: nothing was charged.",
  config:
    "Refused for the account or for what the request says; the box charges nothing more until a probe passes.",
  contradiction: "Correctly signed, but not about this order, amount or account: never paid.",
  "query-number": "The number is known at the provider: the box only asks, and never takes back.",
  manual: "The number is somebody else's, or nothing can be given back any more: for people.",
  "not-found": "There is no such order; one sighting of several that end a reversal.",
  "confirmed-unpaid": "Closed and not paid: that ends a reversal.",
  "confirmed-refunded": "Closed, and the money went back: that ends a reversal.",
  "was-paid": "It was paid, and money went back, all of it or a part.",
  reverse: "The payment broke off: the box takes it back without waiting.",
  "reverse-answered": "The reversal was accepted; only a query confirms it.",
  "reverse-again": "The box asks for the reversal again.",
  "refund-instead":
    "It is too late for this; the box gives the money back by a refund once a query shows it paid.",
  "refund-pending": "The refund was accepted; only its query confirms it.",
  refunded: "The money went back.",
  "refund-query": "Neither success nor failure: the query of the refund tells.",
  "refund-again": "The box sends the same refund again.",
  "refund-not-seen": "There is no such refund yet: the box waits, asks, and sends the same one again.",
  "bill-address": "The bill can be fetched there.",
  bill: "This is a bill.",
} as const;

/** A word of the table. */
export type OutcomeWord = keyof typeof outcomeWords;

/** What a pair says, and why, in one sentence. */
export interface Explanation {
  readonly signature: SignatureWord;
  readonly outcome: OutcomeWord;
  readonly why: string;
}

/** Reads a pair by the code that reads replies in the box; the reason is a clause. */
export type Explain = (pair: RecordedPair, terms: ExplainTerms) => Result<Explanation, string>;

/** What the request does not carry. */
export interface ExplainTerms {
  /** Keys as the fixtures have them, read as JSON; null where none were given. */
  readonly keys: unknown;
  readonly amountFen: number | null;
  readonly nonce: string | null;
}

const headers = z.record(z.string(), z.union([z.string(), z.array(z.string())])).default({});

const pairSchema = z.object({
  id: z
    .string()
    .regex(/^\P{Cc}{1,64}$/u)
    .optional(),
  now: z.number().optional(),
  request: z.object({
    method: z.string().max(16).default("POST"),
    url: z.string().max(16_384),
    headers,
    body: z
      .string()
      .max(262_144)
      .nullish()
      .transform((body) => body ?? ""),
  }),
  response: z
    .object({
      status: z.int(),
      headers,
      body: z.string().max(1_048_576).optional(),
      bodyBase64: z.base64().max(1_400_000).optional(),
    })
    .nullable()
    .default(null),
});

/** A pair as it was recorded; `outcome` is what the link would have told. */
export interface RecordedPair {
  readonly id: string | null;
  readonly url: URL;
  readonly method: string;
  readonly body: string;
  readonly outcome: HttpsOutcome;
  /** The clock to assume, seconds since 1970; null for the time of the reply. */
  readonly now: number | null;
}

/** Reads a file of one pair, of a list of them, or of a list below `cases`; the reason is a clause. */
export function recordedPairs(text: string): Result<readonly RecordedPair[], string> {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return refuse("is no JSON");
  }
  const listed = typeof read === "object" && read !== null && "cases" in read ? read.cases : read;
  const pairs: RecordedPair[] = [];
  for (const one of Array.isArray(listed) ? listed : [listed]) {
    const parsed = pairSchema.safeParse(one);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      // Deeper names are the file's own.
      const at = issue?.path.slice(0, 2).join(".") ?? "";
      return refuse(`is no recorded pair: ${at} ${issue?.message ?? ""}`);
    }
    const { request, response, id = null, now = null } = parsed.data;
    if (!URL.canParse(request.url)) return refuse("is no recorded pair: request.url is no address");
    pairs.push({
      ...{ id, now, url: new URL(request.url), method: request.method, body: request.body },
      outcome: response === null ? { kind: "unanswered", why: "timeout" } : answered(response),
    });
  }
  return accept(pairs);
}

type Recorded = NonNullable<z.output<typeof pairSchema>["response"]>;

function answered({ status, headers, body, bodyBase64 }: Recorded): HttpsOutcome {
  const bytes =
    bodyBase64 === undefined ? Buffer.from(body ?? "", "utf8") : Buffer.from(bodyBase64, "base64");
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return { kind: "answered", status, headers: Object.fromEntries(lower), body: bytes };
}

/** What an answer to a charge means. */
export function chargeWord(
  answer: ChargeAnswer,
  { chargeProves }: { readonly chargeProves: boolean },
): OutcomeWord {
  switch (answer.kind) {
    case "paid":
      return chargeProves ? "paid" : "paid-confirm";
    case "declined":
      return answer.reason === "configuration" || answer.reason === "request" ? "config" : "declined";
    case "ordered":
    case "pending":
      return "pending";
    case "number-conflict":
      return "query-number";
    case "refused-unconfirmed":
    case "not-sent":
      return "unknown";
    case "unknown":
      return unknownWord(answer.why);
  }
}

/** What an answer to a query means. */
export function queryWord(answer: QueryAnswer): OutcomeWord {
  switch (answer.kind) {
    case "paid":
      return "paid";
    case "refunded":
      return "was-paid";
    case "closed":
      return answer.paidOnce ? "confirmed-refunded" : "confirmed-unpaid";
    case "unpaid":
      return "pending";
    case "failed":
      return "reverse";
    case "absent":
      return "not-found";
    case "foreign":
      return "contradiction";
    case "not-sent":
      return "unknown";
    case "unknown":
      return unknownWord(answer.why);
  }
}

/** What an answer to a reversal means; `overdue`: whether there is another way once it is too late. */
export function undoWord(answer: UndoAnswer, overdue: boolean): OutcomeWord {
  switch (answer.kind) {
    case "done":
      return "reverse-answered";
    case "expired":
      return overdue ? "refund-instead" : "manual";
    case "paid":
    case "again":
    case "unknown":
    case "not-sent":
      return "reverse-again";
  }
}

/** What an answer to a refund means. */
export function refundWord(answer: UndoAnswer): OutcomeWord {
  switch (answer.kind) {
    case "done":
    case "paid":
      return "refund-pending";
    case "expired":
      return "manual";
    case "again":
      return "refund-again";
    case "unknown":
    case "not-sent":
      return "refund-query";
  }
}

function unknownWord(why: UnknownReason): OutcomeWord {
  return why === "mismatch" ? "contradiction" : "unknown";
}

/** An answer, as far as a sentence is made of it, and its word. */
export interface Said {
  readonly word: OutcomeWord;
  readonly answer: { readonly kind: string; readonly why?: string; readonly code?: string | null };
}

/** What stands beside an answer: the provider's own words about a refusal, and the members that say something else than the request. */
export interface Beside {
  readonly signature: SignatureWord;
  readonly words: string | null;
  readonly differing: readonly string[];
}

/** A pair explained: why its answer is what it is, in one sentence. */
export function explanationOf(
  { word: outcome, answer }: Said,
  { signature, words, differing }: Beside,
): Explanation {
  const says = signature === "refused" ? null : (words ?? answer.code ?? null);
  const sentence = sentenceOf(outcome, answer, signature, differing);
  const why = says === null ? sentence : `${sentence.replace(/\.$/, "")} (${says.trim()}).`;
  return { signature, outcome, why: why.replace(/\p{Cc}+/gu, " ") };
}

function sentenceOf(
  outcome: OutcomeWord,
  answer: Said["answer"],
  signature: SignatureWord,
  differing: readonly string[],
): string {
  const others = differing.length === 0 ? null : differing.join(" and ");
  if (answer.kind === "foreign")
    return `It is signed, and its ${others ?? "mark"} is that of another intent: the number is somebody else's.`;
  if (answer.kind !== "unknown") return outcomeWords[outcome];
  if (answer.why === "mismatch" && others !== null)
    return `It is signed, but its ${others} ${differing.length === 1 ? "is" : "are"} not what the request names.`;
  if (answer.why === "bad-signature" && signature === "unverifiable")
    return "No key is at hand that this signature could be verified with.";
  return unknownReasons[answer.why as UnknownReason];
}

/** How the text of a reply is signed, whatever its status: `opened` looks at the same text as if it had been 200. */
export function withUsualStatus(outcome: HttpsOutcome): HttpsOutcome {
  return outcome.kind === "answered" ? { ...outcome, status: 200 } : outcome;
}

const unknownReasons: Readonly<Record<UnknownReason, string>> = {
  silence: "No reply came.",
  "http-status": "The HTTP status is none that the provider answers with: something between may have spoken.",
  malformed:
    "The reply cannot be read safely: its form is wrong, a name stands twice, or a part of the proof is missing.",
  "unsigned-refusal": "The reply bears no signature, so it decides nothing.",
  "bad-signature": "The signature is not that of a key we hold over these bytes.",
  mismatch: "It is signed, but names another order, amount or account than the request.",
  "system-error": "The provider says that it does not know itself.",
  "unlisted-code": "The code is one that no table names.",
  configuration: "The provider refuses the account or its signature.",
  request: "The provider refuses what the request says.",
  clock: "The time of the request or of the reply is too far off.",
};

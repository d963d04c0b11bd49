/**
 * What a provider says a call came to. It has verified everything it names: a kind other than `unknown` and
 * `not-sent` was correctly signed, for this account, this order, this amount and this currency (money rules 5 to 7).
 */

/**
 * Why a charge was refused for good. `configuration`: the account or its signature;
 * `request`: something in what was sent, or that was not.
 */
export type DeclineReason =
  | "code-expired"
  | "code-used"
  | "code-invalid"
  | "funds"
  | "card"
  | "configuration"
  | "request";

/**
 * Why a call ended without a usable answer. `silence` covers time-outs and broken connections after sending; `clock`: the request,
 * or the answer, bore a time that is too far off.
 */
export type UnknownReason =
  | "silence"
  | "http-status"
  | "malformed"
  | "unsigned-refusal"
  | "bad-signature"
  | "mismatch"
  | "system-error"
  | "unlisted-code"
  | "configuration"
  | "request"
  | "clock";

/** Why not one byte of a request reached the provider. */
export type NotSentReason = "no-name" | "no-connection" | "no-trust" | "too-late" | "stopped";

/** `signed` says whether a correctly signed document of the provider's came, whatever it said. */
export interface Unknown {
  readonly kind: "unknown";
  readonly why: UnknownReason;
  readonly signed: boolean;
}

/** Proof that the request's headers were never handed to a socket. */
export interface NotSent {
  readonly kind: "not-sent";
  readonly why: NotSentReason;
}

/**
 * Answers to a charge; `ordered` comes where the customer scans a code of ours, and only there. `refused-unconfirmed` is a refusal that
 * must be queried first; `number-conflict`: the number is known there, by a request that was repeated on the way or by somebody else.
 */
export type ChargeAnswer =
  /** The order stands unpaid; `codeUrl` is what the customer scans. */
  | { readonly kind: "ordered"; readonly codeUrl: string }
  | { readonly kind: "paid"; readonly transactionId: string }
  | { readonly kind: "declined"; readonly reason: DeclineReason; readonly code: string }
  | { readonly kind: "pending" }
  | { readonly kind: "refused-unconfirmed"; readonly code: string }
  | { readonly kind: "number-conflict"; readonly code: string }
  | Unknown
  | NotSent;

/**
 * Answers to a query: `closed` says whether money had moved; `unpaid` whether the customer is still paying, null where the provider
 * does not tell that from an order that nobody pays any more; `failed` is a payment that broke off there; `absent` is "no such order".
 * `unmarked` is there where the document does not bear the random text of our intent.
 */
export type QueryAnswer =
  | { readonly kind: "paid"; readonly transactionId: string; readonly unmarked?: true }
  | { readonly kind: "refunded"; readonly transactionId: string | null; readonly unmarked?: true }
  | { readonly kind: "closed"; readonly paidOnce: boolean; readonly transactionId: string | null }
  | { readonly kind: "unpaid"; readonly paying: boolean | null }
  | { readonly kind: "failed" }
  | { readonly kind: "absent" }
  /** It bears the random text of another intent: the number is somebody else's. What is `open` may still be paid. */
  | { readonly kind: "foreign"; readonly state: "paid" | "open" | "closed" }
  | Unknown
  | NotSent;

/** Answers to an undo: `done` still wants a query to confirm; `expired` can no longer be taken back this way; `again` is any other signed answer. */
export type UndoAnswer =
  | { readonly kind: "done" }
  /** It could not be ended, for it had been paid: the other way is next. */
  | { readonly kind: "paid" }
  | { readonly kind: "again"; readonly code: string | null }
  | { readonly kind: "expired" }
  | Unknown
  | NotSent;

/** Why the box cannot take money, found by the probe (money rule 4). */
export type ProbeFailure =
  | "no-network"
  | "no-trust"
  | "no-answer"
  | "api-key"
  | "account"
  | "request"
  | "certificate-missing"
  | "certificate-mismatch"
  | "certificate-expired"
  | "clock";

/** What the probe came to. */
export type ProbeAnswer =
  | { readonly kind: "passed" }
  | { readonly kind: "failed"; readonly why: ProbeFailure };

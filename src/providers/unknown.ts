import type { Unknown, UnknownReason } from "../core/payment/answers.ts";

/** A genuine document that is not about what was asked. */
export const mismatch: Unknown = { kind: "unknown", why: "mismatch", signed: false };

/** The provider itself spoke and the answer is unknown all the same. */
export function signedUnknown(why: UnknownReason): Unknown {
  return { kind: "unknown", why, signed: true };
}

/** Nothing of the provider's own came. */
export function unsignedUnknown(why: UnknownReason): Unknown {
  return { kind: "unknown", why, signed: false };
}

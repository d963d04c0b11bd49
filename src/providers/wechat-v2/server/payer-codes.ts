/** The error table of the call that asks whose code it is, as data. */
import type { DeclineReason } from "../../../core/payment/answers.ts";
import { declined, faults } from "../order-codes.ts";

/** What an error code says about a code whose owner was asked for. */
export type PayerMeaning =
  | { readonly kind: "declined"; readonly reason: DeclineReason }
  | { readonly kind: "system-error" };

/** WeChat Pay v2, authcodetoopenid, error codes. */
export const payerCodes: ReadonlyMap<string, PayerMeaning> = new Map<string, PayerMeaning>([
  ["SYSTEMERROR", { kind: "system-error" }],
  ["AUTHCODEEXPIRE", declined("code-expired")],
  ["AUTH_CODE_ERROR", declined("code-used")],
  ["AUTH_CODE_INVALID", declined("code-invalid")],
  ...faults,
]);

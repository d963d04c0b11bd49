/**
 * Whose code it is, before anything is charged (WeChat Pay v2, authcodetoopenid): a member is greeted by it. From then on
 * only this merchant can charge the code, until the wallet shows a new one.
 */

import type { DeclineReason, NotSent, Unknown } from "../../../core/payment/answers.ts";
import type { PaymentCode } from "../../../core/payment/payment-code.ts";
import { mismatch, signedUnknown } from "../../unknown.ts";
import type { WechatV2Settings } from "../account.ts";
import { given, isOfAnotherCall } from "../evidence.ts";
import { merchantFields, signed, signTypeSent } from "../message.ts";
import type { Opened } from "../replies.ts";
import { OpenId } from "./open-id.ts";
import { payerCodes } from "./payer-codes.ts";

/** Answers to `/tools/authcodetoopenid`. `subOpenId` is the payer under the sub-merchant's appid, where one was sent. */
export type PayerAnswer =
  | { readonly kind: "known"; readonly openId: OpenId; readonly subOpenId: OpenId | null }
  | { readonly kind: "declined"; readonly reason: DeclineReason; readonly code: string }
  | Unknown
  | NotSent;

/** The signed document that asks whose code it is (WeChat Pay v2, authcodetoopenid). */
export function payerRequest(settings: WechatV2Settings, code: PaymentCode, nonce: string): string {
  return signed(settings, [
    ...merchantFields(settings),
    ["auth_code", code.reveal()],
    ["nonce_str", nonce],
    ["sign_type", signTypeSent(settings)],
  ]);
}

/** Reads whose code it is. The reply does not repeat the code: it is a greeting, and no proof of who pays. */
export function readPayer(opened: Opened): PayerAnswer {
  if (!opened.genuine) return opened.answer;
  const { fields } = opened;
  if (isOfAnotherCall(fields, elsewhere)) return mismatch;
  const result = fields.get("result_code");
  if (result === "FAIL") return refusal(given(fields, "err_code"));
  const openId = given(fields, "openid");
  if (result !== "SUCCESS" || openId === null || openId.length > 128) return signedUnknown("malformed");
  const subOpenId = given(fields, "sub_openid");
  return {
    kind: "known",
    openId: new OpenId(openId),
    subOpenId: subOpenId === null ? null : new OpenId(subOpenId),
  };
}

/** What no reply about a payer holds. */
const elsewhere = ["recall", "trade_state", "trade_type", "transaction_id", "out_trade_no", "out_refund_no"];

function refusal(code: string | null): PayerAnswer {
  const meaning = code === null ? undefined : payerCodes.get(code);
  if (code === null || meaning === undefined) return signedUnknown("unlisted-code");
  if (meaning.kind === "system-error") return signedUnknown("system-error");
  return { ...meaning, code };
}

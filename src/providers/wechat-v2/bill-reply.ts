/** Fetches the bill of a day (WeChat Pay v2, downloadbill), the nightly check of the journal. */
import { invariant } from "../../core/kernel/defect.ts";
import type { NotSent } from "../../core/payment/answers.ts";
import type { HttpsOutcome } from "../../runtime/ports.ts";
import type { WechatV2Settings } from "./account.ts";
import { type Bill, parseBill } from "./bill.ts";
import { given } from "./evidence.ts";
import { merchantFields, signed, signTypeSent } from "./message.ts";
import { type Fields, parseXml } from "./xml.ts";

/** Which bill. */
export interface BillRequest {
  /** `yyyyMMdd` in Beijing, of the last three months; a day's bill is there after 10:00 of the next. */
  readonly date: string;
  readonly type: "ALL" | "SUCCESS" | "REFUND" | "RECHARGE_REFUND";
}

/**
 * Answers to `/pay/downloadbill`. `empty`: nothing was paid that day; `not-ready`: ask after 10:00; `again`: at any time;
 * `foreign`: the bill is another merchant's; `unreadable` names what is wrong with it.
 */
export type BillAnswer =
  | { readonly kind: "bill"; readonly bill: Bill }
  | { readonly kind: "empty" }
  | { readonly kind: "not-ready" }
  | { readonly kind: "again" }
  | { readonly kind: "configuration"; readonly text: string }
  | { readonly kind: "foreign" }
  | { readonly kind: "unreadable"; readonly why: string }
  | NotSent;

/** What is told by the text alone (WeChat Pay v2, downloadbill, `return_msg`), in lower case and without blanks. */
export const billRefusals: ReadonlyMap<string, "empty" | "not-ready" | "again" | "configuration"> = new Map([
  ["nobillexist", "empty"],
  ["billcreating", "not-ready"],
  ["systemerror", "again"],
  ["compressgziperror", "again"],
  ["uncompressgziperror", "again"],
  ["invalidbill_type", "configuration"],
  ["dataformaterror", "configuration"],
  ["missingparameter", "configuration"],
  ["signerror", "configuration"],
]);

/** The signed document that asks for a bill, not compressed. */
export function billRequest(settings: WechatV2Settings, wish: BillRequest, nonce: string): string {
  invariant(/^\d{8}$/.test(wish.date), "a bill is that of a day");
  return signed(settings, [
    ...merchantFields(settings),
    ["nonce_str", nonce],
    ["sign_type", signTypeSent(settings)],
    ["bill_date", wish.date],
    ["bill_type", wish.type],
  ]);
}

/** Reads what came: a document refuses, anything else is the table. Neither is signed. */
export function readBill(outcome: HttpsOutcome, settings: Pick<WechatV2Settings, "merchant">): BillAnswer {
  if (outcome.kind === "not-sent") return outcome;
  if (outcome.kind === "unanswered") return { kind: "again" };
  if (outcome.status !== 200) return { kind: "again" };
  if (firstCharacter(outcome.body) === "<") {
    const document = parseXml(outcome.body);
    return document.ok ? refusal(document.value) : { kind: "unreadable", why: document.reason };
  }
  const bill = parseBill(outcome.body);
  if (!bill.ok) return { kind: "unreadable", why: bill.reason };
  const { merchantId, subMerchantId } = settings.merchant;
  const isOurs = bill.value.rows.every((row) => {
    // A provider that names no sub-merchant gets the bill of all of them.
    const sub = subMerchantId === null || row.subMerchantId === null || row.subMerchantId === subMerchantId;
    return sub && row.merchantId === merchantId;
  });
  return isOurs ? { kind: "bill", bill: bill.value } : { kind: "foreign" };
}

function refusal(fields: Fields): BillAnswer {
  const text = given(fields, "return_msg") ?? "";
  const kind = billRefusals.get(text.toLowerCase().replace(/\s/g, ""));
  if (fields.get("return_code") !== "FAIL" || kind === undefined) {
    return { kind: "unreadable", why: "unlisted-refusal" };
  }
  return kind === "configuration" ? { kind, text } : { kind };
}

function firstCharacter(body: Uint8Array): string {
  const hasMark = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
  return String.fromCharCode(body[hasMark ? 3 : 0] ?? 0);
}

/** Where the bill of a day is fetched (Alipay, alipay.data.dataservice.bill.downloadurl.query); the address lives for 30 s. */
import type { NotSent, Unknown } from "../../core/payment/answers.ts";
import { signedUnknown } from "../unknown.ts";
import { bareCode } from "./codes.ts";
import type { Opened } from "./replies.ts";
import type { BizContent } from "./requests.ts";

/** Asks for the bill of all payments of `date`, `yyyy-MM-dd` in Beijing. */
export function billContent(date: string): BizContent {
  return { bill_type: "trade", bill_date: date };
}

/** Answers to it. `none`: nothing was paid that day, or the bill is not made yet (about 09:00 of the next day). */
export type BillAddress =
  | { readonly kind: "address"; readonly url: string }
  | { readonly kind: "none" }
  | Unknown
  | NotSent;

/** Reads the reply. */
export function readBillAddress(opened: Opened): BillAddress {
  if (!opened.genuine) return opened.answer;
  const { members } = opened;
  const code = members.get("code");
  if (code === "10000") {
    const url = members.get("bill_download_url");
    // It bears who may fetch the bill: nothing but TLS may carry it.
    const fetchable = url?.startsWith("https://") === true && URL.canParse(url);
    return fetchable ? { kind: "address", url } : signedUnknown("malformed");
  }
  const none = ["NO_BILL_DATA", "BILL_NOT_EXIST"];
  const subCode = (members.get("sub_code") ?? "").replace(/^isp\./, "").toUpperCase();
  if (code === "40004" && none.includes(bareCode(subCode))) return { kind: "none" };
  return signedUnknown(code === "40004" ? "unlisted-code" : "system-error");
}

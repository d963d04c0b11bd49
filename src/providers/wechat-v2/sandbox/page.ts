/** The bridge in the customer's WeChat, which opens the payment that a page asks for (WeChat Pay v2, JSAPI). */
import * as z from "zod";
import { isSignedBy } from "../signature.ts";
import type { Order } from "./ledger.ts";
import type { Sandbox } from "./sandbox.ts";

/** What the bridge is given; anything beside these is refused. */
const pageForm = z.strictObject({
  appId: z.string(),
  timeStamp: z.string().regex(/^\d{10}$/),
  nonceStr: z.string().min(1).max(32),
  package: z.string().startsWith("prepay_id="),
  signType: z.enum(["MD5", "HMAC-SHA256"]),
  paySign: z.string(),
});

/** The order that a page may open, or what the bridge says instead. */
export type PageResult =
  | { readonly kind: "opened"; readonly order: Order }
  | { readonly kind: "refused"; readonly why: string };

/** Checks what a page asks for: the form, an order of that app, and the second signature by its merchant's key. */
export function openPage(sandbox: Sandbox, json: unknown): PageResult {
  const page = pageForm.safeParse(json);
  if (!page.success) return refused("Say appId, timeStamp, nonceStr, package, signType and paySign.");
  const { paySign, ...fields } = page.data;
  const prepayId = fields.package.replace("prepay_id=", "");
  const order = sandbox.ledger
    .orders()
    .find((one) => one.tradeType === "JSAPI" && one.booking?.prepayId === prepayId);
  if (order === undefined) return refused("There is no order of this prepay_id.");
  const { appId, subAppId, merchantId } = order.merchant;
  if (fields.appId !== appId && fields.appId !== subAppId) return refused("The order is of another app.");
  const key = sandbox.merchants.find((one) => one.merchantId === merchantId)?.apiKey;
  const signed = new Map([...Object.entries(fields), ["sign", paySign]]);
  if (key === undefined || !isSignedBy(signed, key, fields.signType))
    return refused("The signature is wrong.");
  return { kind: "opened", order };
}

function refused(why: string): PageResult {
  return { kind: "refused", why };
}

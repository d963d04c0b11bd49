import { beijingTime } from "../../beijing-time.ts";
import type { ApiKey } from "../api-key.ts";
import type { Merchant } from "../merchant.ts";
import { type SignType, signatureOf } from "../signature.ts";
import type { OrderState } from "./customer.ts";
import type { Order } from "./ledger.ts";
import { refusalText } from "./refusals.ts";

/** One element of a reply; a number travels bare, a text in CDATA. */
export type ReplyField = readonly [name: string, value: string | number];

/**
 * The signed part of a reply: what stands before `result_code`, the code itself, and what stands after it.
 */
export interface ReplyDocument {
  readonly before: readonly ReplyField[];
  readonly result: "SUCCESS" | "FAIL";
  readonly after: readonly ReplyField[];
}

/** A charge that is paid. */
export function paidDocument(order: Order): ReplyDocument {
  return { before: device(order), result: "SUCCESS", after: payment(order) };
}

/** The answer to a query that found its order. */
export function stateDocument(order: Order): ReplyDocument {
  const state: readonly ReplyField[] = [
    ["trade_state", order.state.toUpperCase()],
    ["trade_state_desc", stateTexts[order.state]],
  ];
  if (order.paidAt !== null) {
    return { before: [], result: "SUCCESS", after: [...device(order), ...payment(order), ...state] };
  }
  const unpaid: readonly ReplyField[] = [
    ["total_fee", order.amountFen],
    ["out_trade_no", order.outTradeNo],
    ...attach(order),
  ];
  return { before: [], result: "SUCCESS", after: [...device(order), ...unpaid, ...state] };
}

/** A reversal that is answered SUCCESS. */
export function reversalDocument(recall: "Y" | "N"): ReplyDocument {
  return { before: [], result: "SUCCESS", after: [["recall", recall]] };
}

/** A signed refusal; `recall` is there for reversals alone. */
export function refusalDocument(code: string, text: string | null, recall: "Y" | "N" | null): ReplyDocument {
  const after: readonly ReplyField[] = [
    ["err_code", code],
    ["err_code_des", text ?? refusalText(code)],
  ];
  return { before: [], result: "FAIL", after: recall === null ? after : [...after, ["recall", recall]] };
}

/** Puts a document into its envelope, not signed yet. */
export function enveloped(document: ReplyDocument, merchant: Merchant, nonce: string): readonly ReplyField[] {
  return [
    ["return_code", "SUCCESS"],
    ["return_msg", "OK"],
    ["appid", merchant.appId],
    ...optional("sub_appid", merchant.subAppId),
    ["mch_id", merchant.merchantId],
    ...optional("sub_mch_id", merchant.subMerchantId),
    ["nonce_str", nonce],
    ...document.before,
    ["result_code", document.result],
    ...document.after,
  ];
}

/** Signs fields; `sign` stands where real replies have it, behind `nonce_str`. */
export function sealed(
  fields: readonly ReplyField[],
  key: ApiKey,
  signType: SignType,
): readonly ReplyField[] {
  const texts = new Map<string, string>();
  for (const [name, value] of fields) texts.set(name, String(value));
  const sign = signatureOf(texts, key, signType);
  const place = fields.findIndex(([name]) => name === "nonce_str") + 1;
  return [...fields.slice(0, place), ["sign", sign], ...fields.slice(place)];
}

/** What a refused message is answered with: no signature, no result. */
export function unsignedRefusal(text: string): readonly ReplyField[] {
  return [
    ["return_code", "FAIL"],
    ["return_msg", text],
  ];
}

/** Writes a reply as WeChat Pay does: one element a line, texts in CDATA. */
export function writeReply(fields: readonly ReplyField[]): string {
  let text = "<xml>\n";
  for (const [name, value] of fields) {
    text += `<${name}>${typeof value === "number" ? value : cdata(value)}</${name}>\n`;
  }
  return `${text}</xml>`;
}

const stateTexts: Readonly<Record<OrderState, string>> = {
  userpaying: "需要用户输入支付密码",
  accept: "已接收，等待扣款",
  notpay: "订单未支付",
  success: "支付成功",
  payerror: "支付失败，请撤销订单后重新下单",
  closed: "订单已关闭",
  revoked: "订单已撤销",
  refund: "订单发生过退款，退款详情请查询退款单",
};

/** The payer under the sub-merchant's appid. */
export function subOpenIdOf(openId: string): string {
  return `oFIXTUREsubopenid${openId.slice(-12, -1)}`;
}

function payment(order: Order): readonly ReplyField[] {
  const sub: readonly ReplyField[] =
    order.merchant.subAppId === null
      ? []
      : [
          ["sub_openid", subOpenIdOf(order.openId)],
          ["sub_is_subscribe", "N"],
        ];
  return [
    ["openid", order.openId],
    ["is_subscribe", "N"],
    ["trade_type", order.tradeType],
    ["bank_type", "OTHERS"],
    ["fee_type", "CNY"],
    ["total_fee", order.amountFen],
    ["cash_fee_type", "CNY"],
    ["cash_fee", order.amountFen],
    ...optional("transaction_id", order.transactionId),
    ["out_trade_no", order.outTradeNo],
    ...attach(order),
    ...(order.paidAt === null ? [] : [["time_end", beijingTime(order.paidAt)] satisfies ReplyField]),
    ...sub,
  ];
}

function device(order: Order): readonly ReplyField[] {
  return optional("device_info", order.deviceInfo);
}

function attach(order: Order): readonly ReplyField[] {
  return optional("attach", order.attach);
}

function optional(name: string, value: string | null): readonly ReplyField[] {
  return value === null ? [] : [[name, value]];
}

/** A text that would end its section is divided over two. */
function cdata(text: string): string {
  const inner = text.includes("]]>") ? text.replaceAll("]]>", "]]]]><![CDATA[>") : text;
  return `<![CDATA[${inner}]]>`;
}

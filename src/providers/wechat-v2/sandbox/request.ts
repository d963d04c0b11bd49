/**
 * Reads a request as strictly as the real gateway does, and where its pages leave a choice (127 or 128 bytes,
 * one minute or five) as strictly as the stricter page: what passes here passes there.
 */
import { isIP } from "node:net";
import { unreachable } from "../../../core/kernel/defect.ts";
import { PaymentCode } from "../../../core/payment/payment-code.ts";
import { beijingMoment } from "../../beijing-time.ts";
import type { ApiKey } from "../api-key.ts";
import { given } from "../evidence.ts";
import type { Merchant } from "../merchant.ts";
import { isSignedBy, type SignType } from "../signature.ts";
import { type Fields, parseXml, type XmlRefusal } from "../xml.ts";
import { type FieldRule, field, isDetail, isSceneInfo, matches, required } from "./field-rule.ts";
import { fenFrom, type LaterRequest, laterRequest, orderReferenceIn } from "./later-request.ts";
import type { ChargeOrder, OrderReference } from "./ledger.ts";
import type { CallKind } from "./scenarios.ts";

/** A merchant that the sandbox knows. */
export interface SandboxMerchant {
  readonly appId: string;
  readonly merchantId: string;
  readonly apiKey: ApiKey;
  /** The form of the codes that it takes; WeChat's own where nothing is said. In worlds of two accounts each has its own wallet. */
  readonly codes?: RegExp;
  /** The sub-merchants it serves as a provider, each with the appids that may be sent with it. */
  readonly subMerchants: readonly { readonly subMerchantId: string; readonly subAppIds: readonly string[] }[];
}

/** Who called and how the reply is to be signed. */
export interface Caller {
  readonly merchant: Merchant;
  readonly apiKey: ApiKey;
  readonly signType: SignType;
}

/** What is asked for. */
export type Wish =
  | { readonly kind: "charge"; readonly order: ChargeOrder }
  | { readonly kind: "query"; readonly reference: OrderReference }
  | { readonly kind: "reverse"; readonly reference: OrderReference }
  | LaterRequest;

/**
 * A request that was read: understood; refused as a message, which is answered without a signature; or
 * refused in what it says, which is answered with one.
 */
export type ReadRequest =
  | { readonly kind: "wish"; readonly caller: Caller; readonly wish: Wish }
  | { readonly kind: "message-fault"; readonly text: string }
  | { readonly kind: "fault"; readonly caller: Caller; readonly code: string; readonly text: string };

/** How many requests are remembered; when they are so many, all are forgotten. */
const REMEMBERED_MAX = 10_000;

/**
 * Remembers what requests say, to be shared by sandboxes of worlds that begin in the same way: their boxes send the same bytes.
 * Made for one list of merchants, on which the reading depends.
 */
export class RememberedRequests {
  readonly #merchants: readonly SandboxMerchant[];
  readonly #read = new Map<string, ReadRequest>();

  constructor(merchants: readonly SandboxMerchant[]) {
    this.#merchants = merchants;
  }

  read(call: CallKind, body: Uint8Array): ReadRequest {
    const { buffer, byteOffset, byteLength } = body;
    const key = `${call} ${Buffer.from(buffer, byteOffset, byteLength).toString("latin1")}`;
    const known = this.#read.get(key);
    if (known !== undefined) return known;
    const read = readRequest(call, body, this.#merchants);
    if (this.#read.size >= REMEMBERED_MAX) this.#read.clear();
    this.#read.set(key, read);
    return read;
  }
}

/** Reads the body of a call. */
export function readRequest(
  call: CallKind,
  body: Uint8Array,
  merchants: readonly SandboxMerchant[],
): ReadRequest {
  if (body.byteLength === 0) return messageFault("post数据为空");
  const document = parseXml(body);
  if (!document.ok) return messageFault(xmlFaults[document.reason]);
  const fields = document.value;

  const merchant = merchants.find((one) => one.merchantId === given(fields, "mch_id"));
  if (given(fields, "mch_id") === null) return messageFault("缺少参数mch_id");
  if (merchant === undefined) return messageFault("mch_id不存在");
  const signType = signTypeOf(fields);
  if (signType === null) return messageFault("sign_type参数格式错误");
  // Without a signature there is nothing to compare, and the real gateway says the same in both cases.
  if (!isSignedBy(fields, merchant.apiKey, signType)) return messageFault("签名错误");

  const caller: Caller = { merchant: idsOf(fields, merchant), apiKey: merchant.apiKey, signType };
  const fault = identityFault(fields, merchant, merchants) ?? fieldFault(call, fields, merchant);
  if (fault !== null) return { kind: "fault", caller, ...fault };
  return wishOf(call, fields, caller);
}

interface Fault {
  readonly code: string;
  readonly text: string;
}

const xmlFaults: Readonly<Record<XmlRefusal, string>> = {
  "too-large": "post数据过大",
  "not-utf8": "编码格式错误",
  doctype: "XML格式错误",
  "wrong-root": "XML格式错误",
  nested: "XML格式错误",
  duplicate: "XML格式错误",
  malformed: "XML格式错误",
};

/** WeChat Pay v2, order numbers; some of its pages list `@`, too, and some do not. */
const orderNumber = /^[0-9A-Za-z_\-|*]{1,32}$/;

const orderReference: readonly FieldRule[] = [
  field("out_trade_no", 32, matches(orderNumber)),
  field("transaction_id", 32, matches(/^\d{28}$/)),
];

/** Also of refunds, whose numbers may be twice as long. */
const refundNumber = /^[0-9A-Za-z_\-|*@]{1,64}$/;

const isAmount = (value: string): boolean => fenFrom(value) !== null;

/** What charges and booked orders have in common. */
const orderFields: readonly FieldRule[] = [
  required("nonce_str", 32),
  // Pages name 127 and 128 bytes.
  required("body", 127),
  required("out_trade_no", 32, matches(orderNumber)),
  required("total_fee", 10, isAmount),
  required("spbill_create_ip", 64, (value) => isIP(value) !== 0),
  field("device_info", 32),
  field("attach", 127),
  field("fee_type", 16, (value) => value === "CNY"),
  field("version", 32, (value) => value === "1.0"),
  field("detail", 6_000, isDetail),
  field("goods_tag", 32),
  field("limit_pay", 32, (value) => value === "no_credit"),
  field("time_start", 14, (value) => beijingMoment(value) !== null),
  field("time_expire", 14, (value) => beijingMoment(value) !== null),
  field("receipt", 8, (value) => value === "Y"),
  field("profit_sharing", 1, matches(/^[YN]$/)),
  field("scene_info", 256, isSceneInfo),
];

const fieldsOf: Readonly<Record<CallKind, readonly FieldRule[]>> = {
  charge: [...orderFields, required("auth_code", 128), field("deposit", 1, matches(/^[YN]$/))],
  query: [required("nonce_str", 32), ...orderReference, field("version", 32, (value) => value === "1.0")],
  reverse: [required("nonce_str", 32), ...orderReference],
  order: [
    ...orderFields,
    required("notify_url", 256, matches(/^https?:\/\/[^\s?#]+$/)),
    required("trade_type", 16, matches(/^(?:NATIVE|JSAPI)$/)),
    field("product_id", 32),
    field("openid", 128, matches(/^[\w-]+$/)),
    field("sub_openid", 128, matches(/^[\w-]+$/)),
  ],
  close: [required("nonce_str", 32), required("out_trade_no", 32, matches(orderNumber))],
  payer: [required("nonce_str", 32), required("auth_code", 128)],
  refund: [
    required("nonce_str", 32),
    ...orderReference,
    required("out_refund_no", 64, matches(refundNumber)),
    required("total_fee", 10, isAmount),
    required("refund_fee", 10, isAmount),
    field("refund_fee_type", 8, (value) => value === "CNY"),
    field("refund_desc", 80),
    field("refund_account", 30, matches(/^REFUND_SOURCE_(?:UNSETTLED|RECHARGE)_FUNDS$/)),
    field("notify_url", 256, matches(/^https?:\/\/[^\s?#]+$/)),
  ],
  "refund-query": [
    required("nonce_str", 32),
    ...orderReference,
    field("out_refund_no", 64, matches(refundNumber)),
    field("refund_id", 32, matches(/^\d{29}$/)),
    field("offset", 2, matches(/^(?:0|[1-4]?\d)$/)),
  ],
};

/** Calls that name an order, or a refund, in one of several fields. */
const referenceFields: Partial<Readonly<Record<CallKind, readonly string[]>>> = {
  query: ["out_trade_no", "transaction_id"],
  reverse: ["out_trade_no", "transaction_id"],
  refund: ["out_trade_no", "transaction_id"],
  "refund-query": ["out_trade_no", "transaction_id", "out_refund_no", "refund_id"],
};

/** Pages name one minute and five as the least life of an order. */
const ORDER_LIFE_MIN_MS = 5 * 60_000;

function signTypeOf(fields: Fields): SignType | null {
  const name = given(fields, "sign_type") ?? "MD5";
  return name === "MD5" || name === "HMAC-SHA256" ? name : null;
}

function idsOf(fields: Fields, merchant: SandboxMerchant): Merchant {
  return {
    appId: given(fields, "appid") ?? merchant.appId,
    merchantId: merchant.merchantId,
    subAppId: given(fields, "sub_appid"),
    subMerchantId: given(fields, "sub_mch_id"),
  };
}

function identityFault(
  fields: Fields,
  merchant: SandboxMerchant,
  merchants: readonly SandboxMerchant[],
): Fault | null {
  const appId = given(fields, "appid");
  if (appId === null) return missing("appid");
  if (!merchants.some((one) => one.appId === appId)) return { code: "APPID_NOT_EXIST", text: "appid不存在" };
  if (appId !== merchant.appId) return { code: "APPID_MCHID_NOT_MATCH", text: "appid和mch_id不匹配" };
  const subAppId = given(fields, "sub_appid");
  const subMerchantId = given(fields, "sub_mch_id");
  if (subMerchantId === null) return subAppId === null ? null : missing("sub_mch_id");
  const subMerchant = merchant.subMerchants.find((one) => one.subMerchantId === subMerchantId);
  if (subMerchant === undefined) return { code: "NOAUTH", text: "sub_mch_id与mch_id未建立关系" };
  if (subAppId === null || subMerchant.subAppIds.includes(subAppId)) return null;
  return { code: "APPID_MCHID_NOT_MATCH", text: "sub_appid和sub_mch_id不匹配" };
}

function fieldFault(call: CallKind, fields: Fields, merchant: SandboxMerchant): Fault | null {
  for (const rule of fieldsOf[call]) {
    const value = given(fields, rule.name);
    if (value === null) {
      if (rule.required) return missing(rule.name);
      continue;
    }
    // No character of JavaScript takes more than three bytes.
    const tooLong = 3 * value.length > rule.bytesMax && Buffer.byteLength(value, "utf8") > rule.bytesMax;
    // The signature leaves room for doubt about blanks around a value: libraries differ in whether they trim.
    const padded = value.trim() !== value;
    if (tooLong || padded || rule.form?.(value) === false) return malformed(rule.name);
  }
  const references = referenceFields[call];
  if (references?.every((name) => given(fields, name) === null) === true) return missing("out_trade_no");
  return callFault(call, fields, merchant.codes ?? /^1[0-5]\d{16}$/);
}

/** What no field says by itself. */
function callFault(call: CallKind, fields: Fields, codes: RegExp): Fault | null {
  const start = beijingMoment(given(fields, "time_start") ?? "");
  const expire = beijingMoment(given(fields, "time_expire") ?? "");
  const tooShort = start !== null && expire !== null && expire - start < ORDER_LIFE_MIN_MS;
  if (tooShort) return malformed("time_expire");
  const isCode = codes.test(given(fields, "auth_code") ?? "");
  if ((call === "charge" || call === "payer") && !isCode) {
    return { code: "AUTH_CODE_INVALID", text: "请扫描微信付款码(以10,11,12,13,14,15开头的18位数字)" };
  }
  if (call !== "order") return null;
  if (given(fields, "trade_type") === "NATIVE") {
    return given(fields, "product_id") === null ? missing("product_id") : null;
  }
  // The payer is known under the merchant's appid, or under that of the sub-merchant whose appid is sent.
  const ofSub = given(fields, "sub_appid") !== null && given(fields, "sub_openid") !== null;
  return given(fields, "openid") === null && !ofSub ? missing("openid") : null;
}

function wishOf(call: CallKind, fields: Fields, caller: Caller): ReadRequest {
  switch (call) {
    case "query":
    case "reverse":
      return { kind: "wish", caller, wish: { kind: call, reference: orderReferenceIn(fields) } };
    case "charge": {
      const amountFen = fenFrom(fields.get("total_fee") ?? "");
      if (amountFen === null) return { kind: "fault", caller, ...malformed("total_fee") };
      const order: ChargeOrder = {
        merchant: caller.merchant,
        outTradeNo: fields.get("out_trade_no") ?? "",
        amountFen,
        body: fields.get("body") ?? "",
        attach: given(fields, "attach"),
        deviceInfo: given(fields, "device_info"),
        authCode: new PaymentCode(fields.get("auth_code") ?? "", "wechat"),
      };
      return { kind: "wish", caller, wish: { kind: "charge", order } };
    }
    case "order":
    case "close":
    case "payer":
    case "refund":
    case "refund-query": {
      const wish = laterRequest(call, fields, caller.merchant);
      if (wish === null) return { kind: "fault", caller, ...malformed("total_fee") };
      // Seen live: this one is refused as a message, without a signature.
      const tooMuch = wish.kind === "refund" && wish.refund.refundFen > wish.refund.totalFen;
      return tooMuch ? messageFault("invalid refund_fee") : { kind: "wish", caller, wish };
    }
    default:
      return unreachable(call);
  }
}

function messageFault(text: string): ReadRequest {
  return { kind: "message-fault", text };
}

function missing(name: string): Fault {
  return { code: "LACK_PARAMS", text: `缺少参数${name}` };
}

function malformed(name: string): Fault {
  return { code: "PARAM_ERROR", text: `${name}参数格式错误` };
}

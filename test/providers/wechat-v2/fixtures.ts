/**
 * Documents of `fixtures/`, all signed with one made-up key for one made-up merchant and, but for the provider's, about one
 * order of 12.80 CNY.
 */
import { readdirSync, readFileSync } from "node:fs";
import { invariant } from "../../../src/core/kernel/defect.ts";
import { fenOf } from "../../../src/core/kernel/fen.ts";
import { wallTimeOf } from "../../../src/core/kernel/instant.ts";
import type { Intent } from "../../../src/core/payment/order.ts";
import { plainTerms, type WechatV2Settings } from "../../../src/providers/wechat-v2/account.ts";
import { ApiKey } from "../../../src/providers/wechat-v2/api-key.ts";
import { payeeOf } from "../../../src/providers/wechat-v2/merchant.ts";
import { type SignType, signatureOf } from "../../../src/providers/wechat-v2/signature.ts";
import { type Fields, parseXml, writeXml } from "../../../src/providers/wechat-v2/xml.ts";
import type { HttpsOutcome } from "../../../src/runtime/ports.ts";

const folder = new URL("fixtures/", import.meta.url);

/** The names of the documents that begin so, without `.xml`. */
export function fixtureNames(beginning: string): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.startsWith(beginning) && file.endsWith(".xml"))
    .map((file) => file.replace(/\.xml$/, ""));
}

export function fixtureText(name: string): string {
  return readFileSync(new URL(`${name}.xml`, folder), "utf8");
}

/** The file of this name, whatever it is. */
export function fixtureBytes(file: string): Buffer {
  return readFileSync(new URL(file, folder));
}

export function fixtureFields(name: string): Fields {
  return fieldsOf(fixtureText(name));
}

export function fieldsOf(text: string): Fields {
  const document = parseXml(Buffer.from(text));
  invariant(document.ok, "the document can be read");
  return document.value;
}

/** The fields with others in their place (null takes one away), signed as WeChat would. */
export function resigned(
  fields: Fields,
  changes: Readonly<Record<string, string | null>> = {},
  signType: SignType = "MD5",
): Fields {
  const changed = changedFields(fields, changes);
  return changedFields(changed, { sign: signatureOf(changed, settings.apiKey, signType) });
}

export function changedFields(
  fields: Fields,
  changes: Readonly<Record<string, string | null>>,
): Map<string, string> {
  const changed = new Map(fields);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) changed.delete(name);
    else changed.set(name, value);
  }
  return changed;
}

/** A reply of HTTP 200 with this document. */
export function answered(document: Fields | string | Uint8Array, status = 200): HttpsOutcome {
  const body =
    document instanceof Uint8Array
      ? document
      : Buffer.from(typeof document === "string" ? document : writeXml(document));
  return { kind: "answered", status, headers: {}, body };
}

export const settings: WechatV2Settings = {
  merchant: {
    appId: "wx1234567890abcdef",
    merchantId: "1900000109",
    subAppId: null,
    subMerchantId: null,
  },
  apiKey: new ApiKey("fixturekeyfixturekeyfixturekey00"),
  signType: "MD5",
  hosts: ["https://api.example", "https://api2.example"],
  boxId: "BOX-000123",
  body: "示例便利店-日用百货",
  clientIp: "203.0.113.7",
  sceneInfo: null,
  terms: plainTerms,
  notifyUrl: null,
  connectTimeoutMs: 6_000,
  answerTimeoutMs: 10_000,
};

export const providerSettings: WechatV2Settings = {
  ...settings,
  merchant: { ...settings.merchant, subAppId: "wxfedcba0987654321", subMerchantId: "1900000100" },
};

export const intent: Intent = intentOf("BX0123-20260315-000042", 1_280);

/** An intent of the fixture's merchant. */
export function intentOf(outTradeNo: string, fen: number): Intent {
  const amount = fenOf(fen);
  invariant(amount.ok, "an amount of a test is an amount");
  return {
    outTradeNo,
    shortRef: outTradeNo.slice(-4),
    ref: null,
    caller: null,
    amountFen: amount.value,
    currency: "CNY",
    payee: payeeOf("wechat", settings.merchant),
    wallet: "wechat",
    mode: "cpm",
    nonce: "till=1;seq=42",
    pulses: null,
    codeHash: "0".repeat(64),
    boot: "boot",
    intentAt: wallTimeOf(1_773_538_212_000),
    clockTrusted: true,
  };
}

/** An account at Alipay with the keys of the fixtures, and an order of it. */
import { invariant } from "../../../src/core/kernel/defect.ts";
import { fenOf } from "../../../src/core/kernel/fen.ts";
import { wallTimeOf } from "../../../src/core/kernel/instant.ts";
import type { Intent } from "../../../src/core/payment/order.ts";
import type { AccountKeys, AlipaySettings } from "../../../src/providers/alipay/account.ts";
import { accountKeys, privateKeyOf } from "../../../src/providers/alipay/keys.ts";
import { appPrivateKey, gatewayPrivateKey } from "../../../src/providers/alipay/sandbox/sandbox-keys.ts";
import { payeeOf } from "../../../src/providers/alipay/seller.ts";
import { signatureOf } from "../../../src/providers/alipay/signature.ts";
import type { HttpsOutcome } from "../../../src/runtime/ports.ts";
import { fixtureKeys } from "./fixtures.ts";

export const keyMode: AccountKeys = keysOf({
  mode: "key",
  own: appPrivateKey,
  alipay: fixtureKeys.alipay.alipayPublicKey,
});

export const certificateMode: AccountKeys = keysOf({
  mode: "certificate",
  own: appPrivateKey,
  ...fixtureKeys.alipay.certificates,
});

export const settings: AlipaySettings = {
  seller: { appId: fixtureKeys.alipay.appId, sellerId: null },
  keys: keyMode,
  hosts: ["https://openapi.example", "https://openapi2.example"],
  subject: "示例便利店-日用百货",
  storeId: "SH001",
  terminalId: "BOX-000123",
  appAuthToken: null,
  sysServiceProviderId: null,
  timeoutMinutes: 2,
  connectTimeoutMs: 6_000,
  answerTimeoutMs: 10_000,
};

const amount = fenOf(1_280);
invariant(amount.ok, "an amount of a test is an amount");

export const intent: Intent = {
  outTradeNo: "BX0123_20260315_000042",
  shortRef: "0042",
  ref: null,
  caller: null,
  amountFen: amount.value,
  currency: "CNY",
  payee: payeeOf("alipay", settings.seller),
  wallet: "alipay",
  mode: "cpm",
  nonce: "r=5f2c9a",
  pulses: null,
  codeHash: "0".repeat(64),
  boot: "boot",
  intentAt: wallTimeOf(1_773_538_212_000),
  clockTrusted: true,
};

/** 2026-03-15 09:30:12 in Beijing. */
export const fixtureMoment = 1_773_538_212_000;

const gatewayKey = privateKeyOf(gatewayPrivateKey);

/** A reply to `method` with this text as its signed object. */
export function replyOf(
  method: string,
  signed: string,
  root = `${method.replaceAll(".", "_")}_response`,
): string {
  invariant(gatewayKey !== null, "the gateway of the fixtures has a key");
  return `{"${root}":${signed},"sign":"${signatureOf(signed, gatewayKey)}"}`;
}

/** What the link tells of a reply. */
export function answered(
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): HttpsOutcome {
  return {
    kind: "answered",
    status: 200,
    headers,
    body: typeof body === "string" ? Buffer.from(body) : body,
  };
}

function keysOf(texts: Parameters<typeof accountKeys>[0]): AccountKeys {
  const { keys } = accountKeys(texts);
  invariant(keys !== null, "the keys of the fixtures can be used");
  return keys;
}

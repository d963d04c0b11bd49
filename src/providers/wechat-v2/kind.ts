/** WeChat Pay, API v2, as the program sees it outside the box. */
import type { EntryParts, ProviderKind } from "../kind.ts";
import { ApiKey } from "./api-key.ts";
import { type Bill, type BillRefusal, parseBill } from "./bill.ts";
import { doctorWords } from "./doctor.ts";
import { type WechatV2Account, wechatV2 } from "./maker.ts";
import { datesOf, reconcile } from "./reconciliation.ts";
import type { WechatV2Config } from "./settings.ts";
import { setupQuestions } from "./setup.ts";

/** The kind `wechat-v2`. */
export const wechatV2Kind: ProviderKind<WechatV2Config> = {
  name: "WeChat Pay, API v2",
  setup: setupQuestions,
  doctor: doctorWords,
  bills: {
    whole: "fetch the kind ALL",
    read: (bytes) => {
      const bill = parseBill(bytes);
      if (!bill.ok) return { ok: false, reason: refusals[bill.reason] };
      const { rows }: Bill = bill.value;
      return {
        ok: true,
        value: {
          dates: datesOf(rows),
          accounts: [...new Set(rows.map(({ merchantId }) => merchantId))],
          against: (orders, whose) => reconcile(bill.value, orders, whose),
        },
      };
    },
    accountOf: ({ merchantId }) => merchantId,
  },
  secrets: ({ apiKey, certificate, ca }) => [
    { key: "apiKey", source: apiKey, kind: "secret", vital: true },
    { key: "certificate.cert", source: certificate.cert, kind: "public", vital: false },
    { key: "certificate.key", source: certificate.key, kind: "secret", vital: false },
    ...(ca === null ? [] : [{ key: "ca", source: ca, kind: "public", vital: false } as const]),
  ],
  make: (config, parts) => wechatV2(accountOf(config, parts)),
  explain: async () => (await import("./explain.ts")).explain,
  codeKey: ({ notifyUrl }) => (notifyUrl === null ? null : "notifyUrl"),
};

/** The account of an entry, with what it names. */
export function accountOf(config: WechatV2Config, parts: EntryParts): WechatV2Account {
  const { boxId, store, timing, secret, https, pairFault } = parts;
  const { connectTimeoutMs, answerTimeoutMs } = timing;
  const { appId, merchantId, subAppId, subMerchantId } = config;
  const { signType, hosts, body, clientIp, sceneInfo, notifyUrl } = config;
  const { profitSharing, limitPay, goodsTag, receipt } = config;
  const [cert, key] = [secret("certificate.cert"), secret("certificate.key")];
  const fault = pairFault(cert, key);
  return {
    ...{ id: config.id, charges: config.charges, wallets: config.wallets, timing },
    settings: {
      merchant: { appId, merchantId, subAppId, subMerchantId },
      ...{ apiKey: new ApiKey(secret("apiKey")), signType, hosts, boxId, body: body ?? store },
      terms: { profitSharing, limitPay, goodsTag, receipt },
      ...{ clientIp, sceneInfo, notifyUrl, connectTimeoutMs, answerTimeoutMs },
    },
    link: https({
      connectTimeoutMs,
      ca: config.ca === null ? null : secret("ca"),
      // What is no pair would make every connection fail; the probe says so instead. Days are no reason: this is decided
      // once, and the clock of a start may be wrong.
      certificate: fault === null || fault === "certificate-expired" ? { cert, key } : null,
    }),
    fault: () => pairFault(cert, key),
  };
}

const refusals: Readonly<Record<BillRefusal, string>> = {
  "not-utf8": "it is not UTF-8 text",
  malformed: "it is no table as WeChat Pay writes it",
  "missing-column": "a column that every bill has is missing",
  "unknown-column": "it has a column or a sum that this version does not know, and so cannot compare",
  "refunds-alone": "it is one of refunds alone: fetch the kind ALL",
  count: "it does not have as many rows as it says: a part is missing",
  sums: "its rows do not make its own sums: a part is missing or changed",
};

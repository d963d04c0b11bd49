/** Alipay, as the program sees it outside the box. */
import type { ProbeFailure } from "../../core/payment/answers.ts";
import type { EntryParts, EntrySecret, ProviderKind } from "../kind.ts";
import type { AccountKeys } from "./account.ts";
import { doctorWords } from "./doctor.ts";
import { accountKeys, privatePemOf } from "./keys.ts";
import { type AlipayAccount, alipay } from "./maker.ts";
import { type AlipayConfig, timeoutMinutes } from "./settings.ts";
import { setupQuestions } from "./setup.ts";

/** The kind `alipay`. */
export const alipayKind: ProviderKind<AlipayConfig> = {
  name: "Alipay",
  setup: setupQuestions,
  doctor: doctorWords,
  bills: null,
  secrets,
  make: (config, parts) => alipay(accountOf(config, parts)),
  explain: async () => (await import("./explain.ts")).explain,
  codeKey: () => null,
};

/** The account of an entry, with what it names. */
export function accountOf(config: AlipayConfig, parts: EntryParts): AlipayAccount {
  const { boxId, timing, secret, store, https, pairFault } = parts;
  const { connectTimeoutMs, answerTimeoutMs } = timing;
  const { appId, sellerId, hosts, storeId, sysServiceProviderId } = config;
  const terminalId = config.terminalId ?? boxId;
  const keys = keysOf(config, parts);
  const ownPem = privatePemOf(secret("privateKey"));
  return {
    ...{ id: config.id, charges: config.charges, wallets: config.wallets, timing },
    settings: {
      ...{ seller: { appId, sellerId }, keys, hosts, subject: config.subject ?? store, storeId, terminalId },
      appAuthToken: config.appAuthToken === null ? null : secret("appAuthToken"),
      ...{ sysServiceProviderId, timeoutMinutes: timeoutMinutes(config), connectTimeoutMs, answerTimeoutMs },
    },
    link: https({ connectTimeoutMs, ca: config.ca === null ? null : secret("ca"), certificate: null }),
    fault: (): ProbeFailure | null => {
      const { certificates } = config;
      const fault = certificates === null ? null : pairFault(secret("certificates.app"), ownPem);
      return fault ?? (keys === null ? "api-key" : null);
    },
  };
}

function keysOf({ certificates }: AlipayConfig, { secret }: EntryParts): AccountKeys | null {
  const own = secret("privateKey");
  if (certificates === null) return accountKeys({ mode: "key", own, alipay: secret("alipayPublicKey") }).keys;
  const [app, alipay, root] = [
    secret("certificates.app"),
    secret("certificates.alipay"),
    secret("certificates.root"),
  ];
  return accountKeys({ mode: "certificate", own, app, alipay, root }).keys;
}

function secrets(config: AlipayConfig): readonly EntrySecret[] {
  const { privateKey, alipayPublicKey, certificates, appAuthToken, ca } = config;
  const own: readonly EntrySecret[] = [
    { key: "privateKey", source: privateKey, kind: "secret", vital: true },
  ];
  const named = [
    ["alipayPublicKey", alipayPublicKey],
    ["certificates.app", certificates?.app ?? null],
    ["certificates.alipay", certificates?.alipay ?? null],
    ["certificates.root", certificates?.root ?? null],
  ] as const;
  return [
    ...own,
    ...named.flatMap(([key, source]) =>
      source === null ? [] : [{ key, source, kind: "public", vital: true } as const],
    ),
    ...(appAuthToken === null
      ? []
      : [{ key: "appAuthToken", source: appAuthToken, kind: "secret", vital: true } as const]),
    ...(ca === null ? [] : [{ key: "ca", source: ca, kind: "public", vital: false } as const]),
  ];
}

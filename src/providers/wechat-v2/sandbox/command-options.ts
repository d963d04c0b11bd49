/** The options of `scanbox sandbox` that are WeChat Pay's, and what is said of it there. */
import { accept, type Result, refuse } from "../../../core/kernel/result.ts";
import type { SandboxCommandWords } from "../../sandbox.ts";
import { ApiKey } from "../api-key.ts";
import { fixtureMerchant } from "./fixture-merchant.ts";
import type { SandboxMerchant } from "./request.ts";
import type { SandboxOptions } from "./sandbox.ts";

/** What the options take that take certain words. */
const words = {
  "auto-revoke": ["on", "off"],
  "unseen-reversal": ["tombstone", "forget"],
  "paid-reversal": ["revoked", "unnamed", "refund"],
} as const;

/** In the help of the command. */
export const commandWords: SandboxCommandWords = {
  calls: "micropay, orderquery, reverse",
  options: {
    "auto-revoke": {
      type: "string",
      words: words["auto-revoke"],
      about: "revoke orders that are unpaid after 45 s, at pace 1 (default: off)",
    },
    "unseen-reversal": {
      type: "string",
      words: words["unseen-reversal"],
      about: "a reversed number that was never seen: refuse a later charge of it, or take it",
    },
    "paid-reversal": {
      type: "string",
      words: words["paid-reversal"],
      about:
        "what a paid order becomes by its reversal: REVOKED with or without its transaction_id, or REFUND",
    },
    "app-id": { type: "string", value: "ID", about: "the merchant's appId (default: the one below)" },
    "merchant-id": { type: "string", value: "ID", about: "the merchant's number (default: the one below)" },
    "key-file": {
      type: "string",
      takes: "a file",
      about: "the file with the merchant's API key (default: the one below)",
    },
    "sub-merchant-id": {
      type: "string",
      value: "ID",
      about: "a sub-merchant that it serves as a provider",
    },
    "sub-app-id": { type: "string", value: "ID", about: "the appId of the sub-merchant" },
  },
  account: `Without these options it knows one merchant, which exists nowhere else:
  ${merchantWords(fixtureMerchant)}`,
  control: `Control, JSON over HTTP: GET /state, GET /scenarios,
PUT /scenario {"name": NAME}, PUT /down {"down": true},
POST /orders/NUMBER/pay|mistype|refuse|cancel|close.`,
};

/** What a configuration needs to be this merchant, the key too: nothing real can be signed with it. */
function merchantWords({ appId, merchantId, apiKey, subMerchants }: SandboxMerchant): string {
  const subs = subMerchants.map(
    ({ subMerchantId, subAppIds }) =>
      `\n  as a service provider: subMerchantId ${subMerchantId}, subAppId ${subAppIds.join(" ")}`,
  );
  return `appId ${appId}, merchantId ${merchantId}, API key ${apiKey.reveal()}${subs.join("")}`;
}

type Given = Readonly<Record<string, string | undefined>>;

/** The ways in which the sandbox differs, and its merchant, from the texts of these options. */
export function ownOptions(
  given: Given,
  textOf: (path: string) => string,
): Result<Partial<SandboxOptions>, string> {
  const revoke = chosen("auto-revoke", given, "off");
  if (!revoke.ok) return revoke;
  const unseen = chosen("unseen-reversal", given, "tombstone");
  if (!unseen.ok) return unseen;
  const paid = chosen("paid-reversal", given, "revoked");
  if (!paid.ok) return paid;
  if (given["sub-app-id"] !== undefined && given["sub-merchant-id"] === undefined)
    return refuse("--sub-app-id needs --sub-merchant-id.");
  return accept({
    autoRevoke: revoke.value === "on",
    unseenReversal: unseen.value,
    paidReversal: paid.value,
    merchants: [merchantOf(given, textOf)],
  });
}

function chosen<Name extends keyof typeof words>(
  option: Name,
  given: Given,
  usual: (typeof words)[Name][number],
): Result<(typeof words)[Name][number], string> {
  const known: readonly (typeof words)[Name][number][] = words[option];
  const text = given[option] ?? usual;
  const word = known.find((one) => one === text);
  return word === undefined
    ? refuse(`--${option} takes ${known.join(" or ")}, not "${text}".`)
    : accept(word);
}

function merchantOf(given: Given, textOf: (path: string) => string): SandboxMerchant {
  const keyFile = given["key-file"];
  const subMerchantId = given["sub-merchant-id"];
  const subAppId = given["sub-app-id"];
  return {
    appId: given["app-id"] ?? fixtureMerchant.appId,
    merchantId: given["merchant-id"] ?? fixtureMerchant.merchantId,
    apiKey: keyFile === undefined ? fixtureMerchant.apiKey : new ApiKey(textOf(keyFile).trim()),
    subMerchants:
      subMerchantId === undefined
        ? fixtureMerchant.subMerchants
        : [{ subMerchantId, subAppIds: subAppId === undefined ? [] : [subAppId] }],
  };
}

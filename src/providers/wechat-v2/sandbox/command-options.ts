/** The options of `scanbox sandbox` that are WeChat Pay's, and what is said of it there. */
import { accept, type Result, refuse } from "../../../core/kernel/result.ts";
import type { SandboxCommandWords } from "../../sandbox.ts";
import { ApiKey } from "../api-key.ts";
import { fixtureMerchant } from "./fixture-merchant.ts";
import type { SandboxMerchant } from "./request.ts";
import type { SandboxOptions } from "./sandbox.ts";

/** In the help of the command. */
export const commandWords: SandboxCommandWords = {
  calls: "micropay, orderquery, reverse",
  options: [
    ...["auto-revoke", "unseen-reversal", "paid-reversal"],
    ...["app-id", "merchant-id", "key-file", "sub-merchant-id", "sub-app-id"],
  ],
  optionHelp: `  --auto-revoke on|off   revoke orders that are unpaid after 45 s, at pace 1 (default: off)
  --unseen-reversal tombstone|forget
                         a reversed number that was never seen: refuse a later charge of it, or take it
  --paid-reversal revoked|unnamed|refund
                         what a paid order becomes by its reversal: REVOKED with or without its
                         transaction_id, or REFUND
  --app-id ID, --merchant-id ID, --key-file F
                         the merchant and the file with its API key (default: the one below)
  --sub-merchant-id ID, --sub-app-id ID
                         a sub-merchant that it serves as a provider
`,
  account: `Without these options it knows one merchant, which exists nowhere else:
  ${merchantWords(fixtureMerchant)}
`,
  control: `Control, JSON over HTTP: GET /state, GET /scenarios, PUT /scenario {"name": NAME}, PUT /down {"down": true},
POST /orders/NUMBER/pay|mistype|refuse|cancel|close.
`,
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
  const revoke = chosen("auto-revoke", given["auto-revoke"] ?? "off", ["on", "off"]);
  if (!revoke.ok) return revoke;
  const unseen = chosen("unseen-reversal", given["unseen-reversal"] ?? "tombstone", ["tombstone", "forget"]);
  if (!unseen.ok) return unseen;
  const paid = chosen("paid-reversal", given["paid-reversal"] ?? "revoked", ["revoked", "unnamed", "refund"]);
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

function chosen<Word extends string>(
  option: string,
  text: string,
  words: readonly Word[],
): Result<Word, string> {
  const word = words.find((one) => one === text);
  return word === undefined
    ? refuse(`--${option} takes ${words.join(" or ")}, not "${text}".`)
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

/**
 * The accounts of the box of a world: one merchant, a sub-merchant of a provider, another one after some of its starts, or two at a
 * time, each with a wallet of its own.
 */

import type { Wallet } from "../../../core/payment/wallet.ts";
import type { AccountParts } from "../../../simulator/outside/provider.ts";
import type { Random } from "../../../simulator/outside/random.ts";
import type { ProviderMaker } from "../../provider.ts";
import { plainTerms } from "../account.ts";
import type { ApiKey } from "../api-key.ts";
import { wechatV2 } from "../maker.ts";
import { idOf, type Merchant } from "../merchant.ts";
import type { SignType } from "../signature.ts";
import { fixtureMerchant } from "./fixture-merchant.ts";
import { otherMerchant } from "./other-merchant.ts";
import type { SandboxMerchant } from "./request.ts";

/** How many worlds have a provider's sub-merchant, and how many change handlers; in these each start may be with the other one. */
const PROVIDERS = 0.25;
const CHANGES = 0.25;
const CHANGES_HANDS = 0.4;

/** How many worlds charge for both at a time, and how many of their customers have the wallet of the second. */
const BOTH = 0.15;
const SECOND_WALLET = 0.4;

/** The codes of the second wallet; QQ Wallet, payment codes. */
const secondCodes = /^91\d{16}$/;

/** A merchant with what signs for it. */
interface WorldAccount {
  readonly merchant: Merchant;
  readonly apiKey: ApiKey;
  readonly signType: SignType;
  readonly wallet: Wallet;
}

/** What the configuration of every world says of its account; what a box is really switched on with is told beside it. */
export function entryOf(hosts: readonly string[]): object {
  return {
    ...{ id: "wechat", kind: "wechat-v2", hosts },
    ...{ appId: fixtureMerchant.appId, merchantId: fixtureMerchant.merchantId },
    apiKey: { file: "/dev/null" },
    certificate: { cert: { file: "/dev/null" }, key: { file: "/dev/null" } },
  };
}

/** The only account of a box without chance. */
export function simulatedAccount(parts: AccountParts): ProviderMaker {
  const { appId, merchantId, apiKey } = fixtureMerchant;
  const merchant = { appId, merchantId, subAppId: null, subMerchantId: null };
  return makerOf("wechat", { merchant, apiKey, signType: "MD5", wallet: "wechat" }, true, parts);
}

/** Drawn from streams of their own. */
export class WorldAccounts {
  /** Who the sandbox serves. */
  readonly served: readonly SandboxMerchant[];
  readonly #random: Random;
  readonly #wallets: Random;
  readonly #changes: boolean;
  readonly #both: boolean;
  #known: readonly [WorldAccount, ...WorldAccount[]];
  /** What customers with the second wallet show, by the codes of the first. */
  readonly #shown = new Map<string, string>();

  constructor(random: Random, wallets: Random, signType: SignType) {
    this.#random = random;
    this.#wallets = wallets;
    const [sub = null] = fixtureMerchant.subMerchants;
    const isSub = random.chance(PROVIDERS) && sub !== null;
    const first = {
      ...{ appId: fixtureMerchant.appId, merchantId: fixtureMerchant.merchantId },
      subMerchantId: isSub ? sub.subMerchantId : null,
      subAppId: isSub && random.chance(0.5) ? (sub.subAppIds[0] ?? null) : null,
    };
    const { appId, merchantId } = otherMerchant;
    const other = { appId, merchantId, subAppId: null, subMerchantId: null };
    this.#changes = random.chance(CHANGES);
    this.#both = wallets.chance(BOTH);
    this.served = [fixtureMerchant, this.#both ? { ...otherMerchant, codes: secondCodes } : otherMerchant];
    this.#known = [
      { merchant: first, apiKey: fixtureMerchant.apiKey, signType, wallet: "wechat" },
      {
        ...{ merchant: other, apiKey: otherMerchant.apiKey },
        signType: signType === "MD5" ? "HMAC-SHA256" : "MD5",
        wallet: this.#both ? "qq" : "wechat",
      },
    ];
  }

  /** The accounts of the next life of the box: it charges for the first or for both, and finishes the orders of the others. */
  next(parts: AccountParts): readonly [ProviderMaker, ...ProviderMaker[]] {
    const make = (account: WorldAccount, charges: boolean): ProviderMaker =>
      makerOf(idOf(account.merchant), account, charges, parts);
    const [current, ...earlier] = this.#known;
    if (this.#both) return [make(current, true), ...earlier.map((account) => make(account, true))];
    if (!this.#changes) return [make(current, true)];
    const [other] = earlier;
    if (other !== undefined && this.#random.chance(CHANGES_HANDS)) this.#known = [other, current];
    const [first, ...others] = this.#known;
    return [make(first, true), ...others.map((account) => make(account, false))];
  }

  /** What a customer shows who has this code, or the other wallet. */
  shown(code: string): string {
    if (!this.#both) return code;
    const known = this.#shown.get(code);
    if (known !== undefined) return known;
    const shown = this.#wallets.chance(SECOND_WALLET) ? `91${code.slice(2)}` : code;
    this.#shown.set(code, shown);
    return shown;
  }
}

function makerOf(
  id: string,
  { merchant, apiKey, signType, wallet }: WorldAccount,
  charges: boolean,
  { link, fault, timing, hosts, boxId, notifyUrl, charges: all }: AccountParts,
): ProviderMaker {
  const { connectTimeoutMs, answerTimeoutMs } = timing;
  return wechatV2({
    ...{ id, charges: charges && all, wallets: [wallet], link, fault, timing },
    settings: {
      ...{ merchant, apiKey, signType, hosts, boxId, notifyUrl, connectTimeoutMs, answerTimeoutMs },
      ...{ body: "Example store", clientIp: null, sceneInfo: null, terms: plainTerms },
    },
  });
}
